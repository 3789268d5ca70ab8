"""Lesson 05: exercises on the training loop."""

# mypy: allow-untyped-defs

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim import SGD

from lessons.exercises.asserts import (
    NUM_CLASSES,
    VOCAB_SIZE,
    Exercise,
    NotYet,
    call,
    close,
    expect,
    little_batches,
    little_model,
    number,
    numbers,
)
from lessons.loaders import Batch
from lessons.model import TextClassifier

# ------------------------------------------------------------------------------- 05-steps


def my_steps(stories, batch_size, epochs):
    return ceil(stories / batch_size) * epochs


def check_steps(answer: Callable[..., Any]) -> None:
    """Try some trainings."""
    for stories, size, epochs in ((1000, 100, 2), (1030, 100, 1), (1030, 100, 3), (5, 8, 4)):
        seen = number(call(answer, stories, size, epochs), "The number of steps")
        mistakes = [
            (stories // size * epochs, "The short last batch is a step as well."),
            (stories / size * epochs, "A step takes a whole batch: there are no parts of steps."),
            (
                ceil(stories * epochs / size),
                "Each epoch ends with a short batch of its own, so round up in each epoch.",
            ),
        ]
        example = f"{epochs} epoch{'s' * (epochs > 1)} of {stories} stories in batches of {size}"
        expect(seen, ceil(stories / size) * epochs, example, mistakes)


STEPS = Exercise(
    "05-steps",
    my_steps,
    check_steps,
    (
        "How many batches does a single epoch have?",
        "`ceil` from the module `math` rounds up. Round first, then multiply.",
    ),
    "Half the batch size means twice as many steps from the same textbook.",
)

# ----------------------------------------------------------------------------- 05-running


def my_running_means(losses, sizes):
    means, total, stories = [], 0.0, 0
    for loss, size in zip(losses, sizes):
        total += loss * size
        stories += size
        means.append(total / stories)
    return means


def check_running(answer: Callable[..., Any]) -> None:
    """Try batches of equal and of different sizes."""
    for losses, sizes in (([2.0, 1.0], [4, 4]), ([1.0, 1.0, 4.0], [4, 4, 1]), ([3.0], [2])):
        what = f"Losses {losses} of batches with {sizes} stories"
        seen = numbers(call(answer, losses, sizes), len(losses), what)
        for count, value in enumerate(seen, 1):
            total = sum(loss * size for loss, size in zip(losses, sizes, strict=True))
            so_far = sum(a * b for a, b in zip(losses[:count], sizes, strict=False))
            mistakes = [
                (losses[count - 1], "That is the loss of this batch alone."),
                (so_far / sum(sizes), "Divide by the stories read so far, not by all of them."),
                (
                    sum(losses[:count]) / count,
                    "That is the mean of the batches. A short batch must count less.",
                ),
                (total / sum(sizes), "That is the mean at the end, not the one so far."),
            ]
            expect(value, so_far / sum(sizes[:count]), f"{what}, batch {count}", mistakes)


RUNNING = Exercise(
    "05-running",
    my_running_means,
    check_running,
    (
        "Every story counts the same. How many stories does each batch speak for?",
        "Keep two sums while you go through the batches: loss times size, and size.",
        "After each batch, append the first sum divided by the second.",
    ),
    "This is what a progress bar shows: at its end it is the loss of the epoch.",
)

# -------------------------------------------------------------------------------- 05-loop


def my_train(model, loader, optimizer, epochs):
    history = []
    model.train()
    for _ in range(epochs):
        total, stories = 0.0, 0
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            loss = F.cross_entropy(logits, batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch.labels)
            stories += len(batch.labels)
        history.append(total / stories)
    return history


class Watched(TextClassifier):
    """A little model that notes in which mode it was asked."""

    def __init__(self) -> None:
        super().__init__(VOCAB_SIZE, NUM_CLASSES, 8, torch.Generator().manual_seed(0))
        self.modes: list[bool] = []

    def forward(self, token_ids: Tensor, offsets: Tensor) -> Tensor:
        """Guess, and note the mode."""
        self.modes.append(self.training)
        return super().forward(token_ids, offsets)


class Reshuffled:
    """A loader with three batches, the last one short; in each epoch they come in another order."""

    def __init__(self) -> None:
        self.batches, self.read = little_batches(), 0

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        turn = self.read % len(self.batches)
        self.read += 1
        return iter(self.batches[turn:] + self.batches[:turn])


def losses_of(epochs: int, wipe: bool = True) -> tuple[list[list[float]], Tensor]:
    """What should come out: the loss of each batch in each epoch, and a row of the weights."""
    model, loader = little_model(), Reshuffled()
    optimizer = SGD(model.parameters(), lr=1.0)
    losses: list[list[float]] = []
    for _ in range(epochs):
        losses.append([])
        for batch in loader:
            loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
            if wipe:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses[-1].append(loss.item())
    return losses, model.linear.weight.detach()


def check_loop(answer: Callable[..., Any]) -> None:
    """Train a little model for three epochs, and compare with a correct loop."""
    model, loader = Watched().eval(), Reshuffled()
    before = model.linear.weight.detach().clone()
    optimizer = SGD(model.parameters(), lr=1.0)
    seen = numbers(call(answer, model, loader, optimizer, 3), 3, "The losses of 3 epochs")
    check_way(model, loader)
    check_weights(before, model.linear.weight.detach())
    check_means(seen, losses_of(3)[0], [4, 4, 2])


def check_weights(before: Tensor, weights: Tensor) -> None:
    """Are these the weights after three epochs of a correct loop?"""
    if torch.equal(weights, before):
        raise NotYet("The weights are the same as before. Expected: each step moves them.")
    if torch.allclose(weights, losses_of(3, wipe=False)[1], atol=1e-5):
        raise NotYet(
            "The model was handed in with small weights, and they grew too much: each step also "
            "followed all earlier gradients once more. The gradients pile up. Which line wipes "
            "them?"
        )
    expected = losses_of(3)[1]
    if not torch.allclose(weights, expected, atol=1e-5):
        raise NotYet(
            "The weights moved, but not as they should: one of them is "
            f"{weights[0, 0]:.4f} after 3 epochs, expected {expected[0, 0]:.4f}. Are there five "
            "lines for each batch, in the right order?"
        )


def check_way(model: Watched, loader: Reshuffled) -> None:
    """Was it the right number of epochs, in the right mode?"""
    if loader.read != 3 or len(model.modes) != 9:
        raise NotYet(
            f"For 3 epochs the loader was opened {loader.read} times and the model asked "
            f"{len(model.modes)} times. Expected: 3 times, so that it can shuffle anew, and once "
            "for each of its 3 batches, 9 times."
        )
    if not all(model.modes):
        raise NotYet(
            "The model came in evaluation mode, and it was still in it while it learned. "
            "Expected: training mode, whatever mode it was in before."
        )


def check_means(seen: list[float], losses: list[list[float]], sizes: Sequence[int]) -> None:
    """Is the loss of each epoch the mean over its stories?"""
    for turn, (value, of_batches) in enumerate(zip(seen, losses, strict=True)):
        order = [*sizes[turn:], *sizes[:turn]]
        total = sum(loss * size for loss, size in zip(of_batches, order, strict=True))
        mistakes = [
            (sum(of_batches) / 3, "That is the mean of the batches. The last one is short."),
            (total, "That is the sum over the stories. Divide it by their number."),
            (sum(of_batches), "That is the sum over the batches. A mean over stories was asked."),
            (of_batches[-1], "That is the loss of the last batch alone."),
        ]
        expect(value, total / sum(sizes), f"The loss of epoch {turn + 1}", mistakes)


LOOP = Exercise(
    "05-loop",
    my_train,
    check_loop,
    (
        "Two loops: the outer one counts epochs, the inner one goes through the loader.",
        "In the inner loop stand the five lines of the circle: forward, loss, zero_grad, backward, "
        "step.",
        "For the mean, add up `loss.item() * len(batch.labels)` and `len(batch.labels)`. Begin "
        "both sums anew in each epoch.",
    ),
    "You have written what every framework hides: a training loop.",
)

# -------------------------------------------------------------------------------- 05-pieces


def my_big_step(model, pieces, optimizer):
    total = sum(len(piece.labels) for piece in pieces)
    optimizer.zero_grad()
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        loss = F.cross_entropy(logits, piece.labels)
        (loss * len(piece.labels) / total).backward()
    optimizer.step()


def check_pieces(answer: Callable[..., Any]) -> None:
    """Two big steps in pieces, against the same steps in one piece."""
    pieces = little_batches((4, 4, 2))
    model = little_model()
    optimizer = SGD(model.parameters(), lr=1.0)
    for count in (1, 2):
        call(answer, model, pieces, optimizer)
        seen = model.linear.bias[0].item()
        example = f"One weight after {count} big step{'s' * (count - 1)} in pieces of 4, 4 and 2"
        mistakes = [
            (bias_after(count, [0.4, 0.4, 0.2], wipe=False), "Old gradients are still there."),
            (bias_after(count, [1, 1, 1]), "The gradients add up. Weigh each piece by its share."),
            (bias_after(count, [1 / 3] * 3), "The short piece counts as much as a long one."),
            (bias_after(count, [0, 0, 1]), "Only the last piece was learned from."),
            (bias_after(count, [0, 0, 0.2]), "Only the last piece was learned from."),
            (bias_after(count, [0.4, 0.4, 0.2], every=True), "That is a step after each piece."),
            (bias_after(0, []), "The weights have not moved."),
        ]
        if not close(seen, bias_after(count, [0.4, 0.4, 0.2]), 1e-5):
            expect(seen, bias_after(count, [0.4, 0.4, 0.2]), example, mistakes)


def bias_after(
    steps: int, shares: Sequence[float], wipe: bool = True, every: bool = False
) -> float:
    """One weight after so many steps, if each piece counts by its share.

    A mistaken training never wipes, or it steps after every piece.
    """
    model = little_model()
    optimizer = SGD(model.parameters(), lr=1.0)
    for _ in range(steps):
        if wipe:
            optimizer.zero_grad()
        for piece, share in zip(little_batches((4, 4, 2)), shares, strict=True):
            loss = F.cross_entropy(model(piece.token_ids, piece.offsets), piece.labels)
            (loss * share).backward()
            if every:
                optimizer.step()
        if not every:
            optimizer.step()
    return model.linear.bias[0].item()


PIECES = Exercise(
    "05-pieces",
    my_big_step,
    check_pieces,
    (
        "One `zero_grad()` and one `step()`, but `backward()` for each piece.",
        "The loss of the whole batch is a mean over its stories. How much does each piece count?",
        "Multiply the loss of a piece by its number of stories, divided by the number in all "
        "pieces. Then call `backward()`.",
    ),
    "This is called gradient accumulation: a big batch on a small machine.",
)
