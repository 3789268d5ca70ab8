"""Lesson 04: exercises on loss and optimizer."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lessons.exercises.asserts import (
    Exercise,
    NotYet,
    Wrong,
    call,
    close,
    expect,
    little_batches,
    little_model,
    number,
)

# -------------------------------------------------------------------------------- 04-price


def check_price(answer: Callable[..., Any]) -> None:
    """Try probabilities of two and of three stories."""
    for rows, labels in (
        ([[0.5, 0.25, 0.25], [0.125, 0.5, 0.375]], [0, 0]),
        ([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], [1, 1, 0]),
    ):
        chances, right = torch.tensor(rows), torch.tensor(labels)
        seen = call(answer, chances, right)
        if isinstance(seen, Tensor) and seen.shape == right.shape:
            raise NotYet(
                "That is a price for each story. The loss of the batch is one number, their mean."
            )
        seen = number(seen.item() if _is_one(seen) else seen, "The loss")
        picked = -chances[torch.arange(len(labels)), right].log()
        mistakes = [
            (
                F.cross_entropy(chances, right).item(),
                "That is what `F.cross_entropy` says. It takes logits and applies the softmax "
                "itself, but these are probabilities already.",
            ),
            (-picked.mean().item(), "The price of a probability below 1 is above 0."),
            (picked.sum().item(), "That is the sum of the stories. The loss is their mean."),
            (
                -chances.max(dim=1).values.log().mean().item(),
                "That is the price of the highest probability. What counts is the one that the "
                "right answer was given.",
            ),
            (-chances.log().mean().item(), "Only the right answer has its price, not all classes."),
        ]
        example = f"Probabilities {rows} and right answers {labels}"
        expect(seen, picked.mean().item(), example, mistakes)


def _is_one(value: Any) -> bool:
    return isinstance(value, Tensor) and value.numel() == 1


PRICE_STARTER = "def my_price(probabilities, labels):\n"
MY_PRICE = (
    PRICE_STARTER
    + """\
    rows = torch.arange(len(labels))
    return -probabilities[rows, labels].log().mean()"""
)
PRICE = Exercise(
    "04-price",
    """\
A friend's model ends with softmax, so it hands out *probabilities* instead of logits. Write
`my_price`: the cross-entropy of a batch, given the probabilities, of shape (stories, classes), and
the labels, of shape (stories,). For `[[0.5, 0.5]]` and the label 0 it is minus log(0.5), about
0.69.""",
    f"{PRICE_STARTER}    ...",
    check_price,
    (
        "Two of the three steps of cross-entropy are left: minus log, and mean.",
        "`probabilities[torch.arange(len(labels)), labels]` picks what the right answers were "
        "given.",
        "Take `.log()` of these, then `.mean()`, and turn the sign around.",
    ),
    MY_PRICE,
    "Look up what a loss wants to be given: logits, probabilities, or their logarithms.",
    (
        Wrong(
            PRICE_STARTER + "    return F.cross_entropy(probabilities, labels)",
            "these are probabilities already",
        ),
        Wrong(MY_PRICE.replace("-prob", "prob"), "below 1 is above 0"),
        Wrong(MY_PRICE.replace("mean", "sum"), "That is the sum of the stories."),
        Wrong(
            PRICE_STARTER + "    return -probabilities.max(dim=1).values.log().mean()",
            "That is the price of the highest probability.",
        ),
        Wrong(PRICE_STARTER + "    return -probabilities.log().mean()", "not all classes"),
    ),
)

# -------------------------------------------------------------------------------- 04-slope


def check_slope(answer: Callable[..., Any]) -> None:
    """Try functions whose slope is known."""
    tried: tuple[tuple[str, Callable[[float], float], float, float], ...] = (
        ("3 * x", lambda x: 3 * x, 2.0, 3.0),
        ("x * x", lambda x: x * x, 2.0, 4.0),
        ("x * x", lambda x: x * x, -1.0, -2.0),
        ("x ** 3", lambda x: x**3, 0.5, 0.75),
        ("5", lambda x: 5.0 + 0 * x, 1.0, 0.0),
    )
    for name, function, place, slope in tried:
        seen = number(call(answer, function, place), "The slope")
        mistakes = [
            (-slope, "The sign is the wrong way round. Uphill to the right is positive."),
            (2 * slope, "Twice too steep: how far are the two places apart?"),
            (slope / 2, "Half as steep as it is: how far are the two places apart?"),
            (
                0.0,
                "Divide the rise of the function by the rise of x: a tiny rise is no small slope.",
            ),
            (function(place), "That is the height, not the slope."),
        ]
        if not close(seen, slope, 1e-3):
            expect(seen, slope, f"The slope of {name} at {place:g}", _rounded(seen, mistakes))


def _rounded(seen: float, mistakes: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The same mistakes, each as near as a nudge gets."""
    return [(seen if close(seen, value, 1e-3) else value, why) for value, why in mistakes]


