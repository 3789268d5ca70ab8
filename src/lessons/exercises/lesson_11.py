"""Lesson 11: exercises on several workers, who are all played by one process."""

# mypy: allow-untyped-defs

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD

from lessons.exercises.asserts import (
    Exercise,
    NotYet,
    Other,
    Try,
    brief,
    call,
    check_seed,
    counted,
    first_fit,
    judge,
    little_batches,
    little_model,
    rows,
    without,
)
from lessons.exercises.lesson_05 import model_after
from lessons.training import train_step

# ------------------------------------------------------------------------------ 11-share


def my_share(order, rank, workers):
    missing = -len(order) % workers
    return (order + order[:missing])[rank::workers]


def share_place_by_place(order, rank, workers):
    share = []
    for place in range(rank, len(order) + -len(order) % workers, workers):
        share.append(order[place % len(order)])
    return share


ORDERS = (
    ([3, 0, 5, 1, 4, 2], 2),
    ([3, 0, 4, 1, 2], 2),
    ([6, 2, 0, 5, 1, 4, 3], 3),
    ([2, 0, 1, 3], 3),
    ([1, 0, 2], 1),
)


def check_share(answer: Callable[..., Any]) -> None:
    """Deal out some orders to some workers, and look at all shares of an order at once."""
    for order, workers in ORDERS:
        what = f"The order {order} for {counted(workers, 'worker')}"
        seen = [
            _share(call(answer, order, rank, workers), len(order), f"{what}, worker {rank}")
            for rank in range(workers)
        ]
        if seen != (expected := _dealt(order, workers)):
            raise NotYet(
                f"{what}: expected the shares {expected}, saw {seen}."
                + _share_mistake(order, workers, seen)
            )


def _share(value: Any, stories: int, what: str) -> list[int]:
    """The rows of a share, where one may stand twice. Raises NotYet if it is no list of rows."""
    if value is None:
        raise NotYet(f"{what}: None was given back. A function gives a value back with `return`.")
    try:
        return [rows([one], stories, what)[0] for one in value]
    except TypeError:
        raise NotYet(f"{what}: expected a list of rows, saw {brief(value)}.") from None


def _dealt(order: list[int], workers: int) -> list[list[int]]:
    """The share of each worker."""
    whole = order + order[: -len(order) % workers]
    return [whole[rank::workers] for rank in range(workers)]


def _share_mistake(order: list[int], workers: int, seen: list[list[int]]) -> str:
    """What has most likely been done to get these shares."""
    size, missing = -(-len(order) // workers), -len(order) % workers
    full = order + order[:missing]
    cut, last = order[: len(order) - len(order) % workers], order + order[-1:] * missing
    ways = [
        (
            [order] * workers,
            "All workers read the same stories: each step would learn no more than one alone.",
        ),
        (
            [full[::workers]] * workers,
            "All workers read the same stories, and nobody reads the others. Begin at the rank.",
        ),
        (
            [full[rank * size : (rank + 1) * size] for rank in range(workers)],
            "Each has a block in one piece. Deal them out in turn, as cards.",
        ),
        (
            [order[rank::workers] for rank in range(workers)],
            "The shares are not equally long: who has a batch more would wait for the others.",
        ),
        ([cut[rank::workers] for rank in range(workers)], "Nobody reads the last stories."),
        ([last[rank::workers] for rank in range(workers)], "Take the first stories once more."),
    ]
    return first_fit(seen, ways)


SHARE = Exercise(
    "11-share",
    my_share,
    check_share,
    (
        "With 7 stories and 3 workers, how many must be read a second time?",
        "`-len(order) % workers` is how many are missing. Take so many from the beginning of "
        "`order`, and put them behind it.",
        "A slice with a step deals out: `order[rank::workers]` begins at `rank`, and goes on in "
        "strides of `workers`.",
    ),
    "`DistributedSampler` does this: no message is needed, each worker knows what is its own.",
    (
        Other(
            share_place_by_place,
            "It counts the places and begins at 0 again behind the end, so no second list is made. "
            "But a loop is slower than a slice, and `%` must be seen twice to be believed.",
        ),
    ),
)

# ------------------------------------------------------------------------------ 11-order


def my_order(stories, seed, epoch):
    generator = torch.Generator().manual_seed(seed + epoch)
    return torch.randperm(stories, generator=generator).tolist()


def order_after_all_earlier_ones(stories, seed, epoch):
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epoch + 1):
        order = torch.randperm(stories, generator=generator)
    return order.tolist()


