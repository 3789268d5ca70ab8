"""Predict, run, compare: without a browser."""

import math
import re
from base64 import b64decode
from fractions import Fraction
from html import unescape

import ipywidgets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sketch_room import room

from lessons.panels import CurvePrediction, NumberPrediction
from lessons.panels.prediction import draw_curve
from lessons.panels.sketches import SMALL, closest, describe_moves, moves, stretch

SKETCHES = {
    "falls, then rises": [1.0, 0.5, 0.3, 0.4, 0.7],
    "falls all the time": [1.0, 0.8, 0.6, 0.4, 0.2],
    "falls, then stays": [1.0, 0.4, 0.3, 0.3, 0.3],
    "stays level": [1.0, 1.0],
    "rises": [0.2, 0.6, 0.8],
}
OVERFIT = [1.3, 0.7, 0.45, 0.39, 0.41, 0.45, 0.5]


@pytest.fixture
def curve():
    return CurvePrediction("What will it do?", SKETCHES, ylabel="validation loss")


@pytest.fixture
def number():
    return NumberPrediction("How many are right?", range(0, 101, 5), unit="%")


def find(panel, kind):
    """The only widget of this kind."""
    found, waiting = [], [panel.root]
    while waiting:
        widget = waiting.pop()
        waiting.extend(getattr(widget, "children", ()))
        if isinstance(widget, kind):
            found.append(widget)
    (only,) = found
    return only


def press(panel):
    find(panel, ipywidgets.Button).click()


def status(panel):
    return unescape(re.sub("<.*?>", "", panel._status.value))


def words_of(shown):
    """The sentence under a picture, which has words of its own."""
    alt, data, sentence = re.fullmatch(
        r'<img alt="([^"]{30,})" src="data:image/png;base64,([^"]+)" [^>]*><p>(.*)</p>', shown.data
    ).groups()
    assert b64decode(data).startswith(b"\x89PNG")
    return unescape(sentence), unescape(alt)


# ------------------------------------------------------------------------------- a curve


def test_a_curve_is_chosen_committed_and_compared(curve):
    choice = find(curve, ipywidgets.RadioButtons)
    assert choice.index is None and curve.guess is None
    assert choice.description == "What will it do?"
    assert choice.options[0] == "A. falls, then rises"
    assert "press Commit" in status(curve)
    choice.index = 1
    assert curve.guess is None  # not yet
    press(curve)
    assert curve.guess == "falls all the time"
    assert choice.disabled
    assert status(curve).startswith("You predict B, “falls all the time”.")
    sentence, alt = words_of(curve.compare(OVERFIT))
    assert sentence == (
        "You chose B, “falls all the time”. The validation loss fell, then rose. "
        "A, “falls, then rises”, comes closest."
    )
    assert "what happened and your sketch: B, “falls all the time”" in alt


def test_the_right_sketch_is_reported(curve):
    curve.commit("falls, then rises")
    assert words_of(curve.compare(OVERFIT))[0].endswith(
        "Your sketch, A, “falls, then rises”, comes closest."
    )


def test_to_commit_in_a_script_is_to_press_the_button(curve):
    other = CurvePrediction("What will it do?", SKETCHES, ylabel="validation loss")
    curve.commit("rises")
    find(other, ipywidgets.RadioButtons).index = 4
    press(other)
    assert curve.compare(OVERFIT).data == other.compare(OVERFIT).data
    assert status(curve) == status(other)
    assert find(curve, ipywidgets.RadioButtons).index == 4


def test_nothing_chosen_is_reported_in_words(curve):
    press(curve)
    assert status(curve) == "Choose one of the sketches first."
    assert curve.guess is None
    curve.commit("rises")
    assert curve.guess == "rises"


def test_it_cannot_be_changed_afterwards(curve, number):
    curve.commit("rises")
    number.commit(5)
    for panel, other in ((curve, "falls all the time"), (number, 80)):
        before = panel.guess
        with pytest.raises(ValueError, match="committed already"):
            panel.commit(other)
        press(panel)
        assert panel.guess == before
        assert "Run the cell again" in status(panel)
    assert find(curve, ipywidgets.RadioButtons).index == 4
    assert find(number, ipywidgets.BoundedFloatText).value == 5


def test_a_choice_that_the_button_has_overtaken_counts(curve, number):
    """The page sends them apart, and a busy kernel gets the button first."""
    choice = find(curve, ipywidgets.RadioButtons)
    choice.index = 0
    press(curve)
    choice.index = 4
    assert curve.guess == "rises"
    assert status(curve).startswith("You predict E, “rises”.")
    press(number)
    find(number, ipywidgets.SelectionSlider).value = 80
    assert number.guess == 80
    assert status(number).startswith("You predict 80 %.")


