"""What the website's panels about words, predictions and questions are told, without a browser."""

import json
import re
from base64 import b64decode

import numpy as np
import pytest
import torch
from lesson_notebooks import NOTEBOOKS, read
from torch.nn import functional as F

from lessons.checkpoint import load_checkpoint
from lessons.model import Classifier, TextClassifier
from lessons.panels import (
    CheckYourself,
    CurvePrediction,
    HeadlinePanel,
    NumberPrediction,
    ParsonsPanel,
    Progress,
    TrainingLab,
    WordMapPanel,
)
from lessons.panels.controls import PAGE
from lessons.panels.word_map import learn
from lessons.text import Vocabulary
from lessons.training import train_step
from scripts import recordings
from scripts.recordings import headline, word_map
from scripts.site_panels import MARKERS, panel

SKETCHES = {"falls": [3.0, 2.0, 1.0], "rises": [1.0, 3.0], "stays level": [2.0, 2.0]}


@pytest.fixture(scope="module")
def trained():
    torch.set_num_threads(1)
    classifier, _ = headline.train()
    return classifier


def numbers(text, dtype, *shape):
    return torch.from_numpy(np.frombuffer(b64decode(text), dtype).reshape(shape).copy())


# --------------------------------------------------------------------------- the recordings


def test_the_table_is_that_of_the_trained_model(trained):
    data = recordings.read("headline")
    assert data["vocabulary"].split(" ") == list(trained.vocabulary.tokens)
    assert data["names"] == list(trained.names)
    table, bias = (one - one[..., :1] for one in headline.logits_of(trained))
    stored = numbers(data["table"], "<i2", len(trained.vocabulary), -1) * data["scale"]
    # Half a step of the table, and what training on another processor may change.
    assert (stored - table[:, 1:]).abs().max() < data["scale"]
    assert (torch.tensor(data["bias"]) - bias[1:]).abs().max() < 1e-3
    assert data["scale"] < 0.002  # so that a probability is exact to 0.05 points


def test_the_model_is_that_of_lesson_07(trained):
    cells = {cell.id: cell.source for cell in read(lesson("07")).cells}
    names = {}
    for id in ("imports", "lessons", "data", "train"):
        exec(cells[id], names)
    assert same(load_checkpoint(names["checkpoint"]), trained)
    names["folder"].cleanup()
    assert "HeadlinePanel(winner, headline)" in cells["headline-panel"]
    assert "winner = load_checkpoint(checkpoint)" in cells["predict"]


def test_the_model_is_that_of_lesson_08(trained, tmp_path):
    cells = {cell.id: cell.source for cell in read(lesson("08")).cells}
    assert cells["values"].startswith("lab.run()\n")
    assert cells["headline"].startswith("HeadlinePanel(lab.classifier,")
    lab = TrainingLab("08", folder=tmp_path)
    lab.run()
    assert same(lab.classifier, trained)
    lab.close()


def lesson(number):
    return next(path for path in NOTEBOOKS if path.name.startswith(number))


def same(one, other):
    weights = zip(one.model.parameters(), other.model.parameters(), strict=True)
    return one[1:] == other[1:] and all(torch.equal(a, b) for a, b in weights)


@pytest.fixture(scope="module")
def learned(parts):
    return learn(parts, word_map.EPOCHS)


def test_words_lie_where_the_panel_has_them(learned):
    data = recordings.read("word_map")
    words, ids = data["words"].split(" "), learned.vocabulary.token_to_id
    asked = [ids[word] for word in words[: data["asked"]]]
    assert asked == word_map.words_to_ask(learned) and len(asked) <= 300
    places = numbers(data["places"], "<i2", word_map.EPOCHS + 1, len(asked), 2) / data["reach"]
    for epoch, stored in enumerate(places):
        wanted = learned.places(asked, epoch) / learned.reach
        assert (stored - wanted).abs().max() < 0.01  # a point is larger
    topics = [(group["name"], [words[n] for n in group["words"]]) for group in data["groups"][:-1]]
    tokens = learned.vocabulary.tokens
    assert topics == [(one.name, [tokens[id] for id in one.ids]) for one in learned.topics]


def test_the_nearest_words_are_the_nearest(learned):
    data = recordings.read("word_map")
    words, ids = data["words"].split(" "), learned.vocabulary.token_to_id
    shape = (word_map.EPOCHS + 1, data["asked"], 5)
    nearest = numbers(data["nearest"], "<i2", *shape)
    cosines = numbers(data["cosines"], "i1", *shape) / 100
    for epoch, table in enumerate(learned.tables):
        for number in range(data["asked"]):
            id, near = ids[words[number]], [ids[words[n]] for n in nearest[epoch, number]]
            exact = F.cosine_similarity(table[near], table[id], dim=1)
            assert (exact - cosines[epoch, number]).abs().max() < 0.011
            fifth = learned.nearest(id, epoch)[-1][1]
            assert exact.min() > fifth - 0.011 and len({id, *near}) == 6  # or as near as it


def test_the_words_that_the_lessons_suggest_can_be_asked_for():
    words = recordings.read("word_map")["words"].split(" ")[: word_map.ASKED]
    told = "\n".join(cell.source for number in ("03", "08") for cell in read(lesson(number)).cells)
    suggested = re.findall(r'"(\w+)" or "(\w+)", and see which words', told)
    suggested += re.findall(r"\*\*Predict:\*\* type \*(\w+)\*", told)
    assert len(suggested) == 2
    flat = [word for one in suggested for word in ([one] if isinstance(one, str) else one)]
    assert set(flat) | {"goal"} == set(word_map.SUGGESTED) <= set(words)


def test_both_recordings_together_are_small():
    sizes = [(recordings.FOLDER / f"{name}.js").stat().st_size for name in ("headline", "word_map")]
    assert sum(sizes) < 140_000


