"""Lesson 04: exercises on loss and optimizer."""

# mypy: allow-untyped-defs

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lessons.exercises.asserts import (
    Exercise,
    NotYet,
    Other,
    Try,
    call,
    close,
    judge,
    little_batches,
    little_model,
    number,
)

# -------------------------------------------------------------------------------- 04-price


def my_price(probabilities, labels):
    rows = torch.arange(len(labels))
    return -probabilities[rows, labels].log().mean()


def price_with_torch(probabilities, labels):
    return F.nll_loss(probabilities.log(), labels)


def check_price(answer: Callable[..., Any]) -> None:
    """Try probabilities of two and of three stories."""
    judge(_price_tries(answer))


def _price_tries(answer: Callable[..., Any]) -> Iterator[Try]:
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
        seen = number(_out(seen), "The loss")
        prices = -probabilities[torch.arange(len(labels)), labels].log()
        example = f"Probabilities {rows} and right answers {right}"
        mistakes = _mistaken_prices(probabilities, labels, prices)
        yield Try(example, seen, prices.mean().item(), mistakes)


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
    (
        Other(
            price_with_torch,
            "One call of torch. But it wants logarithms of probabilities and does not check that "
            "it gets them: without `log()` it gives a wrong number, and no error.",
        ),
    ),
)

# -------------------------------------------------------------------------------- 04-slope


def my_slope(function, x):
    return (function(x + 1e-4) - function(x - 1e-4)) / 2e-4


def slope_from_one_side(function, x):
    return (function(x + 1e-6) - function(x)) / 1e-6


def slope_by_autograd(function, x):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(function(x), x)[0]


