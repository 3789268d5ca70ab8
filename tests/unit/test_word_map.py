"""The map of the words, without a browser: against numpy, by hand, and on odd data."""

import math
import re
from html import unescape

import numpy as np
import pytest
import torch
from ipywidgets import SelectionSlider
from odd_data import SOURCES
from panels import find

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.panels import WordMapPanel
from lessons.panels.controls import html_line
from lessons.panels.word_map import Topic, WordMap, describe, learn, plane, topic_shares
from lessons.sources import load_split
from lessons.split import Split, Stories
from lessons.text import Vocabulary
from lessons.validation import fit


@pytest.fixture(scope="module")
def panel(parts):
    return WordMapPanel(parts)


@pytest.fixture
def at_the_start(panel):
    panel._epoch.value, panel._word.value = 0, "goal"
    return panel


def status(panel):
    return unescape(re.sub("<.*?>", "", panel._status.value))


def written(panel):
    """Each text in the drawing, and where it stands."""
    found = re.findall(r"<text style=\"[^\"]*\"([^>]*)>([^<]+)</text>", panel._view.value)
    return {text.strip(): place for place, text in found}


def points(panel):
    return re.findall(r"<use [^>]*(x=\S+ y=\S+)", panel._view.value)


def alt(panel):
    return unescape(re.search('role="img" aria-label="([^"]+)"', panel._view.value)[1])


# -------------------------------------------------------------------------------- the plane

SQUARE = torch.tensor([[-1.0, 1], [1, 1], [1, -1], [-1, -1]]) / math.sqrt(2)  # clockwise


def any_axes(seed, dim=6):
    """Two directions at right angles, each of length 1: (dim, 2)."""
    generator = np.random.default_rng(seed)
    return torch.tensor(np.linalg.qr(generator.normal(size=(dim, 2)))[0]).float()


@pytest.mark.parametrize("seed", range(5))
def test_classes_on_a_square_in_space_are_seen_as_that_square(seed):
    """However it is turned, and wherever it is: the first class at the upper left."""
    in_space = 3 * SQUARE @ any_axes(seed).T + torch.arange(6.0)
    axes = plane(in_space)
    torch.testing.assert_close((in_space - in_space.mean(dim=0)) @ axes, 3 * SQUARE)


@pytest.mark.parametrize("classes", [2, 3, 4, 6])
def test_the_axes_are_those_of_numpy_and_none_fit_better(classes):
    vectors = torch.randn(classes, 6, generator=torch.Generator().manual_seed(classes))
    axes = plane(vectors)
    torch.testing.assert_close(axes.T @ axes, torch.eye(2))  # lengths are kept, at right angles
    angles = [2 * np.pi * (3 / 8 - i / classes) for i in range(classes)]
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    centred = vectors.double().numpy() - vectors.double().numpy().mean(axis=0)

    def miss(axes):
        return ((centred @ axes.double().numpy() - corners) ** 2).sum()

    best = np.linalg.svd(centred.T @ corners, compute_uv=False).sum()
    fit = np.trace(axes.double().numpy().T @ centred.T @ corners)
    assert fit == pytest.approx(best, rel=1e-5)
    others = [any_axes(seed) for seed in range(200)]
    assert all((centred @ other.double().numpy() * corners).sum() <= best for other in others)
    if classes == 4:
        mirrored = axes * torch.tensor([-1.0, 1.0])
        assert miss(axes) < miss(mirrored)


