"""Lesson 04: exercises on loss and optimizer."""

# mypy: allow-untyped-defs

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lessons.exercises.asserts import (
    Exercise,
    NotYet,
    call,
    close,
    expect,
    little_batches,
    little_model,
    number,
)

# -------------------------------------------------------------------------------- 04-price


def my_price(probabilities, labels):
    rows = torch.arange(len(labels))
    return -probabilities[rows, labels].log().mean()


def check_price(answer: Callable[..., Any]) -> None:
    """Try probabilities of two and of three stories."""
    for rows, right in (
        ([[0.5, 0.25, 0.25], [0.125, 0.5, 0.375]], [0, 0]),
        ([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], [1, 1, 0]),
    ):
        probabilities, labels = torch.tensor(rows), torch.tensor(right)
        seen = call(answer, probabilities, labels)
        if isinstance(seen, Tensor) and seen.shape == labels.shape:
            raise NotYet(
                "That is a price for each story. The loss of the batch is one number, their mean."
            )
        seen = number(seen.item() if _is_one(seen) else seen, "The loss")
        prices = -probabilities[torch.arange(len(labels)), labels].log()
        example = f"Probabilities {rows} and right answers {right}"
        expect(seen, prices.mean().item(), example, _mistaken_prices(probabilities, labels, prices))


def _mistaken_prices(
    probabilities: Tensor, labels: Tensor, prices: Tensor
) -> list[tuple[float, str]]:
    """What comes out by mistake, and why it is not the loss."""
    return [
        (
            F.cross_entropy(probabilities, labels).item(),
            "That is what `F.cross_entropy` says. It takes logits and applies the softmax itself, "
            "but these are probabilities already.",
        ),
        (-prices.mean().item(), "The price of a probability below 1 is above 0."),
        (prices.sum().item(), "That is the sum of the stories. The loss is their mean."),
        (
            -probabilities.max(dim=1).values.log().mean().item(),
            "That is the price of the highest probability. What counts is the one that the right "
            "answer was given.",
        ),
        (
            -probabilities.log().mean().item(),
            "Only the right answer has its price, not all classes.",
        ),
    ]


def _is_one(value: Any) -> bool:
    return isinstance(value, Tensor) and value.numel() == 1


PRICE = Exercise(
    "04-price",
    my_price,
    check_price,
    (
        "Two of the three steps of cross-entropy are left: minus log, and mean.",
        "`probabilities[torch.arange(len(labels)), labels]` picks what the right answers were "
        "given.",
        "Take `.log()` of these, then `.mean()`, and turn the sign around.",
    ),
    "Look up what a loss wants to be given: logits, probabilities, or their logarithms.",
)

# -------------------------------------------------------------------------------- 04-slope


def my_slope(function, x):
    return (function(x + 1e-4) - function(x - 1e-4)) / 2e-4


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


SLOPE = Exercise(
    "04-slope",
    my_slope,
    check_slope,
    (
        "Nudge `x` a little and see how far the function rises.",
        "Divide the rise of the function by the size of the nudge. Too large a nudge leaves the "
        "ground under the foot.",
        "With a nudge of 1e-4: `(function(x + 1e-4) - function(x)) / 1e-4`. It is more exact with "
        "one nudge to each side.",
    ),
    "`backward()` gives the same number, for all weights at once.",
)

# --------------------------------------------------------------------------------- 04-sign


def my_sign_step(model, batch, rate):
    logits = model(batch.token_ids, batch.offsets)
    loss = F.cross_entropy(logits, batch.labels)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights -= rate * weights.grad.sign()


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
    seen, wanted = ([one.detach() for one in which.parameters()] for which in (model, right))
    if _close(seen, wanted):
        return
    if any(weights.isnan().any() for weights in seen):
        raise NotYet(
            "A weight is NaN, not a number: 0 divided by 0 gives it. Where the slope is 0, the "
            "weight stays."
        )
    moved = [now - then for now, then in zip(seen, before, strict=True)]
    _check_moves(moved, [want - then for want, then in zip(wanted, before, strict=True)])
    if count > 1:
        raise NotYet(
            "The first step was right, the second is not. Which gradients were still on the "
            "board when it began?"
        )
    _check_length(moved[-1].abs().max().item())


def _close(seen: list[Tensor], wanted: list[Tensor]) -> bool:
    return all(torch.allclose(a, b, atol=1e-6) for a, b in zip(seen, wanted, strict=True))


def _check_moves(moved: list[Tensor], wanted: list[Tensor]) -> None:
    """Have all weights moved, and downhill? Raises NotYet otherwise."""
    if not any(move.any() for move in moved):
        raise NotYet("No weight has moved. Expected: each weight with a slope moves by 0.125.")
    if _close(moved, [-one for one in wanted]):
        raise NotYet("Every weight moved uphill. The step goes against the slope.")
    still = [not a.any() and bool(b.any()) for a, b in zip(moved, wanted, strict=True)]
    if any(still):
        raise NotYet(
            f"{sum(still)} of {len(still)} groups of weights have not moved at all. "
            "`model.parameters()` gives all of them."
        )


def _check_length(length: float) -> None:
    """Why a step of this length was wrong all the same. Always raises NotYet."""
    if close(length, 0.125, 1e-3):
        raise NotYet(
            "The weights moved by about 0.125, but not by exactly that, or some without a slope "
            "moved as well. Does something else pull at them, such as weight decay?"
        )
    raise NotYet(
        f"With the rate 0.125 every weight should move by 0.125. A bias moved by {length:.4f}. "
        "Only the sign of the slope counts, not its size."
    )


SIGN = Exercise(
    "04-sign",
    my_sign_step,
    check_sign,
    (
        "Forward, loss, wipe, backward: as in the lesson. Only the step is new.",
        "The step by hand is in the lesson, too: a loop over `model.parameters()` inside "
        "`torch.no_grad()`.",
        "`model.zero_grad()` wipes all gradients. The line in the loop is "
        "`weights -= rate * weights.grad.sign()`.",
    ),
    "Adam does something like it: it makes steep and gentle slopes move about equally far.",
)
