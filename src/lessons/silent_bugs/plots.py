"""Lesson 09: a broken run beside its healthy twin, in pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lessons.figures.plots import BEST, TRAIN, VALIDATION
from lessons.silent_bugs.steps import EpochScores

if TYPE_CHECKING:  # a third of a second, for those who draw
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_comparison(
    figure: Figure,
    healthy: Sequence[EpochScores],
    broken: Sequence[EpochScores],
    stars: Sequence[EpochScores] = (),
    name: str = "broken",
) -> None:
    """A broken run beside its healthy twin: loss, accuracy, and the test accuracy.

    `stars` are the two epochs that were kept. A loss that is NaN or infinite is not drawn.
    """
    # Where both lines are the same, the healthy one shows around the other.
    below = {**TRAIN, "label": "healthy", "markersize": 7, "linewidth": 2.5}
    styles = [below, {**VALIDATION, "label": name, "markersize": 4}]
    axes = figure.subplots(1, 3)
    for ax, (title, thick, thin, score) in zip(axes, PLOTS, strict=True):
        for epochs, style in zip((healthy, broken), styles, strict=True):
            numbers = [epoch.number for epoch in epochs]
            ax.plot(numbers, _heights(epochs, thick, score), **style)
            ax.plot(numbers, _heights(epochs, thin, score), ":", color=style["color"])
        for epoch, style in zip(stars, styles, strict=False):  # there are none before the end
            edge = {"markeredgecolor": style["color"], "markeredgewidth": 1.5}
            ax.plot(epoch.number, _heights([epoch], thick, score), **BEST, **edge)
        _frame(ax, title, score, max(10, len(healthy), len(broken)))
    _fit_loss(axes[0], healthy, broken, name)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)


PLOTS = (  # title, the part of `EpochScores` that is drawn thick, the dotted one, and the score
    ("Validation loss (dotted: training)", "validation", "train", "loss"),
    ("Validation accuracy (dotted: training)", "validation", "train", "accuracy"),
    ("Test accuracy (dotted: new stories)", "test", "new", "accuracy"),
)
MOST = 6  # a loss above it takes a scale of powers of ten
POWERS = "loss, by powers of ten"
LOST = "{name}: NaN or infinite"


def _frame(ax: Axes, title: str, score: str, epochs: int) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.set(title=title, xlabel="epoch", xlim=(0.5, epochs + 0.5))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    if score == "accuracy":
        ax.set_ylim(0, 1.04)
        ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")


def _heights(epochs: Sequence[EpochScores], part: str, score: str) -> list[float]:
    """The scores; NaN, which is not drawn, in the place of infinity."""
    values = [getattr(getattr(epoch, part), score) for epoch in epochs]
    return [value if math.isfinite(value) else math.nan for value in values]


def _fit_loss(
    ax: Axes, healthy: Sequence[EpochScores], broken: Sequence[EpochScores], name: str
) -> None:
    """Losses that differ hugely take a scale on which each mark is ten times the one below."""
    both = [
        [scores.loss for epoch in run for scores in (epoch.train, epoch.validation)]
        for run in (healthy, broken)
    ]
    finite = [loss for loss in both[0] + both[1] if math.isfinite(loss)]
    if max(finite, default=0) > MOST:
        ax.set(yscale="log", ylabel=POWERS)
    else:
        ax.set(ylim=(0, None if finite else 1.5), ylabel="loss")
    if broken and not any(map(math.isfinite, both[1])):
        where = {"transform": ax.transAxes, "ha": "right", "color": VALIDATION["color"]}
        box = {"facecolor": "white", "edgecolor": "none"}
        ax.text(0.97, 0.91, LOST.format(name=name), bbox=box, **where)
