"""The project to copy: its losses are the library's, its files short, its parts right by hand."""

import csv
import importlib
import sys
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from conftest import ROOT
from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.text import Vocabulary, tokenize
from lessons.validation import Epoch, fit

PROJECT = ROOT / "src" / "lessons" / "project"
MODULES = ("data", "model", "train", "predict")


@pytest.fixture
def project(monkeypatch):
    """The project's modules, imported as its programs do: from the folder that they are in."""
    monkeypatch.syspath_prepend(str(PROJECT))
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in MODULES:
        del sys.modules[name]


@pytest.fixture
def write(tmp_path):
    """Write lines into a file, and give its path."""

    def write_lines(*lines, encoding="utf-8"):
        path = tmp_path / "texts.csv"
        path.write_text("\n".join(lines), encoding=encoding)
        return path

    return write_lines


def test_it_is_short_and_needs_nothing_of_the_course():
    sources = {path.name: path.read_text(encoding="utf-8") for path in PROJECT.glob("*.py")}
    assert set(sources) == {f"{name}.py" for name in (*MODULES, "test_train")}
    assert sum(len(source.splitlines()) for source in sources.values()) <= 400
    assert not any("lessons" in source for source in sources.values())


def test_its_losses_are_those_of_the_library(project, parts, tmp_path):
    """The course's recipe, the same seed and stories."""
    vocabulary, names = Vocabulary.build(parts.train.texts), parts.train.names
    assert project.data.build_vocabulary(parts.train.texts) == vocabulary.token_to_id
    torch.manual_seed(0)
    model = TextClassifier(len(vocabulary), len(names))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=True)
    train, validation = (EncodedStories(part, vocabulary) for part in parts[:2])
    loaders = make_loader(train, 128, shuffle=True), make_loader(validation, 128)
    events = fit(model, *loaders, optimizer, epochs=5)
    theirs = [event for event in events if isinstance(event, Epoch)]

    state = {"vocabulary": vocabulary.token_to_id, "names": names, "history": []}
    train, validation = (
        project.data.TextDataset(
            part.texts, [names[label] for label in part.labels], state["vocabulary"], names
        )
        for part in parts[:2]
    )
    loaders = (
        project.data.make_loader(train, 128, shuffle=True),
        project.data.make_loader(validation, 128),
    )
    torch.manual_seed(0)
    model = project.model.TextClassifier(len(vocabulary), len(names))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=True)
    settings = SimpleNamespace(epochs=5, lr=0.01, decay=False, patience=9, out=tmp_path)
    project.train.fit(model, *loaders, optimizer, torch.ones(len(names)), settings, state)

    for epoch, (_, train_loss, loss, accuracy, balanced) in zip(
        theirs, state["history"], strict=True
    ):
        assert train_loss == pytest.approx(epoch.train.loss, abs=1e-4)
        assert loss == pytest.approx(epoch.validation.loss, abs=1e-4)
        assert accuracy == pytest.approx(epoch.validation.accuracy, abs=0.011)  # two stories
        assert 0 <= balanced <= 1


def test_tokens_are_those_of_the_library(project, parts):
    texts = [*parts.train.texts, 'Say "no"; or: yes<br />(don\'t!)', "", "  a,b.  c?"]
    for text in texts:
        assert project.data.tokenize(text) == tokenize(text)


def test_collate_puts_the_ids_in_one_row(project):
    items = [(torch.tensor([5, 6]), 1), (torch.tensor([], dtype=torch.long), 0)]
    items.append((torch.tensor([7]), 2))
    token_ids, offsets, labels = project.data.collate(items)
    assert [one.tolist() for one in (token_ids, offsets, labels)] == [
        [5, 6, 7],
        [0, 2, 2],
        [1, 0, 2],
    ]


def test_weights_and_scores_by_hand(project):
    weights = project.train.class_weights([0, 0, 0, 1], 2)
    assert weights.tolist() == pytest.approx([4 / (2 * 3), 4 / (2 * 1)])
    logits = torch.tensor([[2.0, 0], [2, 0], [0, 2], [2, 0]])  # the last one is wrong
    labels = torch.tensor([0, 0, 1, 1])

    class Fixed(torch.nn.Module):
        def forward(self, token_ids, offsets):
            return logits[token_ids]

    batches = [(torch.tensor(rows), torch.tensor(rows), labels[rows]) for rows in ([0, 1, 2], [3])]
    loss, right, balanced = project.train.evaluate(Fixed(), batches, weights)
    assert loss == pytest.approx(F.cross_entropy(logits, labels, weights).item())
    assert (right, balanced) == pytest.approx((3 / 4, (2 / 2 + 1 / 2) / 2))


def test_repeats_are_left_out_and_no_text_is_lost_or_in_two_parts(project):
    texts, labels = project.data.drop_repeats(["A  b", "a b", "c", "A B ", "d"], list("xyxxx"))
    assert (texts, labels) == (["A  b", "c", "d"], ["x", "x", "x"])
    texts = [str(number) for number in range(110)]
    labels = ["rare" if number < 10 else "common" for number in range(110)]
    parts = project.data.split(texts, labels)
    assert [len(part) for part, _ in parts] == [88, 11, 11]
    assert sorted(text for part, _ in parts for text in part) == sorted(texts)
    assert [part.count("rare") for _, part in parts] == [8, 1, 1]
    assert all(
        ("rare" if int(t) < 10 else "common") == label
        for p in parts
        for t, label in zip(*p, strict=True)
    )


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_what_is_between_the_columns_is_found_out(project, write, mark):
    path = write(f"label{mark}text", f'x{mark}"a{mark} b"', f"y{mark}c", encoding="utf-8-sig")
    assert project.data.read_csv(path) == ([f"a{mark} b", "c"], ["x", "y"])


