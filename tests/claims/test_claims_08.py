"""What the lessons say about the panels: targets, rates, and where the star stays."""

import re
from itertools import pairwise

import nbformat
import pytest
from claims import claim

from conftest import ROOT
from lessons.panels import RatePanel, Target
from lessons.panels.runs import Settings, new_run, prepare
from lessons.validation import Epoch, best

five_seeds = pytest.mark.parametrize("seed", range(5))


@pytest.fixture(scope="module")
def prepared(parts):
    return prepare(parts)


@pytest.fixture
def history(prepared, tmp_path):
    def history(**settings):
        run = new_run(tmp_path, Settings(**settings))
        for event in run.begin(prepared):
            if isinstance(event, Epoch) and event.number == run.settings.epochs:
                return run.history

    return history


def target_of(lesson):
    """The target of a lesson's training lab, as it stands in the notebook."""
    (path,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
    text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells)
    accuracy, epochs = re.search(r"Target\(accuracy=([\d.]+), epochs=(\d+)\)", text).groups()
    return Target(float(accuracy), int(epochs))


def most_right(history):
    return max(epoch.validation.accuracy for epoch in history)


REACHED_BY = {  # what the prose of the lesson suggests
    "05": {"batch_size": 8},
    "06": {"batch_size": 32, "learning_rate": 0.01},
    "07": {"batch_size": 32, "learning_rate": 0.03},
    "08": {},
}


@pytest.mark.parametrize("lesson", REACHED_BY)
def test_a_target_can_be_reached(history, lesson):
    target = target_of(lesson)
    reached = most_right(history(epochs=target.epochs, **REACHED_BY[lesson]))
    claim("validation accuracy", reached, ">", target.accuracy)


@pytest.mark.parametrize("lesson", ["05", "06", "07"])
def test_the_run_of_the_notebook_does_not_reach_it(history, lesson):
    target = target_of(lesson)
    reached = most_right(history(epochs=target.epochs))
    claim("validation accuracy", reached, "<", target.accuracy)


@five_seeds
def test_five_epochs_of_sgd_do_not_reach_what_adamw_does(history, seed):
    sgd = history(epochs=5, optimizer="SGD", learning_rate=3.0, batch_size=32, seed=seed)
    target = target_of("08")
    claim("SGD", most_right(sgd), "<", target.accuracy)
    claim("AdamW", most_right(history(epochs=target.epochs, seed=seed)), ">", target.accuracy)


@five_seeds
def test_the_loss_ends_above_the_star(history, seed):
    """Lesson 06: 30 epochs in batches of 16 with a rate of 0.1."""
    long = history(epochs=30, batch_size=16, learning_rate=0.1, seed=seed)
    claim("best epoch", best(long).number, "<", 25)
    claim("last by best", long[-1].validation.loss / best(long).validation.loss, ">", 1.03)
    claim("last in training", long[-1].train.loss, "<", 0.01)


@pytest.mark.parametrize("rate", [1.0, 3.0, 100.0])
def test_three_steps_down_the_slope(rate):
    """Lesson 04: with 1 still on the way, with 3 about there, with 100 uphill at once."""
    panel = RatePanel()
    panel._rate.value = rate
    for _ in range(3):
        panel.step()
    floor = min(panel._loss(-2 + 0.02 * step) for step in range(200))
    losses = [loss for _, loss in panel.path]
    if rate == 1.0:
        claim("least fall", min(a - b for a, b in pairwise(losses)), ">", 0)
        claim("above the floor", losses[-1] - floor, ">", 0.04)
    elif rate == 3.0:
        claim("above the floor", losses[-1] - floor, "<", 0.03)
    else:
        claim("rise of the first step", losses[1] - losses[0], ">", 0)


def test_the_numbers_of_lesson_08():
    (path,) = (ROOT / "notebooks").glob("08_*.ipynb")
    text = path.read_text()
    stories, size = map(
        int, re.search(r"BatchPanel\(stories=(\d+), batch_size=(\d+)", text).groups()
    )
    assert (-(-stories // size), stories % size) == (32, 16)
    assert "32 iterations, and the last batch holds 16" in text
