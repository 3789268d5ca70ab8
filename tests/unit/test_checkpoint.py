"""Checkpoints: what goes in comes out, what is damaged is refused, what is killed does no harm."""

import errno
import math
import multiprocessing
import os
import pickle
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from torch import nn

from lessons.checkpoint import keep_best, load_checkpoint, save_checkpoint
from lessons.model import Classifier, TextClassifier, classify
from lessons.text import Vocabulary
from lessons.training import Scores, Step
from lessons.validation import Epoch

WORDS = Vocabulary.of(["<unk>", "goal", "caf\xe9", *map(str, range(500))])


def classifier(value=None, words=WORDS):
    model = TextClassifier(len(words), 2, 8)
    if value is not None:
        for parameter in model.parameters():
            nn.init.constant_(parameter, value)
    return Classifier(model, words, ("Sports", "Business"))


def same(one, other):
    states = (c.model.state_dict() for c in (one, other))
    pairs = zip(*(state.values() for state in states), strict=True)
    return one[1:] == other[1:] and all(torch.equal(a, b) for a, b in pairs)


def test_what_goes_in_comes_out(tmp_path):
    saved = classifier()
    save_checkpoint(tmp_path / "best.pt", saved)
    loaded = load_checkpoint(tmp_path / "best.pt")
    assert same(loaded, saved)
    assert classify(loaded, "goal") == classify(saved, "goal")
    assert os.listdir(tmp_path) == ["best.pt"]


def test_a_vocabulary_cut_by_character_stays_so(tmp_path):
    words = Vocabulary.of(WORDS.tokens, by_character=True)
    save_checkpoint(tmp_path / "best.pt", classifier(words=words))
    assert load_checkpoint(tmp_path / "best.pt").vocabulary == words != WORDS


def test_a_vocabulary_with_pairs_stays_so(tmp_path):
    words = Vocabulary.of(["<unk>", "late", "goal", "late goal"], pairs=True)
    save_checkpoint(tmp_path / "best.pt", classifier(words=words))
    loaded = load_checkpoint(tmp_path / "best.pt").vocabulary
    assert loaded == words
    assert loaded.encode("Late goal") == [1, 2, 3]


def test_a_checkpoint_from_before_words_could_be_cut_otherwise(tmp_path):
    save_checkpoint(tmp_path / "best.pt", classifier())
    contents = torch.load(tmp_path / "best.pt")
    del contents["by_character"], contents["pairs"]
    torch.save(contents, tmp_path / "best.pt")
    assert load_checkpoint(tmp_path / "best.pt").vocabulary == WORDS


def test_the_file_holds_plain_values_only(tmp_path):
    save_checkpoint(tmp_path / "best.pt", classifier())
    contents = torch.load(tmp_path / "best.pt", weights_only=True)
    assert set(contents) == {
        *("format", "kernel", "weights", "tokens", "by_character", "pairs", "names"),
    }


# -------------------------------------------------------------------------- damaged files


def test_no_file(tmp_path):
    with pytest.raises(ValueError, match="no checkpoint .*Train and save first"):
        load_checkpoint(tmp_path / "gone.pt")


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99, 0.9999])
def test_truncated(tmp_path, share):
    path = tmp_path / "best.pt"
    save_checkpoint(path, classifier())
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match="damaged or was never whole. Train and save again"):
        load_checkpoint(path)


def test_a_flipped_byte_never_changes_the_model_unseen(tmp_path):
    path, saved = tmp_path / "best.pt", classifier()
    save_checkpoint(path, saved)
    content, random_numbers, refused = path.read_bytes(), random.Random(0), 0
    for _ in range(300):
        place = random_numbers.randrange(len(content))
        damaged = bytearray(content)
        damaged[place] ^= 1 << random_numbers.randrange(8)
        path.write_bytes(damaged)
        try:
            loaded = load_checkpoint(path)
        except ValueError:
            refused += 1
        else:
            assert same(loaded, saved), f"byte {place}"  # it hit unused room in the file
    assert refused > 200


def test_a_flipped_bit_in_the_weights_is_refused(tmp_path):
    path = tmp_path / "best.pt"
    save_checkpoint(path, classifier(value=0.25))
    content = path.read_bytes()
    place = content.index(torch.tensor(0.25).numpy().tobytes() * 8) + 5
    path.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
    with pytest.raises(ValueError, match="damaged"):
        load_checkpoint(path)


# ---------------------------------------------------------------------------- other files


@pytest.mark.parametrize(
    "contents",
    [
        {"weight": torch.zeros(2)},
        torch.zeros(3),
        nn.Linear(2, 2).state_dict(),
        {"format": "lessons 0"},
    ],
)
def test_another_model(tmp_path, contents):
    torch.save(contents, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="another model than this course's TextClassifier"):
        load_checkpoint(tmp_path / "other.pt")