def test_nothing_of_the_result_is_reported_without_a_prediction_except_itself(curve):
    sentence, alt = words_of(curve.compare(OVERFIT))
    assert sentence.startswith("You made no prediction this time. The validation loss fell, then")
    assert "your sketch" not in alt
    assert curve.compare(OVERFIT).data == curve.compare(OVERFIT).data


def test_a_curve_like_none_of_the_sketches_is_reported(curve):
    sentence, _ = words_of(curve.compare([0.2, 1.0, 0.3, 0.9, 0.1]))
    assert "went up and down. No sketch has these ups and downs;" in sentence


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ([1.0, 0.5, math.nan, 0.3], "From epoch 3 on, the validation loss is NaN or infinite."),
        ([math.inf, math.nan], "From epoch 1 on, the validation loss is NaN or infinite."),
        ([1.0, math.inf], "From epoch 2 on, the validation loss is NaN or infinite."),
        ([1.0], "You chose E, “rises”."),
        ([0.0, 0.0], "stayed about level. D, “stays level”, comes closest."),
        ([1e30, 1e38], "The validation loss rose."),
    ],
)
def test_curves_that_went_wrong_are_drawn_and_reported(curve, actual, expected):
    curve.commit("rises")
    assert expected in words_of(curve.compare(actual))[0]


@pytest.mark.parametrize("sketches", [{}, {"up": [1, 2], "dot": [1]}])
def test_sketches_without_a_line_are_an_error(sketches):
    with pytest.raises(ValueError, match="two heights or more"):
        CurvePrediction("What?", sketches, ylabel="loss")


@pytest.mark.parametrize("height", [math.nan, math.inf, "1", None])
def test_a_sketch_that_is_no_line_is_an_error(height):
    with pytest.raises(ValueError, match='heights of the sketch "odd" must be numbers, not NaN'):
        CurvePrediction("What?", {"up": [1, 2], "odd": [1, height]}, ylabel="loss")


@pytest.mark.parametrize("name", ["fall", "A", 0, None, ["rises"], math.nan])
def test_anything_but_the_name_of_a_sketch_is_an_error(curve, name):
    with pytest.raises(ValueError, match=re.escape(f'no sketch "{name}". Choose one of: falls')):
        curve.commit(name)
    curve.commit("rises")
    assert curve.guess == "rises"


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_every_sketch_has_a_plot_with_its_letter(count):
    some = dict(list(SKETCHES.items())[:count])
    panel = CurvePrediction("What?", some, ylabel="accuracy")
    figure = panel._draw()
    assert [ax.get_title() for ax in figure.axes] == list("ABCDE"[:count])
    drawn = [ax.lines[0].get_ydata().tolist() for ax in figure.axes]
    assert drawn == list(some.values())
    assert len({ax.get_ylim() for ax in figure.axes}) == 1  # one scale for all


def test_both_are_drawn_on_one_axis_and_differ_by_more_than_colour(curve, monkeypatch):
    figures = []
    monkeypatch.setattr(
        "lessons.panels.prediction.Comparison", lambda figure, *_: figures.append(figure)
    )
    curve.commit("falls all the time")
    curve.compare(OVERFIT)
    (ax,) = figures[0].axes
    actual, sketch = ax.lines
    assert actual.get_xydata().tolist() == [[i, y] for i, y in enumerate(OVERFIT, 1)]
    assert sketch.get_xdata().tolist() == actual.get_xdata().tolist()
    assert sketch.get_ydata()[[0, -1]] == pytest.approx([1.3, 0.39])
    assert actual.get_linestyle() != sketch.get_linestyle()
    assert actual.get_marker() != sketch.get_marker()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "validation loss")
    assert ax.get_ylim()[0] == 0


# ------------------------------------------------------------------------ the form of a curve


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([1.0, 0.5, 0.2], "fell"),
        ([0.2, 0.21, 0.9], "rose"),
        ([1.38, 1.40, 1.37, 1.39], "stayed about level"),
        (OVERFIT, "fell, then rose"),
        ([1, 2, 1, 2], "rose, then fell, then rose"),
        ([1, 2, 1, 2, 1], "went up and down"),
        ([1.0, 0.5, 0.51, 0.3, 0.32, 0.2], "fell"),  # small ups do not count
        ([1.0, 0.2, 0.23, 0.26, 0.29], "fell, then rose"),  # but many of them together do
    ],
)
def test_what_a_curve_did(heights, expected):
    assert describe_moves(heights) == expected


