"""Another device than the CPU. "meta" stands in for a GPU: every PyTorch has it, and it knows where
a tensor is, its shape and its type, but no numbers."""

import re

import pytest
import torch

from lessons.checkpoint import load_checkpoint, save_checkpoint
from lessons.loaders import EncodedStories, make_loader
from lessons.model import Classifier, TextClassifier, classify, word_contributions
from lessons.panels.runs import Settings, kept_runs, new_run, prepare
from lessons.panels.training_lab import TrainingLab
from lessons.panels.worker import Worker
from lessons.split import Stories
from lessons.support.device import chosen_device
from lessons.text import Vocabulary
from lessons.validation import Epoch, evaluate, fit, predict

TEXTS = ["a b c", "b c", "a", "c c c c"]
STORIES = Stories(TEXTS, [0, 1, 0, 1], ("x", "y"))
WORDS = Vocabulary.build(TEXTS, min_count=1)


@pytest.fixture
def gpus(monkeypatch):
    """So many GPUs of NVIDIA, or one of a Mac."""

    def are(cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    are()
    return are


# ---------------------------------------------------------------------------- which device


def test_the_argument_decides_else_the_variable_else_it_is_the_cpu(gpus, monkeypatch):
    gpus(cuda=2, mps=True)
    assert chosen_device() == torch.device("cpu")
    monkeypatch.setenv("LESSONS_DEVICE", "")
    assert chosen_device() == torch.device("cpu")
    monkeypatch.setenv("LESSONS_DEVICE", "cuda:1")
    assert chosen_device() == torch.device("cuda", 1)
    assert chosen_device("mps") == torch.device("mps")


@pytest.mark.parametrize(
    ("name", "cuda", "why"),
    [
        ("cuda", 0, "The device is 'cuda', but PyTorch sees no such GPU here. Take 'cpu', which"),
        ("mps", 2, "The device is 'mps', but PyTorch sees no such GPU here. Take 'cpu', which"),
        ("cuda:2", 2, "The device is 'cuda:2', but PyTorch sees only 2 of its kind here. Take"),
        ("cpu:1", 0, "The device is 'cpu:1', but PyTorch sees only 1 of its kind here. Take"),
        ("gpu", 1, "The device is 'gpu'; it must be 'cpu', 'cuda' (a GPU of NVIDIA or AMD) or"),
        ("meta", 1, "The device is 'meta'; it must be 'cpu', 'cuda' (a GPU of NVIDIA or AMD) or"),
        ("CPU", 1, "The device is 'CPU'; it must be 'cpu', 'cuda' (a GPU of NVIDIA or AMD) or"),
    ],
)
def test_a_device_that_is_not_here_is_one_sentence(gpus, monkeypatch, name, cuda, why):
    gpus(cuda=cuda)
    with pytest.raises(ValueError, match=re.escape(why)):
        chosen_device(name)
    monkeypatch.setenv("LESSONS_DEVICE", name)
    with pytest.raises(ValueError, match=re.escape(why.replace("The device", "LESSONS_DEVICE"))):
        chosen_device()


# ------------------------------------------------------------------- training on it


@pytest.fixture
def meta(monkeypatch):
    """Let a computation go on where the numbers of the device decide: it has none."""
    device, tokens = torch.device("meta"), sum(len(text.split()) for text in TEXTS)
    instead = {
        "item": lambda one: 0.0,
        "__int__": lambda one: 0,
        "tolist": lambda one: [0.0] * len(one),
        "repeat_interleave": lambda one, sizes: one.new_empty(tokens),
    }

    def only_there(name, there):
        here = getattr(torch.Tensor, name)
        return lambda one, *args: (there if one.device == device else here)(one, *args)

    for name, there in instead.items():
        monkeypatch.setattr(torch.Tensor, name, only_there(name, there))
    return device


def where_fed(model):
    """The devices of what the model is called with, from now on."""
    devices = set()
    model.register_forward_pre_hook(lambda _, given: devices.update(one.device for one in given))
    return devices


def test_stories_and_their_batches_are_where_they_were_moved_to(meta):
    here = EncodedStories(STORIES, WORDS)
    there = here.to("meta")
    assert {one.device for one in vars(there).values()} == {meta}
    assert {one.device.type for one in vars(here).values()} == {"cpu"}
    (batch,) = make_loader(there, 4, shuffle=True)
    assert {one.device for one in batch} == {meta}
    assert [one.dtype for one in batch] == [torch.int64] * 3
    assert [len(one) for one in batch] == [10, 4, 4]


def test_what_trains_and_measures_stays_on_the_device(meta):
    stories, model = EncodedStories(STORIES, WORDS).to(meta), TextClassifier(4, 2).to(meta)
    loader, optimizer = make_loader(stories, 4), torch.optim.SGD(model.parameters(), lr=1.0)
    devices = where_fed(model)
    events = list(fit(model, loader, loader, optimizer, epochs=2))
    assert sum(isinstance(event, Epoch) for event in events) == 2
    assert model.embedding.weight.grad.device == meta
    assert evaluate(model, loader).loss == 0.0  # as `item` says
    assert predict(model, loader).device == meta
    assert devices == {meta}


def test_one_text_goes_to_where_the_model_is(meta):
    classifier = Classifier(TextClassifier(4, 2).to(meta), WORDS, ("x", "y"))
    devices = where_fed(classifier.model)
    assert classify(classifier, "a b") == {"x": 0.0, "y": 0.0}
    assert devices == {meta}
    contributions = word_contributions(classifier, "a b")
    assert [(word, one.device) for word, one in contributions] == [("a", meta), ("b", meta)]


def test_a_checkpoint_of_a_gpu_is_read_where_there_is_none(tmp_path, monkeypatch):
    classifier = Classifier(TextClassifier(4, 2), WORDS, ("x", "y"))
    with monkeypatch.context() as patch:
        patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        save_checkpoint(tmp_path / "best.pt", classifier)
    assert b"cuda:0" in (tmp_path / "best.pt").read_bytes()
    read = load_checkpoint(tmp_path / "best.pt")
    assert torch.equal(read.model.embedding.weight, classifier.model.embedding.weight)


# -------------------------------------------------------------------------- the lab


def test_the_lab_takes_model_and_stories_there(meta, parts, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("lessons.panels.runs.chosen_device", lambda: meta)
    monkeypatch.setattr("lessons.panels.runs.fit", lambda *args: seen.extend(args) or iter([]))
    list(new_run(tmp_path, Settings(optimizer="SGD")).begin(prepare(parts)))
    model, train, validation, *_ = seen
    assert {one.device for one in (*model.parameters(), *vars(train.dataset).values())} == {meta}
    assert {one.device for one in vars(validation.dataset).values()} == {meta}


def test_a_lab_on_a_device_that_is_not_here_says_so_and_loses_nothing(gpus, tmp_path, monkeypatch):
    lab = TrainingLab("one", folder=tmp_path)
    lab.run(epochs=1)
    monkeypatch.setenv("LESSONS_DEVICE", "cuda")
    stopped = []
    monkeypatch.setattr(Worker, "stop_any", lambda: stopped.append("what runs"))
    with pytest.raises(ValueError, match="LESSONS_DEVICE is 'cuda', but PyTorch sees no such GPU"):
        lab.run(epochs=1)
    assert stopped == []
    lab.train()
    assert lab.wait(60)
    assert "No training has begun. LESSONS_DEVICE is 'cuda'" in lab._status_text
    assert len(lab.runs) == len(kept_runs(tmp_path / "one")) == len(lab.history) == 1
    monkeypatch.delenv("LESSONS_DEVICE")
    lab.run(epochs=2)
    assert len(lab.history) == 2