@pytest.mark.parametrize(
    "weights", [nn.Linear(2, 2).state_dict(), TextClassifier(9, 2).state_dict()]
)
def test_weights_that_do_not_fit(tmp_path, weights):
    save_checkpoint(tmp_path / "best.pt", classifier())
    contents = torch.load(tmp_path / "best.pt") | {"weights": weights}
    torch.save(contents, tmp_path / "best.pt")
    with pytest.raises(ValueError, match="another model than this course's TextClassifier"):
        load_checkpoint(tmp_path / "best.pt")


class Bomb:
    def __reduce__(self):
        return Path.touch, (Path(os.environ["BOMB"]),)


@pytest.mark.parametrize(
    "write", [torch.save, lambda bomb, path: path.write_bytes(pickle.dumps(bomb))]
)
def test_code_in_a_checkpoint_is_not_run(tmp_path, monkeypatch, write):
    monkeypatch.setenv("BOMB", str(tmp_path / "exploded"))
    write({"format": Bomb()}, tmp_path / "best.pt")
    with pytest.raises(ValueError, match="perhaps code, so it was not opened|damaged"):
        load_checkpoint(tmp_path / "best.pt")
    assert not (tmp_path / "exploded").exists()


# ------------------------------------------------------------------------- writing it down


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match=r"could not be written \(No such file.*Choose a folder"):
        save_checkpoint(tmp_path / "gone" / "best.pt", classifier())


def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may write anywhere, so be nobody for a moment
    try:
        with pytest.raises(OSError, match=r"could not be written \(Permission denied"):
            save_checkpoint(tmp_path / "best.pt", classifier())
    finally:
        os.seteuid(user)
        tmp_path.chmod(0o700)
    assert os.listdir(tmp_path) == []


def test_a_failed_save_leaves_the_old_checkpoint_and_nothing_else(tmp_path, monkeypatch):
    path, old = tmp_path / "best.pt", classifier(1.0)
    save_checkpoint(path, old)

    def fail_halfway(contents, file):
        file.write(b"half")
        raise pickle.PicklingError("no")

    monkeypatch.setattr(torch, "save", fail_halfway)
    with pytest.raises(pickle.PicklingError):
        save_checkpoint(path, classifier())
    assert same(load_checkpoint(path), old)
    assert os.listdir(tmp_path) == ["best.pt"]


def full_device(path, mode):
    return open("/dev/full", "wb")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, as Linux has it")
def test_a_full_disk(tmp_path, monkeypatch):
    path, old = tmp_path / "best.pt", classifier(1.0)
    save_checkpoint(path, old)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", full_device)
        with pytest.raises(OSError, match=r"best.pt could not .* \(No space left.*has room"):
            save_checkpoint(path, classifier(2.0))
    assert same(load_checkpoint(path), old)


def test_a_disk_that_turns_out_to_be_full_at_the_end(tmp_path, monkeypatch):
    def full(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path, old = tmp_path / "best.pt", classifier(1.0)
    save_checkpoint(path, old)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"best.pt could not .* \(No space left.*has room"):
            save_checkpoint(path, classifier(2.0))
    assert same(load_checkpoint(path), old)
    assert os.listdir(tmp_path) == ["best.pt"]


def test_saves_at_the_same_time_do_not_meet(tmp_path):
    """As from two containers, in which the processes have the same number."""
    pair = classifier(1.0), classifier(2.0)
    with ThreadPoolExecutor(2) as both:
        saves = [
            both.submit(save_checkpoint, tmp_path / "best.pt", pair[i % 2]) for i in range(100)
        ]
    assert [done.exception() for done in saves] == [None] * 100
    assert os.listdir(tmp_path) == ["best.pt"]


def test_what_a_killed_save_left_is_removed_later(tmp_path):
    now, token = time.time(), "0123456789abcdef"
    ages = {f"best.pt.{token}.partial": 7200, f"other.pt.{token}.partial": 60, "my.partial": 7200}
    for name, age in ages.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - age, now - age))
    save_checkpoint(tmp_path / "best.pt", classifier())
    left = ["best.pt", "my.partial", f"other.pt.{token}.partial"]  # that one may be being written
    assert sorted(os.listdir(tmp_path)) == left


def save_for_ever(path, started):
    torch.set_num_threads(1)
    pair = classifier(1.0), classifier(2.0)
    started.set()
    while True:
        for one in pair:
            save_checkpoint(path, one)