SLOPE_STARTER = "def my_slope(function, x):\n"
MY_SLOPE = SLOPE_STARTER + "    return (function(x + 1e-4) - function(x - 1e-4)) / 2e-4"
SLOPE = Exercise(
    "04-slope",
    """\
Write `my_slope`, which feels the slope of any function with the foot. You are given a function
that takes a number and gives back a number, such as `lambda x: x * x`, and the place `x` where you
stand. Give back the slope there, at most a thousandth of it off. At 2 the slope of `x * x`
is 4.""",
    f"{SLOPE_STARTER}    ...",
    check_slope,
    (
        "Nudge `x` a little and see how far the function rises.",
        "Divide the rise of the function by the size of the nudge. Too large a nudge leaves the "
        "ground under the foot.",
        "With a nudge of 1e-4: `(function(x + 1e-4) - function(x)) / 1e-4`. It is more exact with "
        "one nudge to each side.",
    ),
    MY_SLOPE,
    "`backward()` gives the same number, for all weights at once.",
    (
        Wrong(SLOPE_STARTER + "    return function(x + 1e-4) - function(x)", "a tiny rise is no"),
        Wrong(MY_SLOPE.replace("2e-4", "1e-4"), "Twice too steep"),
        Wrong(
            SLOPE_STARTER + "    return (function(x) - function(x + 1e-4)) / 1e-4",
            "The sign is the wrong way round.",
        ),
        Wrong(
            SLOPE_STARTER + "    return function(x + 1) - function(x)",
            "The slope of x * x at 2: expected 4, saw 5.",
        ),
        Wrong(SLOPE_STARTER + "    return function(x) / x", "expected 4, saw 2. Half as steep"),
    ),
)

# --------------------------------------------------------------------------------- 04-sign


def check_sign(answer: Callable[..., Any]) -> None:
    """Two steps on two batches, against the signs of the slopes."""
    model, right = little_model(), little_model()
    before = [weights.detach().clone() for weights in model.parameters()]
    for count, batch in enumerate(little_batches((4, 6)), 1):
        call(answer, model, batch, 0.125)
        old = list(right.parameters())
        slopes = _slopes(right, batch)
        with torch.no_grad():
            for weights, slope in zip(old, slopes, strict=True):
                weights.sub_(0.125 * slope.sign())
        _compare(model, right, before, count)
        before = [weights.detach().clone() for weights in model.parameters()]


def _slopes(model: torch.nn.Module, batch: Any) -> tuple[Tensor, ...]:
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    return torch.autograd.grad(loss, list(model.parameters()))


def _compare(
    model: torch.nn.Module, right: torch.nn.Module, before: list[Tensor], count: int
) -> None:
    """Raise NotYet, with the likely reason, if the weights differ."""
    seen = [weights.detach() for weights in model.parameters()]
    wanted = [weights.detach() for weights in right.parameters()]
    if all(torch.allclose(a, b, atol=1e-6) for a, b in zip(seen, wanted, strict=True)):
        return
    if any(weights.isnan().any() for weights in seen):
        raise NotYet(
            "A weight is no number any more: 0 divided by 0 is none. Where the slope is 0, the "
            "weight stays."
        )
    moved = [now - then for now, then in zip(seen, before, strict=True)]
    should = [want - then for want, then in zip(wanted, before, strict=True)]
    if not any(move.any() for move in moved):
        raise NotYet("No weight has moved. Expected: each weight with a slope moves by 0.125.")
    if all(torch.allclose(a, -b, atol=1e-6) for a, b in zip(moved, should, strict=True)):
        raise NotYet("Every weight moved uphill. The step goes against the slope.")
    still = [not a.any() and bool(b.any()) for a, b in zip(moved, should, strict=True)]
    if any(still):
        raise NotYet(
            f"{sum(still)} of {len(still)} groups of weights have not moved at all. "
            "`model.parameters()` gives all of them."
        )
    if count > 1:
        raise NotYet(
            "The first step was right, the second is not. Which gradients were still on the "
            "board when it began?"
        )
    length = moved[-1].abs().max().item()
    if close(length, 0.125, 1e-3):
        raise NotYet(
            "The weights moved by about 0.125, but not by exactly that, or some without a slope "
            "moved as well. Does something else pull at them, such as weight decay?"
        )
    raise NotYet(
        f"With the rate 0.125 every weight should move by 0.125. A bias moved by {length:.4f}. "
        "Only the sign of the slope counts, not its size."
    )


SIGN_STARTER = "def my_sign_step(model, batch, rate):\n"
MY_SIGN_STEP = (
    SIGN_STARTER
    + """\
    logits = model(batch.token_ids, batch.offsets)
    loss = F.cross_entropy(logits, batch.labels)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights -= rate * weights.grad.sign()"""
)
SIGN = Exercise(
    "04-sign",
    """\
Make an optimizer of your own. With SGD a steep slope makes a long step. In yours every weight
moves equally far: by exactly `rate`, against the direction of its slope. Where the slope is 0, the
weight stays. `my_sign_step` gets the model, a batch and the rate. It works out the loss and the
slopes, and changes the weights of the model. It will be called several times in a row. `.sign()`
turns the numbers of a tensor into 1, 0 or -1.""",
    f"{SIGN_STARTER}    ...",
    check_sign,
    (
        "Forward, loss, wipe, backward: as in the lesson. Only the step is new.",
        "The step by hand is in the lesson, too: a loop over `model.parameters()` inside "
        "`torch.no_grad()`.",
        "`model.zero_grad()` wipes all gradients. The line in the loop is "
        "`weights -= rate * weights.grad.sign()`.",
    ),
    MY_SIGN_STEP,
    "Adam does something like it: it makes steep and gentle slopes move about equally far.",
    (
        Wrong(MY_SIGN_STEP.replace("-= rate", "+= rate"), "Every weight moved uphill."),
        Wrong(MY_SIGN_STEP.replace(".sign()", ""), "Only the sign of the slope counts"),
        Wrong(MY_SIGN_STEP.replace("    model.zero_grad()\n", ""), "still on the board"),
        Wrong(
            MY_SIGN_STEP.replace("model.parameters()", "model.linear.parameters()"),
            "1 of 3 groups of weights have not moved",
        ),
        Wrong(
            MY_SIGN_STEP.replace("weights -= rate", "weights = weights - rate"),
            "No weight has moved.",
        ),
    ),
)

EXERCISES = (PRICE, SLOPE, SIGN)