def check_order(answer: Callable[..., Any]) -> None:
    """Ask for orders as workers do: each for itself, and one of them after a restart."""
    restarted = _order(answer, 12, 7, 3)
    orders = [_order(answer, 12, 7, epoch) for epoch in range(5)]
    if orders[3] != restarted:
        raise NotYet(
            f"With seed 7, epoch 3 came in the order {restarted}, and asked a second time in "
            f"{orders[3]}. Each worker asks for itself, and one that is started again does not ask "
            "for the epochs before: the order must follow from seed and epoch alone."
        )
    for epoch, order in enumerate(orders):
        if order in orders[:epoch]:
            raise NotYet(
                f"With seed 7, epoch {epoch} has the same order as epoch {orders.index(order)}: "
                f"{order}. Expected: a new order in each epoch."
            )
    for epoch in (0, 1, 4):

        def draw(seed: int, epoch: int = epoch) -> list[int]:
            return _order(answer, 12, seed, epoch)

        check_seed(draw, f"orders of epoch {epoch}")


def _order(answer: Callable[..., Any], stories: int, seed: int, epoch: int) -> list[int]:
    """The order that is given back. Raises NotYet if a story is missing or nothing is shuffled."""
    what = f"{stories} stories, seed {seed}, epoch {epoch}"
    order = rows(call(answer, stories, seed, epoch), stories, what)
    if lost := sorted(set(range(stories)) - set(order)):
        raise NotYet(f"{what}: nobody reads story {lost[0]}; the order is {order}.")
    if order == sorted(order):
        raise NotYet(f"{what}: the stories come in the order 0, 1, 2, ... Expected: shuffled.")
    return order


ORDER = Exercise(
    "11-order",
    my_order,
    check_order,
    (
        "What may the order depend on, so that two workers who never speak draw the same one?",
        "Make a generator of its own, and let it begin at a number made of `seed` and `epoch`.",
        "`torch.randperm(stories, generator=generator)` draws the order; `.tolist()` makes rows "
        "of it.",
    ),
    "Without `set_epoch` the number of the epoch stays 0, and so does the order.",
    (
        Other(
            order_after_all_earlier_ones,
            "It draws as one loader does that is used for all epochs, so the orders are the same "
            "as with one worker. But epoch 1000 has to draw a thousand orders first.",
        ),
    ),
)

# --------------------------------------------------------------------------- 11-together


def my_step_together(models, batches, optimizers):
    total = sum(len(batch.labels) for batch in batches)
    for model, batch, optimizer in zip(models, batches, optimizers):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
        (loss * len(batch.labels) / total).backward()
    for copies in zip(*(model.parameters() for model in models)):
        whole = sum(weights.grad for weights in copies)
        for weights in copies:
            weights.grad = whole
    for optimizer in optimizers:
        optimizer.step()


def step_with_means_that_are_weighed(models, batches, optimizers):
    for model, batch, optimizer in zip(models, batches, optimizers):
        optimizer.zero_grad()
        F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).backward()
    sizes = torch.tensor([len(batch.labels) for batch in batches])
    for copies in zip(*(model.parameters() for model in models)):
        gradients = torch.stack([weights.grad for weights in copies], dim=-1)
        for weights in copies:
            weights.grad = gradients @ (sizes / sizes.sum())
    for optimizer in optimizers:
        optimizer.step()


def check_together(answer: Callable[..., Any]) -> None:
    """Two steps of three workers, against the same steps of one worker."""
    judge(_together_tries(answer), tolerance=1e-5)


def _together_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    batches = little_batches((4, 4, 2))
    models: list[nn.Module] = [little_model() for _ in batches]
    optimizers = [SGD(model.parameters(), lr=RATE) for model in models]
    tokens = [len(batch.token_ids) for batch in batches]
    for count in (1, 2):
        with without(train_step):
            call(answer, models, batches, optimizers)
        right = _after(count, [0.4, 0.4, 0.2])
        mistaken = [
            (_after(count, [1, 1, 1]), "The gradients are added up, and not averaged."),
            (_after(count, [1 / 3] * 3), _MEANS),
            (_after(count, [one / sum(tokens) for one in tokens]), _TOKENS),
            (_after(count, [1, 0, 0]), "All have the gradient of the first worker."),
            (_after(count, [0, 0, 1]), "All have the gradient of the last worker."),
            (_after(count, [0.4, 0.4, 0.2], wipe=False), "Old gradients are still there."),
            (model_after(count, [0.4, 0.4, 0.2]), "Let the optimizers take the step."),
            (little_model(), "The weights have not moved."),
        ]
        for rank, model in enumerate(models):
            alone = [float(one == rank) for one in range(3)]
            part = [share * one for share, one in zip((0.4, 0.4, 0.2), alone, strict=True)]
            own = [(_after(count, shares), _OWN) for shares in (alone, part)]
            place = _place(right, model)
            mistakes = [(_weight(one, place), why) for one, why in own + mistaken]
            example = f"One weight of worker {rank} of 3 after {counted(count, 'step')}"
            yield Try(example, _weight(model, place), _weight(right, place), mistakes)


