"""Batches, against torch's own functions and counting numbers."""

import numpy
import pytest
import torch

from lessons.loaders import Batch, EncodedStories, make_loader
from lessons.split import Stories
from lessons.text import Vocabulary

# Counting numbers as words, so that a batch can be read by eye: story 2 is "20 21 22".
TEXTS = ["0", "10 11", "20 21 22", "30 31 32 33", "40"]
COUNTING = Stories(TEXTS, [0, 1, 0, 1, 1], ("even", "odd"))
NUMBERS = Vocabulary.of(map(str, range(50)))  # each word is its own number


@pytest.fixture
def counting():
    return EncodedStories(COUNTING, NUMBERS)


def one_by_one(stories, vocabulary, rows):
    """The batch as a beginner would make it."""
    token_ids, offsets = [], []
    for row in rows:
        offsets.append(len(token_ids))
        token_ids.extend(vocabulary.encode(stories.texts[row]))
    return Batch(*map(torch.tensor, (token_ids, offsets, [stories.labels[row] for row in rows])))


def same(batch, other):
    return all(torch.equal(a, b) and a.dtype == b.dtype for a, b in zip(batch, other, strict=True))


def test_a_batch_read_by_eye(counting):
    first, last = make_loader(counting, batch_size=3)
    assert first.token_ids.tolist() == [0, 10, 11, 20, 21, 22]
    assert first.offsets.tolist() == [0, 1, 3]
    assert first.labels.tolist() == [0, 1, 0]
    assert last.token_ids.tolist() == [30, 31, 32, 33, 40]  # the short last batch
    assert last.offsets.tolist() == [0, 4]


@pytest.mark.parametrize("rows", [[0], [4, 2, 2, 1], [3, 0]])
def test_any_rows_in_any_order(counting, rows):
    assert same(counting.__getitems__(rows), one_by_one(COUNTING, NUMBERS, rows))


def test_the_ids_take_half_the_room_until_they_are_in_a_batch(counting):
    assert counting.token_ids.dtype == torch.int32
    assert {one.dtype for one in counting[3]} == {torch.int64}


def test_one_story(counting):
    assert same(counting[3], one_by_one(COUNTING, NUMBERS, [3]))


def test_a_text_without_tokens_takes_no_room():
    stories = EncodedStories(Stories(["1", " ", "2"], [0, 1, 0], ("a", "b")), NUMBERS)
    (batch,) = make_loader(stories, 3)
    assert batch.token_ids.tolist() == [1, 2]
    assert batch.offsets.tolist() == [0, 1, 1]


def test_batches_of_mini_news(parts):
    vocabulary = Vocabulary.build(parts.train.texts)
    encoded = EncodedStories(parts.train, vocabulary)
    for number, batch in enumerate(make_loader(encoded, 300)):
        rows = range(number * 300, min(number * 300 + 300, 1600))
        assert same(batch, one_by_one(parts.train, vocabulary, rows))


def test_every_story_once_in_each_epoch(counting):
    loader = make_loader(counting, batch_size=2, shuffle=True)
    for _ in range(3):
        batches = list(loader)
        assert len(batches) == len(loader) == 3
        assert sorted(torch.cat([batch.token_ids for batch in batches]).tolist()) == sorted(
            int(word) for text in TEXTS for word in text.split()
        )


def test_shuffling_makes_a_new_order_each_epoch(parts):
    encoded = EncodedStories(parts.train, Vocabulary.build(parts.train.texts))

    def orders(**kwargs):
        loader = make_loader(encoded, 64, **kwargs)
        return [torch.cat([batch.labels for batch in loader]).tolist() for _ in range(2)]

    first, second = orders(shuffle=True, seed=5)
    assert first != second
    assert [first, second] == orders(shuffle=True, seed=5)
    assert first != orders(shuffle=True, seed=6)[0]
    assert orders() == [parts.train.labels] * 2


@pytest.mark.parametrize("batch_size", [0, -8, 2.5, "64", None, True])
def test_a_batch_size_that_cannot_be(counting, batch_size):
    with pytest.raises(ValueError, match=r"batch size is .*; it must be a whole number"):
        make_loader(counting, batch_size)


def test_a_batch_size_of_numpy(counting):
    (batch, *_) = make_loader(counting, numpy.int64(2))
    assert len(batch.labels) == 2


def test_a_batch_larger_than_the_part(counting):
    (batch,) = make_loader(counting, 1000)
    assert len(batch.labels) == 5


def test_no_stories():
    empty = EncodedStories(Stories([], [], ("a", "b")), NUMBERS)
    with pytest.raises(ValueError, match="no stories to load"):
        make_loader(empty, 8)
