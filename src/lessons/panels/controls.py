"""What all panels are made of: the frame, sliders with number boxes, choices and buttons."""

import html
from collections.abc import Callable, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import anywidget
import ipywidgets as widgets
from IPython.display import publish_display_data

PAGE = "application/vnd.lessons.panel+json"  # what a site is told of a panel


class _PanelScript(anywidget.AnyWidget):
    """Loads panel.js and panel.css into the page. Invisible, and not stored in the notebook."""

    _esm = Path(__file__).with_name("panel.js")  # read when a panel is made
    _css = Path(__file__).with_name("panel.css")


class Panel:
    """A frame with a title. A notebook shows it if it is the last expression of a cell."""

    title = "Panel"
    instead = ""  # what to do without a front end, as a sentence

    def __init__(self, *rows: widgets.Widget) -> None:
        """Put the rows under each other."""
        self.head = widgets.HTML()
        self.show_beside_title("")
        self.root = widgets.VBox([self.head, *rows, _PanelScript()])
        self.root.add_class("lessons-panel")

    def show_beside_title(self, content: str) -> None:
        """Show this HTML to the right of the title, in place of what is there."""
        self.head.value = (
            f'<div class="lessons-head"><b>{self.title}</b><span>{content}</span></div>'
        )

    def __repr__(self) -> str:
        """The text for a page without a kernel, and for nbval: always the same."""
        return f"{self.title}: live in JupyterLab, when the cell has run.{self.instead}"

    def static(self) -> str:
        """The panel as HTML for a page without a kernel; empty if the text of `repr` is enough."""
        return ""

    def page(self) -> dict[str, Any]:
        """What a page without a kernel needs to answer like this panel: JSON, the same each time.

        `panel` names the script that answers, such as "training-lab"; all else are its settings.
        It is stored in the notebook. Empty if there is no such script: the page shows words alone.
        """
        return {}

    def _ipython_display_(self) -> None:
        bundle = {**self.root._repr_mimebundle_(), "text/plain": repr(self)}
        bundle |= {"text/html": static} if (static := self.static()) else {}
        bundle |= {PAGE: page} if (page := self.page()) else {}
        publish_display_data(bundle)

    def close(self) -> None:
        """Take the panel off the page."""
        waiting: list[widgets.Widget] = [self.root]
        while waiting:
            widget = waiting.pop()
            waiting.extend(getattr(widget, "children", ()))
            widget.close()


class Dial:
    """A slider over some values, and a number box. Both always show the same value.

    A typed number is replaced by the nearest value. If the dial is `free`, it is only limited
    to the range from the smallest to the largest value.
    """

    def __init__(
        self,
        name: str,
        values: Sequence[float],
        value: float,
        *,
        unit: str = "",
        free: bool = False,
        live: bool = False,
    ) -> None:
        """With `live`, listeners are called while the slider moves, not only on release."""
        self.values, self._free, self._unit = list(values), free, unit
        self.slider = widgets.SelectionSlider(
            options=self._options(),
            value=self._nearest(value),
            description=name,
            continuous_update=live,
            style={"description_width": "96px"},
        )
        self.box = _number_box(f"{name}, as a number", values, value)
        label = widgets.Label(unit)
        label.add_class("lessons-unit")
        self.row = widgets.HBox([self.slider, self.box, label])
        self.row.add_class("lessons-row")
        self.slider.observe(self._slid, "value")
        self.box.observe(self._typed, "value")

    @property
    def value(self) -> float:
        """The current value."""
        return self.box.value  # type: ignore[no-any-return]

    @value.setter
    def value(self, value: float) -> None:
        self.box.value = value

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change of the value."""
        self.box.observe(lambda _: listener(), "value")

    def offer(self, values: Sequence[float]) -> None:
        """Replace the values that can be chosen. The current value must be one of them."""
        self.values = list(values)
        self.box.min, self.box.max = min(values), max(values)
        self.slider.options = self._options()

    def _options(self) -> list[tuple[str, float]]:
        return [(f"{number:g} {self._unit}".strip(), number) for number in self.values]

    def _nearest(self, value: float) -> float:
        return min(self.values, key=lambda number: abs(number - value))

    def _slid(self, _: object) -> None:
        if self._nearest(self.box.value) != self.slider.value:
            self.box.value = self.slider.value

    def _typed(self, _: object) -> None:
        nearest = self._nearest(self.box.value)
        if not self._free:
            self.box.value = nearest
        self.slider.value = nearest


def _number_box(name: str, values: Sequence[float], value: float) -> widgets.Widget:
    """A box for a number in the range of these values; whole, if they all are."""
    whole = all(isinstance(number, int) for number in values)
    kind = widgets.BoundedIntText if whole else widgets.BoundedFloatText
    box = kind(value=value, min=min(values), max=max(values), description=name)
    box.step = 1 if whole else None
    box.add_class("lessons-number")
    return box


def status_line() -> widgets.HTML:
    """A line of text. Screen readers read out each change of it."""
    line = widgets.HTML()
    line.add_class("lessons-status")
    return line


def button(name: str, icon: str, act: Callable[[], None]) -> widgets.Button:
    """A button that calls `act`."""
    made = widgets.Button(description=name, icon=icon)
    made.on_click(lambda _: act())
    return made


def radio_buttons(question: str, options: Sequence[str]) -> widgets.RadioButtons:
    """A question with lettered options, one of which can be chosen. None is chosen at first."""
    made = widgets.RadioButtons(options=lettered(options), index=None, description=question)
    made.add_class("lessons-choice")
    return made


def lettered(options: Sequence[str]) -> list[str]:
    """The options as A, B, C ..."""
    return [f"{letter}. {text}" for letter, text in zip(ascii_uppercase, options, strict=False)]


def buttons(*members: widgets.Widget) -> widgets.HBox:
    """Buttons beside each other."""
    row = widgets.HBox(members)
    row.add_class("lessons-buttons")
    return row


def replace_buttons(row: widgets.HBox, new: Sequence[widgets.Widget]) -> None:
    """Put new buttons into a row. Clicks on the old ones that still wait have no effect."""
    old, row.children = row.children, new
    for button in old:
        button.close()


def beside(left: Sequence[widgets.Widget], right: Sequence[widgets.Widget]) -> widgets.GridBox:
    """Two columns, or one if the panel is narrow."""
    body = widgets.GridBox([widgets.VBox(left), widgets.VBox(right)])
    body.add_class("lessons-body")
    return body


def on_top(*layers: widgets.Widget) -> widgets.GridBox:
    """Drawings of one size on top of each other; the last one is at the top."""
    pile = widgets.GridBox(layers)
    pile.add_class("lessons-layers")
    return pile


def html_line(text: str, error: bool = False) -> str:
    """A text as HTML for a line of a panel, in the colour of errors if it is one."""
    return f'<span class="{"lessons-error" if error else ""}">{html.escape(text)}</span>'
