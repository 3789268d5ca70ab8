"""Drawings of stories, histories and confusion matrices: each function draws on given axes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor

from lessons.figures.fonts import leave_to_browser
from lessons.split import Split
from lessons.validation import Epoch, best

if TYPE_CHECKING:  # a third of a second, for those who draw
    from matplotlib.axes import Axes

# Two of Okabe and Ito's colours, which colour-blind people can tell apart. Marker and dash
# differ as well, so the lines are different in grey too.
TRAIN: dict[str, Any] = {"color": "#0072B2", "marker": "o", "linestyle": "-"}
VALIDATION: dict[str, Any] = {"color": "#B34700", "marker": "s", "linestyle": "--"}
BEST: dict[str, Any] = {"color": "black", "marker": "*", "markersize": 14, "linestyle": "none"}
EARLIER: dict[str, Any] = {**VALIDATION, "alpha": 0.45, "markersize": 3}
PART_STYLES: dict[str, dict[str, Any]] = {  # by the field of `Split`
    "train": {"color": "#0072B2"},
    "validation": {"color": "#E69F00", "hatch": "///"},
    "test": {"color": "#BBBBBB", "hatch": "..."},
}
LINE_NAMES = {"train": "training", "validation": "validation"}  # by the field of `Epoch`
MOST_CLASSES = 25  # that are drawn
FEW_CLASSES = 6  # whose names fit side by side


def draw_loss(ax: Axes, history: Sequence[Epoch], live: bool = False) -> None:
    """The loss of each epoch, with the best epoch marked.

    Called again with the same axes, it moves the lines. The legend of a `live` plot is always the
    same: it does not show the number of the best epoch.
    """
    _draw_history(ax, history, "loss")
    ax.set(title="Loss: lower is better", ylabel="loss (cross-entropy)")
    finite = any(math.isfinite(epoch.validation.loss) for epoch in history)
    stars = [best(history)] if finite else []
    if stars or live:
        name = "best epoch" if live else f"best epoch: {stars[0].number}"
        heights = [epoch.validation.loss for epoch in stars]
        draw_line(ax, [epoch.number for epoch in stars], heights, name, BEST)
    _draw_legend(ax)


def draw_accuracy(ax: Axes, history: Sequence[Epoch]) -> None:
    """The accuracy of each epoch. Called again with the same axes, it moves the lines."""
    _draw_history(ax, history, "accuracy")
    ax.set(title="Accuracy: higher is better", ylabel="accuracy")
    ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    _draw_legend(ax)


def draw_earlier(ax: Axes, histories: Sequence[Sequence[Epoch]], score: str) -> None:
    """The validation lines of earlier runs, pale and numbered from 1.

    `score` is "loss" or "accuracy".
    """
    for number, history in enumerate(histories, 1):
        values = [getattr(epoch.validation, score) for epoch in history]
        name = "earlier runs: validation" if number == 1 else "_"  # once in the legend
        ax.plot([epoch.number for epoch in history], values, label=name, **EARLIER)
        if values and math.isfinite(values[0]):  # the number is where the lines differ most
            begin = (history[0].number, values[0])
            ax.annotate(str(number), begin, (-10, 0), textcoords="offset points", va="center")


def _draw_history(ax: Axes, history: Sequence[Epoch], score: str) -> None:
    from matplotlib.ticker import MaxNLocator

    numbers = [epoch.number for epoch in history]
    for part, style in (("train", TRAIN), ("validation", VALIDATION)):
        values = [getattr(getattr(epoch, part), score) for epoch in history]
        draw_line(ax, numbers, values, LINE_NAMES[part], style)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)


def draw_line(
    ax: Axes, x: Sequence[float], y: Sequence[float], label: str, style: dict[str, Any]
) -> None:
    """Draw a line, or move the line of the axes with the same label (up to a colon)."""
    for line in ax.lines:
        if str(line.get_label()).partition(":")[0] == label.partition(":")[0]:
            line.set_data(x, y)
            line.set_label(label)
            if ax.get_autoscale_on():
                ax.relim()
                ax.autoscale_view()
            return
    ax.plot(x, y, label=label, **style)


def _draw_legend(ax: Axes) -> None:
    """The legend, renewed only if a name has changed."""
    names = ax.get_legend_handles_labels()[1]
    legend = ax.get_legend()
    if legend is None or [text.get_text() for text in legend.get_texts()] != names:
        ax.legend()


def draw_sizes(ax: Axes, parts: Split) -> None:
    """The number of stories in each part of a split."""
    for name, part in parts._asdict().items():
        ax.bar(name, len(part.texts), edgecolor="black", **PART_STYLES[name])
    ax.set(title="Three parts", ylabel="stories")


def draw_shares(ax: Axes, parts: Split, title: str) -> None:
    """The share of each class in each part: three bars for each class.

    Of more than `MOST_CLASSES` classes, those with the most stories are shown.
    """
    names = parts.train.names
    total = Counter(label for part in parts for label in part.labels)
    shown = _largest([total[label] for label in range(len(names))])
    for place, (name, part) in enumerate(parts._asdict().items(), -1):
        counts = Counter(part.labels)
        shares = [counts[label] / max(len(part.labels), 1) for label in shown]
        places = [number + 0.27 * place for number in range(len(shown))]
        ax.bar(places, shares, 0.27, edgecolor="black", label=name, **PART_STYLES[name])
    _name_ticks(ax, "x", [names[label] for label in shown])
    if len(shown) > 15:
        ax.tick_params("x", labelsize=8)
    if len(shown) < len(names):
        title += f": the {len(shown)} largest of {len(names)} classes"
    ax.set(title=title, ylabel="share of the part")
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")


def _largest(sizes: Sequence[float]) -> list[int]:
    """The indices of the `MOST_CLASSES` largest sizes, in ascending order."""
    falling = sorted(range(len(sizes)), key=lambda place: -sizes[place])
    return sorted(falling[:MOST_CLASSES])


def _name_ticks(ax: Axes, axis: Literal["x", "y"], names: Sequence[str]) -> None:
    """Write the names of classes along an axis, upright where there are many."""
    # The names come from data: a dollar sign in them is no formula.
    shown: dict[str, Any] = {"labels": [shorten(name) for name in names], "parse_math": False}
    if axis == "x" and (len(names) > FEW_CLASSES or max(map(len, shown["labels"])) > 12):
        shown["rotation"] = 90
    (ax.set_xticks if axis == "x" else ax.set_yticks)(range(len(names)), **shown)
    ticks = ax.get_xticklabels() if axis == "x" else ax.get_yticklabels()
    leave_to_browser(ticks)


def shorten(name: str) -> str:
    """A name in one line of at most 20 characters, with its end, where names often differ."""
    name = " ".join(name.split())
    return name if len(name) <= 20 else f"{name[:11]}…{name[-8:]}"


def draw_epoch(ax: Axes, stories: int, batch_size: int, read: int = 0) -> None:
    """One epoch as a bar, cut into numbered batches; the first `read` of them are filled.

    If there is no room for all numbers, only the last batch has one, above it.
    """
    begins = range(0, stories, batch_size)
    boxes = [(begin, min(batch_size, stories - begin)) for begin in begins]
    colors = ["#A6CEE3" if size == batch_size else "#FDBF6F" for _, size in boxes]
    colors[:read] = ["#0072B2"] * read
    line = 1.0 if len(boxes) <= 100 else 0.2
    ax.broken_barh(boxes, (0, 1), facecolors=colors, edgecolor="black", linewidth=line)
    _number_boxes(ax, boxes, stories, read)
    iterations = f"{len(boxes):,} iteration{'s' * (len(boxes) > 1)}"
    ax.set_title(
        f"1 epoch: {stories:,} stories, batch size {batch_size:,}, {iterations} (stories in the "
        f"last: {boxes[-1][1]:,})"
    )
    ax.set(yticks=[], xlabel="stories read so far", xlim=(-0.01 * stories, 1.01 * stories))


def _number_boxes(ax: Axes, boxes: Sequence[tuple[int, int]], stories: int, read: int) -> None:
    for number, (begin, size) in enumerate(boxes, 1):
        if size > stories / 40:  # there is room for its number
            # Pure black would take the colour of the page's text, light on a dark page.
            color = "white" if number <= read else "#111111"
            ax.text(begin + size / 2, 0.5, str(number), ha="center", va="center", color=color)
        elif number == len(boxes):
            ax.text(stories, 1.06, f"{number:,}", ha="right", va="bottom", color="black")
            ax.set_ylim(-0.05, 1.5)


def draw_confusion(ax: Axes, counts: Tensor, names: Sequence[str]) -> None:
    """The confusion matrix `counts`, (classes, classes): a row for each right class.

    A figure that is too small for the classes grows. Of more than `MOST_CLASSES` classes, those
    that are confused most often are shown.
    """
    mixed = counts.sum(dim=0) + counts.sum(dim=1) - 2 * counts.diagonal()  # (classes,)
    shown = _largest(mixed.tolist())
    counts = counts[shown][:, shown]
    if len(shown) < len(names):
        ax.set_title(f"The {len(shown)} of {len(names)} classes that are mixed up most")
    figure, room = ax.get_figure(root=True), 2.2 + 0.4 * len(shown)  # inches
    if figure and len(shown) > FEW_CLASSES:
        figure.set_size_inches(*(max(size, room) for size in figure.get_size_inches()))
    ax.imshow(counts.numpy(), cmap="Blues")
    for axis in ("x", "y"):
        _name_ticks(ax, axis, [names[label] for label in shown])
    ax.set(xlabel="the model's guess", ylabel="right answer")
    _write_counts(ax, counts, zeros=len(shown) <= FEW_CLASSES)


def _write_counts(ax: Axes, counts: Tensor, zeros: bool) -> None:
    """Write each number of the matrix into its cell; `zeros` too, if there are few cells."""
    for row, counted in enumerate(counts.tolist()):
        for column, count in enumerate(counted):
            if count or zeros:
                color = "white" if count > counts.max() / 2 else "black"
                ax.text(column, row, str(count), ha="center", va="center", color=color)
