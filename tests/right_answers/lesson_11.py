"""Right answers to the exercises of lesson 11."""

import random
from itertools import cycle, islice

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import BatchSampler, DistributedSampler

from right_answers import right

# ------------------------------------------------------------------------------ 11-share


@right("11-share")
def repeats_until_it_comes_out_even(order, rank, workers):
    whole = list(order)
    while len(whole) % workers:
        whole.append(order[len(whole) - len(order)])
    return [row for place, row in enumerate(whole) if place % workers == rank]


@right("11-share")
def asks_the_sampler(order, rank, workers):
    sampler = DistributedSampler(order, workers, rank, shuffle=False)
    return [order[place] for place in sampler]


@right("11-share")
def goes_round(order, rank, workers):
    size = -(-len(order) // workers)
    return list(islice(cycle(order), rank, size * workers, workers))


@right("11-share")
def makes_a_table(order, rank, workers):
    missing = (workers - len(order) % workers) % workers
    return torch.tensor(order + order[:missing]).view(-1, workers)[:, rank]


@right("11-share")
def resizes_an_array(order, rank, workers):
    return np.resize(order, -(-len(order) // workers) * workers)[rank::workers]


# ------------------------------------------------------------------------------ 11-order


@right("11-order")
def seeds_torch_itself(stories, seed, epoch):
    torch.manual_seed(1000 * seed + epoch)
    return torch.randperm(stories)


@right("11-order")
def shuffles_with_python(stories, seed, epoch):
    rows = list(range(stories))
    random.Random(f"{seed} {epoch}").shuffle(rows)
    return rows


@right("11-order")
def permutes_with_numpy(stories, seed, epoch):
    return np.random.default_rng([seed, epoch]).permutation(stories)


@right("11-order")
def sorts_by_random_numbers(stories, seed, epoch):
    draw = torch.Generator().manual_seed(seed + 7919 * epoch)
    return torch.rand(stories, generator=draw).argsort().tolist()


@right("11-order")
def asks_the_sampler_for_one_worker(stories, seed, epoch):
    sampler = DistributedSampler(range(stories), 1, 0, seed=seed)
    sampler.set_epoch(epoch)
    return list(sampler)


# --------------------------------------------------------------------------- 11-together


@right("11-together")
def sums_and_divides_at_the_end(models, batches, optimizers):
    for model, batch in zip(models, batches):
        model.zero_grad()
        logits = model(batch.token_ids, batch.offsets)
        F.cross_entropy(logits, batch.labels, reduction="sum").backward()
    stories = sum(len(batch.labels) for batch in batches)
    for copies in zip(*[model.parameters() for model in models]):
        mean = sum(weights.grad for weights in copies) / stories
        for weights in copies:
            weights.grad = mean.clone()
    for optimizer in optimizers:
        optimizer.step()


@right("11-together")
def adds_slopes_in_place(models, batches, optimizers):
    total = sum(len(batch.labels) for batch in batches)
    slopes = [torch.zeros_like(one) for one in models[0].parameters()]
    for model, batch in zip(models, batches):
        loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
        for slope, one in zip(slopes, torch.autograd.grad(loss, list(model.parameters()))):
            slope += one * len(batch.labels) / total
    for model, optimizer in zip(models, optimizers):
        for weights, slope in zip(model.parameters(), slopes):
            weights.grad = slope
        optimizer.step()


@right("11-together")
def sends_one_row_of_numbers(models, batches, optimizers):
    rows = []
    for model, batch, optimizer in zip(models, batches, optimizers):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
        loss.backward()
        row = torch.cat([weights.grad.flatten() for weights in model.parameters()])
        rows.append(row * len(batch.labels))
    mean = sum(rows) / sum(len(batch.labels) for batch in batches)
    for model, optimizer in zip(models, optimizers):
        sizes = [weights.numel() for weights in model.parameters()]
        for weights, part in zip(model.parameters(), mean.split(sizes)):
            weights.grad = part.view_as(weights)
        optimizer.step()


@right("11-together")
def corrects_a_mean_as_ddp_needs_it(models, batches, optimizers):
    workers, size = len(models), sum(len(batch.labels) for batch in batches)
    for model, batch in zip(models, batches):
        model.zero_grad()
        logits = model(batch.token_ids, batch.offsets)
        loss = F.cross_entropy(logits, batch.labels, reduction="sum") / size
        (loss * workers).backward()
    for copies in zip(*(model.parameters() for model in models)):
        mean = torch.stack([weights.grad for weights in copies]).mean(dim=0)
        for weights in copies:
            weights.grad.copy_(mean)
    [optimizer.step() for optimizer in optimizers]


@right("11-together")
def lets_the_first_learn_and_copies_it(models, batches, optimizers):
    first = models[0]
    total = sum(len(batch.labels) for batch in batches)
    optimizers[0].zero_grad()
    for batch in batches:
        loss = F.cross_entropy(first(batch.token_ids, batch.offsets), batch.labels)
        (loss * len(batch.labels) / total).backward()
    optimizers[0].step()
    for model in models[1:]:
        row = nn.utils.parameters_to_vector(first.parameters()).detach().clone()
        nn.utils.vector_to_parameters(row, model.parameters())


# ------------------------------------------------------------------------------- 11-rest


@right("11-rest")
def cuts_what_is_left(order, batch_size, step):
    left = order[step * batch_size :]
    return [left[a : a + batch_size] for a in range(0, len(left), batch_size)]


@right("11-rest")
def takes_batch_after_batch(order, batch_size, step):
    batches, begin = [], step * batch_size
    while begin < len(order):
        batches.append(order[begin : begin + batch_size])
        begin += batch_size
    return batches


@right("11-rest")
def passes_over_the_first(order, batch_size, step):
    for number, batch in enumerate(BatchSampler(order, batch_size, drop_last=False)):
        if number >= step:
            yield batch


@right("11-rest")
def splits_a_tensor(order, batch_size, step):
    return torch.tensor(order).split(batch_size)[step:]


@right("11-rest")
def asks_islice(order, batch_size, step):
    batches = (order[a : a + batch_size] for a in range(0, len(order), batch_size))
    return list(islice(batches, step, None))
