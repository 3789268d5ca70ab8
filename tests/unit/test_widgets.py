"""The panels without a browser: their sliders are moved and their buttons pressed in Python."""

import ast
import errno
import gc
import inspect
import json
import math
import os
import re
import threading
import time
import weakref

import ipywidgets
import pytest
import torch
from test_runs import WRONG, second_kernel

import lessons.checkpoint
import lessons.panels
from lessons.checkpoint import load_checkpoint
from lessons.loaders import make_loader
from lessons.model import Classifier, TextClassifier, classify
from lessons.panels import BatchPanel, HeadlinePanel, RatePanel, SplitPanel, Target, TrainingLab
from lessons.panels.controls import Dial
from lessons.panels.live_plot import Curves, describe
from lessons.panels.runs import Settings, new_run, prepare
from lessons.panels.training_lab import KEPT
from lessons.panels.worker import Worker
from lessons.split import Stories, split
from lessons.text import Vocabulary
from lessons.training import Scores
from lessons.validation import Epoch, best, evaluate

LONG = 60  # seconds: what takes longer hangs


def shown(panel):
    """All that a panel says in HTML."""
    found, waiting = [], [panel.root]
    while waiting:
        widget = waiting.pop()
        waiting.extend(getattr(widget, "children", ()))
        if isinstance(widget, ipywidgets.HTML):
            found.append(widget.value)
    return "\n".join(found)


def find(panel, kind, name):
    """The widget of this kind with this name."""
    waiting = [panel.root]
    while waiting:
        widget = waiting.pop()
        waiting.extend(getattr(widget, "children", ()))
        if isinstance(widget, kind) and widget.description == name:
            return widget
    raise LookupError(name)


def press(panel, name):
    button = find(panel, ipywidgets.Button, name)
    assert not button.disabled, f"{name} cannot be pressed"
    button.click()


def enabled(panel):
    names = ("Train", "Stop", "Continue", "Reset")
    return [name for name in names if not find(panel, ipywidgets.Button, name).disabled]


def put(panel, name, value):
    """Type a number into the box of a slider."""
    kinds = (ipywidgets.BoundedIntText, ipywidgets.BoundedFloatText)
    find(panel, kinds, f"{name}, as a number").value = value


def workers():
    return [thread for thread in threading.enumerate() if thread.name == "lessons-worker"]


# ---------------------------------------------------------------------------- the worker


class Counter:
    """Counts without end; `reached(n)` waits until n have been heard."""

    def __init__(self):
        self.heard, self.ends = [], []
        self._changed = threading.Condition()
        self.worker = Worker(self.hear, self.ends.append)

    def hear(self, number):
        with self._changed:
            self.heard.append(number)
            self._changed.notify_all()
        return True

    def reached(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.heard) >= count, LONG)


def numbers():
    number = 0
    while True:
        yield number
        number += 1


def test_it_stops_and_goes_on_without_a_gap():
    counter, events = Counter(), numbers()
    for _ in range(3):
        begun = len(counter.heard)
        counter.worker.start(events)
        counter.reached(begun + 10)
        counter.worker.stop()
        assert counter.worker.wait(LONG)
    assert counter.heard == list(range(len(counter.heard)))
    assert counter.ends == [None] * 3


def test_after_stop_at_most_the_event_that_was_begun_comes():
    entered, leave, made = threading.Event(), threading.Event(), []

    def slow():
        for number in range(5):
            entered.set()
            leave.wait(LONG)
            made.append(number)
            yield number

    worker = Worker(lambda _: True, lambda _: None)
    worker.start(slow())
    assert entered.wait(LONG)
    worker.stop()  # in the middle of the first one
    leave.set()
    assert worker.wait(LONG)
    assert made == [0]


def test_to_start_one_stops_the_other():
    first, second = Counter(), Counter()
    first.worker.start(numbers())
    first.reached(5)
    second.worker.start(numbers())
    second.reached(5)
    assert first.worker.wait(LONG)  # it did not go on beside the second one
    assert first.ends == [None]
    second.worker.stop()
    assert second.worker.wait(LONG)


