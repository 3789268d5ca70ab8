"""The curves of the training lab: a frame that stays and lines that move, and both in words."""

import re

from lessons.panels.live_plot import Curves, describe
from lessons.training import Scores
from lessons.validation import Epoch


def layers(drawn):
    """The two drawings that lie on top of each other, without their ids: frame and lines."""
    return re.findall(r"<svg.*?</svg>", re.sub(r"\b[mp][0-9a-f]{10}\b", "", "".join(drawn)), re.S)


def test_the_frame_of_the_curves_stays_while_the_lines_move():
    history = [Epoch(n, Scores(1 / n, 0.5), Scores(1 / n, 0.5), 1) for n in range(1, 13)]
    frame, empty = layers(Curves([history[:3]], epochs=10).draw([], []))
    curves = Curves([history[:3]], epochs=10)
    same, lines = layers(curves.draw(history[:1], []))
    assert same == frame and ">best epoch<" in frame  # no line that moves is in it
    assert lines != empty and "<text" not in lines
    same, moved = layers(curves.draw(history[:2], []))
    assert same == frame and moved != lines
    for more in (history, [Epoch(1, Scores(7.0, 0.5), Scores(2.0, 0.5), 1)]):
        wider, _ = layers(curves.draw(more, []))  # epochs past the tenth; a loss above the top
        assert wider != frame


def test_the_plot_in_words():
    history = [Epoch(4, Scores(0.123, 0.95), Scores(0.456, 0.875), 1.0)]
    described = describe(history, earlier=2)
    assert "After epoch 4: training loss 0.12, validation loss 0.46" in described
    assert "accuracy 95% in training, 88% in validation" in described
    assert "2 earlier runs are drawn paler." in described
    assert "1 earlier run is drawn paler." in describe(history, earlier=1)
