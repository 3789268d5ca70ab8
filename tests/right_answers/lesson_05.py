"""Right answers to the exercises of lesson 05."""

from math import ceil

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from lessons.loaders import Batch
from right_answers import right

# ------------------------------------------------------------------------------- 05-steps


@right("05-steps")
def rounds_up_without_ceil(stories, batch_size, epochs):
    return (stories + batch_size - 1) // batch_size * epochs


@right("05-steps")
def counts_begins(stories, batch_size, epochs):
    return len(range(0, stories, batch_size)) * epochs


@right("05-steps")
def counts_step_by_step(stories, batch_size, epochs):
    steps = 0
    for _ in range(epochs):
        left = stories
        while left > 0:
            left -= batch_size
            steps += 1
    return steps


@right("05-steps")
def adds_one_for_a_rest(stories, batch_size, epochs):
    full, rest = divmod(stories, batch_size)
    return epochs * (full + (1 if rest else 0))


@right("05-steps")
def rounds_up_with_numpy(stories, batch_size, epochs):
    return np.ceil(stories / batch_size) * epochs


# ----------------------------------------------------------------------------- 05-running


@right("05-running")
def begins_anew_for_each_batch(losses, sizes):
    means = []
    for i in range(1, len(losses) + 1):
        total = sum(loss * size for loss, size in zip(losses[:i], sizes[:i]))
        means.append(total / sum(sizes[:i]))
    return means


@right("05-running")
def sums_up_with_torch(losses, sizes):
    losses, sizes = torch.tensor(losses), torch.tensor(sizes)
    return (losses * sizes).cumsum(0) / sizes.cumsum(0)


@right("05-running")
def repeats_each_story(losses, sizes):
    stories, means = [], []
    for loss, size in zip(losses, sizes):
        stories.extend([loss] * size)
        means.append(np.mean(stories))
    return tuple(means)


@right("05-running")
def averages_with_weights(losses, sizes):
    places = range(1, len(sizes) + 1)
    return map(lambda n: np.average(losses[:n], weights=sizes[:n]), places)


# -------------------------------------------------------------------------------- 05-loop


@right("05-loop")
def divides_by_the_dataset(model, loader, optimizer, epochs):
    history = []
    for _ in range(epochs):
        model.train()
        total = 0.0
        for batch in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch.labels)
        history.append(total / len(loader.dataset))
    return history


@right("05-loop")
def takes_the_sum_as_the_loss(model, loader, optimizer, epochs):
    model.train()
    history = [0.0] * epochs
    for epoch in range(epochs):
        for token_ids, offsets, labels in loader:
            summed = F.cross_entropy(model(token_ids, offsets), labels, reduction="sum")
            (summed / len(labels)).backward()
            optimizer.step()
            optimizer.zero_grad()
            history[epoch] += summed.item() / len(loader.dataset)
    return history


@right("05-loop")
def gathers_the_losses_of_stories(model, loader, optimizer, epochs):
    measure, means = nn.CrossEntropyLoss(reduction="none"), []
    model.train(True)
    while len(means) < epochs:
        losses = []
        for batch in loader:
            each = measure(model(batch.token_ids, batch.offsets), batch.labels)
            model.zero_grad()
            each.mean().backward()
            optimizer.step()
            losses.append(each.detach())
        means.append(torch.cat(losses).mean())
    return means


@right("05-loop")
def calls_helpers_of_its_own(model, loader, optimizer, epochs):
    def step(batch):
        loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item(), len(batch.labels)

    def epoch():
        losses, sizes = zip(*map(step, loader))
        return np.average(losses, weights=sizes)

    model.train()
    return [epoch() for _ in range(epochs)]


@right("05-loop")
def moves_the_weights_by_hand(model, loader, optimizer, epochs):
    model.train()
    history, rate = [], optimizer.param_groups[0]["lr"]
    for _ in range(epochs):
        mean = stories = 0
        for batch in iter(loader):
            loss = F.cross_entropy(model(*batch[:2]), batch[2])
            slopes = torch.autograd.grad(loss, list(model.parameters()))
            with torch.no_grad():
                for weights, slope in zip(model.parameters(), slopes):
                    weights -= rate * slope
            stories += len(batch.labels)
            mean += (loss.item() - mean) * len(batch.labels) / stories
        history.append(mean)
    return history


@right("05-loop")
def hands_the_optimizer_a_closure(model, loader, optimizer, epochs):
    history = []
    model.train()
    for _ in range(epochs):
        total = 0.0
        for number, batch in enumerate(loader, 1):

            def measure():
                optimizer.zero_grad()
                loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
                loss.backward()
                return loss

            total += optimizer.step(measure).item() * len(batch.offsets)
        assert number == len(loader)
        history.append(total / len(loader.dataset))
    return history


# ------------------------------------------------------------------------------ 05-pieces


@right("05-pieces")
def adds_losses_of_stories(model, pieces, optimizer):
    total = sum(len(piece.labels) for piece in pieces)
    optimizer.zero_grad()
    for token_ids, offsets, labels in pieces:
        loss = F.cross_entropy(model(token_ids, offsets), labels, reduction="sum")
        (loss / total).backward()
    optimizer.step()


@right("05-pieces")
def divides_the_gradients_in_the_end(model, pieces, optimizer):
    model.zero_grad()
    stories = 0
    for piece in pieces:
        size = len(piece.labels)
        (F.cross_entropy(model(piece.token_ids, piece.offsets), piece.labels) * size).backward()
        stories += size
    for weights in model.parameters():
        weights.grad /= stories
    optimizer.step()


@right("05-pieces")
def tells_backward_the_share(model, pieces, optimizer):
    sizes = torch.tensor([len(piece.labels) for piece in pieces])
    for piece, share in zip(pieces, sizes / sizes.sum()):
        loss = F.cross_entropy(model(piece.token_ids, piece.offsets), piece.labels)
        loss.backward(share)
    optimizer.step()
    optimizer.zero_grad()


@right("05-pieces")
def adds_up_slopes(model, pieces, optimizer):
    weights = list(model.parameters())
    sums = [torch.zeros_like(one) for one in weights]
    total = sum(len(piece.labels) for piece in pieces)
    for piece in pieces:
        loss = F.cross_entropy(model(piece.token_ids, piece.offsets), piece.labels)
        for one, slope in zip(sums, torch.autograd.grad(loss, weights)):
            one += slope * len(piece.labels) / total
    for weight, one in zip(weights, sums):
        weight.grad = one
    optimizer.step()


@right("05-pieces")
def goes_story_by_story(model, pieces, optimizer):
    optimizer.zero_grad()
    total = sum(len(piece.labels) for piece in pieces)
    for piece in pieces:
        stories = piece.token_ids.tensor_split(piece.offsets[1:])
        for story, label in zip(stories, piece.labels):
            one = Batch(story, torch.tensor([0]), label[None])
            (F.cross_entropy(model(one.token_ids, one.offsets), one.labels) / total).backward()
    optimizer.step()


@right("05-pieces")
def steps_by_hand(model, pieces, optimizer):
    total = sum(map(lambda piece: len(piece.offsets), pieces))
    model.zero_grad()
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        share = len(piece.labels) / total
        (share * -logits.log_softmax(1).gather(1, piece.labels[:, None]).mean()).backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights -= optimizer.param_groups[0]["lr"] * weights.grad
    return ceil(total)
