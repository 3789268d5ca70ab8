"""What is plotted, read back from the axes; and the words that go with it."""

import math
import re
import warnings
from base64 import b64decode
from html import unescape
from itertools import pairwise
from time import process_time

import matplotlib
import pytest
import torch
from matplotlib.figure import Figure

from lessons.figures.fonts import leave_to_browser
from lessons.figures.html import labelled, picture, svg
from lessons.figures.plots import (
    draw_accuracy,
    draw_confusion,
    draw_earlier,
    draw_epoch,
    draw_loss,
    draw_shares,
    draw_sizes,
)
from lessons.split import Split, Stories
from lessons.training import Scores
from lessons.validation import Epoch

HISTORY = [
    Epoch(1, Scores(1.2, 0.50), Scores(1.0, 0.60), 1.0),
    Epoch(2, Scores(0.8, 0.70), Scores(0.7, 0.80), 1.0),
    Epoch(3, Scores(0.3, 0.95), Scores(0.9, 0.75), 1.0),
]


@pytest.fixture
def ax():
    return Figure().subplots()


def lines(ax):
    return {line.get_label(): line.get_xydata().tolist() for line in ax.lines}


def test_the_loss_and_its_best_epoch(ax):
    draw_loss(ax, HISTORY)
    assert lines(ax) == {
        "training": [[1, 1.2], [2, 0.8], [3, 0.3]],
        "validation": [[1, 1.0], [2, 0.7], [3, 0.9]],
        "best epoch: 2": [[2, 0.7]],
    }


def test_the_accuracy(ax):
    draw_accuracy(ax, HISTORY)
    assert lines(ax)["training"] == [[1, 0.5], [2, 0.7], [3, 0.95]]
    assert lines(ax)["validation"] == [[1, 0.6], [2, 0.8], [3, 0.75]]
    assert ax.yaxis.get_major_formatter()(0.25, 0) == "25%"


@pytest.mark.parametrize("draw", [draw_loss, draw_accuracy])
def test_lines_differ_by_more_than_colour_and_are_named(ax, draw):
    draw(ax, HISTORY)
    training, validation = ax.lines[:2]
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_marker() != validation.get_marker()
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == [line.get_label() for line in ax.lines]
    assert ax.get_title() and ax.get_ylabel() and ax.get_xlabel() == "epoch"


@pytest.mark.parametrize("draw", [draw_loss, draw_accuracy])
@pytest.mark.parametrize("loss", [None, math.nan, math.inf])
def test_a_run_that_has_not_begun_or_went_to_infinity_can_be_drawn(ax, draw, loss):
    lost = [Epoch(1, Scores(1.0, 0.5), Scores(loss, 0.25), 1.0)] if loss else []
    draw(ax, lost)
    assert [line.get_label() for line in ax.lines] == ["training", "validation"]
    picture(ax.figure, "a run that went wrong")


def test_epochs_are_whole_numbers_on_the_axis(ax):
    draw_loss(ax, HISTORY[:2])
    assert all(tick == round(tick) for tick in ax.get_xticks())


def test_confusion(ax):
    draw_confusion(ax, torch.tensor([[5, 1], [2, 9]]), ("World", "Sports"))
    cells = {text.get_position(): text.get_text() for text in ax.texts}
    assert cells == {(0, 0): "5", (1, 0): "1", (0, 1): "2", (1, 1): "9"}  # (guess, answer)
    assert ax.get_xlabel() == "the model's guess"
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["World", "Sports"]


def test_names_from_data_are_no_formulas(ax):
    draw_confusion(ax, torch.eye(2, dtype=torch.int64), ("$\\frac{$", "a_$b$"))
    picture(ax.figure, "names with dollar signs")  # a formula would not be drawn


def test_many_classes_are_those_mixed_up_most_and_drawn_in_time(ax):
    counts = torch.eye(150, dtype=torch.int64) * 20
    mixed = list(range(3, 150, 6))  # 25 of them: each takes its follower in this list for itself
    for place, label in enumerate(mixed):
        counts[label, mixed[place - 1]] = 7
    names = [f"topic {number}" for number in range(150)]
    begun = process_time()
    draw_confusion(ax, counts, names)
    picture(ax.figure, "the classes that are mixed up most")
    assert process_time() - begun < 5
    named = [tick.get_text() for tick in ax.get_yticklabels()]
    assert named == [names[label] for label in mixed]
    assert sorted(text.get_text() for text in ax.texts) == ["20"] * 25 + ["7"] * 25
    assert ax.get_title() == "The 25 of 150 classes that are mixed up most"


def test_twenty_classes_have_room(ax):
    names = [f"a class with quite a long name, number {number}" for number in range(20)]
    draw_confusion(ax, torch.eye(20, dtype=torch.int64), names)
    ax.figure.draw_without_rendering()
    boxes = [tick.get_window_extent() for tick in ax.get_xticklabels()]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert all(box.y1 - box.y0 < 2 * ax.figure.dpi for box in boxes)  # inches: they are shortened
    assert len({tick.get_text() for tick in ax.get_xticklabels()}) == 20  # and still differ
    assert [text.get_text() for text in ax.texts] == ["1"] * 20  # the empty cells stay empty