def test_what_comes_closest_is_not_what_lies_closest():
    # Its distance to the line that only falls is smaller, and yet it rose again.
    actual = [1.0, 0.6, 0.3, 0.25, 0.2, 0.28]
    two = {"falls": [1.0, 0.6, 0.35, 0.25, 0.2, 0.2], "turns": [1.0, 0.2, 0.5, 0.9]}

    def distance(name):
        drawn = stretch(two[name], actual)
        return sum((a - b) ** 2 for a, b in zip(drawn, actual, strict=True))

    assert distance("falls") < distance("turns")
    assert closest(two, actual) == "turns"


def test_among_those_with_the_same_turns_the_nearest_form_is_chosen():
    assert closest(SKETCHES, [0.8, 0.5, 0.42, 0.40, 0.40, 0.40]) == "falls, then stays"
    assert closest(SKETCHES, [0.8, 0.75, 0.7, 0.65, 0.6, 0.55]) == "falls all the time"
    assert closest(SKETCHES, [1.386, 1.385, 1.39, 1.384]) == "stays level"


@pytest.mark.parametrize("name", SKETCHES)
@pytest.mark.parametrize("points", [5, 9, 30])
@given(scale=st.floats(0.1, 1000))
def test_a_sketch_is_closest_to_itself_at_any_width_and_height(name, points, scale):
    sketch = SKETCHES[name]
    long = stretch(sketch, [min(sketch), max(sketch)] * points) if moves(sketch) else [1.0] * points
    assert closest(SKETCHES, [scale * height for height in long]) == name


def test_a_sketch_is_stretched_to_the_width_and_height():
    assert stretch([0, 1], [10, 20, 30]) == [10, 20, 30]
    assert stretch([0, 4, 2], [5, 7, 7, 7, 9]) == [5, 7, 9, 8, 7]
    assert stretch([1, 1], [3, 5, 9]) == [3, 3, 3]  # level: it stays where the curve begins
    assert stretch([0, 1], [8, 8, 8]) == [0, 4, 8]  # not a noise blown up
    assert stretch([0, 1], [7]) == [0]


heights = st.floats(0, 1).map(lambda height: round(height, 3))  # no curve of 1e-300 in height


@given(st.lists(heights, min_size=2, max_size=9), st.randoms(use_true_random=False))
def test_within_its_room_noise_changes_no_verdict(curve, random):
    reach = 0.999 * room(SKETCHES, curve) * (max(curve) - min(curve))
    for _ in range(20):
        noisy = [height + random.choice([-1, 1, random.uniform(-1, 1)]) * reach for height in curve]
        assert describe_moves(noisy) == describe_moves(curve)
        assert closest(SKETCHES, noisy) == closest(SKETCHES, curve)


def test_a_verdict_that_a_wobble_would_change_has_next_to_no_room():
    clear = [1, 8, 60, 500, 4000]
    assert room(SKETCHES, clear) > 0.4 * SMALL
    assert room(SKETCHES, [*clear, 3801]) < 0.001  # it falls by hardly less than counts
    assert room(SKETCHES, [*clear, 3799]) < 0.001
    assert room(SKETCHES, [1.0, 1.0]) == SMALL / 2
    assert room(SKETCHES, [1.0, 0.9499]) < 0.001  # as good as level
    among = {"early": [1, 0.2, 0.1, 0], "late": [1, 0.9, 0.8, 0]}
    assert room(among, [1, 0.55, 0.45, 0]) < 0.001  # halfway between the two


# ------------------------------------------------------------------------------- a number


def test_a_number_is_set_committed_and_compared(number):
    slider = find(number, ipywidgets.SelectionSlider)
    slider.value = 80
    assert number.guess is None
    press(number)
    assert number.guess == 80
    assert slider.disabled and find(number, ipywidgets.BoundedFloatText).disabled
    assert status(number).startswith("You predict 80 %.")
    sentence, alt = words_of(number.compare(26))
    assert sentence == "You predicted 80 %, it is 26 %: 54 percentage points too high."
    assert sentence in alt


@pytest.mark.parametrize(
    ("guess", "actual", "unit", "expected"),
    [
        (80, 95, "%", "15 percentage points too low."),
        (26, 26, "%", "You predicted 26 %, it is 26 %: exactly right."),
        (40, 13, "batches", "You predicted 40 batches, it is 13 batches: 27 batches too high."),
        (3, 120, "", "You predicted 3, it is 120: 117 too low."),  # the result may be out of range
    ],
)
def test_the_difference_in_words(guess, actual, unit, expected):
    panel = NumberPrediction("How many?", range(101), unit)
    panel.commit(guess)
    assert words_of(panel.compare(actual))[0].endswith(expected)


def test_a_difference_between_fractions_is_not_crooked():
    panel = NumberPrediction("How much?", [0.0, 0.5, 1.0])
    panel.commit(0.3)
    assert words_of(panel.compare(0.1))[0] == "You predicted 0.3, it is 0.1: 0.2 too high."


