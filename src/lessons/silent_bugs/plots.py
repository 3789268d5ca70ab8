"""Lesson 09: a broken run beside its healthy twin, in pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lessons.figures.plots import BEST, TRAIN, VALIDATION
from lessons.silent_bugs.bugs import Look

if TYPE_CHECKING:  # a third of a second, for those who draw
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_twins(
    figure: Figure,
    healthy: Sequence[Look],
    broken: Sequence[Look],
    stars: Sequence[Look] = (),
    name: str = "broken",
) -> None:
    """A broken run beside its healthy twin: loss, accuracy, and the exam.

    `stars` are the two epochs that were kept. A loss that is no number any more is not drawn.
    """
    # Where both lines are the same, the healthy one shows around the other.
    below = {**TRAIN, "label": "healthy", "markersize": 7, "linewidth": 2.5}
    styles = [below, {**VALIDATION, "label": name, "markersize": 4}]
    axes = figure.subplots(1, 3)
    for ax, (title, thick, thin, score) in zip(axes, _TWINS, strict=True):
        for looks, style in zip((healthy, broken), styles, strict=True):
            numbers = [look.number for look in looks]
            ax.plot(numbers, _heights(looks, thick, score), **style)
            ax.plot(numbers, _heights(looks, thin, score), ":", color=style["color"])
        for look, style in zip(stars, styles, strict=False):  # there are none before the end
            edge = {"markeredgecolor": style["color"], "markeredgewidth": 1.5}
            ax.plot(look.number, _heights([look], thick, score), **BEST, **edge)
        _frame_twins(ax, title, score, max(10, len(healthy), len(broken)))
    _fit_loss(axes[0], healthy, broken, name)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)


_TWINS = (  # title, the part of a look that is drawn thick, the one that is dotted, and the score
    ("Quiz loss (dotted: training)", "validation", "train", "loss"),
    ("Quiz accuracy (dotted: training)", "validation", "train", "accuracy"),
    ("Exam accuracy (dotted: new stories)", "exam", "new", "accuracy"),
)


def _frame_twins(ax: Axes, title: str, score: str, epochs: int) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.set(title=title, xlabel="epoch", xlim=(0.5, epochs + 0.5))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    if score == "accuracy":
        ax.set_ylim(0, 1.04)
        ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")


def _heights(looks: Sequence[Look], part: str, score: str) -> list[float]:
    """The scores; nan, which is not drawn, in the place of infinity."""
    values = [getattr(getattr(look, part), score) for look in looks]
    return [value if math.isfinite(value) else math.nan for value in values]


def _fit_loss(ax: Axes, healthy: Sequence[Look], broken: Sequence[Look], name: str) -> None:
    """Losses that differ hugely take a scale on which each mark is ten times the one below."""
    parts = [(look, part) for look in (*healthy, *broken) for part in (look.train, look.validation)]
    finite = [(look, part.loss) for look, part in parts if math.isfinite(part.loss)]
    if max((loss for _, loss in finite), default=0) > 6:
        ax.set(yscale="log", ylabel="loss, by powers of ten")
    else:
        ax.set(ylim=(0, None if finite else 1.5), ylabel="loss")
    if broken and not any(look in broken for look, _ in finite):
        told = f"{name}: no number any more"
        where = {"transform": ax.transAxes, "ha": "right", "color": VALIDATION["color"]}
        ax.text(0.97, 0.91, told, bbox={"facecolor": "white", "edgecolor": "none"}, **where)
