"""Lesson 07: pictures of what happened."""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

from lessons.training import Epoch, best

if TYPE_CHECKING:  # a third of a second, for those who draw
    from IPython.display import HTML
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Two of Okabe and Ito's colours, which colour-blind people can tell apart. Marker and dash
# differ as well, so the lines can be told apart in grey.
TRAIN: dict[str, Any] = {"color": "#0072B2", "marker": "o", "linestyle": "-", "label": "training"}
VALIDATION: dict[str, Any] = {
    "color": "#B34700",
    "marker": "s",
    "linestyle": "--",
    "label": "validation",
}


def draw_loss(ax: Axes, history: Sequence[Epoch]) -> None:
    """The loss of each epoch, with the best epoch marked."""
    _draw_lines(ax, history, "loss")
    ax.set(title="Loss: lower is better", ylabel="loss (cross-entropy)")
    if any(math.isfinite(epoch.validation.loss) for epoch in history):
        epoch = best(history)
        ax.plot(
            epoch.number,
            epoch.validation.loss,
            color="black",
            marker="*",
            markersize=14,
            linestyle="none",
            label=f"best epoch: {epoch.number}",
        )
    ax.legend()


def draw_accuracy(ax: Axes, history: Sequence[Epoch]) -> None:
    """The accuracy of each epoch."""
    _draw_lines(ax, history, "accuracy")
    ax.set(title="Accuracy: higher is better", ylabel="accuracy")
    ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    ax.legend()


def _draw_lines(ax: Axes, history: Sequence[Epoch], score: str) -> None:
    from matplotlib.ticker import MaxNLocator

    numbers = [epoch.number for epoch in history]
    ax.plot(numbers, [getattr(epoch.train, score) for epoch in history], **TRAIN)
    ax.plot(numbers, [getattr(epoch.validation, score) for epoch in history], **VALIDATION)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)


def draw_confusion(ax: Axes, counts: Tensor, names: Sequence[str]) -> None:
    """Right answers down, guesses across; `counts` has shape (classes, classes)."""
    ax.imshow(counts.numpy(), cmap="Blues")
    # The names come from data: a dollar sign in them is no formula.
    ax.set_xticks(range(len(names)), names, parse_math=False)
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.set(xlabel="the model's guess", ylabel="right answer")
    for (row, column), count in zip(
        ((r, c) for r in range(len(names)) for c in range(len(names))),
        counts.flatten().tolist(),
        strict=True,
    ):
        dark = count > counts.max() / 2
        ax.text(column, row, count, ha="center", va="center", color="white" if dark else "black")


def picture(figure: Figure, alt: str) -> HTML:
    """A figure for a notebook, with words for those who cannot see it."""
    from IPython.display import HTML

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, bbox_inches="tight")
    data = base64.b64encode(file.getvalue()).decode()
    return HTML(
        f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{data}" '
        'style="max-width: 100%; height: auto">'
    )
