"""Nothing that the library does changes a setting that the reader's own cells share with it."""

import inspect
import locale
import os
import random
import subprocess
import sys
import warnings

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from lessons import panels
from lessons.exercises import EXERCISES, check
from lessons.figures import html, plots
from lessons.model import Classifier, TextClassifier
from lessons.panels.controls import Panel
from lessons.silent_bugs import plots as bug_plots
from lessons.silent_bugs.steps import EpochScores
from lessons.text import Vocabulary
from lessons.training import Scores, train_step
from lessons.validation import Epoch

SCORES = Scores(1.0, 0.5)
HISTORY = [Epoch(1, SCORES, SCORES, 1.0), Epoch(2, SCORES, SCORES, 1.0)]
EPOCHS = [EpochScores(1, SCORES, SCORES, SCORES, SCORES)]
LITTLE = Classifier(TextClassifier(3, 2), Vocabulary.of(["<unk>", "good", "bad"]), ("a", "b"))
SKETCHES = {"rises": [0, 1], "falls": [1, 0]}


def settings():
    """What a kernel has only once, as text that can be compared."""
    return {
        **{name: repr(value) for name, value in matplotlib.rcParams.items()},
        "torch's random numbers": repr(torch.get_rng_state().tolist()),
        "Python's random numbers": repr(random.getstate()),
        "numpy's random numbers": repr(np.random.get_state()[1].tolist()),
        "threads": torch.get_num_threads(),
        "type of numbers": str(torch.get_default_dtype()),
        "record": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warnings": repr(warnings.filters),
        "language": locale.setlocale(locale.LC_ALL),
        "environment": {**os.environ, "PYTEST_CURRENT_TEST": ""},  # that one pytest changes
        "folder": os.getcwd(),
    }


@pytest.fixture
def same_settings():
    torch.optim.SGD([torch.zeros(1)])  # the first optimizer makes torch import parts of its own
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a test before this one may have set what is looked for here
        before = settings()
        yield
        after = settings()
    assert [name for name in before if after[name] != before[name]] == []


DRAWN = {
    "draw_loss": lambda ax, parts: plots.draw_loss(ax, HISTORY),
    "draw_accuracy": lambda ax, parts: plots.draw_accuracy(ax, HISTORY),
    "draw_earlier": lambda ax, parts: plots.draw_earlier(ax, [HISTORY], "loss"),
    "draw_line": lambda ax, parts: plots.draw_line(ax, [1], [2], "a", plots.TRAIN),
    "draw_comparison": lambda ax, parts: bug_plots.draw_comparison(
        Figure(), EPOCHS, EPOCHS, EPOCHS, "broken"
    ),
    "draw_sizes": plots.draw_sizes,
    "draw_shares": lambda ax, parts: plots.draw_shares(ax, parts, "Shares"),
    "draw_epoch": lambda ax, parts: plots.draw_epoch(ax, 1030, 100),
    "draw_confusion": lambda ax, parts: plots.draw_confusion(ax, torch.eye(2).long(), ("a", "b")),
}
PANELS = {
    "BatchPanel": lambda parts, folder: panels.BatchPanel(),
    "BreakPanel": lambda parts, folder: panels.BreakPanel(parts).run("leak"),
    "CurvePrediction": lambda parts, folder: predicted(
        panels.CurvePrediction("What?", SKETCHES, ylabel="loss"), "rises", [1, 2]
    ),
    "HeadlinePanel": lambda parts, folder: panels.HeadlinePanel(LITTLE, "good news"),
    "NumberPrediction": lambda parts, folder: predicted(
        panels.NumberPrediction("How many?", range(9)), 2, 3
    ),
    "CheckYourself": lambda parts, folder: panels.CheckYourself("05"),
    "ParsonsPanel": lambda parts, folder: panels.ParsonsPanel(train_step).check(),
    "Progress": lambda parts, folder: panels.Progress("05").static(),
    "RatePanel": lambda parts, folder: panels.RatePanel().step(),
    "SplitPanel": lambda parts, folder: panels.SplitPanel(parts.validation),
    "TrainingLab": lambda parts, folder: panels.TrainingLab("lab", folder=folder).run(epochs=1),
    "WordMapPanel": lambda parts, folder: panels.WordMapPanel(parts).static(),
}


def predicted(panel, guess, actual):
    panel.commit(guess)
    panel.compare(actual)
    return panel.static()


def test_all_drawings_and_panels_are_tried():
    drawn = {name for name in (*vars(plots), *vars(bug_plots)) if name.startswith("draw_")}
    assert drawn == DRAWN.keys()
    public = {name: getattr(panels, name) for name in panels.__all__}
    tried = {n for n, one in public.items() if isinstance(one, type) and issubclass(one, Panel)}
    assert tried == PANELS.keys()


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_to_draw_changes_no_setting(draw, parts, same_settings):
    ax = Figure().subplots()
    draw(ax, parts)
    html.svg(ax.figure)
    html.picture(ax.figure, "words")


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_changes_no_setting(name, parts, tmp_path, same_settings):
    # To make a model takes random numbers of the kernel's, as PyTorch does it, also with a
    # generator of our own. A run that was asked for may; what is merely shown may not.
    trains = name in ("BreakPanel", "TrainingLab")
    with torch.random.fork_rng(devices=[], enabled=trains):
        PANELS[name](parts, tmp_path)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_a_check_changes_no_setting(exercise, same_settings):
    check(exercise.id, exercise.solution)


def test_a_drawing_that_fails_puts_its_setting_back(same_settings, monkeypatch):
    figure = Figure()
    monkeypatch.setattr(figure, "savefig", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        html.svg(figure)


def test_what_a_cell_sets_while_a_panel_draws_stays_set(monkeypatch):
    """A panel draws in a thread of its own, so it must not put back more than it has set."""
    with matplotlib.rc_context():
        figure = Figure()
        draw = figure.savefig

        def meanwhile(*arguments, **options):
            matplotlib.rcParams["lines.linewidth"] = 7.5
            draw(*arguments, **options)

        monkeypatch.setattr(figure, "savefig", meanwhile)
        html.svg(figure)
        assert matplotlib.rcParams["lines.linewidth"] == 7.5


IMPORT = """
import importlib, locale, os, pkgutil, random, warnings
import IPython.display, ipywidgets, matplotlib.figure, numpy as np, torch.utils.data
{settings}
before = settings()
import lessons
for module in pkgutil.walk_packages(lessons.__path__, "lessons."):
    importlib.import_module(module.name)
after = settings()
print([name for name in before if after[name] != before[name]])
"""


def test_to_import_the_library_changes_no_setting():
    code = IMPORT.format(settings=inspect.getsource(settings))
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "[]\n"
