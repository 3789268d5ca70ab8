"""A slider and its number box."""

from lessons.panels.controls import Dial


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