def test_an_error_is_handed_on():
    def fails():
        yield 1
        raise RuntimeError("out of ink")

    counter = Counter()
    counter.worker.start(fails())
    assert counter.worker.wait(LONG)
    assert counter.heard == [1]
    assert str(counter.ends[0]) == "out of ink"


def test_a_pause_ends_with_stop():
    counter = Counter()
    hear = counter.hear
    counter.worker = Worker(lambda n: (hear(n), counter.worker.pause(10 * LONG)), lambda _: None)
    counter.worker.start(numbers())
    counter.reached(1)
    counter.worker.stop()
    assert counter.worker.wait(LONG)


# --------------------------------------------------------------------------- the sliders


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


# ----------------------------------------------------------------------- the training lab


@pytest.fixture
def lab(tmp_path):
    made = TrainingLab("lab", Target(0.85, 5), folder=tmp_path)
    yield made
    made.stop()
    assert made.wait(LONG)


def test_nothing_has_happened_yet(lab):
    assert lab.history == []
    assert enabled(lab) == ["Train", "Reset"]
    assert "Press Train." in shown(lab)
    with pytest.raises(ValueError, match="no best epoch"):
        _ = lab.best
    with pytest.raises(ValueError, match="Train and save first"):
        _ = lab.classifier


def test_train_to_the_end(lab, parts):
    put(lab, "epochs", 3)
    put(lab, "batch size", 64)
    press(lab, "Train")
    assert lab.wait(LONG)
    assert [epoch.number for epoch in lab.history] == [1, 2, 3]
    assert lab.runs[-1].settings == Settings(3, 64)
    assert lab.best == best(lab.history)
    loader = make_loader(prepare(parts).validation, 128)
    assert evaluate(lab.classifier.model, loader) == lab.best.validation
    assert enabled(lab) == ["Train", "Reset"]
    page = shown(lab)
    assert re.search(r"Finished\. Epoch 3: validation loss 0\.\d\d, \d\d% right", page)
    assert "3 of 3" in page


def test_the_history_is_that_of_the_plain_loop(lab, parts, tmp_path):
    put(lab, "epochs", 2)
    press(lab, "Train")
    assert lab.wait(LONG)
    plain = new_run(tmp_path / "plain", Settings(2))
    for event in plain.begin(prepare(parts)):
        if isinstance(event, Epoch) and event.number == 2:
            break
    assert [epoch[:3] for epoch in lab.history] == [epoch[:3] for epoch in plain.history]


def test_stop_continue_and_the_same_history_as_without(lab):
    put(lab, "batch size", 8)
    put(lab, "epochs", 30)
    press(lab, "Train")
    assert enabled(lab) == ["Stop"]
    heard = watch(lab, lambda: len(lab.history) >= 1)
    press(lab, "Stop")
    assert heard and lab.wait(LONG)
    stopped = len(lab.history)
    assert stopped < 30
    assert f"Stopped after {stopped} of 30 epochs" in shown(lab)
    assert enabled(lab) == ["Train", "Continue", "Reset"]
    put(lab, "epochs", stopped + 1)
    press(lab, "Continue")
    assert lab.wait(LONG)
    whole = lab.history
    assert [epoch.number for epoch in whole] == list(range(1, stopped + 2))
    lab.run(epochs=stopped + 1, batch_size=8)
    assert [epoch[:3] for epoch in lab.history] == [epoch[:3] for epoch in whole]


def watch(lab, condition):
    """Wait until a condition of the lab is met; its status line changes with each epoch."""
    met = threading.Event()

    def look(_=None):
        if condition():
            met.set()

    lab._status.observe(look, "value")
    look()
    return met.wait(LONG)


