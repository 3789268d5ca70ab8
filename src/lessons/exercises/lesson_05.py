"""Lesson 05: exercises on the training loop."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim import SGD

from lessons.exercises.asserts import (
    CLASSES,
    WORDS,
    Exercise,
    NotYet,
    Wrong,
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
    """\
Write `my_steps`: how often does a whole training move the weights? You are given the number of
stories, the batch size and the number of epochs. The last batch of an epoch may be short.""",
    "def my_steps(stories, batch_size, epochs):\n    ...",
    check_steps,
    (
        "How many batches does a single epoch have?",
        "`ceil` from the module `math` rounds up. Round first, then multiply.",
    ),
    "def my_steps(stories, batch_size, epochs):\n    return ceil(stories / batch_size) * epochs",
    "Half the batch size means twice as many steps from the same textbook.",
    (
        Wrong(
            "def my_steps(stories, batch_size, epochs):\n    return stories // batch_size * epochs",
            "expected 11, saw 10. The short last batch is a step as well.",
        ),
        Wrong(
            "def my_steps(stories, batch_size, epochs):\n    return stories / batch_size * epochs",
            "saw 10.3. A step takes a whole batch",
        ),
        Wrong(
            "def my_steps(stories, batch_size, epochs):\n"
            "    return ceil(stories * epochs / batch_size)",
            "expected 33, saw 31. Each epoch ends with a short batch of its own",
        ),
        Wrong(
            "def my_steps(stories, batch_size, epochs):\n    print(stories / batch_size * epochs)",
            "The number of steps is None. A function gives a value back with `return`.",
        ),
    ),
)

# ----------------------------------------------------------------------------- 05-running


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


STARTER = "def my_running_means(losses, sizes):\n"
RUNNING_MEANS = (
    STARTER
    + """\
    means, total, stories = [], 0.0, 0
    for loss, size in zip(losses, sizes):
        total += loss * size
        stories += size
        means.append(total / stories)
    return means"""
)
RUNNING = Exercise(
    "05-running",
    """\
A progress bar shows the mean loss *so far*. Write `my_running_means`: after each batch, the mean
loss over all stories that have been read up to then. You are given two lists: the mean loss of
each batch, and its number of stories. Give back a list with one number for each batch.""",
    f"{STARTER}    ...",
    check_running,
    (
        "Every story counts the same. How many stories does each batch speak for?",
        "Keep two sums while you go through the batches: loss times size, and size.",
        "After each batch, append the first sum divided by the second.",
    ),
    RUNNING_MEANS,
    "This is what a progress bar shows: at its end it is the loss of the epoch.",
    (
        Wrong(
            f"{STARTER}    return [sum(losses[:i]) / i for i in range(1, len(losses) + 1)]",
            "expected 1.33333, saw 2. That is the mean of the batches.",
        ),
        Wrong(
            RUNNING_MEANS.replace("total / stories", "total / sum(sizes)"),
            "Divide by the stories read so far",
        ),
        Wrong(
            f"{STARTER}    return sum(a * b for a, b in zip(losses, sizes)) / sum(sizes)",
            "expected a list of 2, saw 1.5",
        ),
        Wrong(
            f"{STARTER}    return list(losses)",
            "expected 1.5, saw 1. That is the loss of this batch alone.",
        ),
        Wrong(
            RUNNING_MEANS.replace("for loss, size in zip(losses, sizes):", "while losses:")
            .replace("+= loss * size", "+= losses[0] * sizes[0]")
            .replace("stories += size", "stories += sizes.pop(0)")
            .replace("means.append", "losses.pop(0)\n        means.append"),
            "input number 1 is not what it was before",
        ),
    ),
)

# -------------------------------------------------------------------------------- 05-loop


class Watched(TextClassifier):
    """A little model that notes in which mode it was asked."""

    def __init__(self) -> None:
        super().__init__(WORDS, CLASSES, 8, torch.Generator().manual_seed(0))
        self.modes: list[bool] = []

    def forward(self, tokens: Tensor, offsets: Tensor) -> Tensor:
        """Guess, and note the mode."""
        self.modes.append(self.training)
        return super().forward(tokens, offsets)


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
    weights = model.linear.weight.detach()
    losses, expected = losses_of(3)
    check_way(model, loader)
    if torch.equal(weights, before):
        raise NotYet("The weights are the same as before. Expected: each step moves them.")
    if torch.allclose(weights, losses_of(3, wipe=False)[1], atol=1e-5):
        raise NotYet(
            "The model was handed in with small weights, and they grew too much: each step also "
            "followed all earlier gradients once more. The gradients pile up. Which line wipes "
            "them?"
        )
    if not torch.allclose(weights, expected, atol=1e-5):
        raise NotYet(
            "The weights moved, but not as they should: one of them is "
            f"{weights[0, 0]:.4f} after 3 epochs, expected {expected[0, 0]:.4f}. Are there five "
            "lines for each batch, in the right order?"
        )
    check_means(seen, losses, [4, 4, 2])


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


STARTER = "def my_train(model, loader, optimizer, epochs):\n"
MY_TRAIN = (
    STARTER
    + """\
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
    return history"""
)
LOOP = Exercise(
    "05-loop",
    """\
