"""The curves of the training lab, redrawn while a model trains, and their description in words."""

import math
from collections.abc import Collection, Sequence
from statistics import fmean

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lessons.figures.html import labelled, svg
from lessons.figures.plots import TRAIN, draw_accuracy, draw_earlier, draw_line, draw_loss
from lessons.training import Scores, Step
from lessons.validation import Epoch, best

WORDS = {  # the curves in words; a page without a kernel says the same
    "empty": "Two empty plots, loss and accuracy over the epochs.{more}",
    "curves": "Loss and accuracy over the epochs. After epoch {number}: {losses}; "
    "accuracy {train:.0%} in training, {validation:.0%} in validation.{best}{more}",
    "best": " The best epoch is {number}.",
    "one": " 1 earlier run is drawn paler.",
    "many": " {earlier} earlier runs are drawn paler.",
}
SO_FAR = {**TRAIN, "linestyle": ":", "markersize": 4}


class Curves:
    """Loss and accuracy of a run, and pale lines of earlier runs.

    Two drawings lie on top of each other: the frame (axes, names, earlier runs), which seldom
    changes, and the lines that move. Drawing the lines alone takes a seventh of the time, and
    sending them alone leaves a page a fifth to read.
    """

    def __init__(self, earlier: Sequence[Sequence[Epoch]] = (), epochs: int = 10) -> None:
        """A new plot, wide enough for this number of epochs."""
        self._earlier = len(earlier)
        self._width = max(epochs, *map(len, earlier), 0)
        self._figure = Figure(figsize=(8.2, 4.3))
        self._figure.subplots_adjust(left=0.075, right=0.985, bottom=0.12, top=0.92, wspace=0.22)
        self._loss, self._accuracy = self._axes = self._figure.subplots(1, 2)
        draw_earlier(self._loss, earlier, "loss")
        draw_earlier(self._accuracy, earlier, "accuracy")
        self._still = {artist for ax in self._axes for artist in ax.lines}
        self._limits, self._frame = (0.0, 0.0), ""  # as the frame was drawn last

    def draw(self, history: Sequence[Epoch], steps: Sequence[Step]) -> tuple[str, str]:
        """The frame and the lines as HTML, for two layers (see `on_top`).

        `steps` are those of the epoch that is not yet complete. The text for
        screen readers describes both and is with the lines.
        """
        draw_loss(self._loss, history, live=True)
        draw_accuracy(self._accuracy, history)
        self._draw_so_far(history, steps)
        limits = (max(self._width, len(history)) + 0.5, _round_up(history))
        for ax, top in zip(self._axes, (limits[1], 1.02), strict=True):
            ax.set(xlim=(0, limits[0]), ylim=(0, top))
        moving = {line for ax in self._axes for line in ax.lines} - self._still
        if limits != self._limits:
            self._limits, self._frame = limits, self._draw_frame(moving)
        self._show(moving)
        return self._frame, labelled(svg(self._figure), describe(history, self._earlier))

    def _draw_frame(self, moving: set[Line2D]) -> str:
        for ax in self._axes:
            # Fixed places: to search for good ones takes a third of the time.
            ax.set_title(ax.get_title(), y=1.01)
            ax.xaxis.set_label_coords(0.5, -0.09)
            ax.yaxis.set_label_coords(-0.12 if ax is self._loss else -0.17, 0.5)
            ax.locator_params(nbins=5)
        self._loss.get_legend().set_loc("upper right")
        shown = {artist for ax in self._axes for artist in ax.get_children()} - moving
        self._show(shown - {self._accuracy.get_legend()})  # the legend of the loss is the same
        return f'<div aria-hidden="true">{svg(self._figure)}</div>'

    def _show(self, shown: Collection[Artist]) -> None:
        """Show only these artists in the next drawing."""
        for ax in self._axes:
            for artist in ax.get_children():
                artist.set_visible(artist in shown)

    def _draw_so_far(self, history: Sequence[Epoch], steps: Sequence[Step]) -> None:
        """A dotted line from the last epoch to the mean of the steps since then."""
        for ax, score in ((self._loss, "loss"), (self._accuracy, "accuracy")):
            x = [float(epoch.number) for epoch in history[-1:]]
            y = [getattr(epoch.train, score) for epoch in history[-1:]]
            if steps:
                x.append(len(history) + steps[-1].number / steps[-1].of)
                y.append(fmean(getattr(step.scores, score) for step in steps))
            draw_line(ax, x, y, "_so far", SO_FAR)


def _round_up(history: Sequence[Epoch]) -> float:
    """The upper limit for the loss: 1.5, doubled until all losses fit: it seldom changes."""
    losses = [scores.loss for epoch in history for scores in (epoch.train, epoch.validation)]
    top = 1.5
    while top < 1.08 * max(filter(math.isfinite, losses), default=0.0):
        top *= 2
    return top


def describe(history: Sequence[Epoch], earlier: int = 0) -> str:
    """The plot in words and numbers, for those who cannot see it."""
    more = WORDS["one" if earlier == 1 else "many"].format(earlier=earlier) if earlier else ""
    if not history:
        return WORDS["empty"].format(more=more)
    number, train, validation, _ = history[-1]
    fine = any(math.isfinite(epoch.validation.loss) for epoch in history)
    return WORDS["curves"].format(
        number=number,
        losses=f"{describe_loss('training', train)}, {describe_loss('validation', validation)}",
        train=train.accuracy,
        validation=validation.accuracy,
        best=WORDS["best"].format(number=best(history).number) if fine else "",
        more=more,
    )


def describe_loss(name: str, scores: Scores, digits: int = 2, approximate: bool = False) -> str:
    """A loss with its name and so many digits; `approximate` puts ≈ before the figure."""
    if not math.isfinite(scores.loss):
        return f"{name} loss {'NaN' if math.isnan(scores.loss) else 'infinite'}"
    return f"{name} loss {'≈ ' * approximate}{scores.loss:.{digits}f}"
