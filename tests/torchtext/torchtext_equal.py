"""The course against the real torchtext 0.18: run by `make test-torchtext` in its environment,
which has torch 2.3.1. `make test` leaves this file alone: its name does not begin with test_."""

import json
import pickle
import re
import subprocess
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import nbformat
import pytest
import torch
import torchtext
from hypothesis import given, settings
from hypothesis import strategies as st
from three_epochs import digest, new_model, three_epochs
from torch import nn
from torch.utils.data import DataLoader

from conftest import REAL_ROWS
from lessons.checkpoint import save_checkpoint
from lessons.loaders import EncodedStories, make_loader
from lessons.model import Classifier, classify
from lessons.text import Vocabulary, tokenize

torchtext.disable_torchtext_deprecation_warning()  # before the imports that would warn
# ruff: noqa: E402
from torchtext import datasets, functional, models, transforms, utils, vocab
from torchtext import nn as torchtext_nn
from torchtext.data import functional as data_functional
from torchtext.data import metrics
from torchtext.data import utils as data_utils
from torchtext.data.functional import to_map_style_dataset
from torchtext.vocab import build_vocab_from_iterator

ROOT = Path(__file__).parents[2]
COURSE = ROOT / ".venv" / "bin" / "python"  # the course's own Python, with its own torch
PAGE = ROOT / "notebooks" / "torchtext" / "from_torchtext.ipynb"

basic_english = data_utils.get_tokenizer("basic_english")
both_sources = pytest.mark.parametrize("parts_of", ["parts", "real_parts"])
awkward = st.sampled_from(
    ["<br />", '<b"r />', "<br. />", "'", '"', ";", "\x1c", "\x85", "\u2028", "İ", "ß", "Σ", "\0"]
)
any_text = st.lists(st.text() | awkward).map("".join)
# Few letters, so that many words are equally common; and words of any script.
corpora = st.lists(st.text("abB ,.'é", max_size=20) | st.text(st.characters(codec="utf-8")))


def build(texts, min_freq):
    """A vocabulary by torchtext, as the tutorials build it."""
    words = build_vocab_from_iterator(
        map(basic_english, texts), min_freq=min_freq, specials=["<unk>"]
    )
    words.set_default_index(words["<unk>"])
    return words


def test_this_is_the_real_one_and_the_course_has_another_torch():
    assert torchtext.__version__.split("+")[0] == "0.18.0"
    assert torch.__version__.split("+")[0] == "2.3.1"
    ask = "import torch; print(torch.__version__.split('+')[0])"
    torch_of_the_course = subprocess.check_output([COURSE, "-c", ask], text=True).strip()
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    assert f"torch=={torch_of_the_course}" in pins


# --------------------------------------------------------------------------------- tokens


@both_sources
def test_tokens_are_equal(parts_of, request):
    texts = [text for part in request.getfixturevalue(parts_of) for text in part.texts]
    assert len(texts) == {"parts": 2000, "real_parts": 10_000}[parts_of]
    assert [tokenize(text) for text in texts] == [basic_english(text) for text in texts]


@settings(max_examples=2000)
@given(any_text)
def test_tokens_of_any_text_are_equal(text):
    assert tokenize(text) == basic_english(text)


# ----------------------------------------------------------------------------- vocabulary


@both_sources
@pytest.mark.parametrize("min_freq", [1, 2, 5])
def test_vocabulary_and_numbers_are_equal(parts_of, min_freq, request):
    parts = request.getfixturevalue(parts_of)
    theirs, ours = build(parts.train.texts, min_freq), Vocabulary.build(parts.train.texts, min_freq)
    assert list(ours.tokens) == theirs.get_itos()
    assert ours.token_to_id == theirs.get_stoi()
    for text in parts.validation.texts + parts.test.texts:
        assert ours.encode(text) == theirs(basic_english(text))


@settings(max_examples=300)  # each of torchtext's vocabularies takes 0.08 s
@given(corpora, st.integers(1, 4), any_text)
def test_vocabulary_and_numbers_of_any_texts_are_equal(texts, min_freq, other):
    theirs = build(texts, min_freq)
    if len(theirs) == 1:  # torchtext keeps <unk> alone, the course says what is wrong
        with pytest.raises(ValueError, match="would be empty"):
            Vocabulary.build(texts, min_freq)
        return
    ours = Vocabulary.build(texts, min_freq)
    assert list(ours.tokens) == theirs.get_itos()
    for text in [*texts, other.encode("utf-8", "replace").decode("utf-8")]:
        assert ours.encode(text) == theirs(basic_english(text))


def test_ties_go_by_the_alphabet_and_not_by_first_appearance():
    texts = ["win the cup the end", "win a cup, .", "É é z Z"]
    counts = Counter(token for text in texts for token in basic_english(text))
    in_order_of_appearance = ["<unk>", *(token for token, _ in counts.most_common())]
    tokens = build(texts, 1).get_itos()
    assert tokens == list(Vocabulary.build(texts, 1).tokens) != in_order_of_appearance


