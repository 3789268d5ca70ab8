"""A run is a plain training with a memory: the same history, and its files."""

import json
import os
import re
import time

import numpy as np
import pytest
import torch
from runs import WRONG_SETTINGS, second_kernel

from lessons.checkpoint import load_checkpoint
from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.panels.runs import Settings, delete_run, kept_runs, make_optimizer, new_run, prepare
from lessons.text import Vocabulary
from lessons.validation import Epoch, best, evaluate, fit


@pytest.fixture(scope="module")
def prepared(parts):
    return prepare(parts)


def train(run, prepared):
    """All epochs of a run."""
    for event in run.begin(prepared):
        if isinstance(event, Epoch) and event.number == run.settings.epochs:
            return run


def without_seconds(history):
    return [epoch._replace(seconds=0) for epoch in history]


@pytest.mark.parametrize(("name", "rate"), [("AdamW", 0.01), ("SGD", 3.0)])
def test_the_history_is_that_of_the_plain_loop(parts, prepared, tmp_path, name, rate):
    run = train(new_run(tmp_path, Settings(3, 64, rate, name, seed=7)), prepared)

    vocabulary = Vocabulary.build(parts.train.texts)
    stories = [EncodedStories(part, vocabulary) for part in parts]
    model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(7))
    optimizer = {"AdamW": torch.optim.AdamW, "SGD": torch.optim.SGD}[name]
    optimizer = optimizer(model.parameters(), lr=rate, fused=name == "AdamW" or None)
    loaders = make_loader(stories[0], 64, True, seed=7), make_loader(stories[1], 128)
    events = fit(model, *loaders, optimizer, 3)
    plain = [event for event in events if isinstance(event, Epoch)]
    assert without_seconds(run.history) == without_seconds(plain)


def test_the_file_holds_the_best_model(prepared, tmp_path):
    run = train(new_run(tmp_path, Settings(5, 64, 0.02)), prepared)
    loader = make_loader(prepared.validation, 128)
    assert evaluate(load_checkpoint(run.path).model, loader) == best(run.history).validation


def test_runs_are_found_again_in_order(prepared, tmp_path):
    settings = [Settings(2, 256), Settings(1, 512, 3.0, "SGD", seed=2)]
    runs = [train(new_run(tmp_path, wanted), prepared) for wanted in settings]
    assert kept_runs(tmp_path) == runs
    delete_run(runs[0])
    assert kept_runs(tmp_path) == runs[1:]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".lock", ".pt"]


def test_each_whole_epoch_is_kept_at_once(prepared, tmp_path):
    """As if the kernel were killed in the middle of the second epoch."""
    run = new_run(tmp_path, Settings())
    for event in run.begin(prepared):
        if not isinstance(event, Epoch) and event.epoch == 2:
            break
    (found,) = kept_runs(tmp_path)
    assert found.history == run.history
    assert len(found.history) == 1


def test_a_loss_that_went_to_infinity_is_kept_too(prepared, tmp_path):
    run = train(new_run(tmp_path, Settings(2, 64, 1e30, "SGD")), prepared)
    (found,) = kept_runs(tmp_path)
    assert repr(found.history) == repr(run.history)  # nan is not equal to itself
    assert "nan" in repr(found.history)


@pytest.mark.parametrize(
    "damage",
    ["", "{", '{"settings": [1]}', "[]", '{"settings": 3}', '{"settings": ["x"], "history": []}'],
)
def test_a_damaged_file_is_left_out_and_left_alone(prepared, tmp_path, damage):
    good = train(new_run(tmp_path, Settings(1, 512)), prepared)
    broken = tmp_path / "0.json"
    broken.write_text(damage)
    assert kept_runs(tmp_path) == [good]
    assert broken.read_text() == damage


def test_no_folder_no_runs(tmp_path):
    assert kept_runs(tmp_path / "nowhere") == []


def test_settings_are_written_as_plain_json(prepared, tmp_path):
    run = train(new_run(tmp_path, Settings(1, 512)), prepared)
    contents = json.loads(run.path.with_suffix(".json").read_text())
    assert contents["settings"] == [1, 512, 0.01, "AdamW", "mini-news", 0]


def test_another_optimizer_is_reported():
    with pytest.raises(ValueError, match="no optimizer 'Lion' here. Use 'AdamW' or 'SGD'"):
        make_optimizer(torch.nn.Linear(1, 1), "Lion", 0.1)


@WRONG_SETTINGS
def test_settings_that_no_training_can_have_are_reported_at_once(tmp_path, wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        new_run(tmp_path / "runs", Settings(**wrong))
    assert not (tmp_path / "runs").exists()


def test_numbers_that_are_as_good_are_taken(tmp_path):
    assert new_run(tmp_path, Settings(learning_rate=1)).settings == Settings(learning_rate=1.0)
    half = new_run(tmp_path, Settings(learning_rate=np.float32(0.5))).settings.learning_rate
    assert (half, type(half)) == (0.5, float)


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"could not be written \(.*\). Choose a folder that exists"):
        new_run(tmp_path / "file" / "runs", Settings())


# ------------------------------------------------------------------- two kernels, one folder


def test_each_run_belongs_to_one_kernel_until_it_ends(tmp_path):
    ours = new_run(tmp_path, Settings(epochs=3))
    ours.keep()
    with second_kernel(tmp_path) as found:
        assert found == 0  # ours is not theirs
        assert kept_runs(tmp_path) == [ours]  # nor theirs ours
    assert [run.settings.epochs for run in kept_runs(tmp_path)] == [3, 7]
    with second_kernel(tmp_path) as found:
        assert found == 0  # we have taken it over


def age_locks(folder):
    """Let the locks look as if they were made an hour ago."""
    for path in folder.glob("*.lock"):
        os.utime(path, (time.time() - 3600, time.time() - 3600))


def test_a_lock_that_a_killed_kernel_has_left_without_a_run_is_removed(tmp_path):
    ours = new_run(tmp_path, Settings(epochs=3))  # has no file yet either, but its kernel lives
    with second_kernel(tmp_path, keep=False):
        age_locks(tmp_path)
        assert kept_runs(tmp_path) == []
        assert len(list(tmp_path.glob("*.lock"))) == 2  # both kernels live
    kept_runs(tmp_path)
    assert [path.stem for path in tmp_path.glob("*.lock")] == [ours.path.stem]
    with second_kernel(tmp_path, keep=False):
        pass
    kept_runs(tmp_path)
    assert len(list(tmp_path.glob("*.lock"))) == 2  # a new one may be about to be taken
    age_locks(tmp_path)
    kept_runs(tmp_path)
    assert [path.stem for path in tmp_path.glob("*.lock")] == [ours.path.stem]
    with second_kernel(tmp_path) as found:
        assert found == 0
    assert [run.settings.epochs for run in kept_runs(tmp_path)] == [7]
