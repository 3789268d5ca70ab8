"""Lesson 04: steps down a slope, with a learning rate of your choice."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F

from lessons.figures.html import labelled, svg
from lessons.figures.plots import TRAIN, VALIDATION
from lessons.loaders import Batch, EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.panels.controls import Dial, Panel, beside, button, buttons, html_line, status_line
from lessons.sources import load_split
from lessons.split import Split
from lessons.text import Vocabulary

RATES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
HARDLY = 0.005  # a smaller change of the loss is not called one
WORDS = {  # what the panel says; a page without a kernel says the same
    "start": "The weight is {weight:.2f}, the loss {loss:.2f}. Press Step to go downhill.",
    "step": "Step {number}: the slope was {slope:.2f}, the weight is now {weight:.2f}, "
    "the loss {loss:.2f}. {verdict}",
    "rose": "The loss rose: too far.",
    "fell": "The loss fell.",
    "hardly": "The loss hardly changed.",
    "valley": "The loss along one weight is a valley. {summary}",
    "weight": "the weight: the bias of the first class",
    "loss": "loss of the batch",
    "steps": "the steps",
    "now": "the weight now",
}
START = 2.0  # the value at which the weight begins: too high


class RatePanel(Panel):
    """The loss of a batch as a function of one weight (the bias of class 0), and steps of SGD."""

    title = "Steps down the slope"

    def __init__(self) -> None:
        """Make an untrained model and one batch of the chosen source (see `load`)."""
        self._parts = load_split()
        self._model, self._batch = untrained(self._parts)
        self._weights = self._model.linear.bias
        self._rate = Dial("learning rate", RATES, 1.0, free=True)
        self._view, self._status = widgets.HTML(), status_line()
        self._step_button = button("Step", "step-forward", self.step)
        reset = button("Back to the start", "undo", self.reset)
        left = [self._rate.row, buttons(self._step_button, reset), self._status]
        super().__init__(beside(left, [self._view]))
        self.reset()

    def page(self) -> dict[str, Any]:
        """The page walks down the valley of a batch of Mini-News; it has no other."""
        return {"panel": "rate"} if self._parts == load_split("mini-news") else {}

    def reset(self) -> None:
        """Set the weight to its first value and forget the steps."""
        self.path = [(START, self._loss(START))]
        self._show(WORDS["start"].format(weight=START, loss=self.path[0][1]))

    def step(self) -> None:
        """Make one step of SGD: the new weight is the old one minus learning rate times slope."""
        weight, before = self.path[-1]
        slope = slope_at(self._model, self._batch, self._weights, 0, weight)
        weight -= self._rate.value * slope
        self.path.append((weight, self._loss(weight)))
        loss = self.path[-1][1]
        verdict = WORDS["rose" if loss > before else "fell"]
        if abs(loss - before) < HARDLY:
            verdict = WORDS["hardly"]
        facts = {"number": len(self.path) - 1, "slope": slope, "weight": weight, "loss": loss}
        self._show(WORDS["step"].format(**facts, verdict=verdict))

    def _loss(self, weight: float) -> float:
        return loss_along(self._model, self._batch, self._weights, 0, [weight])[0]

    def _show(self, summary: str) -> None:
        places = [place for place, _ in self.path]
        low, high = min(-4.0, *places) - 0.5, max(4.0, *places) + 0.5
        values = torch.linspace(low, high, 101).tolist()
        heights = loss_along(self._model, self._batch, self._weights, 0, values)
        figure = Figure(figsize=(8.2, 3.9), layout="constrained")
        ax = figure.subplots()
        ax.plot(values, heights, color=TRAIN["color"], label=WORDS["loss"])
        ax.plot(places, [h for _, h in self.path], **VALIDATION, label=WORDS["steps"])
        ax.plot(*self.path[-1], "o", color="black", markersize=10, label=WORDS["now"])
        ax.set(xlabel=WORDS["weight"], ylabel="loss", ylim=(0, None))
        ax.legend(loc="lower left")
        self._view.value = labelled(svg(figure), WORDS["valley"].format(summary=summary))
        self._status.value = html_line(summary)


def untrained(parts: Split) -> tuple[TextClassifier, Batch]:
    """A model that has learned nothing, and the first batch of the training set."""
    vocabulary = Vocabulary.build(parts.train.texts)
    batch = next(iter(make_loader(EncodedStories(parts.train, vocabulary), 64, shuffle=True)))
    start = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):  # the kernel's random state stays as it is
        return TextClassifier(len(vocabulary), len(parts.train.names), generator=start), batch


def loss_along(
    model: nn.Module, batch: Batch, weights: torch.Tensor, place: int, values: Sequence[float]
) -> list[float]:
    """The loss (mean cross-entropy) of a batch for each of these values of one weight.

    `weights` is a parameter of the model with one dimension, such as `model.linear.bias`, and
    `place` the index of the weight in it. All others keep their values, and this weight is
    restored afterwards, also after an error.
    """
    losses = []
    with _keep_weight(weights, place), torch.no_grad():
        for value in values:
            weights[place] = value
            logits = model(batch.token_ids, batch.offsets)  # (stories, classes)
            losses.append(F.cross_entropy(logits, batch.labels).item())
    return losses


def slope_at(
    model: nn.Module, batch: Batch, weights: torch.Tensor, place: int, value: float
) -> float:
    """The gradient of the loss for one weight at this value, as `backward()` computes it.

    For the arguments see `loss_along`. The weight is restored, and `.grad` is not changed.
    """
    with _keep_weight(weights, place):
        with torch.no_grad():
            weights[place] = value
        loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
        (slopes,) = torch.autograd.grad(loss, weights)
    return slopes[place].item()


@contextmanager
def _keep_weight(weights: torch.Tensor, place: int) -> Iterator[None]:
    """Let a block change one weight, and restore it afterwards, also after an error."""
    before = weights[place].detach().clone()
    try:
        yield
    finally:
        with torch.no_grad():
            weights[place] = before