def test_the_mark_for_unknown_in_a_text_is_no_word():
    texts = ["<unk> <unk> a a b"]
    assert build(texts, 1).get_itos() == list(Vocabulary.build(texts, 1).tokens)
    assert build(texts, 1)(["<unk>", "b"]) == Vocabulary.build(texts, 1).encode("<unk> b")


# ------------------------------------------------------- the differences that the page names


def test_torchtext_keeps_every_word_if_you_say_nothing(parts):
    theirs = build_vocab_from_iterator(map(basic_english, parts.train.texts), specials=["<unk>"])
    assert len(theirs) == len(Vocabulary.build(parts.train.texts, 1))
    assert len(theirs) > len(Vocabulary.build(parts.train.texts))


def test_torchtext_stops_at_an_unknown_word_until_it_is_told_a_number():
    theirs = build_vocab_from_iterator([["a"]], specials=["<unk>"])
    with pytest.raises(RuntimeError, match="default index is not set"):
        theirs(["b"])


@pytest.mark.parametrize("most", [2, 3, 10, 1000])
def test_at_most_so_many_words(parts, most):
    tokens = map(basic_english, parts.train.texts)
    theirs = build_vocab_from_iterator(tokens, specials=["<unk>"], max_tokens=most)
    ours = Vocabulary.of(Vocabulary.build(parts.train.texts, 1).tokens[:most])
    assert list(ours.tokens) == theirs.get_itos()


def test_half_of_a_two_part_character():
    assert tokenize("\ud800 a") == basic_english("\ud800 a") == ["\ud800", "a"]
    assert Vocabulary.build(["\ud800 \ud800"]).encode("\ud800 a") == [1, 0]
    with pytest.raises(TypeError):
        build(["\ud800 \ud800"], 1)


def test_filling_up():
    words = build(["a b c d"], 1)
    row = transforms.Sequential(
        transforms.VocabTransform(words), transforms.ToTensor(padding_value=0)
    )
    texts = ["d", "a b zebra"]
    ours = [Vocabulary.build(["a b c d"], 1).encode(text) for text in texts]
    filled = nn.utils.rnn.pad_sequence([torch.tensor(numbers) for numbers in ours], True, 0)
    assert torch.equal(row([basic_english(text) for text in texts]), filled)
    assert filled.tolist() == [[4, 0, 0], [1, 2, 0]]  # zebra and the filling look alike


def test_a_vocabulary_object_holds_torchtext_and_the_list_does_not():
    words = build(["a b"], 1)
    assert b"torchtext" in pickle.dumps(words)
    assert b"torchtext" not in pickle.dumps(words.get_itos())


# -------------------------------------------------------------------------------- batches


def collate(words):
    """What the tutorials write themselves: a flat row of numbers, and where each text begins."""

    def one_batch(rows):
        labels = torch.tensor([label - 1 for label, _ in rows])
        numbers = [torch.tensor(words(basic_english(text)), dtype=torch.int64) for _, text in rows]
        lengths = torch.tensor([0] + [len(row) for row in numbers[:-1]])
        return torch.cat(numbers), lengths.cumsum(0), labels

    return one_batch


def old_loader(stories, words, batch_size, shuffle):
    rows = [(label + 1, text) for label, text in zip(stories.labels, stories.texts, strict=True)]
    generator = torch.Generator().manual_seed(0)
    rows = to_map_style_dataset(iter(rows))
    return DataLoader(rows, batch_size, shuffle, collate_fn=collate(words), generator=generator)


@both_sources
@pytest.mark.parametrize("batch_size", [7, 16, 128])
def test_batches_are_equal(parts_of, batch_size, request):
    train = request.getfixturevalue(parts_of).train
    words, vocabulary = build(train.texts, 2), Vocabulary.build(train.texts)
    theirs = old_loader(train, words, batch_size, shuffle=True)
    ours = make_loader(EncodedStories(train, vocabulary), batch_size, shuffle=True)
    for _ in range(2):  # each epoch has its own order
        for old, new in zip(theirs, ours, strict=True):
            assert all(map(torch.equal, old, new))


# --------------------------------------------------------------------------------- losses


class OldModel(nn.Module):
    """The model of the tutorials."""

    def __init__(self, like):
        super().__init__()
        self.embedding = nn.EmbeddingBag.from_pretrained(
            like.embedding.weight.detach().clone(), freeze=False, mode="mean"
        )
        self.fc = nn.Linear(like.linear.in_features, like.linear.out_features)
        self.fc.load_state_dict(like.linear.state_dict())

    def forward(self, text, offsets):
        return self.fc(self.embedding(text, offsets))


