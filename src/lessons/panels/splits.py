"""Lesson 01: the sizes of the training, validation and test sets, set by sliders."""

import ipywidgets as widgets
from matplotlib.figure import Figure

from lessons.figures.html import labelled, svg
from lessons.figures.plots import draw_shares, draw_sizes
from lessons.panels.controls import Dial, Panel, beside, html_line, status_line
from lessons.sources import load
from lessons.split import Split, Stories, split

LISTED = 12  # classes whose numbers of test stories are listed; the others are left out


class SplitPanel(Panel):
    """The sizes of the three parts of a split, and the share of each class in them."""

    title = "Cut the pile"

    def __init__(self, stories: Stories | None = None) -> None:
        """Split these stories, or by default those of the chosen source (see `load`)."""
        self._pile = stories or load()
        total = len(self._pile.texts)
        sizes = sorted({*(n for n in (50, 100, 200, 500, 1000, 2000, 5000) if n < total), total})
        percent = range(5, 91, 5)
        self._total = Dial("stories", sizes, total, free=True)
        self._train = Dial("training", percent, 80, unit="%", live=True)
        self._validation = Dial("validation", percent, 10, unit="%", live=True)
        self._seed = Dial("seed", range(10), 0)
        self._stratified = widgets.Checkbox(
            value=True, description="stratified: cut each class on its own", indent=False
        )
        self._view, self._status = widgets.HTML(), status_line()
        dials = (self._total, self._train, self._validation, self._seed)
        for dial in dials:
            dial.listen(self._show)
        self._stratified.observe(lambda _: self._show(), "value")
        left = [*(dial.row for dial in dials), self._stratified, self._status]
        super().__init__(beside(left, [self._view]))
        self._show()

    def _split(self) -> Split:
        """The split that the controls ask for. Raises ValueError if a part would be empty."""
        train, validation = self._train.value / 100, self._validation.value / 100
        fractions = (train, validation, 1 - train - validation)
        if fractions[2] < 0.001:
            raise ValueError("Nothing is left for the test set. Make the other two parts smaller.")
        pile = self._pile.pick(range(int(self._total.value)))
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
        title = "Stratified" if self._stratified.value else "Shuffled and cut"
        draw_shares(right, parts, title)
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        summary = f"{_describe_sizes(parts)} {_describe_classes(parts.test)}"
        self._view.value = labelled(svg(figure), summary)
        self._status.value = html_line(summary)


def _describe_sizes(parts: Split) -> str:
    sizes = [len(part.texts) for part in parts]
    return "Training {:,}, validation {:,} and test {:,} stories.".format(*sizes)


def _describe_classes(test: Stories) -> str:
    counts = [f"{test.labels.count(i)} {name}" for i, name in enumerate(test.names)]
    listed = ", ".join(counts[:LISTED])
    return f"In the test set: {listed}{' ...' if len(counts) > LISTED else '.'}"
