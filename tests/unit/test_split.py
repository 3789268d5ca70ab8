"""Stories are checked when they are made; the split, and what it says to bad input."""

import math
import pickle
from collections import Counter
from time import process_time

import numpy
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lessons.split import Stories, split
from lessons.text import tokenize

# ------------------------------------------------------------------- checked when made


@pytest.mark.parametrize(
    ("texts", "labels", "names", "why"),
    [
        (["a", "b"], [0], "xy", "names must be a list of words"),
        (["a", "b"], [0], ("x", "y"), "2 texts and 1 labels, and each text needs one"),
        (["a"], [0, 1], ("x", "y"), "1 texts and 2 labels"),
        (["a", "b"], [0, 2], ("x", "y"), "a label is 2, but the 2 classes are counted from 0"),
        (["a", "b"], [0, -1], ("x", "y"), "a label is -1"),
        (["a", "b"], [0, 1.0], ("x", "y"), "must be whole numbers, but one is of the type float"),
        (["a", "b"], [0, "1"], ("x", "y"), "of the type str"),
        (["a", "b"], [0, True], ("x", "y"), "of the type bool"),
        (["a", "b"], torch.tensor([0, 1]), ("x", "y"), "of the type Tensor"),
        (["a", None], [0, 1], ("x", "y"), "texts must be a list of texts"),
        ("ab", [0, 1], ("x", "y"), "texts must be a list of texts"),
        (["a", "b"], [0, 1], ("x", "x"), "two classes have the name 'x'"),
        (["a", "b"], [0, 1], ("x", " "), "names must be a list of words"),
        (["a"], [0], (), "a label is 0, but the 0 classes"),
    ],
)
def test_stories_that_do_not_fit_together(texts, labels, names, why):
    with pytest.raises(ValueError, match=rf"These are no stories: .*{why}"):
        Stories(texts, labels, names)


def test_stories_are_a_tuple_of_three_still(stories):
    assert Stories(*stories) == stories
    assert stories == (stories.texts, stories.labels, stories.names)
    assert type(stories._replace(texts=stories.texts)) is Stories
    with pytest.raises(ValueError, match="2000 texts and 1 labels"):
        stories._replace(labels=[0])
    assert Stories(["a"], numpy.array([0]), ["x"]).names == ("x",)
    assert pickle.loads(pickle.dumps(stories)) == stories


def test_the_check_is_cheap(stories):
    """Less than a tenth of the time of cutting the texts into words, which follows."""
    many = Stories(stories.texts * 10, stories.labels * 10, stories.names)
    begun = process_time()
    for text in many.texts:
        tokenize(text)
    cut = process_time()
    Stories(*many)
    assert process_time() - cut < (cut - begun) / 10


# ----------------------------------------------------------------------------- the split


def test_split_uses_every_story_once(stories):
    parts = split(stories)
    assert [len(part.texts) for part in parts] == [1600, 200, 200]
    assert Counter(text for part in parts for text in part.texts) == Counter(stories.texts)


def test_split_keeps_text_and_label_together(stories):
    right = dict(zip(stories.texts, stories.labels, strict=True))
    for part in split(stories):
        assert [right[text] for text in part.texts] == part.labels


def test_split_is_stratified():
    labels = [0] * 70 + [1] * 20 + [2] * 10
    uneven = Stories([str(i) for i in range(100)], labels, ("a", "b", "c"))
    counts = [Counter(part.labels) for part in split(uneven)]
    assert counts == [{0: 56, 1: 16, 2: 8}, {0: 7, 1: 2, 2: 1}, {0: 7, 1: 2, 2: 1}]


def test_split_is_shuffled_and_seeded(stories):
    first, again, other = (split(stories, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.train.texts != other.train.texts
    assert first.train.labels != sorted(first.train.labels)  # not one class after the other


def test_the_cut_does_not_follow_the_order_of_the_rows():
    rows = Stories([str(i) for i in range(1000)], [0, 1] * 500, ("a", "b"))
    early = sum(int(text) < 500 for text in split(rows, (0.5, 0.25, 0.25)).train.texts)
    assert 200 < early < 300  # 500 if the first half were simply cut off


def test_a_part_may_be_empty(stories):
    parts = split(stories, (0.9, 0.1, 0.0))
    assert [len(part.texts) for part in parts] == [1800, 200, 0]


@pytest.mark.parametrize(
    "fractions",
    [(0.8, 0.1, 0.2), (0.8, 0.1), (1.2, -0.1, -0.1), (80, 10, 10), (0.9, 0.1, math.nan)],
)
def test_fractions_that_do_not_sum(stories, fractions):
    with pytest.raises(ValueError, match="add up to 1"):
        split(stories, fractions)


def test_too_few_stories_of_a_class():
    tiny = Stories(list("abcd"), [0, 0, 0, 1], ("many", "few"))
    with pytest.raises(
        ValueError, match="class 'few' has only 1 story, too few.* at least 8"
    ) as two:
        split(tiny)
    assert "(1 more of the 2 classes are too small)" in str(two.value)
    eight = Stories(["a"] * 8, [0] * 8, ("enough", "none"))
    with pytest.raises(ValueError, match=r"'none' has only 0 stories, .* at least 8\. Add"):
        split(eight)


def test_150_classes_are_counted_and_the_smallest_is_named():
    labels = [label for label in range(150) for _ in range(7 if label != 77 else 5)]
    names = tuple(f"topic {n}" for n in range(150))
    with pytest.raises(ValueError, match=r"'topic 77' has only 5 .*149 more of the 150") as caught:
        split(Stories(["x"] * len(labels), labels, names))
    assert len(str(caught.value)) < 300


def works(size, fractions):
    """Does a class of this size survive? By trying."""
    stories = Stories(["x"] * size, [0] * size, ("only",))
    try:
        parts = split(stories, fractions)
    except ValueError:
        return False
    return all(len(part.texts) > 0 for part, f in zip(parts, fractions, strict=True) if f)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 20), min_size=3, max_size=3).filter(any))
@example([8, 1, 1])
@example([0, 1, 1])
@example([18, 1, 1])
def test_the_least_number_is_the_one_from_which_on_a_split_works(shares):
    fractions = tuple(share / sum(shares) for share in shares)
    right = [works(size, fractions) for size in range(80)]
    least = 80 - right[::-1].index(False)
    with pytest.raises(ValueError, match=rf"needs at least {least}\."):
        split(Stories([], [], ("empty",)), fractions)


def test_a_fraction_of_next_to_nothing_needs_no_story(stories):
    parts = split(stories, (0.9, 0.1, 1e-17))
    assert [len(part.texts) for part in parts] == [1800, 200, 0]


def test_without_strata_luck_decides(stories):
    parts = split(stories, seed=3, stratified=False)
    assert [len(part.texts) for part in parts] == [1600, 200, 200]
    together = sorted(text for part in parts for text in part.texts)
    assert together == sorted(stories.texts)
    counts = [parts.test.labels.count(label) for label in range(4)]
    assert sum(counts) == 200 and counts != [50] * 4
    assert split(stories, seed=3, stratified=False) == parts
