"""Lesson 05: exercises on the training loop."""

# mypy: allow-untyped-defs

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import ceil
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from lessons.exercises.asserts import (
    NUM_CLASSES,
    VOCAB_SIZE,
    Counted,
    Exercise,
    NotYet,
    Other,
    Try,
    call,
    counted,
    judge,
    little_batches,
    little_loader,
    little_model,
    little_stories,
    number,
    numbers,
    times,
    without,
)
from lessons.model import TextClassifier
from lessons.training import average, train_one_epoch, train_step

# ------------------------------------------------------------------------------- 05-steps


def my_steps(stories, batch_size, epochs):
    return ceil(stories / batch_size) * epochs


def steps_in_whole_numbers(stories, batch_size, epochs):
    return -(-stories // batch_size) * epochs


def check_steps(answer: Callable[..., Any]) -> None:
    """Try some trainings."""
    judge(_step_tries(answer))


def _step_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for stories, size, epochs in (
        *((1000, 100, 2), (1030, 100, 1), (1030, 100, 3), (5, 8, 4)),
        *((101, 100, 1), (199, 100, 2), (7, 1, 3)),
    ):
        seen = number(call(answer, stories, size, epochs), "The number of steps")
        mistakes = [
            (stories // size * epochs, "The short last batch is a step as well."),
            (stories / size * epochs, "A step takes a whole batch: there are no parts of steps."),
            (
                ceil(stories * epochs / size),
                "Each epoch ends with a short batch of its own, so round up in each epoch.",
            ),
        ]
        example = f"{counted(epochs, 'epoch')} of {stories} stories in batches of {size}"
        yield Try(example, seen, ceil(stories / size) * epochs, mistakes)


STEPS = Exercise(
    "05-steps",
    my_steps,
    check_steps,
    (
        "How many batches does a single epoch have?",
        "`ceil` from the module `math` rounds up. Round first, then multiply.",
    ),
    "Half the batch size means twice as many steps from the same textbook.",
    (
        Other(
            steps_in_whole_numbers,
            "`//` rounds down, and with two minus signs it rounds up: nothing to import, and "
            "exact for numbers of any size. But without a comment nobody sees why.",
        ),
    ),
)

# ----------------------------------------------------------------------------- 05-running


def my_running_means(losses, sizes):
    means, total, stories = [], 0.0, 0
    for loss, size in zip(losses, sizes):
        total += loss * size
        stories += size
        means.append(total / stories)
    return means


def running_means_by_accumulate(losses, sizes):
    totals = accumulate(loss * size for loss, size in zip(losses, sizes))
    return [total / stories for total, stories in zip(totals, accumulate(sizes))]


def running_means_that_move(losses, sizes):
    mean, stories, means = 0.0, 0, []
    for loss, size in zip(losses, sizes):
        stories += size
        mean += (loss - mean) * size / stories
        means.append(mean)
    return means


def check_running(answer: Callable[..., Any]) -> None:
    """Try batches of equal and of different sizes."""
    judge(_running_tries(answer))


def _running_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for losses, sizes in (
        *(([2.0, 1.0], [4, 4]), ([1.0, 1.0, 4.0], [4, 4, 1]), ([3.0], [2])),
        ([1.0, 5.0, 0.5, 2.0], [2, 8, 8, 3]),
    ):
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
            yield Try(f"{what}, batch {count}", value, so_far / sum(sizes[:count]), mistakes)


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
    (
        Other(
            running_means_by_accumulate,
            "`accumulate` from `itertools` gives running sums, so there is no sum to begin at 0 "
            "and none to forget. But one must know it, and it is harder to stop and look at.",
        ),
        Other(
            running_means_that_move,
            "Each batch moves the mean by its share, so no sum grows without end. But the formula "
            "is less plain than a sum divided by a count.",
        ),
    ),
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


def train_and_keep_each_loss(model, loader, optimizer, epochs):
    history = []
    model.train()
    for _ in range(epochs):
        losses = []
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            each = F.cross_entropy(logits, batch.labels, reduction="none")
            optimizer.zero_grad()
            each.mean().backward()
            optimizer.step()
            losses.append(each.detach())
        history.append(torch.cat(losses).mean().item())
    return history


def train_without_waiting(model, loader, optimizer, epochs):
    history = []
    model.train()
    for _ in range(epochs):
        total, stories = torch.zeros(()), 0
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)
            loss = F.cross_entropy(logits, batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(batch.labels)
            stories += len(batch.labels)
        history.append((total / stories).item())
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


def textbook() -> Counted:
    """Ten stories that differ in length, in three batches: the last one is short."""
    return little_loader(little_stories(10), 4, shuffle=True)


class Learned(NamedTuple):
    """What came of a batch."""

    loss: float
    stories: int
    tokens: int


def train(model: nn.Module, epochs: int, wipe: bool = True) -> list[list[Learned]]:
    """Train as it should be, or without `zero_grad`: what came of each batch in each epoch."""
    optimizer, loader = SGD(model.parameters(), lr=1.0), textbook()
    learned: list[list[Learned]] = []
    for _ in range(epochs):
        learned.append([])
        for batch in loader:
            loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
            if wipe:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            learned[-1].append(Learned(loss.item(), len(batch.labels), len(batch.token_ids)))
    return learned


def check_loop(answer: Callable[..., Any]) -> None:
    """Train a little model for three epochs, and compare with a correct loop."""
    model, loader = Watched().eval(), textbook()
    optimizer = SGD(model.parameters(), lr=1.0)
    with without(train_step, train_one_epoch, average):
        result = call(answer, model, loader, optimizer, 3)
    seen = numbers(result, 3, "The losses of 3 epochs")
    check_way(model, loader)
    check_learned(model)
    check_means(seen)


def check_learned(model: nn.Module) -> None:
    """Are these the weights after three epochs of a correct loop?"""
    right, piled = little_model(), little_model()
    train(right, 3)
    train(piled, 3, wipe=False)
    if equal_weights(model, little_model()):
        raise NotYet("The weights are the same as before. Expected: each step moves them.")
    if equal_weights(model, piled):
        raise NotYet(
            "The model was handed in with small weights, and they grew too much: each step also "
            "followed all earlier gradients once more. The gradients pile up. Which line wipes "
            "them?"
        )
    if not equal_weights(model, right):
        seen, expected = (one.state_dict()["linear.weight"][0, 0].item() for one in (model, right))
        raise NotYet(
            f"The weights moved, but not as they should: one of them is {seen:.4f} after 3 epochs, "
            f"expected {expected:.4f}. Are there five lines for each batch, in the right order?"
        )


def equal_weights(left: nn.Module, right: nn.Module) -> bool:
    """Are they equal up to rounding?"""
    pairs = zip(left.parameters(), right.parameters(), strict=True)
    return all(torch.allclose(a, b, atol=1e-5) for a, b in pairs)


def check_way(model: Watched, loader: Counted) -> None:
    """Was it the right number of epochs, in the right mode?"""
    if loader.opened != 3 or len(model.modes) != 9:
        raise NotYet(
            f"For 3 epochs the loader was opened {times(loader.opened)} and the model asked "
            f"{times(len(model.modes))}. Expected: 3 times, so that it can shuffle anew, and once "
            "for each of its 3 batches, 9 times."
        )
    if not all(model.modes):
        raise NotYet(
            "The model came in evaluation mode, and it was still in it while it learned. "
            "Expected: training mode, whatever mode it was in before."
        )


def check_means(seen: list[float]) -> None:
    """Is the loss of each epoch the mean over its stories?"""
    tries = []
    for turn, (value, batches) in enumerate(zip(seen, train(little_model(), 3), strict=True), 1):
        losses = [one.loss for one in batches]
        total = sum(one.loss * one.stories for one in batches)
        by_tokens = sum(one.loss * one.tokens for one in batches)
        mistakes = [
            (sum(losses) / 3, "That is the mean of the batches. The last one is short."),
            (total, "That is the sum over the stories. Divide it by their number."),
            (sum(losses), "That is the sum over the batches. A mean over stories was asked."),
            (losses[-1], "That is the loss of the last batch alone."),
            (
                by_tokens / sum(one.tokens for one in batches),
                "That counts tokens, so a long story counts more than a short one. Count stories.",
            ),
        ]
        tries.append(Try(f"The loss of epoch {turn}", value, total / 10, mistakes))
    judge(tries)


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
    (
        Other(
            train_and_keep_each_loss,
            "One loss for each story: the mean needs no weights, and you can look at the hardest "
            "stories. But it keeps a number for every story of an epoch.",
        ),
        Other(
            train_without_waiting,
            "`item()` waits until a GPU has finished; here that happens once an epoch, not in "
            "each step. But the sum is kept in single precision, and without `detach()` memory "
            "would grow.",
        ),
    ),
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


def big_step_that_divides_at_the_end(model, pieces, optimizer):
    optimizer.zero_grad()
    stories = 0
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        F.cross_entropy(logits, piece.labels, reduction="sum").backward()
        stories += len(piece.labels)
    for weights in model.parameters():
        weights.grad /= stories
    optimizer.step()


class Small(TextClassifier):
    """A little model on a computer with room for the record of one piece alone."""

    def __init__(self) -> None:
        super().__init__(VOCAB_SIZE, NUM_CLASSES, 8, torch.Generator().manual_seed(0))
        self.held = self.most = 0  # stories whose record waits for its backward step

    def forward(self, token_ids: Tensor, offsets: Tensor) -> Tensor:
        """Guess, and note what has to be remembered."""
        logits = super().forward(token_ids, offsets)
        if logits.requires_grad:
            stories = len(offsets)
            self.held += stories
            self.most = max(self.most, self.held)
            logits.register_hook(lambda _: self.free(stories))
        return logits

    def free(self, stories: int) -> None:
        """A backward step has used their record."""
        self.held -= stories


def check_pieces(answer: Callable[..., Any]) -> None:
    """Two big steps in pieces, against the same steps in one piece."""
    judge(_piece_tries(answer), tolerance=1e-5)


def _piece_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    pieces, model = little_batches((4, 4, 2)), Small()
    optimizer = SGD(model.parameters(), lr=1.0)
    tokens = [len(piece.token_ids) for piece in pieces]
    for count in (1, 2):
        with without(train_step):
            call(answer, model, pieces, optimizer)
        _check_room(model)
        right = model_after(count, [0.4, 0.4, 0.2])
        mistaken = [
            (model_after(count, [0.4, 0.4, 0.2], wipe=False), "Old gradients are still there."),
            (model_after(count, [1, 1, 1]), "The gradients add up. Weigh each piece by its share."),
            (model_after(count, [1 / 3] * 3), "The short piece counts as much as a long one."),
            (
                model_after(count, [one / sum(tokens) for one in tokens]),
                "That counts tokens, so a long story counts more than a short one. Count stories.",
            ),
            (model_after(count, [0, 0, 1]), "Only the last piece was learned from."),
            (model_after(count, [0, 0, 0.2]), "Only the last piece was learned from."),
            (model_after(count, [0.4] * 2 + [0.2], every=True), "That is a step after each piece."),
            (model_after(0, []), "The weights have not moved."),
        ]
        example = f"One weight after {counted(count, 'big step')} in pieces of 4, 4 and 2"
        mistakes = [(_weight(one, right, model), why) for one, why in mistaken]
        yield Try(example, _weight(model, right, model), _weight(right, right, model), mistakes)


def _check_room(model: Small) -> None:
    """Was no more than one piece in memory? Raises NotYet otherwise."""
    if model.most > 4:
        raise NotYet(
            f"The records of {model.most} stories were in memory at once, and there is room for a "
            "piece of 4. A record is kept until `backward()` has used it. Call `backward()` for "
            "each piece, before the next one goes through the model."
        )


def _weight(of: nn.Module, right: nn.Module, model: nn.Module) -> float:
    """The weight in which the learner's model differs most from the right one."""
    flat = [nn.utils.parameters_to_vector(one.parameters()) for one in (of, right, model)]
    place = (flat[2] - flat[1]).abs().argmax()
    return flat[0][place].item()


def model_after(
    steps: int, shares: Sequence[float], wipe: bool = True, every: bool = False, rate: float = 1.0
) -> nn.Module:
    """The model after so many steps at this rate, if each piece counts by its share.

    A mistaken training never wipes, or it steps after every piece.
    """
    model = little_model()
    optimizer = SGD(model.parameters(), lr=rate)
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
    return model


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
    (
        Other(
            big_step_that_divides_at_the_end,
            "The number of stories need not be known before, so the pieces can come from a file. "
            "But it goes over all gradients once more, and until then they are too large.",
        ),
    ),
)