def test_a_finished_run_goes_on_if_more_epochs_are_wanted(lab):
    put(lab, "epochs", 2)
    press(lab, "Train")
    assert lab.wait(LONG)
    put(lab, "epochs", 4)
    press(lab, "Continue")
    assert lab.wait(LONG)
    assert len(lab.history) == 4
    assert "4 of 4" in shown(lab)


def test_earlier_runs_stay_for_comparison(lab):
    for size in (64, 128, 256):
        put(lab, "batch size", size)
        put(lab, "epochs", 2)
        press(lab, "Train")
        assert lab.wait(LONG)
    assert [run.settings.batch_size for run in lab.runs] == [64, 128, 256]
    page = shown(lab)
    assert "2 earlier runs are drawn paler" in page
    assert all(f"<td>{size}</td>" in page for size in (64, 128, 256))
    for _ in range(4):
        lab.run(epochs=1, batch_size=512)
    assert [run.settings.batch_size for run in lab.runs] == [256, 512, 512, 512, 512]
    assert len(list(lab.runs[0].path.parent.glob("*.pt"))) == 5  # no file is left behind


def test_reset_forgets_all_with_its_files(lab, tmp_path):
    put(lab, "learning rate", 0.5)
    lab.run(epochs=1)
    press(lab, "Reset")
    assert lab.runs == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert find(lab, ipywidgets.BoundedFloatText, "learning rate, as a number").value == 0.01


def test_running_the_cell_again_stops_the_run_and_loses_nothing(lab, tmp_path):
    put(lab, "batch size", 8)
    put(lab, "epochs", 30)
    press(lab, "Train")
    assert watch(lab, lambda: len(lab.history) >= 1)
    again = TrainingLab("lab", Target(0.85, 5), folder=tmp_path)
    assert workers() == []
    assert again.runs == lab.runs
    assert again.best == best(again.history)
    assert "Stopped after" in shown(again)
    count = len(again.history)
    put(again, "epochs", count + 1)
    press(again, "Continue")
    assert again.wait(LONG)
    assert len(again.history) == count + 1


def test_a_new_kernel_finds_the_runs(lab, tmp_path):
    lab.run(epochs=2)
    history = lab.history
    TrainingLab._labs.clear()  # as in a new kernel
    found = TrainingLab("lab", folder=tmp_path)
    assert found.history == history
    assert evaluate_both(found.classifier, lab.classifier)
    assert enabled(found) == ["Train", "Reset"]
    assert "Here are your earlier runs" in shown(found)


def evaluate_both(one, other):
    return torch.equal(one.model.linear.weight, other.model.linear.weight)


def test_an_error_is_told_in_words_and_nothing_is_lost(lab, monkeypatch, tmp_path):
    monkeypatch.setenv("LESSONS_SOURCE", str(tmp_path / "no.csv"))
    broken = TrainingLab("broken", folder=tmp_path)
    press(broken, "Train")
    assert broken.wait(LONG)
    assert "Training ended with an error. There is no file" in shown(broken)
    assert "lessons-error" in shown(broken)
    assert enabled(broken) == ["Train", "Reset"]
    find(broken, ipywidgets.Dropdown, "stories").value = "mini-news"
    press(broken, "Train")
    assert broken.wait(LONG)
    assert "Finished" in shown(broken)


def test_a_source_that_cannot_be_read_costs_no_run(lab, tmp_path):
    for _ in range(KEPT):
        lab.run(epochs=1, batch_size=1024)
    before = list(lab.runs)
    for _ in range(2):
        with pytest.raises(ValueError, match="There is no file"):
            lab.run(source=tmp_path / "typo.csv")
    assert lab.runs == before
    assert all(run.path.exists() for run in before)
    assert enabled(lab) == ["Train", "Reset"]
    lab.run(epochs=1, batch_size=1024)
    assert lab.runs[:-1] == before[1:]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_drawing_that_fails_leaves_the_lab_free(lab, monkeypatch, number):
    """The first one is that of the empty plot, the others come while it trains and at its end."""
    draw, drawings = Curves.draw, []

    def fails_once(*arguments):
        drawings.append(1)
        if len(drawings) == number:
            raise RuntimeError("no LaTeX")
        return draw(*arguments)

    monkeypatch.setattr(Curves, "draw", fails_once)
    with pytest.raises(RuntimeError, match="no LaTeX"):
        lab.run(epochs=1, batch_size=1024)
    lab.run(epochs=1, batch_size=1024)
    assert len(lab.history) == 1
    assert "Train" in enabled(lab)