class Felt:
    """A function that notes at which places it was asked."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function, self.places = function, list[float]()

    def __call__(self, x: Any) -> Any:
        """The height at x."""
        self.places.append(float(x.detach() if isinstance(x, Tensor) else x))
        return self.function(x)


def check_slope(answer: Callable[..., Any]) -> None:
    """Try functions whose slope is known, also where x is 0."""
    judge(_slope_tries(answer), tolerance=1e-3)


def _slope_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    tried: tuple[tuple[str, Callable[[Any], Any], float, float], ...] = (
        ("3 * x", lambda x: 3 * x, 2.0, 3.0),
        ("x * x", lambda x: x * x, 2.0, 4.0),
        ("x * x", lambda x: x * x, -1.0, -2.0),
        ("x ** 3", lambda x: x**3, 0.5, 0.75),
        ("x * x - 2 * x", lambda x: x * x - 2 * x, 0.0, -2.0),
        ("5", lambda x: 5.0 + 0 * x, 1.0, 0.0),
    )
    for name, function, place, slope in tried:
        felt = Felt(function)
        seen = number(_out(call(answer, felt, place)), "The slope")
        mistakes = [
            (-slope, "The sign is the wrong way round. Uphill to the right is positive."),
            (2 * slope, "Twice too steep: how far are the two places apart?"),
            (slope / 2, "Half as steep as it is: how far are the two places apart?"),
            (function(place), "That is the height, not the slope."),
            *([(function(place) / place, "That is the height divided by x.")] if place else []),
            *_nudges(felt, seen, slope),
        ]
        yield Try(f"The slope of {name} at {place:g}", seen, slope, mistakes)


def _out(value: Any) -> Any:
    """A single number out of its tensor."""
    return value.item() if _is_one(value) else value


def _nudges(felt: Felt, seen: float, slope: float) -> list[tuple[float, str]]:
    """Mistakes that show in the places at which the function was asked."""
    pairs = list(combinations(dict.fromkeys(felt.places), 2))
    rises = {felt.function(b) - felt.function(a): b - a for a, b in pairs}
    near = min(rises, key=lambda rise: abs(abs(rise) - abs(seen)), default=None)
    undivided = near is not None and abs(near) == abs(seen) and not close(abs(rises[near]), 1)
    far = [rise / run for rise, run in rises.items() if abs(run) > 0.01]
    return [
        (seen if undivided else float("nan"), "Divide the rise of the function by the rise of x."),
        (slope if pairs else 0.0, "The nudge is so tiny that x plus the nudge is still x."),
        (far[0] if far else slope, "So far from x the ground bends. Take a smaller nudge."),
    ]


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
    (
        Other(
            slope_from_one_side,
            "It can use a value that is known already, so it needs one call less. But its error "
            "shrinks only as fast as the nudge; with a nudge to both sides it shrinks with its "
            "square.",
        ),
        Other(
            slope_by_autograd,
            "Exact up to rounding, without a nudge to choose, and as fast for a million weights "
            "as for one. But it works only for functions made of operations that torch knows.",
        ),
    ),
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


def sign_step_without_grad_fields(model, batch, rate):
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    slopes = torch.autograd.grad(loss, list(model.parameters()))
    with torch.no_grad():
        for weights, slope in zip(model.parameters(), slopes):
            weights -= rate * slope.sign()


def sign_step_by_an_optimizer(model, batch, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    optimizer.zero_grad()
    F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).backward()
    for weights in model.parameters():
        weights.grad = weights.grad.sign()
    optimizer.step()


RATE = 0.125  # a number that adds up without rounding


def check_sign(answer: Callable[..., Any]) -> None:
    """Two steps on two batches, against the signs of the slopes."""
    model, right = little_model(), little_model()
    before: list[Tensor] = []  # the slopes of earlier steps
    for batch in little_batches((4, 6)):
        old = [weights.detach().clone() for weights in model.parameters()]
        slopes = _slopes(right, batch)
        call(answer, model, batch, RATE)
        moved = [now.detach() - then for now, then in zip(model.parameters(), old, strict=True)]
        _check_moves(moved, slopes, before)
        with torch.no_grad():
            for weights, slope in zip(right.parameters(), slopes, strict=True):
                weights.sub_(RATE * slope.sign())
        before = slopes


def _slopes(model: torch.nn.Module, batch: Any) -> list[Tensor]:
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    return list(torch.autograd.grad(loss, list(model.parameters())))


def _close(seen: Sequence[Tensor], wanted: Sequence[Tensor]) -> bool:
    return all(torch.allclose(a, b, atol=1e-6) for a, b in zip(seen, wanted, strict=True))


def _check_moves(moved: list[Tensor], slopes: list[Tensor], before: list[Tensor]) -> None:
    """Have all weights moved by the rate, downhill? Raises NotYet otherwise, with what is sure."""
    wanted = [-RATE * slope.sign() for slope in slopes]
    if _close(moved, wanted):
        return
    if any(move.isnan().any() for move in moved):
        raise NotYet(
            "A weight is NaN, not a number: 0 divided by 0 gives it. Where the slope is 0, the "
            "weight stays."
        )
    if not any(move.any() for move in moved):
        raise NotYet(f"No weight has moved. Expected: each weight with a slope moves by {RATE}.")
    if _close(moved, [-one for one in wanted]):
        raise NotYet("Every weight moved uphill. The step goes against the slope.")
    still = [not a.any() and bool(b.any()) for a, b in zip(moved, wanted, strict=True)]
    if any(still):
        have = "has" if sum(still) == 1 else "have"
        raise NotYet(
            f"{sum(still)} of {len(still)} groups of weights {have} not moved at all. "
            "`model.parameters()` gives all of them."
        )
    if before:
        _blame_the_second_step(moved, slopes, before)
    _blame_the_length(moved, slopes)


def _blame_the_second_step(moved: list[Tensor], slopes: list[Tensor], before: list[Tensor]) -> None:
    """Always raises NotYet."""
    piled = [a + b for a, b in zip(slopes, before, strict=True)]
    why = "The first step was right, the second is not."
    if _close(moved, [-RATE * one.sign() for one in piled]):
        why += " Which gradients were still on the board when it began?"
    raise NotYet(why)


def _blame_the_length(moved: list[Tensor], slopes: list[Tensor]) -> None:
    """Always raises NotYet."""
    move, slope = (torch.cat([one.flatten() for one in tensors]) for tensors in (moved, slopes))
    length = moved[-1].abs().max().item()
    along = (move @ slope / (slope @ slope)).item()  # if it is a multiple of the slope
    what = f"With the rate {RATE} every weight should move by {RATE}. A bias moved by {length:.4f}."
    if torch.allclose(move, along * slope, atol=1e-6):
        what += " Only the sign of the slope counts, not its size."
    elif torch.allclose(move, -length * slope.sign(), atol=1e-6):
        what += " All weights moved equally far. Does the rate decide how far?"
    elif close(length, RATE, 1e-3):
        what = (
            f"The weights moved by about {RATE}, but not by exactly that, or some without a slope "
            "moved as well. Does something else pull at them, such as weight decay?"
        )
    raise NotYet(what)


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
    (
        Other(
            sign_step_without_grad_fields,
            "The slopes come back as values: nothing is wiped, and nothing can pile up. But no "
            "optimizer can take part, since those read `.grad`.",
        ),
        Other(
            sign_step_by_an_optimizer,
            "It changes the slopes between `backward()` and `step()`, as people do to limit them, "
            "and any optimizer can make the step. But the true slopes are lost.",
        ),
    ),
)
