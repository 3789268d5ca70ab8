"""Predictions: commit to one, run the lesson on, and see prediction and result together."""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from numbers import Real
from string import ascii_uppercase
from typing import Any

import ipywidgets as widgets
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lessons.figures.html import labelled, picture, svg
from lessons.figures.plots import TRAIN, VALIDATION
from lessons.panels.controls import (
    PAGE,
    Dial,
    Panel,
    beside,
    button,
    buttons,
    html_line,
    lettered,
    radio_buttons,
    status_line,
)
from lessons.panels.sketches import closest, describe_moves, moves, stretch
from lessons.progress import record
from lessons.progress.course import lesson_that_asks

# What is said, here and on a page, with {0}, {1} for what differs.
FIRST = "Choose, then press Commit. After that it is fixed, until you {0}."
COMMITTED = "You predict {0}. Now read on: the result comes below."
AGAIN = "You have committed already. {0} to predict anew."
LATER = "The result: it opens when you have committed your prediction."
COMPARED = "You predicted {0}, it is {1}: {2}."
EXACTLY, TOO_HIGH, TOO_LOW = "exactly right", "{0} too high", "{0} too low"
NO_CHOICE = "Choose one of the sketches first."
NONE = "You made no prediction this time."
RESULT = {**TRAIN, "label": "what happened"}
GUESS = {**VALIDATION, "label": "your prediction"}
WIDTH = 8.2  # of figures, in inches
MARKS = 60  # on a curve at most: more would hide the lines


class Prediction(Panel):
    """A question, a button to commit, and the comparison with what happened."""

    title = "Your prediction"

    def __init__(
        self, question: str, rows: list[widgets.Widget], right: list[widgets.Widget]
    ) -> None:
        """Put `rows` above the button, and `right`, if there is any, into a column to the right."""
        self._question = question
        self._committed = False
        self._button = button("Commit", "check", self._press)
        self._button.button_style = "primary"
        self._status = status_line()
        rows = [*rows, buttons(self._button), self._status]
        super().__init__(*([beside(rows, right)] if right else rows))
        self._status.value = html_line(FIRST.format("run the cell again"))

    def __repr__(self) -> str:
        return f"{super().__repr__()}\n{self._question}"

    def page(self) -> dict[str, Any]:
        """The question, and what is said. What `compare` shows has the answer."""
        said = {"first": FIRST.format("load this page again"), "committed": COMMITTED}
        said |= {"again": AGAIN.format("Load this page again"), "later": LATER}
        return {"title": self.title, "question": self._question, "said": said}

    def _press(self) -> None:
        """React to the button. It stays enabled, so that it keeps the keyboard focus."""
        try:
            self._commit_chosen()
        except ValueError as problem:
            self._status.value = html_line(str(problem), error=True)

    def _commit_chosen(self) -> None:
        raise NotImplementedError

    def _check_open(self) -> None:
        if self._committed:
            raise ValueError(AGAIN.format("Run the cell again"))

    def _fix(self, *controls: widgets.Widget) -> None:
        """Make the prediction final: disable its controls and show it."""
        self._committed = True
        for control in controls:
            control.disabled = True
        self._button.description = "Committed"
        self._show_guess()

    def _show_guess(self) -> None:
        """Show what is predicted; again if the last change of it arrives after the button.

        The front end sends both as messages of their own. In a busy kernel the button's can be
        handled before that of a choice made earlier.
        """
        if self._committed:
            self._status.value = html_line(COMMITTED.format(self._guess_in_words()))
            self._keep()

    def _keep(self) -> None:
        """Note it in the learner's progress."""
        kept = record()
        name = f"{lesson_that_asks(self._question, kept.folder)} {self._question}"
        kept.change(lambda done: done.predictions.update({name: self._guess_in_words()}))

    def _guess_in_words(self) -> str:
        raise NotImplementedError


def _is_finite(value: object) -> bool:
    """Is it a finite number, of Python or numpy? True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


class Comparison(HTML):
    """A picture with a sentence under it, and what a page needs to compare its reader's guess."""

    def __init__(self, figure: Figure, alt: str, summary: str, page: dict[str, Any]) -> None:
        shown = f"{picture(figure, alt).data}<p>{html.escape(summary)}</p>"
        super().__init__(shown)  # type: ignore[no-untyped-call]
        self._summary, self._page = summary, page

    def __repr__(self) -> str:
        return self._summary

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {PAGE: {"panel": "comparison", **self._page}}


