"""At the turning point of a lesson: commit to a prediction, run on, and see both together."""

import html
import math
from collections.abc import Mapping, Sequence
from itertools import takewhile
from numbers import Real
from string import ascii_uppercase

import ipywidgets as widgets
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lessons.figures.html import labelled, picture, svg
from lessons.figures.plots import TRAIN, VALIDATION
from lessons.panels.controls import (
    Dial,
    Panel,
    beside,
    button,
    buttons,
    choice,
    lettered,
    status_line,
    words,
)
from lessons.panels.sketches import closest, moves, say_moves, stretch

NONE = "You made no prediction this time."
RESULT = {**TRAIN, "label": "what happened"}
GUESS = {**VALIDATION, "label": "your prediction"}


class Prediction(Panel):
    """A question, a button to commit, and the comparison with what happened."""

    title = "Your prediction"

    def __init__(
        self, question: str, rows: list[widgets.Widget], right: list[widgets.Widget]
    ) -> None:
        """Put the rows over the button, and the others to the right of all, if there are any."""
        self._question = question
        self._committed = False
        self._button = button("Commit", "check", self._press)
        self._button.button_style = "primary"
        self._status = status_line()
        rows = [*rows, buttons(self._button), self._status]
        super().__init__(*([beside(rows, right)] if right else rows))
        told = "Choose, then press Commit. After that it is fixed, until you run the cell again."
        self._status.value = words(told)

    def __repr__(self) -> str:
        return f"{super().__repr__()}\n{self._question}"

    def _press(self) -> None:
        """The button: it stays enabled, so that the keyboard does not lose its place."""
        try:
            self._commit_chosen()
        except ValueError as problem:
            self._status.value = words(str(problem), error=True)

    def _commit_chosen(self) -> None:
        raise NotImplementedError

    def _check_open(self) -> None:
        if self._committed:
            raise ValueError("You have committed already. Run the cell again to predict anew.")

    def _fix(self, *controls: widgets.Widget) -> None:
        """From now on the prediction stays as it is."""
        self._committed = True
        for control in controls:
            control.disabled = True
        self._button.description = "Committed"
        self._tell()

    def _tell(self) -> None:
        """Say what is predicted, and say it anew if a last choice arrives after the button.

        Choice and button are sent apart, so in a busy kernel the button can overtake the choice
        that was made before it.
        """
        if self._committed:
            told = f"You predict {self._say_guess()}. Now read on: the result comes below."
            self._status.value = words(told)

    def _say_guess(self) -> str:
        raise NotImplementedError