@pytest.mark.parametrize("name", ["国际新闻", "खेल", "กีฬา", "스포츠"])
def test_names_in_any_script_are_left_to_the_browser(ax, name):
    draw_confusion(ax, torch.eye(2, dtype=torch.int64), (name, "World"))
    before = dict(matplotlib.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib says so where it draws a box
        shown = picture(ax.figure, "names in another script").data
        panel = svg(ax.figure)
    assert dict(matplotlib.rcParams) == before
    drawn = b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', shown)[1]).decode()
    for page in (drawn, panel):
        assert len(re.findall(rf"<text [^>]*>{name}</text>", page)) == 2


def test_a_picture_is_a_png_with_words(ax):
    draw_loss(ax, HISTORY)
    shown = picture(ax.figure, "loss falls").data
    data = re.search(r'src="data:image/png;base64,([^"]+)"', shown)
    assert b64decode(data[1]).startswith(b"\x89PNG")
    assert 'alt="loss falls"' in shown


def test_words_from_data_are_never_html(ax):
    alt = 'the story "<script>alert(1)</script>"'
    shown = picture(ax.figure, alt).data
    assert "<script" not in shown
    assert unescape(re.search('alt="([^"]*)"', shown)[1]) == alt


def test_drawn_again_the_lines_move(ax):
    draw_loss(ax, HISTORY[:1])
    draw_loss(ax, HISTORY)
    again = Figure().subplots()
    draw_loss(again, HISTORY)
    assert lines(ax) == lines(again)
    assert len(ax.lines) == len(again.lines) == 3
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["training", "validation", "best epoch: 2"]


def test_earlier_runs_are_pale_and_numbered(ax):
    draw_earlier(ax, [HISTORY, HISTORY[:2]], "loss")
    draw_loss(ax, HISTORY)
    assert [line.get_alpha() for line in ax.lines[:2]] == [0.45, 0.45]
    assert ax.lines[0].get_ydata().tolist() == [1.0, 0.7, 0.9]
    assert [text.get_text() for text in ax.texts] == ["1", "2"]
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["earlier runs: validation", "training", "validation", "best epoch: 2"]


def test_an_epoch_in_batches(ax):
    draw_epoch(ax, 1030, 100, read=2)
    (strip,) = ax.collections
    widths = [path.get_extents().width for path in strip.get_paths()]
    assert widths == [100] * 10 + [30]
    assert [text.get_text() for text in ax.texts] == [str(number) for number in range(1, 12)]
    assert len({tuple(color) for color in strip.get_facecolor()[:3]}) == 2  # two are read
    assert "11 iterations (stories in the last: 30)" in ax.get_title()
    assert "fill: #111111" in svg(ax.figure)  # dark on light blue, also on a dark page


@pytest.mark.parametrize(
    ("stories", "size"), [(1030, 100), (1000, 128), (50, 1000), (2000, 1), (105, 100), (1010, 100)]
)
def test_the_last_batch_always_has_its_number(stories, size):
    ax = Figure(figsize=(10, 1.7), layout="constrained").subplots()  # as large as in the panel
    draw_epoch(ax, stories, size)
    ax.figure.draw_without_rendering()
    (last,) = (text for text in ax.texts if text.get_text() == f"{-(-stories // size):,}")
    (strip,) = ax.collections
    box, number = strip.get_paths()[-1].get_extents(), last.get_window_extent()
    left, right = ax.transData.inverted().transform([number.min, number.max])
    inside = box.x0 < left[0] and right[0] < box.x1 and right[1] < box.y1
    above = left[1] > box.y1 and right[1] < ax.get_ylim()[1] and right[0] <= stories * 1.001
    assert inside or above


def test_a_single_iteration_is_no_plural(ax):
    draw_epoch(ax, 50, 1000)
    assert "batch size 1,000, 1 iteration (stories in the last: 50)" in ax.get_title()


def test_sizes_and_shares_of_a_split():
    left, right = Figure().subplots(1, 2)
    names = ("a", "b")
    parts = Split(
        Stories(["x"] * 4, [0, 0, 0, 1], names), Stories(["x"], [1], names), Stories([], [], names)
    )
    draw_sizes(left, parts)
    assert [bar.get_height() for bar in left.patches] == [4, 1, 0]
    draw_shares(right, parts, "Shares")
    assert [bar.get_height() for bar in right.patches] == [0.75, 0.25, 0, 1, 0, 0]
    assert len({bar.get_hatch() for bar in left.patches}) == 3  # not by colour alone


def test_shares_of_many_classes_are_those_of_the_largest(ax):
    names = tuple(f"topic {number}" for number in range(150))
    labels = [*range(150), *range(100, 125)]
    pile = Stories(["x"] * len(labels), labels, names)
    draw_shares(ax, Split(pile, pile, pile), "Stratified")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == list(names[100:125])
    assert {bar.get_height() for bar in ax.patches} == {2 / 175}
    assert ax.get_title() == "Stratified: the 25 largest of 150 classes"
    assert ax.yaxis.get_major_formatter()(0.005, 0) == "0.5%"


def test_a_drawing_for_a_panel_takes_the_colours_of_the_page(ax):
    draw_loss(ax, HISTORY)
    drawn = labelled(svg(ax.figure), 'Loss < 1 & "best"')
    assert drawn.startswith('<div role="img" aria-label="Loss &lt; 1 &amp; &quot;best&quot;"><svg')
    assert "var(--lessons-train" in drawn and "currentColor" in drawn
    assert not re.search(r": #000000|: #ffffff|: #0072b2", drawn)
    pointed = set(re.findall(r"#([\w-]+)", drawn))
    assert set(re.findall(r' id="([^"]+)"', drawn)) <= pointed


def test_texts_that_the_font_can_draw_keep_their_font(ax):
    plain, foreign = ax.text(0, 0, "cup"), ax.text(0, 0, "水獭")
    usual = plain.get_fontfamily()
    leave_to_browser([plain, foreign])
    assert plain.get_fontfamily() == usual != foreign.get_fontfamily()
