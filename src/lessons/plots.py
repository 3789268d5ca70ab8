"""Lesson 07: pictures of what happened."""

from __future__ import annotations

import base64
import html
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor

from lessons.bugs import Look
from lessons.data import Split
from lessons.training import Epoch, best

if TYPE_CHECKING:  # a third of a second, for those who draw
    from IPython.display import HTML
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

# Two of Okabe and Ito's colours, which colour-blind people can tell apart. Marker and dash
# differ as well, so the lines can be told apart in grey.
TRAIN: dict[str, Any] = {"color": "#0072B2", "marker": "o", "linestyle": "-"}
VALIDATION: dict[str, Any] = {"color": "#B34700", "marker": "s", "linestyle": "--"}
BEST: dict[str, Any] = {"color": "black", "marker": "*", "markersize": 14, "linestyle": "none"}
EARLIER: dict[str, Any] = {**VALIDATION, "alpha": 0.45, "markersize": 3}
PARTS: dict[str, dict[str, Any]] = {  # of a split
    "train": {"color": "#0072B2"},
    "validation": {"color": "#E69F00", "hatch": "///"},
    "test": {"color": "#BBBBBB", "hatch": "..."},
}
_ROLES = {  # the colours in a drawing, and those of the page that stand for them
    TRAIN["color"].lower(): f"var(--lessons-train, {TRAIN['color']})",
    VALIDATION["color"].lower(): f"var(--lessons-validation, {VALIDATION['color']})",
    "#000000": "currentColor",
    "#ffffff": "var(--jp-layout-color1, white)",
}
NAMES = {"train": "training", "validation": "validation"}
MOST_CLASSES = 25  # for which a picture has room
FEW_CLASSES = 6  # whose names can be read beside each other


def draw_loss(ax: Axes, history: Sequence[Epoch], live: bool = False) -> None:
    """The loss of each epoch, with the best epoch marked.

    Drawn again on the same axes, the lines move. In a `live` plot the legend does not tell the
    number of the best epoch, so it stays the same.
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
    """The accuracy of each epoch; drawn again on the same axes, the lines move."""
    _draw_history(ax, history, "accuracy")
    ax.set(title="Accuracy: higher is better", ylabel="accuracy")
    ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    _draw_legend(ax)


def draw_earlier(ax: Axes, histories: Sequence[Sequence[Epoch]], score: str) -> None:
    """The validation lines of earlier runs, pale and numbered from 1; `score` as in `Scores`."""
    for number, history in enumerate(histories, 1):
        values = [getattr(epoch.validation, score) for epoch in history]
        name = "earlier runs: validation" if number == 1 else "_"  # once in the legend
        ax.plot([epoch.number for epoch in history], values, label=name, **EARLIER)
        if values and math.isfinite(values[0]):  # its number stands where the lines differ most
            begin = (history[0].number, values[0])
            ax.annotate(str(number), begin, (-10, 0), textcoords="offset points", va="center")


def _draw_history(ax: Axes, history: Sequence[Epoch], score: str) -> None:
    from matplotlib.ticker import MaxNLocator

    numbers = [epoch.number for epoch in history]
    for part, style in (("train", TRAIN), ("validation", VALIDATION)):
        values = [getattr(getattr(epoch, part), score) for epoch in history]
        draw_line(ax, numbers, values, NAMES[part], style)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)


def draw_line(
    ax: Axes, x: Sequence[float], y: Sequence[float], label: str, style: dict[str, Any]
) -> None:
    """Draw a line, or move the one of this name (up to a colon) that the axes have already."""
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
    """The legend, made again only if a name has changed."""
    names = ax.get_legend_handles_labels()[1]
    legend = ax.get_legend()
    if legend is None or [text.get_text() for text in legend.get_texts()] != names:
        ax.legend()


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


def draw_sizes(ax: Axes, parts: Split) -> None:
    """How many stories are in each part of a split."""
    for name, part in parts._asdict().items():
        ax.bar(name, len(part.texts), edgecolor="black", **PARTS[name])
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
        ax.bar(places, shares, 0.27, edgecolor="black", label=name, **PARTS[name])
    _name_ticks(ax, "x", [names[label] for label in shown])
    if len(shown) > 15:
        ax.tick_params("x", labelsize=8)
    if len(shown) < len(names):
        title += f": the {len(shown)} largest of {len(names)} classes"
    ax.set(title=title, ylabel="share of the part")
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")


def _largest(sizes: Sequence[float]) -> list[int]:
    """The places of the `MOST_CLASSES` largest, in order of their places."""
    falling = sorted(range(len(sizes)), key=lambda place: -sizes[place])
    return sorted(falling[:MOST_CLASSES])


def _name_ticks(ax: Axes, axis: Literal["x", "y"], names: Sequence[str]) -> None:
    """Write the names of classes along an axis, upright where there are many."""
    # The names come from data: a dollar sign in them is no formula.
    shown: dict[str, Any] = {"labels": [shorten(name) for name in names], "parse_math": False}
    if axis == "x" and (len(names) > FEW_CLASSES or max(map(len, shown["labels"])) > 12):
        shown["rotation"] = 90
    (ax.set_xticks if axis == "x" else ax.set_yticks)(range(len(names)), **shown)
    _left_to_browser(ax.get_xticklabels() if axis == "x" else ax.get_yticklabels())


def shorten(name: str) -> str:
    """A name in one line, of at most 20 letters: what differs is often its end."""
    name = " ".join(name.split())
    return name if len(name) <= 20 else f"{name[:11]}…{name[-8:]}"


def draw_epoch(ax: Axes, stories: int, batch_size: int, read: int = 0) -> None:
    """One epoch as a bar, cut into numbered batches; `read` of them are filled.

    Where there is no room for numbers, the last batch alone has one, above it.
    """
    begins = range(0, stories, batch_size)
    boxes = [(begin, min(batch_size, stories - begin)) for begin in begins]
    colors = ["#A6CEE3" if size == batch_size else "#FDBF6F" for _, size in boxes]
    colors[:read] = ["#0072B2"] * read
    line = 1.0 if len(boxes) <= 100 else 0.2
    ax.broken_barh(boxes, (0, 1), facecolors=colors, edgecolor="black", linewidth=line)
    for number, (begin, size) in enumerate(boxes, 1):
        if size > stories / 40:  # there is room for its number
            # Pure black would take the colour of the page's text, light on a dark page.
            color = "white" if number <= read else "#111111"
            ax.text(begin + size / 2, 0.5, str(number), ha="center", va="center", color=color)
        elif number == len(boxes):
            ax.text(stories, 1.06, f"{number:,}", ha="right", va="bottom", color="black")
            ax.set_ylim(-0.05, 1.5)
    iterations = f"{len(boxes):,} iteration{'s' * (len(boxes) > 1)}"
    ax.set_title(
        f"1 epoch: {stories:,} stories, batch size {batch_size:,}, {iterations} (stories in the "
        f"last: {boxes[-1][1]:,})"
    )
    ax.set(yticks=[], xlabel="stories read so far", xlim=(-0.01 * stories, 1.01 * stories))


def draw_confusion(ax: Axes, counts: Tensor, names: Sequence[str]) -> None:
    """Right answers down, guesses across; `counts` has shape (classes, classes).

    A figure that is too small for the classes grows. Of more than `MOST_CLASSES` classes, those
    that are mixed up most are shown.
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
    for row, counted in enumerate(counts.tolist()):
        for column, count in enumerate(counted):
            if count or len(shown) <= FEW_CLASSES:  # of many cells, the empty ones stay empty
                color = "white" if count > counts.max() / 2 else "black"
                ax.text(column, row, str(count), ha="center", va="center", color=color)