def test_other_scale_and_place_leave_the_axes_as_they_are():
    vectors = torch.randn(4, 6, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(plane(7 * vectors + 3), plane(vectors), rtol=1e-4, atol=1e-4)


# ------------------------------------------------------------------------ a map made by hand


@pytest.fixture
def little():
    """Four words of two topics; before training all but the same, then far apart."""
    vocabulary = Vocabulary.of(["<unk>", "goal", "match", "bank", "share"])
    before = torch.tensor([[9.0, 9, 9], [1, 0, 0], [1, 0.1, 0], [1, 0, 0.2], [1, 0.2, 0]])
    after = torch.tensor([[9.0, 9, 9], [4, 0, 0], [3, 4, 0], [-2, 0, 0], [-6, 0, 8]])
    topics = [Topic("Sports", [1, 2]), Topic("Business", [3, 4])]
    return WordMap(vocabulary, [before, after], torch.eye(3)[:, :2], topics, [])


def test_nearest_is_by_the_angle_and_not_by_the_distance(little):
    expected = [("match", 0.6), ("share", -0.6)]  # bank is closer, but on the other side
    assert little.nearest(1, 1, 2) == [(word, pytest.approx(cos)) for word, cos in expected]
    assert [word for word, _ in little.nearest(3, 1)] == ["share", "match", "goal"]  # never <unk>


def test_separation_by_hand(little):
    near, count, own, other = little.separation(1)
    assert (near, count) == (4, 4)
    assert own == pytest.approx((0.6 + 0.6) / 2)  # goal and match, bank and share
    assert other == pytest.approx((-1 - 0.6 - 0.6 - 0.36) / 4)
    assert little.separation(0)[0] == 1  # only goal: match is nearer to share


def test_places_and_reach_by_hand(little):
    assert little.places([2, 4], 1).tolist() == [[3, 4], [-6, 0]]
    assert little.reach == pytest.approx(1.05 * 9)  # the same for both epochs


def test_the_map_in_words_by_hand(little):
    assert describe(little, 1) == (
        "After epoch 1, the words of Sports lie at the upper right, ≈ 4.0 from the middle; "
        "Business lie at the left, ≈ 4.0 from the middle. Of 4 words, 4 have a word of their own "
        "topic as the nearest. The cosine similarity of two words is on average ≈ 0.60 in one "
        "topic, ≈ -0.64 in two."
    )
    assert "Before training, the words of all topics lie near the middle. Of 4" in describe(
        little, 0
    )


def test_topics_that_cannot_be_compared_are_told_so(little):
    alone = little._replace(topics=[Topic("Sports", [1, 2]), Topic("Business", [3])])
    with pytest.raises(ValueError, match="Too few words belong to one topic alone"):
        alone.separation(0)
    assert "Too few words belong to one topic alone" in describe(alone, 0)


def test_the_share_of_a_word_in_each_topic_by_hand():
    """Topic 1 is twice as long, so a word that stands once in each belongs more to topic 0."""
    stories = Stories(["a b", "a c c c"], [0, 1], ("x", "y", "empty"))
    vocabulary = Vocabulary.of(["<unk>", "a", "b", "c", "nowhere"])
    shares = topic_shares(EncodedStories(stories, vocabulary), 5, 3)
    expected = [[0, 0, 0], [2 / 3, 1 / 3, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]]
    torch.testing.assert_close(shares, torch.tensor(expected).double())


# -------------------------------------------------------------------------------- the panel


def test_it_trains_as_the_lesson_does(parts, panel):
    """The same numbers as `fit` with the same seeds, so the page and the panel agree."""
    vocabulary = Vocabulary.build(parts.train.texts)
    train, validation = (EncodedStories(part, vocabulary) for part in parts[:2])
    model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(panel._map.tables[0], model.embedding.weight)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    loaders = make_loader(train, 128, shuffle=True), make_loader(validation, 128)
    list(fit(model, *loaders, optimizer, epochs=5))
    assert len(panel._map.tables) == 6
    assert torch.equal(panel._map.tables[5], model.embedding.weight)


def test_the_words_of_a_topic_stand_mostly_there(parts, panel):
    assert [topic.name for topic in panel._map.topics] == list(parts.train.names)
    texts = [set(Vocabulary.of([]).tokenize(text)) for text in parts.train.texts]
    for number, topic in enumerate(panel._map.topics):
        assert len(topic.ids) == 12 and topic.ids == sorted(topic.ids)
        for word in map(panel._map.vocabulary.tokens.__getitem__, topic.ids):
            found = zip(texts, parts.train.labels, strict=True)
            labels = [label for text, label in found if word in text]
            assert labels.count(number) > 0.65 * len(labels)
    assert "the" in map(panel._map.vocabulary.tokens.__getitem__, panel._map.plain)


def test_the_slider_moves_the_words(at_the_start):
    assert "Before training, these are nearest to “goal”:" in status(at_the_start)
    assert alt(at_the_start).startswith(
        "Before training, the words of all topics lie near the middle."
    )
    before = points(at_the_start)
    find(at_the_start, SelectionSlider, "epoch").value = 5
    assert points(at_the_start) != before
    (best, cosine), *_ = at_the_start.nearest("goal", 5)
    told = f"After epoch 5, these are nearest to “goal”: {best} ({cosine:.2f}),"
    assert told in status(at_the_start)
    assert "World lie at the upper left" in alt(at_the_start)
    assert "Sports lie at the upper right" in alt(at_the_start)
    assert "Business lie at the lower right" in alt(at_the_start)
    assert "Sci/Tech lie at the lower left" in alt(at_the_start)
    at_the_start._play.value = 0  # as when it is played from the start
    assert points(at_the_start) == before


def test_the_names_stand_still_while_the_points_move(at_the_start):
    before = written(at_the_start)
    at_the_start._epoch.value = 3
    moved = {text for text, place in written(at_the_start).items() if before.get(text) != place}
    assert moved == {"after epoch 3", "goal"}  # the title, and the word that is marked
    assert len(before) == 1 + 16 + 1 + 5  # and four words a topic, and the legend


def test_another_word_is_marked_and_its_neighbours_told(at_the_start):
    at_the_start._word.value = "Minister"  # a capital letter makes no other word
    assert "nearest to “minister”" in status(at_the_start)
    at_the_start._epoch.value = 5
    large = re.findall(r"font-size: 13px[^>]*>([^<]+)<", at_the_start._view.value)
    assert large == ["minister"]


@pytest.mark.parametrize("wrong", ["zzzz", "", "two words", "<b>", "<unk>"])
def test_a_word_that_is_none_of_theirs_is_told_and_the_map_stays(at_the_start, wrong):
    at_the_start._word.value = wrong
    told = f"Type one word of the vocabulary; it does not know {wrong!r}."
    assert at_the_start._status.value == html_line(told, error=True)
    assert "Before training, the words of all" in alt(at_the_start)
    with pytest.raises(ValueError, match="Type one word of the vocabulary"):
        at_the_start.nearest(wrong, 0)


@pytest.mark.parametrize(
    ("epoch", "message"),
    [
        (6, "The epoch is 6, but the training has 5."),
        (-1, "The epoch is -1; it must be a whole number of at least 0."),
        (1.5, "The epoch is 1.5; it must be a whole number of at least 0."),
    ],
)
def test_an_epoch_that_was_not_trained_is_told(panel, epoch, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        panel.nearest("goal", epoch)


@pytest.mark.parametrize("epochs", [0, 2.5, True, "5"])
def test_a_number_of_epochs_that_is_none_is_told(parts, epochs):
    with pytest.raises(ValueError, match="^The number of epochs is .* at least 1.$"):
        WordMapPanel(parts, epochs)


def test_a_page_without_a_kernel_has_the_map_before_and_after(panel):
    assert repr(panel) == (
        "A map of the words: live in JupyterLab, when the cell has run. In a script: call its "
        "method nearest(word, epoch)."
    )
    (told,) = re.findall('<img alt="([^"]+)"', panel.static())
    assert "Before training" in told and "After epoch 5" in told


@pytest.mark.parametrize("kind", SOURCES)
def test_it_shows_odd_data(kind, tmp_path, monkeypatch, caplog):
    file = tmp_path / "stories.csv"
    SOURCES[kind].write(file)
    if SOURCES[kind].tokens:
        monkeypatch.setenv("LESSONS_TOKENS", SOURCES[kind].tokens)
    parts = load_split(file)
    made = WordMapPanel(parts, epochs=5)
    made._epoch.value = 5
    assert len(made._map.topics) == min(6, len(parts.train.names))
    assert sum(len(topic.ids) > 1 for topic in made._map.topics) >= 2
    near, count, *_ = made._map.separation(5)
    assert near > 0.8 * count
    assert "lessons-error" not in made._status.value and "nearest to" in status(made)
    assert "<img alt=" in made.static()
    assert caplog.messages == []  # such as of a font that lacks the characters


def test_names_from_data_are_no_formula_and_no_html():
    texts = ["rise rise $x$", "fall fall $y$"] * 20
    stories = Stories(texts, [0, 1] * 20, ("$yes$ & no", "<b>"))
    made = WordMapPanel(Split(stories, stories, stories), epochs=2)
    assert ">$yes$ &amp; no</text>" in made._view.value and "<b>" not in made._view.value


def test_words_that_tell_nothing_of_their_topics_are_shown_all_the_same():
    stories = Stories(["the same words here"] * 40, [0, 1] * 20, ("a", "b"))
    made = WordMapPanel(Split(stories, stories, stories), epochs=1)
    assert made._map.topics == [("a", []), ("b", [])]
    assert "Too few words belong to one topic alone" in status(made)
    assert "Too few words" in alt(made)


def test_of_a_large_source_the_first_stories_do(monkeypatch, parts):
    monkeypatch.setattr("lessons.panels.word_map.MOST", 100)
    made = learn(parts, 1)
    assert made.vocabulary.tokens == Vocabulary.build(parts.train.texts[:100]).tokens