def test_without_a_prediction_the_number_stands_alone(number):
    sentence, _ = words_of(number.compare(26))
    assert sentence == "You made no prediction this time. What happened: ≈ 26 %."
    assert number.compare(26).data == number.compare(26).data


OUTSIDE = [-1, 100.5, math.nan, math.inf, "93", None, True, 1j, [50], np.float64("nan")]


@pytest.mark.parametrize("outside", OUTSIDE, ids=repr)
def test_what_cannot_be_predicted_is_an_error_and_can_be_mended(number, outside):
    with pytest.raises(ValueError) as error:
        number.commit(outside)
    assert str(error.value) == f"Predict a number from 0 to 100, not {outside!r}."
    assert not find(number, ipywidgets.SelectionSlider).disabled and number.guess is None
    number.commit(50)
    assert number.guess == 50


@pytest.mark.parametrize("guess", [93.7, np.float64(93.7), Fraction(937, 10)])
def test_a_number_is_kept_as_it_was_given(number, guess):
    number.commit(guess)
    assert number.guess == 93.7
    assert status(number).startswith("You predict 93.7 %.")
    sentence, _ = words_of(number.compare(90))
    assert sentence == "You predicted 93.7 %, it is 90 %: 3.7 percentage points too high."


def test_a_number_typed_between_two_marks_of_the_slider_is_kept_too(number):
    find(number, ipywidgets.BoundedFloatText).value = 93.7
    press(number)
    assert number.guess == 93.7


@pytest.mark.parametrize("actual", [math.nan, math.inf, "26", None])
def test_a_result_that_is_no_number_is_an_error(number, actual):
    with pytest.raises(ValueError) as error:
        number.compare(actual)
    assert str(error.value) == f"Compare with a plain number, not {actual!r}."
    assert words_of(number.compare(np.float32(26)))[0].endswith("What happened: ≈ 26 %.")


@pytest.mark.parametrize("values", [[], [5], [5, 5], [0, math.nan], [0, math.inf], ["a", "b"]])
def test_nothing_to_choose_from_is_an_error(values):
    with pytest.raises(ValueError, match="two different ones or more"):
        NumberPrediction("How many?", values)


def test_both_numbers_are_drawn_on_one_scale(number, monkeypatch):
    figures = []
    monkeypatch.setattr(
        "lessons.panels.prediction.Comparison", lambda figure, *_: figures.append(figure)
    )
    number.compare(26)
    number.commit(80)
    number.compare(126)
    alone, both = (figure.axes[0] for figure in figures)
    assert [line.get_xdata()[0] for line in alone.lines] == [26]
    assert [line.get_xdata()[0] for line in both.lines] == [126, 80]
    assert both.get_xlim()[1] > 126
    assert [text.get_text() for text in both.get_yticklabels()] == [
        *("what happened", "your prediction")
    ]
    assert len({line.get_marker() for line in both.lines}) == 2


# ---------------------------------------------------------------------- without a kernel


def test_a_page_without_a_kernel_has_the_question_and_the_sketches(curve, number):
    for panel in (curve, number):
        text = repr(panel)
        assert text.count("live in JupyterLab, when the cell has run") == 1
    assert "How many are right?" in repr(number)
    assert "What will it do?\nA. falls, then rises\nB. falls all the time" in repr(curve)
    page = curve.static()
    assert page == curve.static()
    assert "What will it do?" in page and "<br>B. falls all the time" in page
    assert re.search(r'<img alt="Sketches of the validation loss.*A. falls, then rises; B', page)


def test_words_of_the_question_are_never_html():
    curve = CurvePrediction("1 < <b>2</b>?", {"<i>up": [0, 1], "down": [1, 0]}, ylabel="<u>loss")
    number = NumberPrediction("1 < <b>2</b>?", [0, 1])
    curve.commit("<i>up")
    pages = [curve.static().replace("<b>Your", ""), curve.compare([0, 1]).data]
    pages += [curve._status.value, number.root.children[1].value]
    for page in pages:
        assert not re.search("<[biu]>", page)
    assert "1 &lt; &lt;b&gt;2" in pages[-1]


@pytest.mark.parametrize("length", [1, 60, 61, 500])
def test_marks_do_not_hide_a_long_curve(length):
    labels = {"xlabel": "step", "ylabel": "loss"}
    (ax,) = draw_curve([1.0] * length, {"your sketch": [2.0] * length}, labels).axes
    for line in ax.lines:
        assert len(line.get_xdata()) == length
        assert 1 <= len(range(0, length, line.get_markevery())) <= 60