def _is_finite(value: object) -> bool:
    """Is it a number, and neither NaN nor infinite? Those of numpy are, True and False are not."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def shown(figure: Figure, alt: str, told: str) -> HTML:
    """A picture with a sentence under it."""
    return HTML(f"{picture(figure, alt).data}<p>{html.escape(told)}</p>")


# ------------------------------------------------------------------------------- a number


class NumberPrediction(Prediction):
    """How much will it be? A slider and a box, and later the number itself beside it."""

    instead = " In a script: call its method commit(number)."

    def __init__(self, question: str, values: Sequence[float], unit: str = "") -> None:
        """Any number between the smallest and the largest value can be predicted, also 93.7.

        Raises ValueError if there are not two different numbers to choose from.
        """
        if not all(map(_is_finite, values)) or len(set(values)) < 2:
            raise ValueError("Give numbers to choose from, two different ones or more.")
        self._values, self._unit = list(map(float, values)), unit
        middle = self._values[len(self._values) // 2]
        self._dial = Dial("prediction", self._values, middle, unit=unit, free=True, live=True)
        asked = widgets.HTML(f'<div class="lessons-question">{html.escape(question)}</div>')
        super().__init__(question, [asked, self._dial.row], [])
        self._dial.listen(self._tell)

    @property
    def guess(self) -> float | None:
        """The number that was committed to, if any."""
        return self._dial.value if self._committed else None

    def _commit_chosen(self) -> None:
        self.commit(self._dial.value)

    def commit(self, number: float) -> None:
        """Predict this number, exactly. Raises ValueError if it is none, or out of range."""
        low, high = min(self._values), max(self._values)
        if not _is_finite(number) or not low <= number <= high:
            raise ValueError(f"Predict a number from {low:g} to {high:g}, not {number!r}.")
        self._check_open()
        self._dial.value = float(number)
        self._fix(self._dial.slider, self._dial.box)

    def compare(self, actual: float) -> HTML:
        """The prediction and the actual number on one scale; without a prediction, the latter.

        Raises ValueError if the actual number is none, such as NaN.
        """
        if not _is_finite(actual):
            raise ValueError(f"Compare with a plain number, not {actual!r}.")
        if self.guess is None:
            told = f"{NONE} What happened: ≈ {self._say(actual)}."
        else:
            told = f"You predicted {self._say_guess()}, it is {self._say(actual)}: "
            told += f"{self._tell_difference(self.guess - actual)}."
        figure = Figure(figsize=(8.2, 1.7), layout="constrained")
        self._draw(figure.subplots(), actual)
        return shown(figure, f"A scale with marks. {told}", told)

    def _draw(self, ax: Axes, actual: float) -> None:
        marks = [(actual, RESULT), (self._dial.value, GUESS)][: 1 + self._committed]
        for place, (number, style) in enumerate(marks):
            ax.plot(number, place, markersize=11, **style)
            ax.annotate(self._say(number), (number, place + 0.28), ha="center", va="center")
        ax.set_yticks(range(len(marks)), [style["label"] for _, style in marks])
        reach = [*self._values, actual]
        margin = 0.05 * (max(reach) - min(reach))
        ax.set(xlim=(min(reach) - margin, max(reach) + margin), ylim=(-0.5, len(marks) - 0.4))
        ax.set_xlabel(self._unit)
        ax.grid(alpha=0.3)

    def _tell_difference(self, difference: float) -> str:
        difference = round(difference, 10)  # 0.3 - 0.1 is not quite 0.2
        if difference == 0:
            return "exactly right"
        unit = "percentage points" if self._unit == "%" else self._unit
        size = f"{abs(difference):g} {unit}".strip()
        return f"{size} too {'high' if difference > 0 else 'low'}"

    def _say_guess(self) -> str:
        return self._say(self._dial.value)

    def _say(self, number: float) -> str:
        return f"{number:g} {self._unit}".strip()


# -------------------------------------------------------------------------------- a curve


class CurvePrediction(Prediction):
    """Which of several sketches will the curve look like? Later it is drawn beside the choice.

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
        """Sketches by name: what the curve does, in words, and its heights.

        The heights begin at 0 and are on one scale, that of the curve or any other.

        Raises ValueError if there is no sketch, or one that is no line.
        """
        if min(map(len, sketches.values()), default=0) < 2:
            raise ValueError("Give sketches to choose from, each with two heights or more.")
        for name, heights in sketches.items():
            if not all(map(_is_finite, heights)):
                raise ValueError(f'The heights of the sketch "{name}" must be numbers, not NaN.')
        self._sketches = dict(sketches)
        self._labels = {"xlabel": xlabel, "ylabel": ylabel}
        self._choice = choice(question, list(self._sketches))
        drawn = widgets.HTML(labelled(svg(self._draw()), self._alt))
        super().__init__(question, [self._choice], [drawn])
        self._choice.observe(lambda _: self._tell(), "index")

    @property
    def guess(self) -> str | None:
        """The name of the sketch that was committed to, if any."""
        return list(self._sketches)[self._choice.index] if self._committed else None

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), *lettered(list(self._sketches))])

    def static(self) -> str:
        """The question, the sketches and their names."""
        names = "<br>".join(map(html.escape, lettered(list(self._sketches))))
        asked = f"<p><b>{self.title}.</b> {html.escape(self._question)}</p>"
        return f"{asked}{picture(self._draw(), self._alt).data}<p>{names}</p>"

    @property
    def _alt(self) -> str:
        what = f"Sketches of the {self._labels['ylabel']} for each {self._labels['xlabel']}."
        return f"{what} {'; '.join(lettered(list(self._sketches)))}."

    def _draw(self) -> Figure:
        """The sketches beside each other, four in two rows."""
        count = len(self._sketches)
        columns = count if count < 4 else math.ceil(count / 2)
        rows = math.ceil(count / columns)
        figure = Figure(figsize=(8.2, 1.9 * rows), layout="constrained")
        top = max(map(max, self._sketches.values()))
        for number, heights in enumerate(self._sketches.values()):
            ax = figure.add_subplot(rows, columns, number + 1)
            ax.plot(heights, color=TRAIN["color"], linewidth=2.5)
            ax.set(title=ascii_uppercase[number], xticks=[], yticks=[], ylim=(0, 1.1 * top))
            ax.set(**self._labels)
        return figure

    def _commit_chosen(self) -> None:
        if self._choice.index is None:
            raise ValueError("Choose one of the sketches first.")
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
        """The actual curve with the chosen sketch, and which sketch came closest."""
        heights = list(takewhile(math.isfinite, actual))
        figure = Figure(figsize=(8.2, 3.6), layout="constrained")
        ax = figure.subplots()
        self._draw_both(ax, heights)
        names = " and ".join(str(line.get_label()) for line in ax.lines)
        alt = "The {ylabel} for each {xlabel}: ".format(**self._labels) + f"{names}."
        return shown(figure, alt, self._tell_result(heights, len(actual)))

    def _draw_both(self, ax: Axes, heights: Sequence[float]) -> None:
        numbers = range(1, len(heights) + 1)
        ax.plot(numbers, heights, **RESULT)
        if self.guess and heights:
            style = {**GUESS, "label": f"your sketch: {self._say(self.guess)}"}
            ax.plot(numbers, stretch(self._sketches[self.guess], heights), **style)
        ax.set(**self._labels)
        ax.set_ylim(bottom=min([0, *heights]))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.grid(alpha=0.3)
        ax.legend()

    def _tell_result(self, heights: Sequence[float], total: int) -> str:
        """The comparison in words."""
        x, y = self._labels.values()
        yours = f"You chose {self._say(self.guess)}." if self.guess else NONE
        told = [yours]
        if len(heights) < total:
            told.append(f"From {x} {len(heights) + 1} on, the {y} is no number any more.")
        if len(heights) > 1:
            told.append(f"The {y} {say_moves(heights)}. {self._tell_closest(heights)}")
        return " ".join(told)

    def _tell_closest(self, heights: Sequence[float]) -> str:
        name = closest(self._sketches, heights)
        if moves(self._sketches[name]) != moves(heights):
            return f"No sketch has these ups and downs; {self._say(name)}, comes closest."
        mine = "Your sketch, " if name == self.guess else ""
        return f"{mine}{self._say(name)}, comes closest."

    def _say_guess(self) -> str:
        return self._say(list(self._sketches)[self._choice.index])

    def _say(self, name: str) -> str:
        return f"{ascii_uppercase[list(self._sketches).index(name)]}, “{name}”"