def _left_to_browser(texts: Iterable[Text]) -> bool:
    """Are there texts with letters that matplotlib's font lacks? They get its font of boxes.

    That keeps room for them and spares the warnings. In an SVG the browser then finds the letters.
    """
    from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

    known = get_font(findfont(FontProperties())).get_charmap()
    lacking = [
        text
        for text in texts
        if any(ord(letter) not in known and letter.isprintable() for letter in text.get_text())
    ]
    boxes = {"Last Resort High-Efficiency"} & set(fontManager.get_font_names())
    for text in lacking:
        text.set_fontfamily(["sans-serif", *boxes])
    return bool(lacking)


def picture(figure: Figure, alt: str) -> HTML:
    """A figure for a notebook, with words for those who cannot see it.

    It is a PNG, except in a script that matplotlib's font lacks, such as Chinese: then it is an
    SVG, whose letters are left to the browser, which has more fonts.
    """
    from IPython.display import HTML
    from matplotlib.text import Text

    kind = "svg" if _left_to_browser(figure.findobj(Text)) else "png"
    file = io.BytesIO()
    with _letters():
        figure.savefig(file, format=kind, dpi=110, bbox_inches="tight")
    data = base64.b64encode(file.getvalue()).decode()
    return HTML(
        f'<img alt="{html.escape(alt)}" src="data:image/{kind.replace("svg", "svg+xml")};'
        f'base64,{data}" style="max-width: 100%; height: auto">'
    )


def labelled(drawn: str, alt: str) -> str:
    """A drawing for a panel (see `svg`), with words for those who cannot see it."""
    return f'<div role="img" aria-label="{html.escape(alt)}">{drawn}</div>'


def svg(figure: Figure) -> str:
    """A figure as HTML that takes the colours of the page, light or dark."""
    file = io.StringIO()
    with _letters():
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    for color, role in _ROLES.items():
        drawn = drawn.replace(color, role)
    # Only what is pointed at needs its id; the others would stand on the page many times.
    kept = set(re.findall(r"#([\w-]+)", drawn))
    return re.sub(r' id="([^"]+)"', lambda m: m[0] if m[1] in kept else "", drawn)


_drawing = Lock()  # panels draw in a thread of their own


@contextmanager
def _letters() -> Iterator[None]:
    """Let text in an SVG be letters, not outlines: there is less to draw.

    It is a setting of the whole kernel, so it is put back. That is not left to `rc_context`: it
    would also put back whatever the reader's own cell sets in the meantime.
    """
    import matplotlib

    with _drawing:
        before = matplotlib.rcParams["svg.fonttype"]
        matplotlib.rcParams["svg.fonttype"] = "none"
        try:
            yield
        finally:
            matplotlib.rcParams["svg.fonttype"] = before
