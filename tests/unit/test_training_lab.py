"""The training lab without a browser: buttons, runs and files, errors, a second lab or kernel."""

import ast
import errno
import gc
import html
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
from panels import LONG, find, press, put, shown, workers
from runs import WRONG_SETTINGS, second_kernel

import lessons.checkpoint
from lessons.checkpoint import load_checkpoint
from lessons.loaders import make_loader
from lessons.panels import Target, TrainingLab
from lessons.panels.live_plot import Curves
from lessons.panels.runs import Settings, new_run, prepare
from lessons.panels.training_lab import KEPT
from lessons.training import Scores
from lessons.validation import Epoch, best, evaluate


def enabled(panel):
    names = ("Train", "Stop", "Continue", "Reset")
    return [name for name in names if not find(panel, ipywidgets.Button, name).disabled]


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


def test_an_error_is_shown_in_words_and_nothing_is_lost(lab, monkeypatch, tmp_path):
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


def test_a_rate_that_is_far_too_high_is_reported(lab):
    put(lab, "epochs", 2)
    find(lab, ipywidgets.Dropdown, "optimizer").value = "SGD"
    put(lab, "learning rate", 100)
    lab.run(epochs=2, batch_size=64, learning_rate=1e30, optimizer="SGD")
    assert "validation loss NaN" in shown(lab)


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
    assert "Continue" not in lab._status_text
    lab.run(epochs=1)
    assert len(lab.history) == 1


@WRONG_SETTINGS
def test_wrong_arguments_are_reported_and_change_nothing(lab, wrong, message, capsys):
    before = shown(lab)
    with pytest.raises(ValueError, match=re.escape(message)):
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


def test_a_folder_that_cannot_be_written_is_reported_and_the_panel_stays_usable(tmp_path):
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
    assert before.comm is None  # what still waits to be sent to it has no receiver
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


def test_a_target_of_one_epoch_is_said_in_the_singular():
    assert str(Target(0.9, 1)) == "Target: validation accuracy above 90% in 1 epoch"


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


def test_the_lab_sends_the_frame_once_and_the_lines_as_often_as_they_move(lab):
    sent = []
    for layer in (lab._frame, lab._lines):
        layer.observe(lambda change: sent.append(change.owner), "value")
    lab.run(epochs=2, batch_size=64)
    assert sent.count(lab._frame) == 1 < sent.count(lab._lines)


# ------------------------------------------------------------------------------- copy as code


def cell(lab):
    """The code that the lab shows."""
    press(lab, "Copy as code")
    return html.unescape(re.search(r"<pre[^>]*>(.*)</pre>", lab._code.value, re.S)[1])


def test_the_code_trains_as_the_button_does(lab, tmp_path, monkeypatch, capsys):
    put(lab, "epochs", 2)
    put(lab, "batch size", 64)
    put(lab, "learning rate", 0.02)
    press(lab, "Train")
    assert lab.wait(LONG)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(cell(lab), names)
    made = names["lab"]
    assert made.runs[-1].settings == lab.runs[-1].settings
    assert [one._replace(seconds=0) for one in made.history] == [
        one._replace(seconds=0) for one in lab.history
    ]
    assert made._target == lab._target
    assert "Epoch 2" in capsys.readouterr().out


def test_the_code_is_new_each_time_so_that_a_page_copies_it_again(lab):
    press(lab, "Copy as code")
    before = lab._code.value
    press(lab, "Copy as code")
    assert lab._code.value != before


def test_names_and_sources_are_written_as_code(tmp_path):
    lab = TrainingLab('a "b" <c> {d}', folder=tmp_path)
    find(lab, ipywidgets.Dropdown, "stories").value = "ag-news"
    find(lab, ipywidgets.Dropdown, "optimizer").value = "SGD"
    made = ast.parse(cell(lab)).body
    assert ast.unparse(made[0]) == "from lessons.panels import TrainingLab"
    assert ast.literal_eval(made[1].value.args[0]) == 'a "b" <c> {d}'
    given = {one.arg: ast.literal_eval(one.value) for one in made[2].value.keywords}
    assert Settings(**given) == Settings(10, 128, 3.0, "SGD", "ag-news")


def test_a_page_fills_the_settings_into_the_same_code(lab):
    page = lab.page()
    filled = page["code"].replace("{epochs}", "10").replace("{batch_size}", "128")
    filled = filled.replace("{learning_rate}", "0.01").replace("{optimizer}", "AdamW")
    assert filled == cell(lab)
    assert page["target"] == {
        "accuracy": 0.85,
        "epochs": 5,
        "text": "Target: validation accuracy above 85% in 5 epochs",
    }
    assert "target" not in TrainingLab("other", folder=lab._folder).page()