def _in_a_line(numbers: Iterable[float]) -> str:
    """With as many digits as a drawing can show: a list would fill a page of a stored notebook."""
    return " ".join(f"{number:.4g}" for number in numbers)


# ------------------------------------------------------------------------------- a number


class NumberPrediction(Prediction):
    """Predict a number with a slider or its box; later see it beside the actual number."""

    instead = " In a script: call its method commit(number)."

    def __init__(self, question: str, values: Sequence[float], unit: str = "") -> None:
        """The slider has these values; any number between the smallest and the largest is allowed.

        Raises ValueError if there are not at least two different finite numbers.
        """
        if not all(map(_is_finite, values)) or len(set(values)) < 2:
            raise ValueError("Give numbers to choose from, two different ones or more.")
        self._values, self._unit = list(map(float, values)), unit
        middle = self._values[len(self._values) // 2]
        self._dial = Dial("prediction", self._values, middle, unit=unit, free=True, live=True)
        asked = widgets.HTML(f'<div class="lessons-question">{html.escape(question)}</div>')
        super().__init__(question, [asked, self._dial.row], [])
        self._dial.listen(self._show_guess)

    @property
    def guess(self) -> float | None:
        """The committed number, or None."""
        return self._dial.value if self._committed else None

    def _commit_chosen(self) -> None:
        self.commit(self._dial.value)

    def page(self) -> dict[str, Any]:
        """See `Panel`."""
        page = super().page()
        page["said"] |= {"compared": COMPARED, "exactly": EXACTLY, "high": TOO_HIGH, "low": TOO_LOW}
        units = {"unit": self._unit, "unit_of_difference": _unit_of_difference(self._unit)}
        scale = {"values": _in_a_line(self._values), "labels": [RESULT["label"], GUESS["label"]]}
        return page | {"panel": "number-prediction"} | scale | units

    def commit(self, number: float) -> None:
        """Predict exactly this number. Raises ValueError if it is not finite or out of range."""
        low, high = min(self._values), max(self._values)
        if not _is_finite(number) or not low <= number <= high:
            raise ValueError(f"Predict a number from {low:g} to {high:g}, not {number!r}.")
        self._check_open()
        self._dial.value = float(number)
        self._fix(self._dial.slider, self._dial.box)

    def compare(self, actual: float) -> HTML:
        """The prediction, if there is one, and the actual number on one scale.

        Raises ValueError if the actual number is not finite.
        """
        if not _is_finite(actual):
            raise ValueError(f"Compare with a plain number, not {actual!r}.")
        if self.guess is None:
            summary = f"{NONE} What happened: ≈ {self._with_unit(actual)}."
        else:
            summary = compared_in_words(self.guess, actual, self._unit)
        figure = Figure(figsize=(WIDTH, 1.7), layout="constrained")
        self._draw(figure.subplots(), actual)
        page = {"question": self._question, "drawn": float(actual)}
        return Comparison(figure, f"A scale with marks. {summary}", summary, page)

    def _draw(self, ax: Axes, actual: float) -> None:
        marks = [(actual, RESULT), (self._dial.value, GUESS)][: 1 + self._committed]
        for place, (number, style) in enumerate(marks):
            ax.plot(number, place, markersize=11, **style)
            ax.annotate(self._with_unit(number), (number, place + 0.28), ha="center", va="center")
        ax.set_yticks(range(len(marks)), [style["label"] for _, style in marks])
        reach = [*self._values, actual]
        margin = 0.05 * (max(reach) - min(reach))
        ax.set(xlim=(min(reach) - margin, max(reach) + margin), ylim=(-0.5, len(marks) - 0.4))
        ax.set_xlabel(self._unit)
        ax.grid(alpha=0.3)

    def _guess_in_words(self) -> str:
        return self._with_unit(self._dial.value)

    def _with_unit(self, number: float) -> str:
        return with_unit(number, self._unit)


def with_unit(number: float, unit: str) -> str:
    """A number as it is said, such as "26 %"."""
    return f"{number:g} {unit}".strip()


def compared_in_words(guess: float, actual: float, unit: str) -> str:
    """What is said of a guess and of what happened."""
    difference = round(guess - actual, 10)  # 0.3 - 0.1 is not quite 0.2
    size = with_unit(abs(difference), _unit_of_difference(unit))
    how = (TOO_HIGH if difference > 0 else TOO_LOW).format(size) if difference else EXACTLY
    return COMPARED.format(with_unit(guess, unit), with_unit(actual, unit), how)


def _unit_of_difference(unit: str) -> str:
    return "percentage points" if unit == "%" else unit


# -------------------------------------------------------------------------------- a curve


class CurvePrediction(Prediction):
    """Predict which sketch a curve will look like; later see the curve with the chosen sketch.

    Only the form of a sketch counts, not its height or its number of points.
    """

    instead = " In a script: call its method commit(name)."

    def __init__(
        self,
        question: str,
        sketches: Mapping[str, Sequence[float]],
        *,
        ylabel: str,
        xlabel: str = "epoch",
    ) -> None:
        """Each sketch has a name, which says what the curve does, and its heights from 0 upwards.

        All sketches are on one scale, not necessarily that of the curve.

        Raises ValueError if there is no sketch, or one without two finite heights.
        """
        _check_sketches(sketches)
        self._sketches = dict(sketches)
        self._labels = {"xlabel": xlabel, "ylabel": ylabel}
        self._choice = radio_buttons(question, list(self._sketches))
        drawn = widgets.HTML(labelled(svg(self._draw()), self._alt))
        super().__init__(question, [self._choice], [drawn])
        self._choice.observe(lambda _: self._show_guess(), "index")

    @property
    def guess(self) -> str | None:
        """The name of the committed sketch, or None."""
        return list(self._sketches)[self._choice.index] if self._committed else None

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), *lettered(list(self._sketches))])

    def static(self) -> str:
        """The question, the sketches and their names."""
        names = "<br>".join(map(html.escape, lettered(list(self._sketches))))
        asked = f"<p><b>{self.title}.</b> {html.escape(self._question)}</p>"
        return f"{asked}{picture(self._draw(), self._alt).data}<p>{names}</p>"

    def page(self) -> dict[str, Any]:
        """See `Panel`."""
        page, names = super().page(), list(self._sketches)
        page["said"] |= {"no_choice": NO_CHOICE}
        drawn = {
            "sketches": list(map(_in_a_line, self._sketches.values())),
            "alt": self._alt,
            **self._labels,
        }
        words = {"options": lettered(names), "names": list(map(self._quoted, names))}
        return page | {"panel": "curve-prediction"} | words | drawn

    @property
    def _alt(self) -> str:
        what = f"Sketches of the {self._labels['ylabel']} for each {self._labels['xlabel']}."
        return f"{what} {'; '.join(lettered(list(self._sketches)))}."

    def _draw(self) -> Figure:
        return draw_sketches(list(self._sketches.values()), self._labels)

    def _commit_chosen(self) -> None:
        if self._choice.index is None:
            raise ValueError(NO_CHOICE)
        self.commit(list(self._sketches)[self._choice.index])

    def commit(self, name: str) -> None:
        """Predict the sketch of this name. Raises ValueError if there is none."""
        names = list(self._sketches)
        if name not in names:
            raise ValueError(f'There is no sketch "{name}". Choose one of: {"; ".join(names)}.')
        self._check_open()
        self._choice.index = names.index(name)
        self._fix(self._choice)

    def compare(self, actual: Sequence[float]) -> HTML:
        """The actual curve with the chosen sketch, and the sketch that is closest to it."""
        heights = list(takewhile(math.isfinite, actual))
        guess = {}
        if self.guess and heights:
            guess = {self._label(self.guess): stretch(self._sketches[self.guess], heights)}
        figure = draw_curve(heights, guess, self._labels)
        summary = self._result_in_words(heights, len(actual), self.guess)
        alt = self._alt_of_both(heights, self.guess)
        page = {"question": self._question, **self._answers(heights, len(actual))}
        return Comparison(figure, alt, summary, page)

    def _answers(self, heights: Sequence[float], total: int) -> dict[str, Any]:
        """What is said and drawn of each sketch, for a page."""
        sketches = self._sketches.values() if heights else ()
        return {
            "labels": [RESULT["label"], *map(self._label, self._sketches)],
            "alts": [self._alt_of_both(heights, name) for name in self._sketches],
            "said": [self._result_in_words(heights, total, name) for name in self._sketches],
            "drawn": [*map(_in_a_line, [heights, *(stretch(one, heights) for one in sketches)])],
        }

    def _label(self, guess: str) -> str:
        return f"your sketch: {self._quoted(guess)}"

    def _alt_of_both(self, heights: Sequence[float], guess: str | None) -> str:
        names = [RESULT["label"], *([self._label(guess)] if guess and heights else [])]
        return "The {ylabel} for each {xlabel}: ".format(**self._labels) + f"{' and '.join(names)}."

    def _result_in_words(self, heights: Sequence[float], total: int, guess: str | None) -> str:
        """The comparison with a guess, if there is one, in words."""
        x, y = self._labels.values()
        sentences = [f"You chose {self._quoted(guess)}." if guess else NONE]
        if len(heights) < total:
            sentences.append(f"From {x} {len(heights) + 1} on, the {y} is NaN or infinite.")
        if len(heights) > 1:
            nearest = self._closest_in_words(heights, guess)
            sentences += [f"The {y} {describe_moves(heights)}.", nearest]
        return " ".join(sentences)

    def _closest_in_words(self, heights: Sequence[float], guess: str | None) -> str:
        name = closest(self._sketches, heights)
        if moves(self._sketches[name]) != moves(heights):
            return f"No sketch has these ups and downs; {self._quoted(name)}, comes closest."
        mine = "Your sketch, " if name == guess else ""
        return f"{mine}{self._quoted(name)}, comes closest."

    def _guess_in_words(self) -> str:
        return self._quoted(list(self._sketches)[self._choice.index])

    def _quoted(self, name: str) -> str:
        return f"{ascii_uppercase[list(self._sketches).index(name)]}, “{name}”"


