"""A slider and its number box, and what a panel leaves in a notebook."""

import nbformat
import pytest

from lessons.panels.controls import PAGE, Dial, Panel
from scripts.tidy import tidy


class Plain(Panel):
    """A panel that is words alone on a page."""


class Answering(Panel):
    """A panel that a script of a page can answer for."""

    def static(self):
        return "<p>A panel</p>"

    def page(self):
        return {"panel": "answering", "seeds": [0, 1]}


def test_slider_and_box_say_the_same():
    dial = Dial("batch size", [8, 16, 32, 64], 16)
    heard = []
    dial.listen(lambda: heard.append(dial.value))
    dial.slider.value = 64
    assert dial.box.value == dial.value == 64
    dial.box.value = 30
    assert dial.slider.value == dial.value == 32  # the nearest one
    dial.box.value = 10_000
    assert dial.slider.value == dial.value == 64
    assert heard[-1] == 64


def test_a_free_dial_keeps_what_is_typed():
    dial = Dial("learning rate", [0.01, 0.1, 1.0], 0.1, free=True)
    dial.box.value = 0.25
    assert (dial.value, dial.slider.value) == (0.25, 0.1)
    dial.slider.value = 1.0
    assert dial.value == 1.0
    dial.box.value = -3
    assert dial.value == 0.01


def test_each_slider_and_each_box_has_a_name():
    dial = Dial("epochs", range(1, 31), 10, unit="times")
    assert dial.slider.description == "epochs"
    assert dial.box.description == "epochs, as a number"
    assert dial.slider.options[9] == ("10 times", 10)


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (Plain, {"text/plain"}),
        (Answering, {"text/plain", "text/html", PAGE}),
    ],
)
def test_a_tidy_notebook_keeps_what_a_page_needs_of_a_panel(kind, stored, monkeypatch):
    bundles = []
    monkeypatch.setattr("lessons.panels.controls.publish_display_data", bundles.append)
    panel = kind()
    panel._ipython_display_()
    output = nbformat.v4.new_output("display_data", data=bundles[0])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("p", outputs=[output])])
    nbformat.validate(notebook)
    data = tidy(notebook).cells[0].outputs[0].data
    assert set(data) == stored
    assert data.get(PAGE, {}) == panel.page()