Now write a whole training of your own, without the help of `train_step`, `average` or
`train_one_epoch`. `my_train` reads the textbook `epochs` times and gives back a list: the mean loss
over the stories of each epoch, measured while learning, as plain numbers. Whatever mode the model
comes in, it must learn in training mode.""",
    f"{STARTER}    ...",
    check_loop,
    (
        "Two loops: the outer one counts epochs, the inner one goes through the loader.",
        "In the inner loop stand the five lines of the circle: forward, loss, zero_grad, backward, "
        "step.",
        "For the mean, add up `loss.item() * len(batch.labels)` and `len(batch.labels)`. Begin "
        "both sums anew in each epoch.",
    ),
    MY_TRAIN,
    "You have written what every framework hides: a training loop.",
    (
        Wrong(MY_TRAIN.replace("            optimizer.zero_grad()\n", ""), "gradients pile up"),
        Wrong(
            MY_TRAIN.replace(" * len(batch.labels)", "").replace(
                "stories += len(batch.labels)", "stories += 1"
            ),
            "That is the mean of the batches. The last one is short.",
        ),
        Wrong(MY_TRAIN.replace("    model.train()\n", ""), "still in it while it learned"),
        Wrong(
            MY_TRAIN.replace(
                "    history = []\n", "    history, batches = [], list(loader)\n"
            ).replace("in loader:", "in batches:"),
            "the loader was opened 1 times",
        ),
        Wrong(MY_TRAIN.replace("loss.item()", "loss"), "`.item()` takes it out of the tensor"),
        Wrong(MY_TRAIN.replace("            optimizer.step()\n", ""), "the same as before"),
        Wrong(
            MY_TRAIN.replace("        total, stories = 0.0, 0\n", "").replace(
                "    history = []", "    history, total, stories = [], 0.0, 0"
            ),
            "The loss of epoch 2: expected",
        ),
    ),
)

# -------------------------------------------------------------------------------- 05-pieces


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
            (bias_after(0, []), "The weights have not moved."),
        ]
        if not close(seen, bias_after(count, [0.4, 0.4, 0.2]), 1e-5):
            expect(seen, bias_after(count, [0.4, 0.4, 0.2]), example, mistakes)


def bias_after(steps: int, shares: Sequence[float], wipe: bool = True) -> float:
    """One weight after so many steps, if each piece counts by its share."""
    model = little_model()
    optimizer = SGD(model.parameters(), lr=1.0)
    for _ in range(steps):
        if wipe:
            optimizer.zero_grad()
        for piece, share in zip(little_batches((4, 4, 2)), shares, strict=True):
            loss = F.cross_entropy(model(piece.token_ids, piece.offsets), piece.labels)
            (loss * share).backward()
        optimizer.step()
    return model.linear.bias[0].item()


STARTER = "def my_big_step(model, pieces, optimizer):\n"
MY_BIG_STEP = (
    STARTER
    + """\
    total = sum(len(piece.labels) for piece in pieces)
    optimizer.zero_grad()
    for piece in pieces:
        logits = model(piece.token_ids, piece.offsets)
        loss = F.cross_entropy(logits, piece.labels)
        (loss * len(piece.labels) / total).backward()
    optimizer.step()"""
)
PIECES = Exercise(
    "05-pieces",
    """\
That `backward()` adds to the old gradients can also be of use. Suppose a batch is too big for the
memory of your computer. Write `my_big_step`: it gets the batch in pieces, a list of small batches,
and makes *one* step, the same step that the whole batch would have made. The pieces may differ in
size.""",
    f"{STARTER}    ...",
    check_pieces,
    (
        "One `zero_grad()` and one `step()`, but `backward()` for each piece.",
        "The loss of the whole batch is a mean over its stories. How much does each piece count?",
        "Multiply the loss of a piece by its number of stories, divided by the number in all "
        "pieces. Then call `backward()`.",
    ),
    MY_BIG_STEP,
    "This is called gradient accumulation: a big batch on a small machine.",
    (
        Wrong(
            MY_BIG_STEP.replace(
                "    for piece in pieces:\n",
                "    for piece in pieces:\n        optimizer.zero_grad()\n",
            ),
            "Only the last piece was learned from.",
        ),
        Wrong(MY_BIG_STEP.replace("    optimizer.zero_grad()\n", ""), "Old gradients"),
        Wrong(MY_BIG_STEP.replace(" * len(piece.labels) / total", ""), "The gradients add up."),
        Wrong(
            MY_BIG_STEP.replace(" * len(piece.labels) / total", " / len(pieces)"),
            "The short piece counts as much as a long one.",
        ),
        Wrong(
            MY_BIG_STEP.replace("\n    optimizer.step()", "\n        optimizer.step()"),
            "One weight after 1 big step in pieces of 4, 4 and 2: expected",
        ),
        Wrong(MY_BIG_STEP.replace("\n    optimizer.step()", ""), "The weights have not moved."),
    ),
)

EXERCISES = (STEPS, RUNNING, LOOP, PIECES)