def test_an_error_in_the_middle_keeps_the_epochs_before_it(lab, monkeypatch):
    def fails(run):
        if len(run.history) == 2:
            raise OSError("The disk is full.")

    put(lab, "epochs", 5)
    monkeypatch.setattr("lessons.panels.runs.TrainingRun.keep", fails)
    press(lab, "Train")
    assert lab.wait(LONG)
    assert "Training ended with an error. The disk is full." in shown(lab)
    assert len(lab.history) == 2
    assert isinstance(lab.best, Epoch)
    assert load_checkpoint(lab.runs[-1].path)


def test_a_rate_that_is_far_too_high_is_told(lab):
    put(lab, "epochs", 2)
    find(lab, ipywidgets.Dropdown, "optimizer").value = "SGD"
    put(lab, "learning rate", 100)
    lab.run(epochs=2, batch_size=64, learning_rate=1e30, optimizer="SGD")
    assert "no longer a number" in shown(lab)


def test_another_optimizer_brings_its_own_rate_unless_one_was_chosen(lab):
    rate = find(lab, ipywidgets.BoundedFloatText, "learning rate, as a number")
    optimizer = find(lab, ipywidgets.Dropdown, "optimizer")
    optimizer.value = "SGD"
    assert rate.value == 3.0
    rate.value = 1.0
    optimizer.value = "AdamW"
    assert rate.value == 1.0


def test_one_lab_stops_the_other(lab, tmp_path):
    other = TrainingLab("other", folder=tmp_path)
    put(lab, "batch size", 8)
    put(lab, "epochs", 30)
    press(lab, "Train")
    assert watch(lab, lambda: len(lab.history) >= 1)
    put(other, "epochs", 1)
    press(other, "Train")
    assert lab.wait(LONG) and other.wait(LONG)
    assert "Stopped after" in shown(lab)
    assert len(other.history) == 1


def test_run_stops_the_training_of_another_lab(lab, tmp_path):
    put(lab, "batch size", 8)
    put(lab, "epochs", 30)
    press(lab, "Train")
    assert watch(lab, lambda: len(lab.history) >= 1)
    TrainingLab("other", folder=tmp_path).run(epochs=1)
    assert workers() == []
    assert "Stopped after" in shown(lab)


def test_run_prints_the_same_lines_each_time(lab, capsys):
    lab.run(epochs=2)
    first = capsys.readouterr().out
    lab.run(epochs=2)
    assert capsys.readouterr().out == first
    assert re.fullmatch(r"(Epoch \d: validation loss ≈ \d\.\d, ≈ \d\d% right\.\n){2}", first)