RATE = 0.5  # of the optimizers: not 1, where a step is the gradient itself
_after = partial(model_after, rate=RATE)
_OWN = "Each worker has learned from its own stories alone: the models drift apart."
_MEANS = "That is a mean of means: the worker with 2 stories counts as much as those with 4."
_TOKENS = "That counts tokens, so a long story counts more than a short one. Count stories."


def _place(right: nn.Module, model: nn.Module) -> int:
    """The place of the weight in which the learner's model differs most from the right one."""
    flat = [nn.utils.parameters_to_vector(one.parameters()) for one in (right, model)]
    return int((flat[0] - flat[1]).abs().argmax())


def _weight(model: nn.Module, place: int) -> float:
    return nn.utils.parameters_to_vector(model.parameters())[place].item()


TOGETHER = Exercise(
    "11-together",
    my_step_together,
    check_together,
    (
        "First each worker on its own: `zero_grad()`, the loss, `backward()`. No step yet.",
        "The loss of the whole batch is a mean over all stories. By which share does each worker's "
        "loss count?",
        "`zip(*(model.parameters() for model in models))` gives the same weights of all models. "
        "Add up their `grad`, and give the sum to each of them.",
        "In the end each optimizer takes its step.",
    ),
    "`all_reduce` adds up between processes, and `DistributedDataParallel` calls it for you.",
    (
        Other(
            step_with_means_that_are_weighed,
            "Each worker has its own mean, and the shares come with the messages: nobody needs to "
            "know the sizes before. But all gradients are in memory once more.",
        ),
    ),
)

# ------------------------------------------------------------------------------- 11-rest


def my_rest(order, batch_size, step):
    begins = range(step * batch_size, len(order), batch_size)
    return [order[begin : begin + batch_size] for begin in begins]


def rest_of_all_batches(order, batch_size, step):
    batches = [order[a : a + batch_size] for a in range(0, len(order), batch_size)]
    return batches[step:]


INTERRUPTED = (
    ([7, 2, 5, 0, 3, 1, 6, 4], 2, 3),
    ([3, 0, 6, 4, 1, 5, 2], 3, 1),
    ([3, 0, 6, 4, 1, 5, 2], 3, 0),
    ([3, 0, 6, 4, 1, 5, 2], 3, 2),
    ([1, 0, 2, 3], 2, 2),
)


def check_rest(answer: Callable[..., Any]) -> None:
    """Interrupt some epochs after some steps, the first one and the last one too."""
    for order, size, step in INTERRUPTED:
        what = f"The order {order} in batches of {size}, after {counted(step, 'step')}"
        result = call(answer, order, size, step)
        if not isinstance(result, list | tuple):
            raise NotYet(f"{what}: expected a list of batches, saw {brief(result)}.")
        if any(not isinstance(batch, list | tuple | torch.Tensor) for batch in result):
            raise NotYet(f"{what}: expected a list with a list for each batch, saw {result}.")
        seen = [rows(batch, len(order), f"{what}, a batch") for batch in result]
        if seen != (expected := _batches(order, size)[step:]):
            raise NotYet(
                f"{what}: expected {expected}, saw {seen}.{_rest_mistake(order, size, step, seen)}"
            )


def _batches(order: list[int], size: int) -> list[list[int]]:
    return [order[begin : begin + size] for begin in range(0, len(order), size)]


def _rest_mistake(order: list[int], size: int, step: int, seen: list[list[int]]) -> str:
    """What has most likely been done to get these batches."""
    whole = _batches(order, size)
    ways = [
        (whole, "That is the whole epoch: the first stories would be read twice."),
        (whole[:step], "Those were read before the interruption."),
        (_batches(order[step:], size), "A step is a batch, not a story."),
        (whole[step + 1 :], "Nobody reads the first batch after the interruption."),
        (whole[max(step - 1, 0) :], "The last batch before the interruption is read twice."),
        ([one for one in whole[step:] if len(one) == size], "The last batch may be short."),
    ]
    return first_fit(seen, ways)


REST = Exercise(
    "11-rest",
    my_rest,
    check_rest,
    (
        "How many stories have been read after `step` batches?",
        "`range(step * batch_size, len(order), batch_size)` counts where the other batches begin.",
    ),
    "The order and the number of steps are all that a checkpoint must know about the stories.",
    (
        Other(
            rest_of_all_batches,
            "First the whole epoch, then what is left of it: easy to read, and right for any rule "
            "that makes batches. But it makes those that nobody needs, too.",
        ),
    ),
)