def old_epoch(model, loader, optimizer=None):
    """The mean loss over all stories; learns if there is an optimizer."""
    total = 0.0
    for text, offsets, labels in loader:
        loss = nn.CrossEntropyLoss()(model(text, offsets), labels)
        if optimizer:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * len(labels)
    return total / len(loader.dataset)


def old_three_epochs(parts, *, shuffle=True):
    """Three epochs by torchtext, as in three_epochs.py."""
    words = build(parts.train.texts, 2)
    loader = old_loader(parts.train, words, 16, shuffle)
    validation_loader = old_loader(parts.validation, words, 16, shuffle=False)
    model = OldModel(new_model(len(words)))
    record = {"torch": torch.__version__, "weights": digest(*model.parameters())}
    optimizer = torch.optim.SGD(model.parameters(), lr=5)
    record["losses"] = [
        [old_epoch(model, loader, optimizer), old_epoch(model, validation_loader)] for _ in range(3)
    ]
    record["batches"] = [digest(*batch) for batch in loader]
    return record


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """Three epochs by the course on its own torch, for a source, from a file."""

    def recorded(source):
        file = tmp_path_factory.mktemp("course") / "three_epochs.json"
        command = [COURSE, ROOT / "tests" / "torchtext" / "three_epochs.py", source, file]
        subprocess.run(command, check=True)
        return json.loads(file.read_text())

    return recorded


def losses(record):
    return [loss for epoch in record["losses"] for loss in epoch]


@pytest.mark.parametrize("source", ["mini-news", REAL_ROWS], ids=["mini-news", "real rows"])
def test_the_losses_are_equal_with_torchtext_and_with_the_course(source, course, request):
    parts = request.getfixturevalue("parts" if source == "mini-news" else "real_parts")
    theirs, ours = old_three_epochs(parts), course(source)
    assert theirs["torch"].startswith("2.3.1")
    assert not ours["torch"].startswith("2.3")
    assert ours["weights"] == theirs["weights"]
    assert ours["batches"] == theirs["batches"]
    assert len(losses(ours)) == 6
    assert losses(ours) == pytest.approx(losses(theirs), rel=0, abs=1e-6)
    assert losses(three_epochs(source)) == pytest.approx(losses(theirs), rel=0, abs=1e-6)


def test_another_order_of_the_stories_would_be_noticed(parts, course):
    unshuffled = losses(old_three_epochs(parts, shuffle=False))
    assert losses(course("mini-news")) != pytest.approx(unshuffled, rel=0, abs=1e-2)


# ------------------------------------------------------------ to and from the course's torch


def test_a_checkpoint_saved_here_opens_in_the_course(parts, tmp_path):
    words = build(parts.train.texts, 2)
    classifier = Classifier(
        new_model(len(words)), Vocabulary.of(words.get_itos()), parts.train.names
    )
    save_checkpoint(tmp_path / "moved.pt", classifier)
    script = (
        "import json, sys; from lessons.checkpoint import load_checkpoint; "
        "from lessons.model import classify; "
        "print(json.dumps(classify(load_checkpoint(sys.argv[1]), 'the cup final')))"
    )
    command = [COURSE, "-c", script, tmp_path / "moved.pt"]
    chances = json.loads(subprocess.check_output(command, text=True))
    assert chances == pytest.approx(classify(classifier, "the cup final"), rel=1e-6)


def test_torchtext_does_not_load_beside_the_courses_torch(tmp_path):
    (tmp_path / "torchtext").symlink_to(Path(torchtext.__file__).parent)
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import torchtext"
    run = subprocess.run(
        [COURSE, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert run.returncode != 0
    assert re.search(r"OSError: .*(undefined symbol|Symbol not found)", run.stderr)


# ------------------------------------------------------------------ the table of the page


def public(module):
    """The names that a module offers, and its classes: some of those it forgets to offer."""
    own = {
        name: thing
        for name, thing in vars(module).items()
        if getattr(thing, "__module__", "").startswith("torchtext") and not name.startswith("_")
    }
    compiled = "torchtext._torchtext"  # what the classes themselves call
    classes = [
        name
        for name, thing in own.items()
        if isinstance(thing, type) and thing.__module__ != compiled
    ]
    return {*getattr(module, "__all__", own), *classes}


def listed():
    """The patterns in the first column of the table of names."""
    cell = next(cell for cell in nbformat.read(PAGE, 4).cells if cell.id == "table")
    return re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\| ([^|]*)", cell.source, re.M)))


MODULES = [datasets, functional, models, transforms, utils, vocab, torchtext_nn]
MODULES += [data_functional, data_utils, metrics]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_table_has_every_name(module):
    names = public(module)
    assert names
    assert [name for name in names if not any(fnmatch(name, one) for one in listed())] == []


def test_the_table_has_every_method_of_a_vocabulary():
    methods = set(vars(vocab.Vocab)) - set(vars(nn.Module))
    methods = {name for name in methods if not name.startswith("_") and name != "forward"}
    assert "get_itos" in methods
    assert methods <= set(listed())