# ----------------------------------------------------------------- the HTML of the two panels


def test_the_map_has_the_marks_and_names_of_the_recording(parts):
    data = recordings.read("word_map")
    made = panel("03-map", WordMapPanel(parts, 1).page(), "")
    words, groups = data["words"].split(" "), data["groups"]
    for group in groups:
        marker, color = MARKERS[group["marker"]], group["color"]
        marks = "".join(f"M{{{number}}}{marker}" for number in group["words"])
        assert f'<path data-drawn="{marks}" fill="{color}" stroke="{color}">' in made
    lines = re.findall(
        r'<path class="lessons-lead" data-drawn="([^"]+)" stroke="([^"]+)"></path>', made
    )
    assert [color for _, color in lines] == [group["color"] for group in groups if group["named"]]
    named = [number for group in groups for number in group["named"]]
    begins = re.findall(r"M(\S+) (\S+)L{(\d+)}", "".join(drawn for drawn, _ in lines))
    assert [int(number) for *_, number in begins] == named
    names = re.findall(r'<text y="(\S+)" x="(\S+)" text-anchor="\w+">(\w+)</text>', made)
    assert [name for *_, name in names] == [words[number] for number in named]
    for (x, y, _), (name_y, name_x, _) in zip(begins, names, strict=True):  # at its name
        assert (abs(float(x) - float(name_x)), float(name_y) - float(y)) == (4, 4)
    offered = re.findall(r'<option value="(\w+)"></option>', made)
    assert offered == sorted(words[: data["asked"]])
    assert 'list="03-map-words"' in made and '<datalist id="03-map-words">' in made
    assert len(re.findall(r"<span><svg[^>]*><path[^>]*></path></svg>[\w/ ]+</span>", made)) == 5


def test_each_group_of_the_map_has_a_marker_of_its_own():
    used = [group["marker"] for group in recordings.read("word_map")["groups"]]
    assert sorted(used) == sorted(MARKERS) and len(set(MARKERS.values())) == len(MARKERS)


def test_a_row_for_each_class_and_the_headline_of_the_notebook():
    made = panel("07-headline", HeadlinePanel(classifier(), 'A "goal"').page(), "")
    names = recordings.read("headline")["names"]
    assert re.findall(r'<tr><th scope="row">([^<]+)</th><td></td>', made) == names
    assert 'data-begin="&#34;A \\&#34;goal\\&#34;&#34;"' in made


# ------------------------------------------------------------------- what panels tell a page


def classifier():
    vocabulary = Vocabulary.of(["<unk>", "goal"])
    return Classifier(TextClassifier(2, 2), vocabulary, ("x", "y"))


PANELS = {
    "headline": lambda _: HeadlinePanel(classifier(), "A goal"),
    "word-map": lambda parts: WordMapPanel(parts, 1),
    "number-prediction": lambda _: NumberPrediction("How much?", range(101), "%"),
    "curve-prediction": lambda _: CurvePrediction("What?", SKETCHES, ylabel="loss"),
    "parsons": lambda _: ParsonsPanel(train_step),
    "check-yourself": lambda _: CheckYourself("05"),
    "progress": lambda _: Progress("05"),
}


@pytest.mark.parametrize("name", PANELS)
def test_a_page_is_told_the_same_each_time_in_json(name, parts):
    first, second = (PANELS[name](parts).page() for _ in range(2))
    assert first["panel"] == name and first["title"]
    assert json.dumps(first, allow_nan=False) == json.dumps(second, allow_nan=False)


def test_a_page_shows_the_first_headline_whatever_was_typed_since():
    panel = HeadlinePanel(classifier(), "A goal")
    panel._text.value = "No goal"
    assert panel.page()["headline"] == "A goal"


def test_a_page_gets_no_names_of_misconceptions():
    options = CheckYourself("05").page()["questions"][0]["options"]
    assert all(set(option) == {"text", "why", "right"} for option in options)
    assert options[0]["text"].startswith("A. ")


def told(comparison):
    return comparison._repr_mimebundle_()[PAGE]


@pytest.mark.parametrize("actual", [[3.0, 2.0, 1.5], [1.0, 2.0, float("nan")], [float("nan")], []])
def test_a_page_is_told_what_is_said_of_each_sketch(actual):
    stored = told(CurvePrediction("What?", SKETCHES, ylabel="loss").compare(actual))
    assert json.dumps(stored, allow_nan=False)
    for place, name in enumerate(SKETCHES):
        panel = CurvePrediction("What?", SKETCHES, ylabel="loss")
        panel.commit(name)
        compared = panel.compare(actual)
        assert repr(compared) == stored["said"][place]
        assert f'alt="{stored["alts"][place]}"' in compared.data
        assert told(compared) == stored  # whatever was chosen in the notebook


def test_a_page_is_told_the_number_and_what_was_asked():
    panel = NumberPrediction("How much?", range(101), "%")
    stored = told(panel.compare(26))
    assert stored == {"panel": "comparison", "question": "How much?", "drawn": 26.0}
    assert repr(panel.compare(26)) == "You made no prediction this time. What happened: ≈ 26 %."


def test_each_comparison_of_a_lesson_belongs_to_a_prediction_before_it():
    for path in NOTEBOOKS:
        asked = []
        for cell in read(path).cells:
            pages = [one.get("data", {}).get(PAGE, {}) for one in cell.get("outputs", [])]
            if re.search(r"^\w+\.compare\(", cell.source, re.M) and path.name[0].isdecimal():
                (compared,) = pages
                assert asked.count(compared["question"]) == 1, (path.name, cell.id)
            asked += [one["question"] for one in pages if "prediction" in one.get("panel", "")]