def test_interrupting_run_keeps_the_panel_usable(lab, monkeypatch):
    def interrupt(run):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("lessons.panels.runs.TrainingRun.keep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            lab.run(epochs=3)
    assert enabled(lab) == ["Train", "Reset"]  # what was cut off cannot go on
    assert "Continue" not in lab._said
    lab.run(epochs=1)
    assert len(lab.history) == 1


@pytest.mark.parametrize(("wrong", "told"), WRONG, ids=[str(wrong) for wrong, _ in WRONG])
def test_wrong_arguments_are_told_and_change_nothing(lab, wrong, told, capsys):
    before = shown(lab)
    with pytest.raises(ValueError, match=re.escape(told)):
        lab.run(**wrong)
    assert (lab.runs, shown(lab), enabled(lab)) == ([], before, ["Train", "Reset"])
    assert capsys.readouterr().out == ""


def test_after_wrong_arguments_the_next_call_works_and_no_run_is_lost(lab):
    for _ in range(5):
        lab.run(epochs=1, batch_size=512)
    runs = list(lab.runs)
    with pytest.raises(ValueError):
        lab.run(learning_rate="0.1")
    assert lab.runs == runs and all(load_checkpoint(run.path) for run in runs)
    lab.run(epochs=2, batch_size=512)
    assert lab.runs[:-1] == runs[1:] and len(lab.history) == 2


def test_a_folder_that_cannot_be_written_is_told_and_the_panel_stays_usable(tmp_path):
    (tmp_path / ".lessons").touch()  # a file: that stops root too
    made = TrainingLab("lab", folder=tmp_path / ".lessons")
    press(made, "Train")
    assert "No training has begun. The file" in shown(made)
    assert "could not be written" in shown(made) and "Choose a folder" in shown(made)
    assert enabled(made) == ["Train", "Reset"]
    with pytest.raises(OSError, match="could not be written .* Choose a folder"):
        made.run(epochs=1)
    assert made.runs == []
    (tmp_path / ".lessons").unlink()
    made.run(epochs=1, batch_size=512)
    assert len(made.history) == 1


def test_a_full_disk_ends_the_training_in_words_and_keeps_the_epochs_before(lab, monkeypatch):
    def full(path, content):
        if len(lab.history) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, content)

    write = lessons.checkpoint.os.replace
    put(lab, "epochs", 5)
    with monkeypatch.context() as patched:
        patched.setattr("lessons.checkpoint.os.replace", full)
        press(lab, "Train")
        assert lab.wait(LONG)
    assert "Training ended with an error. The file" in shown(lab)
    assert "(No space left on device). Choose a folder that exists" in shown(lab)
    assert len(lab.history) == 2 and load_checkpoint(lab.runs[-1].path)
    lab.run(epochs=1, batch_size=512)  # there is room again
    assert len(lab.history) == 1