WRONG = {
    "has no rows": ["text,label"],
    "has no column 'label', but .*: use --label": ["text,topic", "a,b"],
    r"Row 3 of .* has no text \(1 have none": ["text,label", "a,x", " ,y"],
    r"Row 2 of .* has no label \(3 have none\)": ["text,label", "a,", "b,x", "c, ", "d,"],
    "Row 2 of .* has not as many fields": ["text,label", "a,x,y"],
    "is not 'CSV UTF-8'": ["text,label", '"a,x'],
}


@pytest.mark.parametrize("words", WRONG)
def test_a_file_that_cannot_be_read_for_certain_is_refused(project, write, words):
    with pytest.raises(ValueError, match=words):
        project.data.read_csv(write(*WRONG[words]))


def test_other_encodings_are_refused(project, write):
    with pytest.raises(ValueError, match="is not 'CSV UTF-8'"):
        project.data.read_csv(write("text,label", "für,x", encoding="latin-1"))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["Road"] * 9 + ["road"] * 9, "only in capitals: Road, road"),
        (["x"] * 9, "only one class"),
        (["x"] * 9 + ["y"] * 2, "'y' has 2 texts. It needs 3"),
    ],
)
def test_classes_that_cannot_be_split_are_refused(project, labels, words):
    with pytest.raises(ValueError, match=words):
        project.data.split(["text"] * len(labels), labels)


def test_a_checkpoint_that_is_none_is_refused(project, tmp_path):
    path = tmp_path / "best.pt"
    for contents in (b"", b"no zip file", b"text,label\na,b\n", b"hello", b"jam"):
        path.write_bytes(contents)
        with pytest.raises(ValueError, match=r"no checkpoint of train\.py, or it is damaged"):
            project.model.load_classifier(path)
    for other in ({}, [1], {"vocabulary": {}, "names": ["a"], "model": {}}):
        torch.save(other, path)
        with pytest.raises(ValueError, match="of another program"):
            project.model.load_classifier(path)


def test_a_device_that_is_not_there_is_refused(project, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="--device cpu"):
        project.model.pick_device("cuda")
    assert project.model.pick_device("cpu").type == "cpu"


def test_a_loss_that_is_nan_ends_the_training(project, tmp_path, monkeypatch):
    monkeypatch.setattr(project.train, "train_one_epoch", lambda *arguments: float("nan"))
    monkeypatch.setattr(project.train, "evaluate", lambda *arguments: (float("nan"), 0.0, 0.0))
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(model.parameters())
    settings = SimpleNamespace(epochs=2, lr=1.0, decay=True, patience=9, out=tmp_path)
    with pytest.raises(ValueError, match="smaller --lr"):
        project.train.fit(model, None, None, optimizer, None, settings, {"history": []})


def test_with_decay_the_rate_goes_down_in_a_straight_line(project, tmp_path, monkeypatch):
    rates = []

    def train_one_epoch(model, loader, optimizer, weights):
        rates.append(optimizer.param_groups[0]["lr"])
        return 1.0

    monkeypatch.setattr(project.train, "train_one_epoch", train_one_epoch)
    monkeypatch.setattr(project.train, "evaluate", lambda *arguments: (1.0, 0.5, 0.5))
    model, loader = torch.nn.Linear(1, 1), SimpleNamespace(generator=torch.Generator())
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    settings = SimpleNamespace(epochs=4, lr=1.0, decay=True, patience=9, out=tmp_path)
    state = {"history": [], "vocabulary": {}, "names": []}
    project.train.fit(model, loader, loader, optimizer, None, settings, state)
    assert rates == [1.0, 0.75, 0.5, 0.25]
    with (tmp_path / "metrics.csv").open(newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == list("1234")


def test_it_stops_when_validation_is_no_better(project, tmp_path, monkeypatch):
    losses = iter([3.0, 1.0, 2.0, 1.5, 0.5])
    monkeypatch.setattr(project.train, "train_one_epoch", lambda *arguments: 1.0)
    monkeypatch.setattr(project.train, "evaluate", lambda *arguments: (next(losses), 0.5, 0.5))
    model, loader = torch.nn.Linear(1, 1), SimpleNamespace(generator=torch.Generator())
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    settings = SimpleNamespace(epochs=9, lr=1.0, decay=False, patience=2, out=tmp_path)
    state = {"history": [], "vocabulary": {}, "names": []}
    project.train.fit(model, loader, loader, optimizer, None, settings, state)
    assert [row[2] for row in state["history"]] == [3.0, 1.0, 2.0, 1.5]


def test_resumed_after_it_stopped_it_trains_no_further(project, tmp_path, monkeypatch):
    monkeypatch.setattr(project.train, "train_one_epoch", lambda *arguments: 1 / 0)
    history = [(1, 1.0, 1.0, 0.5, 0.5), (2, 1.0, 2.0, 0.5, 0.5), (3, 1.0, 3.0, 0.5, 0.5)]
    settings = SimpleNamespace(epochs=9, lr=1.0, decay=False, patience=2, out=tmp_path)
    project.train.fit(None, None, None, None, None, settings, {"history": list(history)})