def test_a_save_killed_at_any_moment_leaves_the_previous_checkpoint(tmp_path):
    path, random_numbers = tmp_path / "best.pt", random.Random(0)
    save_checkpoint(path, classifier(1.0))
    fork = multiprocessing.get_context("fork")  # 200 children, none of which imports torch
    interrupted = 0
    for _ in range(200):
        started = fork.Event()
        child = fork.Process(target=save_for_ever, args=(path, started))
        child.start()
        assert started.wait(30)
        time.sleep(random_numbers.uniform(0, 0.02))  # the random moment
        child.kill()
        child.join()
        value = load_checkpoint(path).model.linear.bias[0].item()
        assert value in (1.0, 2.0)
        halves = list(tmp_path.glob("*.partial"))
        interrupted += len(halves)
        for half in halves:
            half.unlink()
    assert interrupted > 20  # the moments did fall into the writing


# ---------------------------------------------------------------------------- the best one


def test_keep_best_saves_only_improvements(tmp_path):
    path, kept = tmp_path / "best.pt", classifier()
    losses = [0.9, 0.5, 0.7, math.nan, 0.4, 0.6]

    def events():
        for number, loss in enumerate(losses, 1):
            nn.init.constant_(kept.model.linear.bias, number)
            yield Step(number, 1, 1, Scores(1.0, 0.5))
            yield Epoch(number, Scores(1.0, 0.5), Scores(loss, 0.5), 1.0)

    on_file = [
        load_checkpoint(path).model.linear.bias[0].item()
        for event in keep_best(events(), path, kept)
        if isinstance(event, Epoch)
    ]
    assert on_file == [1, 2, 2, 2, 5, 5]  # saved before the event is passed on


def test_keep_best_passes_every_event_on(tmp_path):
    events = [Step(1, 1, 1, Scores(1.0, 0.5)), Epoch(1, Scores(1.0, 0.5), Scores(0.5, 0.5), 1.0)]
    assert list(keep_best(events, tmp_path / "best.pt", classifier())) == events


# ------------------------------------------------------------------- never another training's


def epochs(*losses):
    """What `fit` tells, with these validation losses."""
    for number, loss in enumerate(losses, 1):
        yield Step(number, 1, 1, Scores(1.0, 0.5))
        yield Epoch(number, Scores(1.0, 0.5), Scores(loss, 0.5), 1.0)


def interrupted():
    yield Step(1, 1, 9, Scores(1.0, 0.5))
    raise KeyboardInterrupt


@pytest.mark.parametrize("events", [interrupted(), epochs(math.nan), epochs(math.inf)])
def test_a_training_that_saved_nothing_leaves_nothing_under_its_name(tmp_path, events):
    path, old = tmp_path / "best.pt", classifier(1.0)
    save_checkpoint(path, old)  # yesterday's
    with suppress(KeyboardInterrupt):
        list(keep_best(events, path, classifier(2.0)))
    older = tmp_path / "best.previous.pt"
    with pytest.raises(ValueError) as caught:
        load_checkpoint(path)
    assert "no epoch was finished, or its validation loss was NaN" in str(caught.value)
    assert f"An older one is in {older}." in str(caught.value)
    assert same(load_checkpoint(older), old)


def test_nothing_is_moved_before_the_training_begins(tmp_path):
    save_checkpoint(tmp_path / "best.pt", classifier())
    keep_best(epochs(0.5), tmp_path / "best.pt", classifier())  # nobody asks for an event
    assert os.listdir(tmp_path) == ["best.pt"]


def test_a_first_training_that_saved_nothing_names_no_older_one(tmp_path):
    list(keep_best(epochs(math.nan), tmp_path / "best.pt", classifier()))
    with pytest.raises(ValueError, match="smaller learning rate if the loss is NaN.$"):
        load_checkpoint(tmp_path / "best.pt")


def test_a_way_that_cannot_be_made_is_reported(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    save_checkpoint(tmp_path / "best.pt", classifier())
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match=r"could not be written \(Permission denied"):
        next(keep_best(epochs(0.5), tmp_path / "best.pt", classifier()))


OTHER_NOTEBOOK = """
import sys
from lessons.checkpoint import load_checkpoint, save_checkpoint
save_checkpoint(sys.argv[2], load_checkpoint(sys.argv[1]))
"""


def test_another_programs_checkpoint_is_not_taken_for_ours(tmp_path):
    ours, theirs, free = (tmp_path / name for name in ("best.pt", "theirs.pt", "free.pt"))
    list(keep_best(epochs(0.5), ours, classifier()))
    command = [sys.executable, "-c", OTHER_NOTEBOOK, str(ours), str(theirs)]
    subprocess.run(command, check=True)  # it has not trained under this name, so it may load it
    shutil.copy(theirs, free)
    assert same(load_checkpoint(free), load_checkpoint(ours))  # nor have we under that one
    os.replace(theirs, ours)
    with pytest.raises(ValueError, match="is not of this training: another program"):
        load_checkpoint(ours)
    ours.unlink()
    with pytest.raises(ValueError, match="was saved and has been deleted or moved since"):
        load_checkpoint(ours)