def test_reset_that_cannot_delete_says_so_and_keeps_the_runs(lab, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    lab.run(epochs=1, batch_size=512)
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.unlink", refuse)
        press(lab, "Reset")
    assert "could not be deleted (Permission denied)" in shown(lab)
    assert len(lab.history) == 1 and load_checkpoint(lab.runs[-1].path)
    press(lab, "Reset")
    assert lab.runs == []


def test_a_lab_leaves_alone_what_another_kernel_has_there(lab, tmp_path):
    with second_kernel(tmp_path / "lab"):
        TrainingLab._labs.clear()  # as in a new kernel
        found = TrainingLab("lab", folder=tmp_path)
        assert found.runs == []
        for _ in range(6):
            found.run(epochs=1, batch_size=512)
        press(found, "Reset")
        (left,) = (tmp_path / "lab").glob("*.json")
        assert json.loads(left.read_text())["settings"][0] == 7  # theirs


@pytest.mark.parametrize("name", ["Reset", "Train", "Continue"])
def test_a_button_while_a_cell_trains_changes_nothing(lab, name):
    """A front end may send what was pressed to another thread, at once."""
    lab.run(epochs=1, batch_size=512)  # so that there is something to continue

    def click():
        find(lab, ipywidgets.Button, name).click()

    def paint():
        presses.append(enabled(lab))
        elsewhere = threading.Thread(target=click)
        elsewhere.start()
        elsewhere.join(LONG)

    presses, lab._paint = [], paint
    before = find(lab, ipywidgets.Button, name)
    lab.run(epochs=3, batch_size=512)
    del lab._paint
    assert before.comm is None  # what still waits to be told to it finds nobody
    assert presses and presses == [["Stop"]] * len(presses)
    assert [len(run.history) for run in lab.runs] == [1, 3]
    assert all(load_checkpoint(run.path) for run in lab.runs)
    assert workers() == []
    press(lab, "Reset")
    assert lab.runs == []


def test_stop_while_a_cell_trains(lab):
    lab._paint = lambda: press(lab, "Stop")
    lab.run(epochs=30)
    del lab._paint
    assert lab.history == []
    assert "Stopped after 0 of 30 epochs. Press Continue" in shown(lab)
    put(lab, "epochs", 1)
    press(lab, "Continue")
    assert lab.wait(LONG)
    assert len(lab.history) == 1


def test_another_lab_waits_while_a_cell_trains(lab, tmp_path):
    other = TrainingLab("other", folder=tmp_path)
    put(other, "epochs", 1)
    lab._paint = lambda: "Stop" in enabled(other) or press(other, "Train")
    lab.run(epochs=2, batch_size=512)
    del lab._paint
    assert len(lab.history) == 2
    assert other.wait(LONG)
    assert len(other.history) == 1


def test_stop_takes_effect_while_ag_news_is_downloaded(lab, monkeypatch):
    def download():  # without end
        asked.set()
        while True:
            yield 3_000_000, 18_000_000

    asked = threading.Event()
    monkeypatch.setattr("lessons.panels.training_lab.download_ag_news", download)
    find(lab, ipywidgets.Dropdown, "stories").value = "ag-news"
    press(lab, "Train")
    assert watch(lab, lambda: "Downloading AG News: 3 of 18 MB." in shown(lab))
    press(lab, "Stop")
    assert lab.wait(LONG)
    assert "Stopped after 0 of 10 epochs. Press Continue" in shown(lab)


def test_slow_motion_trains_the_same_and_stops_at_once(lab):
    put(lab, "epochs", 30)
    find(lab, ipywidgets.Checkbox, "slow motion: a second an epoch").value = True
    press(lab, "Train")
    assert watch(lab, lambda: len(lab.history) >= 1)
    press(lab, "Stop")
    assert lab.wait(LONG)
    slow = lab.history[0]
    find(lab, ipywidgets.Checkbox, "slow motion: a second an epoch").value = False
    lab.run(epochs=1)
    assert lab.history[0][:3] == slow[:3]


def test_a_slow_painting_does_not_hold_up_the_next_run(lab):
    lab._due = math.inf  # as if the last one had taken very long
    put(lab, "batch size", 8)
    put(lab, "epochs", 30)
    press(lab, "Train")
    assert watch(lab, lambda: len(lab.history) >= 1)  # painted while it trains
    press(lab, "Stop")
    assert lab.wait(LONG)
    assert len(lab.history) < 30


def test_the_next_painting_is_never_far_off(lab, monkeypatch):
    lab.run(epochs=1)
    ticks = iter(range(0, 1000, 10))  # a painting that takes ten seconds of work
    monkeypatch.setattr("lessons.panels.training_lab.thread_time", lambda: next(ticks))
    lab._paint()
    assert lab._due - time.perf_counter() <= 1.0


def test_the_target(lab):
    assert "Target: validation accuracy above 85% in 5 epochs: <b>not reached yet" in shown(lab)
    lab.run(epochs=5)
    reached = Target(0.85, 5).reached(lab.history)
    assert f"reached in epoch {reached}" in shown(lab)
    late = [Epoch(6, Scores(0, 1), Scores(0, 0.99), 1.0)]
    assert Target(0.85, 5).reached(late) is None
    just = [Epoch(5, Scores(0, 1), Scores(0, 0.85), 1.0)]
    assert Target(0.85, 5).reached(just) is None  # above, not at


def test_words_for_a_page_without_a_kernel(lab):
    assert repr(lab).startswith("Training lab: live in JupyterLab")


def test_fifty_runs_leave_no_thread(lab):
    put(lab, "batch size", 8)
    for _ in range(50):
        press(lab, "Train")
        press(lab, "Stop")
        assert lab.wait(LONG)
    assert workers() == []


def test_a_closed_lab_is_forgotten(tmp_path):
    old = weakref.ref(TrainingLab("again", folder=tmp_path))
    TrainingLab("again", folder=tmp_path)
    gc.collect()
    assert old() is None


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


def test_the_lab_sends_the_frame_once_and_the_lines_as_often_as_they_move(lab):
    sent = []
    for layer in (lab._frame, lab._lines):
        layer.observe(lambda change: sent.append(change.owner), "value")
    lab.run(epochs=2, batch_size=64)
    assert sent.count(lab._frame) == 1 < sent.count(lab._lines)


def test_the_plot_in_words():
    history = [Epoch(4, Scores(0.123, 0.95), Scores(0.456, 0.875), 1.0)]
    told = describe(history, earlier=2)
    assert "After epoch 4: training loss 0.12, validation loss 0.46" in told
    assert "accuracy 95% in training, 88% in validation" in told
    assert "2 earlier runs are drawn paler." in told
    assert "1 earlier run is drawn paler." in describe(history, earlier=1)


# ------------------------------------------------------------------------ the other panels


def test_batches(parts):
    panel = BatchPanel(1030, 100)
    assert "1,030 stories in batches of 100: 11 iterations make one epoch" in shown(panel)
    assert "The last batch holds 30." in shown(panel)
    put(panel, "stories", 1000)
    assert "10 iterations" in shown(panel) and "All are full." in shown(panel)
    put(panel, "iteration", 10)
    assert "Iteration 10: 1,000 stories are read. That was one epoch." in shown(panel)
    put(panel, "batch size", 64)
    assert panel.iterations == 16
    assert find(panel, ipywidgets.BoundedIntText, "iteration, as a number").value == 0
    play = find(panel, ipywidgets.Play, "")
    assert play.max == 16
    put(panel, "batch size", 1000)
    assert "1 iteration makes one epoch" in shown(panel)
    put(panel, "batch size", 64)
    play.value = 3  # as in the third moment of playing
    assert "Iteration 3: 192 stories are read." in shown(panel)


def test_split(stories):
    panel = SplitPanel(stories)
    assert "Textbook 1,600, quizzes 200 and exam 200 stories." in shown(panel)
    put(panel, "textbook", 50)
    put(panel, "quizzes", 20)
    assert "Textbook 1,000, quizzes 400 and exam 600 stories." in shown(panel)
    assert "150 World, 150 Sports, 150 Business, 150 Sci/Tech" in shown(panel)
    box = find(panel, ipywidgets.Checkbox, "stratified: cut each class on its own")
    box.value = False
    by_luck = split(stories, (0.5, 0.2, 0.3), 0, stratified=False).test
    assert f"In the exam: {by_luck.labels.count(0)} World" in shown(panel)
    assert by_luck.labels.count(0) != 150


def test_split_without_an_exam_or_with_too_few_stories(stories):
    panel = SplitPanel(stories)
    put(panel, "quizzes", 20)
    assert "Nothing is left for the exam" in shown(panel)
    put(panel, "quizzes", 10)
    assert "Nothing is left" not in shown(panel)
    put(panel, "stories", 50)
    put(panel, "quizzes", 5)
    assert "exam" in shown(panel)


def test_learning_rate_small_right_and_too_large():
    def path(rate, steps):
        panel = RatePanel()
        put(panel, "learning rate", rate)
        for _ in range(steps):
            press(panel, "Step")
        return panel, [loss for _, loss in panel.path]

    panel, small = path(0.1, 5)
    assert small == sorted(small, reverse=True) and small[0] - small[-1] < 0.1
    assert "The loss fell." in shown(panel)
    _, right = path(3.0, 5)
    assert right[-1] < 1.4  # near the valley's floor
    panel, large = path(100.0, 1)
    assert large[1] > large[0]
    assert "The loss rose: too far." in shown(panel)
    press(panel, "Back to the start")
    assert len(panel.path) == 1 and panel.path[0][0] == 2.0


@pytest.fixture(scope="module")
def classifier(parts, tmp_path_factory):
    lab = TrainingLab("words", folder=tmp_path_factory.mktemp("lab"))
    lab.run()
    return lab.classifier


def test_headline(classifier):
    panel = HeadlinePanel(classifier, "Striker scores twice in cup final")
    chances = classify(classifier, "Striker scores twice in cup final")
    page = shown(panel)
    assert f"Sports, with a probability of {chances['Sports']:.0%}." in page
    assert re.findall(r'lessons-(?:for|against)" style=.*?>(\w+) <small>', page) == [
        *("striker", "scores", "twice", "in", "cup", "final")
    ]
    text = find(panel, ipywidgets.Text, "headline")
    text.value = "Shares zzzz"
    assert "zzzz <small>" in shown(panel) and "unknown word" in shown(panel)
    text.value = "<script>bank</script>"
    assert "<script>bank" not in shown(panel)


@pytest.mark.parametrize("headline", ["", "   ", "zzzz qqqq"])
def test_a_headline_without_a_known_word_is_told_so(classifier, headline):
    panel = HeadlinePanel(classifier, headline)
    assert "knows none of the words" in shown(panel)
    assert "lessons-word" not in shown(panel)


def test_without_a_headline_it_asks_about_words_that_the_model_knows(classifier):
    assert find(HeadlinePanel(classifier), ipywidgets.Text, "headline").value == (
        "Striker sells his robot bank"
    )
    words = Vocabulary.of(["<unk>", "天", "地", "人"])
    other = HeadlinePanel(Classifier(TextClassifier(4, 2), words, ("国际", "体育")))
    assert find(other, ipywidgets.Text, "headline").value == "天 地 人"
    assert "with a probability of" in shown(other)


def test_of_many_classes_the_most_probable_are_shown():
    words, names = Vocabulary.of(["<unk>", "good"]), tuple(f"topic {i:03}" for i in range(150))
    model = TextClassifier(2, 150)
    chances = classify(Classifier(model, words, names), "good")
    page = shown(HeadlinePanel(Classifier(model, words, names), "good"))
    listed = re.findall(r"<th scope='row'>(topic \d+)</th>", page)
    assert listed == sorted(sorted(names, key=chances.get)[-12:])
    rest = sum(chance for name, chance in chances.items() if name not in listed)
    assert f"all the others</th><td>{rest:.0%}" in page


def test_of_many_classes_the_split_panel_counts_the_first_ones():
    names = tuple(f"topic {i}" for i in range(150))
    page = shown(SplitPanel(Stories(["x"] * 1500, [*range(150)] * 10, names)))
    assert "1 topic 11 ..." in page and "1 topic 12" not in page


def test_a_model_of_other_classes():
    words = Vocabulary.of(["<unk>", "good", "bad"])
    model = Classifier(TextClassifier(3, 2), words, ("yes & no", "<b>"))
    page = shown(HeadlinePanel(model, "good bad"))
    assert "yes &amp; no" in page and "&lt;b&gt;" in page


PANELS = {n: one for n, one in vars(lessons.panels).items() if hasattr(one, "instead")}


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
def test_the_words_for_a_script_name_a_method_and_no_variable(panel):
    """A notebook may give a panel any name."""
    assert not re.search(r"\w\.\w", panel.instead)
    for method, arguments in re.findall(r"(\w+)\((.*?)\)", panel.instead):
        written = ast.parse(f"f({arguments})", mode="eval").body
        named = {one.arg: one.value for one in written.keywords}
        inspect.signature(getattr(panel, method)).bind("self", *written.args, **named)


@pytest.mark.parametrize("make", [BatchPanel, SplitPanel, RatePanel])
def test_every_drawing_has_words_with_numbers(make):
    (alt,) = re.findall(r'role="img" aria-label="([^"]+)"', shown(make()))
    assert len(alt) > 30 and re.search(r"\d", alt)