def draw_sketches(
    sketches: Sequence[Sequence[float]], labels: Mapping[str, str], width: float = WIDTH
) -> Figure:
    """Sketches, lists of heights, side by side on one scale; four or more of them in two rows.

    `labels` are the xlabel and ylabel; the figure's width is in inches.
    """
    columns = len(sketches) if len(sketches) < 4 else math.ceil(len(sketches) / 2)
    rows = math.ceil(len(sketches) / columns)
    figure = Figure(figsize=(width, 1.9 * rows), layout="constrained")
    top = max(map(max, sketches))
    for number, heights in enumerate(sketches):
        ax = figure.add_subplot(rows, columns, number + 1)
        ax.plot(heights, color=TRAIN["color"], linewidth=2.5)
        ax.set(title=ascii_uppercase[number], xticks=[], yticks=[], ylim=(0, 1.1 * top))
        ax.set(**labels)
    return figure


def draw_curve(
    heights: Sequence[float],
    guess: Mapping[str, Sequence[float]],
    labels: Mapping[str, str],
    width: float = WIDTH,
) -> Figure:
    """The heights of what happened, and those of the guess by its label, if there is one.

    Both have as many heights, the first at 1. `labels` are the xlabel and ylabel; the figure's
    width is in inches.
    """
    figure = Figure(figsize=(width, 3.6), layout="constrained")
    ax = figure.subplots()
    numbers = range(1, len(heights) + 1)
    some = max(1, math.ceil(len(heights) / MARKS))
    ax.plot(numbers, heights, **RESULT, markevery=some)
    for label, guessed in guess.items():
        ax.plot(numbers, guessed, **{**GUESS, "label": label}, markevery=some)
    ax.set(**labels)
    ax.set_ylim(bottom=min([0, *heights]))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)
    ax.legend()
    return figure


def _check_sketches(sketches: Mapping[str, Sequence[float]]) -> None:
    if min(map(len, sketches.values()), default=0) < 2:
        raise ValueError("Give sketches to choose from, each with two heights or more.")
    for name, heights in sketches.items():
        if not all(map(_is_finite, heights)):
            raise ValueError(f'The heights of the sketch "{name}" must be numbers, not NaN.')
