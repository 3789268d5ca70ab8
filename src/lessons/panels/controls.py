"""What all panels are made of: the frame, sliders with number boxes, choices and buttons."""

import html
from collections.abc import Callable, Sequence
from pathlib import Path
from string import ascii_uppercase

import anywidget
import ipywidgets as widgets
from IPython.display import publish_display_data


class _Care(anywidget.AnyWidget):
    """Sees to the panel in which it stands; nothing of it is seen, and no page stores it."""

    _esm = Path(__file__).with_name("panel.js")  # read when a panel is made
    _css = Path(__file__).with_name("panel.css")


class Panel:
    """A frame with a title, which a notebook shows when it stands at the end of a cell."""

    title = "Panel"
    instead = ""  # what to do where there are no sliders

    def __init__(self, *rows: widgets.Widget) -> None:
        """Put the rows under each other."""
        self.head = widgets.HTML()
        self.say_aside("")
        self.root = widgets.VBox([self.head, *rows, _Care()])
        self.root.add_class("lessons-panel")

    def say_aside(self, aside: str) -> None:
        """Say something to the right of the title; HTML."""
        self.head.value = f'<div class="lessons-head"><b>{self.title}</b><span>{aside}</span></div>'

    def __repr__(self) -> str:
        """For a page without a kernel, and for nbval: always the same words."""
        return f"{self.title}: live in JupyterLab, when the cell has run.{self.instead}"

    def static(self) -> str:
        """The panel as HTML for a page without a kernel; nothing where its words are enough."""
        return ""

    def _ipython_display_(self) -> None:
        bundle = {**self.root._repr_mimebundle_(), "text/plain": repr(self)}
        if static := self.static():
            bundle["text/html"] = static
        publish_display_data(bundle)

    def close(self) -> None:
        """Take the panel off the page."""
        waiting: list[widgets.Widget] = [self.root]
        while waiting:
            widget = waiting.pop()
            waiting.extend(getattr(widget, "children", ()))
            widget.close()


class Dial:
    """A slider over some values, and a box for typing one: they always say the same.

    What is typed becomes the nearest value, or, if the dial is `free`, stays as it is between
    the smallest and the largest.
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
        """With `live`, the dial tells its listeners while it is moved, not only afterwards."""
        self.values, self._free, self._unit = list(values), free, unit
        whole = all(isinstance(number, int) for number in values)
        number_box = widgets.BoundedIntText if whole else widgets.BoundedFloatText
        self.slider = widgets.SelectionSlider(
            options=self._options(),
            value=self._nearest(value),
            description=name,
            continuous_update=live,
            style={"description_width": "96px"},
        )
        self.box = number_box(
            value=value,
            min=min(values),
            max=max(values),
            step=1 if whole else None,
            description=f"{name}, as a number",
        )
        self.box.add_class("lessons-number")
        label = widgets.Label(unit)
        label.add_class("lessons-unit")
        self.row = widgets.HBox([self.slider, self.box, label])
        self.row.add_class("lessons-row")
        self.slider.observe(self._slid, "value")
        self.box.observe(self._typed, "value")

    @property
    def value(self) -> float:
        """The value that is set."""
        return self.box.value  # type: ignore[no-any-return]

    @value.setter
    def value(self, value: float) -> None:
        self.box.value = value

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the value has changed."""
        self.box.observe(lambda _: listener(), "value")

    def offer(self, values: Sequence[float]) -> None:
        """Change the values that can be chosen; the value that is set must be one of them."""
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


def status_line() -> widgets.HTML:
    """A line that is read out to those who cannot see it."""
    line = widgets.HTML()
    line.add_class("lessons-status")
    return line


def button(name: str, icon: str, act: Callable[[], None]) -> widgets.Button:
    """A button that calls `act`."""
    made = widgets.Button(description=name, icon=icon)
    made.on_click(lambda _: act())
    return made


def choice(question: str, options: Sequence[str]) -> widgets.RadioButtons:
    """A question with lettered options, of which one can be chosen; at first none is."""
    made = widgets.RadioButtons(options=lettered(options), index=None, description=question)
    made.add_class("lessons-choice")
    return made


def lettered(options: Sequence[str]) -> list[str]:
    """The options as A, B, C ..."""
    return [f"{letter}. {text}" for letter, text in zip(ascii_uppercase, options, strict=False)]


def buttons(*all_of_them: widgets.Widget) -> widgets.HBox:
    """Buttons beside each other."""
    row = widgets.HBox(all_of_them)
    row.add_class("lessons-buttons")
    return row


def beside(left: Sequence[widgets.Widget], right: Sequence[widgets.Widget]) -> widgets.GridBox:
    """Two columns; under each other where there is no room."""
    body = widgets.GridBox([widgets.VBox(left), widgets.VBox(right)])
    body.add_class("lessons-body")
    return body


def on_top(*layers: widgets.Widget) -> widgets.GridBox:
    """Drawings of one size that lie on each other, the last one on top."""
    pile = widgets.GridBox(layers)
    pile.add_class("lessons-layers")
    return pile


def words(text: str, error: bool = False) -> str:
    """A text as HTML for a line of a panel."""
    return f'<span class="{"lessons-error" if error else ""}">{html.escape(text)}</span>'
