"""Wrong answers to the exercises of lesson 11."""

import torch
from torch.nn import functional as F

from lessons.training import train_step
from wrong_answers import wrong

APART = "mixes up what one worker does and what all do together"

# ------------------------------------------------------------------------------ 11-share


@wrong("11-share", "each step would learn no more than one alone", APART)
def gives_all_of_it_to_everybody(order, rank, workers):
    return order


@wrong("11-share", "and nobody reads the others. Begin at the rank.", APART)
def gives_everybody_the_first_share(order, rank, workers):
    return (order + order[: -len(order) % workers])[::workers]


@wrong("11-share", "Each has a block in one piece.", "mixes up steps, batches and epochs")
def gives_blocks(order, rank, workers):
    size = (len(order) + workers - 1) // workers
    whole = order + order[: size * workers - len(order)]
    return whole[rank * size : (rank + 1) * size]


@wrong("11-share", "The shares are not equally long", "gets the short last batch wrong")
def repeats_nothing(order, rank, workers):
    return order[rank::workers]


@wrong("11-share", "Nobody reads the last stories.", "gets the short last batch wrong")
def leaves_the_last_ones_out(order, rank, workers):
    return order[: len(order) // workers * workers][rank::workers]


@wrong("11-share", "Take the first stories once more.", "mixes up an index and the value there")
def repeats_the_last_one(order, rank, workers):
    return (order + order[-1:] * (-len(order) % workers))[rank::workers]


@wrong(
    "11-share",
    "None was given back. A function gives a value back",
    "gives back something else than was asked",
)
def prints_it(order, rank, workers):
    print(order[rank::workers])


# ------------------------------------------------------------------------------ 11-order


@wrong("11-order", "epoch 1 has the same order as epoch 0", "mixes up what shuffling is for")
def forgets_the_epoch(stories, seed, epoch):
    return torch.randperm(stories, generator=torch.Generator().manual_seed(seed)).tolist()


@wrong("11-order", "All seeds from 0 to 9", "thinks that a seed does not settle chance")
def forgets_the_seed(stories, seed, epoch):
    return torch.randperm(stories, generator=torch.Generator().manual_seed(epoch)).tolist()


@wrong("11-order", "the order must follow from seed and epoch alone", APART)
def draws_without_a_generator(stories, seed, epoch):
    return torch.randperm(stories).tolist()


@wrong(
    "11-order",
    "the stories come in the order 0, 1, 2, ...",
    "gives back something else than was asked",
)
def keeps_the_order(stories, seed, epoch):
    return list(range(stories))


@wrong("11-order", "times. Expected: once at most.", "mixes up an index and the value there")
def draws_rows_twice(stories, seed, epoch):
    generator = torch.Generator().manual_seed(seed + epoch)
    return torch.randint(stories, (stories,), generator=generator).tolist()


# --------------------------------------------------------------------------- 11-together


def backward(models, batches, optimizers, share):
    """Each worker's gradient, of its mean loss times its share."""
    for model, batch, optimizer in zip(models, batches, optimizers):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
        (loss * share(batch)).backward()


def add_up(models):
    for copies in zip(*(model.parameters() for model in models)):
        whole = sum(weights.grad for weights in copies)
        for weights in copies:
            weights.grad = whole


@wrong("11-together", "the models drift apart", APART)
def lets_each_learn_alone(models, batches, optimizers):
    backward(models, batches, optimizers, lambda batch: 1)
    for optimizer in optimizers:
        optimizer.step()


@wrong("11-together", "are added up, and not averaged", "mixes up counts, sums, means and shares")
def adds_the_means(models, batches, optimizers):
    backward(models, batches, optimizers, lambda batch: 1)
    add_up(models)
    for optimizer in optimizers:
        optimizer.step()


@wrong("11-together", "That is a mean of means", "divides by the number of batches")
def averages_the_means(models, batches, optimizers):
    backward(models, batches, optimizers, lambda batch: 1 / len(batches))
    add_up(models)
    for optimizer in optimizers:
        optimizer.step()


@wrong("11-together", "That counts tokens", "divides by the wrong total")
def weighs_by_tokens(models, batches, optimizers):
    total = sum(len(batch.token_ids) for batch in batches)
    backward(models, batches, optimizers, lambda batch: len(batch.token_ids) / total)
    add_up(models)
    for optimizer in optimizers:
        optimizer.step()


@wrong("11-together", "All have the gradient of the first worker.", APART)
def copies_the_first_gradient(models, batches, optimizers):
    backward(models, batches, optimizers, lambda batch: 1)
    for first, *others in zip(*(model.parameters() for model in models)):
        for weights in others:
            weights.grad = first.grad
    for optimizer in optimizers:
        optimizer.step()


@wrong("11-together", "All have the gradient of the last worker.", APART)
def copies_the_last_gradient(models, batches, optimizers):
    backward(models, batches, optimizers, lambda batch: 1)
    for *others, last in zip(*(model.parameters() for model in models)):
        for weights in others:
            weights.grad = last.grad
    for optimizer in optimizers:
        optimizer.step()


@wrong(
    "11-together",
    "Old gradients are still there.",
    "mixes up what zero_grad(), backward() and step() do",
)
def never_wipes(models, batches, optimizers):
    total = sum(len(batch.labels) for batch in batches)
    for model, batch in zip(models, batches):
        loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
        fresh = torch.autograd.grad(loss * len(batch.labels) / total, list(model.parameters()))
        for weights, slope in zip(model.parameters(), fresh):
            weights.fresh = slope
    for copies in zip(*(model.parameters() for model in models)):
        whole = sum(weights.fresh for weights in copies)
        for weights in copies:
            weights.grad = whole if weights.grad is None else weights.grad + whole
    for optimizer in optimizers:
        optimizer.step()


@wrong(
    "11-together",
    "The weights have not moved.",
    "mixes up what zero_grad(), backward() and step() do",
)
def never_steps(models, batches, optimizers):
    backward(models, batches, optimizers, lambda batch: len(batch.labels) / 10)
    add_up(models)


@wrong(
    "11-together",
    "Let the optimizers take the step.",
    "mixes up what zero_grad(), backward() and step() do",
)
def takes_no_optimizer(models, batches, optimizers):
    backward(models, batches, optimizers, lambda batch: len(batch.labels) / 10)
    add_up(models)
    with torch.no_grad():
        for model in models:
            for weights in model.parameters():
                weights -= weights.grad


@wrong("11-together", "Your code calls `train_step`.", "gives back something else than was asked")
def takes_the_step_of_the_course(models, batches, optimizers):
    for model, batch, optimizer in zip(models, batches, optimizers):
        train_step(model, batch, optimizer)


# ------------------------------------------------------------------------------- 11-rest


@wrong("11-rest", "the first stories would be read twice", "mixes up steps, batches and epochs")
def begins_again(order, batch_size, step):
    return [order[a : a + batch_size] for a in range(0, len(order), batch_size)]


@wrong("11-rest", "A step is a batch, not a story.", "mixes up steps, batches and epochs")
def takes_steps_for_stories(order, batch_size, step):
    return [order[a : a + batch_size] for a in range(step, len(order), batch_size)]


@wrong("11-rest", "Nobody reads the first batch after", "counts one too many or too few")
def leaves_one_out(order, batch_size, step):
    begins = range((step + 1) * batch_size, len(order), batch_size)
    return [order[a : a + batch_size] for a in begins]


@wrong("11-rest", "The last batch before the interruption", "counts one too many or too few")
def reads_one_twice(order, batch_size, step):
    begins = range(max(step - 1, 0) * batch_size, len(order), batch_size)
    return [order[a : a + batch_size] for a in begins]


@wrong("11-rest", "The last batch may be short.", "gets the short last batch wrong")
def drops_the_short_one(order, batch_size, step):
    begins = range(step * batch_size, len(order) - batch_size + 1, batch_size)
    return [order[a : a + batch_size] for a in begins]


@wrong("11-rest", "Those were read before", "gives back something else than was asked")
def gives_what_was_read(order, batch_size, step):
    return [order[a * batch_size : (a + 1) * batch_size] for a in range(step)]


@wrong("11-rest", "with a list for each batch", "gives back something else than was asked")
def makes_one_row(order, batch_size, step):
    return order[step * batch_size :]
