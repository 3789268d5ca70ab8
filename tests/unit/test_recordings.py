"""What the website plays back: it still belongs to the library, and it is small."""

import math
from importlib import import_module

import pytest

from lessons.loaders import make_loader
from lessons.model import TextClassifier
from lessons.panels import live_plot, training_lab
from lessons.panels.runs import Settings
from lessons.sources import load_split
from lessons.training import Scores
from lessons.validation import Epoch, best
from scripts import recordings
from scripts.recordings import lab
from scripts.recordings.__main__ import main

KINDS = {name: import_module(f"scripts.recordings.{name}") for name in recordings.names()}


def stale(name):
    """The facts that a recording depends on and that are no longer what they were."""
    wanted, now = recordings.read(name)["about"]["belongs_to"], KINDS[name].belongs_to()
    return [fact for fact in wanted | now if wanted.get(fact) != now.get(fact)]


@pytest.mark.parametrize("name", KINDS)
def test_a_recording_belongs_to_the_library_as_it_is(name):
    assert stale(name) == [], f"Record it again: make recordings, or its part {name}."


def test_there_is_a_recording_for_each_module_and_no_other():
    assert [path.stem for path in sorted(recordings.FOLDER.glob("*.js"))] == list(KINDS)


def test_it_says_how_it_was_made():
    about = recordings.read("lab")["about"]
    assert about["command"] == "make recordings"
    assert set(about["versions"]) == {"python", "torch", "numpy"}


def test_they_are_small():
    sizes = {path.stem: path.stat().st_size for path in recordings.FOLDER.glob("*.js")}
    assert sizes["lab"] <= 320_000
    assert sum(sizes.values()) <= 600_000


def split_otherwise(source):
    return load_split(source, seed=1)


def shuffled_otherwise(stories, size, shuffle, seed):
    return make_loader(stories, size, shuffle, seed + 1)


def narrower_model(words, classes, generator):
    return TextClassifier(words, classes, 32, generator)


@pytest.mark.parametrize(
    ("place", "other", "fact"),
    [
        ("lab.RATES", (0.1, 1.0), "rates"),
        ("lab.BATCH_SIZES", (8, 16), "batch_sizes"),
        ("lab.USUAL", {"AdamW": 0.01}, "optimizers"),
        ("load_split", split_otherwise, "stories"),
        ("load_split", split_otherwise, "vocabulary"),
        ("make_loader", shuffled_otherwise, "first batch"),
        ("TextClassifier", narrower_model, "shapes"),
    ],
    ids=["rates", "batch sizes", "optimizers", "stories", "vocabulary", "shuffling", "model"],
)
def test_a_change_of_the_library_makes_it_stale(place, other, fact, monkeypatch):
    monkeypatch.setattr(f"scripts.recordings.{place}", other)
    assert fact in stale("lab")


def test_what_is_written_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.recordings.FOLDER", tmp_path / "new")
    path = recordings.write("some", {"losses": [1.5, math.inf, math.nan]}, {"words": 3})
    text = path.read_text(encoding="utf-8")
    assert text.startswith('lessons.recorded("some",{"about":')
    assert text.endswith('"losses":[1.5,Infinity,NaN]});\n')
    again = recordings.read("some")
    assert again["about"]["belongs_to"] == {"words": 3}
    assert again["losses"][:2] == [1.5, math.inf]
    assert math.isnan(again["losses"][2])


def test_a_name_that_there_is_not_ends_the_program():
    with pytest.raises(SystemExit, match=r"no recording 'labs'. There are: .*\blab\b"):
        main(["lab", "labs"])


# --------------------------------------------------------------------------------- the lab's


def history(*losses):
    return [
        Epoch(number, Scores(0.123456789, 0.5), Scores(loss, 0.25), 1.0)
        for number, loss in enumerate(losses, 1)
    ]


def test_every_setting_of_the_sliders_is_recorded_to_the_end():
    recorded = recordings.read("lab")
    assert len(recorded["runs"]) == len(lab.all_settings()) == 2 * 8 * 13
    assert {len(part) for run in recorded["runs"] for part in run} == {30}
    assert lab.all_settings()[0] == Settings(30, 8, 0.0001, "AdamW")


def test_what_the_page_says_is_what_the_library_says():
    recorded = recordings.read("lab")["words"]
    assert recorded == lab.words()
    shared = training_lab.WORDS.keys() & live_plot.WORDS.keys()
    assert not shared, "One word would hide the other."


def test_a_history_is_packed_into_few_digits_and_back():
    sizes = {"train": 10, "validation": 8}
    packed = lab.packed(history(1.23456789, math.nan, math.inf), sizes)
    assert packed[0] == [0.12346] * 3
    assert packed[1][0] == 1.2346
    assert packed[2:] == [[5, 5, 5], [2, 2, 2]]
    again = lab.unpacked(packed, sizes)
    assert again[0] == Epoch(1, Scores(0.12346, 0.5), Scores(1.2346, 0.25), 0.0)
    assert math.isnan(again[1].validation.loss)
    assert again[2].validation.loss == math.inf


@pytest.mark.parametrize("accuracy", [0.925, 0.92500001, 0.91499999, 0.9, 0.904999971])
def test_an_accuracy_is_shown_with_the_same_percentage(accuracy):
    again = lab.counted(accuracy, 200) / 200
    assert f"{again:.0%} {again:.1%}" == f"{accuracy:.0%} {accuracy:.1%}"
    assert abs(again - accuracy) < 1e-6
    assert lab.counted(0.9, 200) == 180


@pytest.mark.parametrize(
    "losses",
    [(0.1234567, 0.1234566, 0.1234568), (0.123449, 0.123451), (0.12345449, 0.1234545, 0.1234544)],
)
def test_the_best_epoch_stays_the_best_where_losses_hardly_differ(losses):
    packed = lab.packed(history(*losses), {"train": 10, "validation": 8})
    again = lab.unpacked(packed, {"train": 10, "validation": 8})
    for number in range(1, len(losses) + 1):
        assert best(again[:number]).number == best(history(*losses)[:number]).number


def test_the_lab_records_what_a_run_gives():
    data = recordings.read("lab")
    settings = Settings(3, 256, 0.01, "AdamW")
    now = lab.train(recordings.stories(), settings)
    place = lab.all_settings().index(settings._replace(epochs=30))
    seen = lab.unpacked(data["runs"][place], data["stories"])[:3]
    for one, other in zip(now, seen, strict=True):
        assert one.train.loss == pytest.approx(other.train.loss, abs=0.005)
        assert one.validation.loss == pytest.approx(other.validation.loss, abs=0.005)
        assert one.validation.accuracy == pytest.approx(other.validation.accuracy, abs=0.01)
