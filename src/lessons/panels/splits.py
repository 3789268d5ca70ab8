"""Lesson 01: textbook, quizzes and exam, cut by sliders."""

import ipywidgets as widgets
from matplotlib.figure import Figure

from lessons.figures.html import labelled, svg
from lessons.figures.plots import draw_shares, draw_sizes
from lessons.panels.controls import Dial, Panel, beside, status_line, words
from lessons.sources import load
from lessons.split import Stories, split

TOLD = 12  # classes, of which the line under the sliders says how many stories are in the exam


class SplitPanel(Panel):
    """How big the three parts are, and how evenly the classes are spread over them."""

    title = "Cut the pile"

    def __init__(self, stories: Stories | None = None) -> None:
        """Cut these stories; without any, those of the chosen source."""
        self._pile = stories or load()
        total = len(self._pile.texts)
        sizes = sorted({*(n for n in (50, 100, 200, 500, 1000, 2000, 5000) if n < total), total})
        percent = range(5, 91, 5)
        self._total = Dial("stories", sizes, total, free=True)
        self._train = Dial("textbook", percent, 80, unit="%", live=True)
        self._validation = Dial("quizzes", percent, 10, unit="%", live=True)
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

    def _show(self) -> None:
        train, validation = self._train.value / 100, self._validation.value / 100
        fractions = (train, validation, 1 - train - validation)
        try:
            if fractions[2] < 0.001:
                raise ValueError("Nothing is left for the exam. Give the other two parts less.")
            pile = self._pile.pick(range(int(self._total.value)))
            seed, stratified = int(self._seed.value), self._stratified.value
            parts = split(pile, fractions, seed, stratified=stratified)
        except ValueError as problem:
            self._status.value = words(str(problem), error=True)
            return
        figure = Figure(figsize=(8.2, 4.0), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(2, 3))
        draw_sizes(left, parts)
        draw_shares(right, parts, "Stratified" if stratified else "Shuffled and cut")
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        numbers = [len(part.texts) for part in parts]
        told = "Textbook {:,}, quizzes {:,} and exam {:,} stories.".format(*numbers)
        self._view.value = labelled(svg(figure), f"{told} {_balance(parts.test)}")
        self._status.value = words(f"{told} {_balance(parts.test)}")


def _balance(exam: Stories) -> str:
    counts = [f"{exam.labels.count(i)} {name}" for i, name in enumerate(exam.names)]
    told = ", ".join(counts[:TOLD])
    return f"In the exam: {told}{' ...' if len(counts) > TOLD else '.'}"
