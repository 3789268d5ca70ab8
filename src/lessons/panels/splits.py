"""Lesson 01: the sizes of the training, validation and test sets, set by sliders."""

from typing import Any

import ipywidgets as widgets
from matplotlib.figure import Figure

from lessons.figures.html import labelled, svg
from lessons.figures.plots import draw_shares, draw_sizes
from lessons.panels.controls import Dial, Panel, beside, html_line, status_line
from lessons.sources import load
from lessons.split import Split, Stories, split

SIZES = (50, 100, 200, 500, 1000, 2000, 5000)  # of a pile, and the whole of it
PERCENT = range(5, 91, 5)
SEEDS = range(10)
WORDS = {  # what the panel says; a page without a kernel says the same
    "sizes": "Training {train:,}, validation {validation:,} and test {test:,} stories.",
    "classes": "In the test set: {classes}",
    "nothing": "Nothing is left for the test set. Make the other two parts smaller.",
    "stratified": "stratified: cut each class on its own",
    "cut stratified": "Stratified",
    "cut by chance": "Shuffled and cut",
}
LISTED = 12  # classes whose numbers of test stories are listed; the others are left out


class SplitPanel(Panel):
    """The sizes of the three parts of a split, and the share of each class in them."""

    title = "Cut the pile"

    def __init__(self, stories: Stories | None = None) -> None:
        """Split these stories, or by default those of the chosen source (see `load`)."""
        self._pile = stories or load()
        total = len(self._pile.texts)
        self._total = Dial("stories", sizes_up_to(total), total, free=True)
        self._train = Dial("training", PERCENT, 80, unit="%", live=True)
        self._validation = Dial("validation", PERCENT, 10, unit="%", live=True)
        self._seed = Dial("seed", SEEDS, 0)
        self._stratified = widgets.Checkbox(
            value=True, description=WORDS["stratified"], indent=False
        )
        self._view, self._status = widgets.HTML(), status_line()
        dials = (self._total, self._train, self._validation, self._seed)
        for dial in dials:
            dial.listen(self._show)
        self._stratified.observe(lambda _: self._show(), "value")
        left = [*(dial.row for dial in dials), self._stratified, self._status]
        super().__init__(beside(left, [self._view]))
        self._show()

    def page(self) -> dict[str, Any]:
        """The page cuts the pile of Mini-News; of other stories it does not have the labels."""
        return {"panel": "split"} if self._pile == load("mini-news") else {}

    def _split(self) -> Split:
        """The split that the controls ask for. Raises ValueError if a part would be empty."""
        pile = self._pile.pick(range(int(self._total.value)))
        fractions = shares(self._train.value, self._validation.value)
        return split(pile, fractions, int(self._seed.value), stratified=self._stratified.value)

    def _show(self) -> None:
        try:
            parts = self._split()
        except ValueError as problem:
            self._status.value = html_line(str(problem), error=True)
            return
        figure = Figure(figsize=(8.2, 4.0), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(2, 3))
        draw_sizes(left, parts)
        title = "cut stratified" if self._stratified.value else "cut by chance"
        draw_shares(right, parts, WORDS[title])
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        summary = describe(parts)
        self._view.value = labelled(svg(figure), summary)
        self._status.value = html_line(summary)


def sizes_up_to(total: int) -> list[int]:
    """How many stories the slider offers, of a pile of `total`."""
    return sorted({*(size for size in SIZES if size < total), total})


def shares(train: float, validation: float) -> tuple[float, float, float]:
    """The fractions for a training and a validation set of so many percent.

    Raises ValueError if nothing is left for the test set.
    """
    left = round(100 - train - validation, 1) / 100
    if left <= 0:
        raise ValueError(WORDS["nothing"])
    return train / 100, validation / 100, left


def describe(parts: Split) -> str:
    """The sizes of the parts, and the classes of the test set, in words and numbers."""
    sizes = {name: len(part.texts) for name, part in parts._asdict().items()}
    classes = _describe_classes(parts.test)
    return f"{WORDS['sizes'].format(**sizes)} {WORDS['classes'].format(classes=classes)}"


def _describe_classes(test: Stories) -> str:
    counts = [f"{test.labels.count(i)} {name}" for i, name in enumerate(test.names)]
    listed = ", ".join(counts[:LISTED])
    return f"{listed}{' ...' if len(counts) > LISTED else '.'}"
