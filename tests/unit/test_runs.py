"""A run is a plain training with a memory: the same history, and its files."""

import json
import math
import re
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
import torch

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


def test_another_optimizer_is_told_so():
    with pytest.raises(ValueError, match="no optimizer 'Lion' here. Use 'AdamW' or 'SGD'"):
        make_optimizer(torch.nn.Linear(1, 1), "Lion", 0.1)


WRONG = [
    ({"epochs": 0}, "number of epochs is 0; it must be a whole number of at least 1"),
    ({"epochs": 1.5}, "number of epochs is 1.5"),
    ({"epochs": True}, "number of epochs is True"),
    ({"epochs": "3"}, "number of epochs is '3'"),
    ({"batch_size": 0}, "batch size is 0"),
    ({"batch_size": 64.0}, "batch size is 64.0"),
    ({"learning_rate": "0.1"}, "learning rate is '0.1'; it must be a number such as 0.01"),
    ({"learning_rate": -0.1}, "learning rate is -0.1"),
    ({"learning_rate": math.nan}, "learning rate is nan"),
    ({"learning_rate": math.inf}, "learning rate is inf"),
    ({"learning_rate": True}, "learning rate is True"),
    ({"learning_rate": None}, "learning rate is None"),
    ({"optimizer": "Lion"}, "no optimizer 'Lion' here. Use 'AdamW' or 'SGD'"),
    ({"optimizer": None}, "no optimizer None here"),
    ({"seed": -1}, "seed is -1; it must be a whole number of at least 0"),
    ({"seed": "a"}, "seed is 'a'"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG, ids=[str(wrong) for wrong, _ in WRONG])
def test_settings_that_no_training_can_have_are_told_at_once(tmp_path, wrong, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        new_run(tmp_path / "runs", Settings(**wrong))
    assert not (tmp_path / "runs").exists()


def test_numbers_that_are_as_good_are_taken(tmp_path):
    assert new_run(tmp_path, Settings(learning_rate=1)).settings == Settings(learning_rate=1.0)
    half = new_run(tmp_path, Settings(learning_rate=np.float32(0.5))).settings.learning_rate
    assert (half, type(half)) == (0.5, float)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"could not be written \(.*\). Choose a folder that exists"):
        new_run(tmp_path / "file" / "runs", Settings())


# ------------------------------------------------------------------- two kernels, one folder

KERNEL = """
import sys
from pathlib import Path
from lessons.panels.runs import Settings, kept_runs, new_run
folder = Path(sys.argv[1])
print("found", len(kept_runs(folder)), flush=True)
new_run(folder, Settings(epochs=7)).keep()
print("kept", flush=True)
sys.stdin.read()  # it is still running
"""


@contextmanager
def second_kernel(folder):
    """Another kernel that has a run of 7 epochs in this folder; yields how many it found there."""
    command = [sys.executable, "-c", KERNEL, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as kernel:
        found = int(kernel.stdout.readline().split()[1])
        assert kernel.stdout.readline() == "kept\n"
        yield found
        kernel.kill()  # as the system does it when the memory is full


def test_each_run_belongs_to_one_kernel_until_it_ends(tmp_path):
    ours = new_run(tmp_path, Settings(epochs=3))
    ours.keep()
    with second_kernel(tmp_path) as found:
        assert found == 0  # ours is not theirs
        assert kept_runs(tmp_path) == [ours]  # nor theirs ours
    assert [run.settings.epochs for run in kept_runs(tmp_path)] == [3, 7]
    with second_kernel(tmp_path) as found:
        assert found == 0  # we have taken it over
