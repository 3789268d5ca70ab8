"""The curves of the training lab: drawn again and again while a model trains."""

import math
from collections.abc import Sequence
from statistics import fmean

from matplotlib.figure import Figure

from lessons.plots import TRAIN, draw_accuracy, draw_earlier, draw_line, draw_loss, svg
from lessons.training import Epoch, Scores, Step, best

SO_FAR = {**TRAIN, "linestyle": ":", "markersize": 4}


class Curves:
    """Loss and accuracy of a run; earlier runs stay on the plot, paler."""

    def __init__(self, earlier: Sequence[Sequence[Epoch]] = (), epochs: int = 10) -> None:
        """A new plot, wide enough for so many epochs."""
        self._earlier = len(earlier)
        self._width = max(epochs, *map(len, earlier), 0)
        self._figure = Figure(figsize=(8.2, 4.3))
        self._figure.subplots_adjust(left=0.075, right=0.985, bottom=0.12, top=0.92, wspace=0.22)
        self._loss, self._accuracy = self._figure.subplots(1, 2)
        draw_earlier(self._loss, earlier, "loss")
        draw_earlier(self._accuracy, earlier, "accuracy")

    def draw(self, history: Sequence[Epoch], steps: Sequence[Step]) -> str:
        """The plot as HTML; `steps` are those of the epoch that is not yet complete."""
        draw_loss(self._loss, history)
        draw_accuracy(self._accuracy, history)
        self._draw_so_far(history, steps)
        losses = [part.loss for epoch in history for part in (epoch.train, epoch.validation)]
        highest = max(filter(math.isfinite, losses), default=0.0)
        self._loss.set_ylim(0, max(1.5, 1.08 * highest))
        self._accuracy.set_ylim(0, 1.02)
        for ax in (self._loss, self._accuracy):
            ax.set_xlim(0, max(self._width, len(history)) + 0.5)
            # To look for good places takes a third of the time, so we say them: for the title,
            # the names of the axes and the legend. Fewer numbers on the axes save as much again.
            ax.set_title(ax.get_title(), y=1.01)
            ax.xaxis.set_label_coords(0.5, -0.09)
            ax.yaxis.set_label_coords(-0.12 if ax is self._loss else -0.17, 0.5)
            ax.locator_params(nbins=5)
        self._loss.get_legend().set_loc("upper right")
        self._accuracy.get_legend().set_visible(False)  # it would be the same
        return svg(self._figure, describe(history, self._earlier))

    def _draw_so_far(self, history: Sequence[Epoch], steps: Sequence[Step]) -> None:
        """A dotted line from the last epoch to the mean of the steps since."""
        for ax, score in ((self._loss, "loss"), (self._accuracy, "accuracy")):
            x = [float(epoch.number) for epoch in history[-1:]]
            y = [getattr(epoch.train, score) for epoch in history[-1:]]
            if steps:
                x.append(len(history) + steps[-1].number / steps[-1].of)
                y.append(fmean(getattr(step.scores, score) for step in steps))
            draw_line(ax, x, y, "_so far", SO_FAR)


def describe(history: Sequence[Epoch], earlier: int = 0) -> str:
    """The plot in words and numbers, for those who cannot see it."""
    others = f" {earlier} earlier runs are drawn paler." if earlier else ""
    if not history:
        return "Two empty plots, loss and accuracy over the epochs." + others
    train, validation = history[-1].train, history[-1].validation
    told = (
        f"Loss and accuracy over the epochs. After epoch {history[-1].number}: "
        f"{say_loss('training', train)}, {say_loss('validation', validation)}; "
        f"accuracy {train.accuracy:.0%} in training, {validation.accuracy:.0%} in validation."
    )
    if any(math.isfinite(epoch.validation.loss) for epoch in history):
        told += f" The best epoch is {best(history).number}."
    return told + others


def say_loss(name: str, scores: Scores, digits: int = 2) -> str:
    """A loss in words, also when it is no number any more."""
    if not math.isfinite(scores.loss):
        return f"{name} loss no longer a number"
    return f"{name} loss {scores.loss:.{digits}f}"
