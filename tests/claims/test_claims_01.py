"""What lesson 01 claims about the split and about leakage, over five seeds."""

from collections import Counter
from itertools import combinations
from math import ceil, comb, floor

import pytest
import torch
from claims import claim, claim_near

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.sources import load_split
from lessons.split import Stories, split
from lessons.text import Vocabulary
from lessons.validation import evaluate, fit

SEEDS = range(5)
five_seeds = pytest.mark.parametrize("seed", SEEDS)


def shuffle_and_cut(total, fractions, seed):
    """The cut by hand: row numbers in a random order, in three pieces."""
    order = torch.randperm(total, generator=torch.Generator().manual_seed(seed)).tolist()
    first, second = round(fractions[0] * total), round((fractions[0] + fractions[1]) * total)
    return order[:first], order[first:second], order[second:]


def stratify(labels, classes, seed):
    """The stratified cut by hand: each class is shuffled and cut on its own."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.tensor(labels)
    parts = ([], [], [])
    for label in range(classes):
        rows = (labels == label).nonzero().flatten()
        rows = rows[torch.randperm(len(rows), generator=generator)].tolist()
        first, second = round(0.8 * len(rows)), round(0.9 * len(rows))
        for part, piece in zip(
            parts, (rows[:first], rows[first:second], rows[second:]), strict=True
        ):
            part.extend(piece)
    return parts


# ------------------------------------------------------------------------------ the cut


def test_the_classes_are_equally_common(stories):
    assert Counter(stories.labels) == dict.fromkeys(range(len(stories.names)), 500)


def test_the_last_tenth_of_a_sorted_file_is_one_class(stories):
    in_order = sorted(stories.labels)
    assert len(set(in_order[round(0.9 * len(in_order)) :])) == 1


@five_seeds
def test_the_cut_by_hand_is_disjoint_and_complete_and_uneven(stories, seed):
    total = len(stories.texts)
    parts = shuffle_and_cut(total, (0.8, 0.1, 0.1), seed)
    assert sorted(row for rows in parts for row in rows) == list(range(total))
    assert [len(rows) for rows in parts] == [0.8 * total, 0.1 * total, 0.1 * total]
    test = Counter(stories.labels[row] for row in parts[2])
    assert len(test) == len(stories.names)  # every class is there, unlike in a sorted file
    unevenness = max(test.values()) - min(test.values())  # of 50 that each class should have
    claim("largest class less smallest class", unevenness, ">", 4)


def test_the_five_seeds_of_the_page_never_cut_the_tiny_pile_evenly():
    chess = range(15, 20)
    found = []
    for seed in SEEDS:
        parts = shuffle_and_cut(20, (0.6, 0.2, 0.2), seed)
        found.append(tuple(sum(row in chess for row in rows) for rows in parts))
    assert (3, 1, 1) not in found
    assert [seed for seed in SEEDS if found[seed][2] == 0] == [2, 4]


def test_of_the_first_100_stories_seed_3_puts_no_sports_into_the_test_set(stories):
    """As the panel shows: without stratifying; with it the counts are the same for each seed."""
    pile = stories.pick(range(100))
    test = Counter(split(pile, seed=3, stratified=False).test.labels)
    assert test[stories.names.index("Sports")] == 0
    counts = [[Counter(part.labels) for part in split(pile, seed=seed)] for seed in range(10)]
    assert all(count == counts[0] for count in counts)


def test_a_test_set_without_chess_is_no_rare_accident():
    """Of 4 stories drawn from 15 and 5: 28 in 100 by counting, and by shuffling 2,000 times."""
    counted = comb(15, 4) / comb(20, 4)
    test_sets = [shuffle_and_cut(20, (0.6, 0.2, 0.2), seed)[2] for seed in range(2000)]
    shuffled = sum(max(rows) < 15 for rows in test_sets) / len(test_sets)
    claim_near("counted", counted, 0.28, within=0.005)
    claim_near("shuffled", shuffled, counted, within=0.04)  # four standard errors


@five_seeds
def test_the_stratified_tiny_pile_is_the_table_of_the_page(seed):
    pile = Stories([str(row) for row in range(20)], [0] * 15 + [1] * 5, ("sports", "chess"))
    parts = split(pile, (0.6, 0.2, 0.2), seed)
    counts = [[part.labels.count(label) for part in parts] for label in (0, 1)]
    assert counts == [[9, 3, 3], [3, 1, 1]]


@five_seeds
def test_the_stratified_cut_by_hand_holds_the_stories_of_the_librarys(stories, seed):
    by_hand = stratify(stories.labels, len(stories.names), seed)
    for rows, part in zip(by_hand, split(stories, seed=seed), strict=True):
        assert sorted(stories.pick(rows).texts) == sorted(part.texts)


@five_seeds
def test_stratified_parts_have_every_class_in_the_same_share(stories, seed):
    whole = Counter(stories.labels)
    for part in split(stories, seed=seed):
        for label, count in Counter(part.labels).items():
            expected = whole[label] * len(part.labels) / len(stories.labels)
            assert count in (floor(expected), ceil(expected))


def test_the_same_seed_gives_the_same_split_and_each_seed_another(stories):
    splits = [split(stories, seed=seed) for seed in SEEDS]
    assert splits == [split(stories, seed=seed) for seed in SEEDS]
    test_sets = {tuple(sorted(parts.test.texts)) for parts in splits}
    assert len(test_sets) == len(SEEDS)
    assert load_split("mini-news", seed=3) == splits[3]
    for one, other in combinations(SEEDS, 2):  # the same by luck: about one in ten
        shared = set(splits[one].test.texts) & set(splits[other].test.texts)
        claim_near(f"shared by test sets {one} and {other}", len(shared) / 200, 0.1, within=0.06)


# -------------------------------------------------------------------------------- leaks


def train_on(train, validation, seed):
    vocabulary = Vocabulary.build(train.texts)
    start = torch.Generator().manual_seed(seed)
    model = TextClassifier(len(vocabulary), len(train.names), generator=start)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    train_loader = make_loader(EncodedStories(train, vocabulary), 128, True, seed=seed)
    validation_loader = make_loader(EncodedStories(validation, vocabulary), 128)
    for _ in fit(model, train_loader, validation_loader, optimizer, epochs=10):
        pass
    return lambda part: evaluate(model, make_loader(EncodedStories(part, vocabulary), 128)).accuracy


@pytest.fixture(scope="module")
def students(stories):
    """For each seed the scores of both students: in training, in the test and on new stories."""
    torch.set_num_threads(1)
    measured = []
    for seed in SEEDS:
        train, validation, test = split(stories, seed=seed)
        leaked = Stories(train.texts + test.texts, train.labels + test.labels, stories.names)
        honest = train_on(train, validation, seed)
        leaky = train_on(leaked, validation, seed)
        measured.append(
            {
                "honest": (honest(train), honest(test), honest(validation)),
                "leaky": (leaky(leaked), leaky(test), leaky(validation)),
            }
        )
    return measured


@five_seeds
def test_a_leaky_test_score_is_almost_perfect_and_false(students, seed):
    _, test, new = students[seed]["leaky"]
    claim("test", test, ">", 0.99)
    claim("new stories", new, "<", 0.97)
    claim("test less new stories", test - new, ">", 0.03)


@five_seeds
def test_the_honest_student_knows_its_training_set_but_not_all_of_the_test_set(students, seed):
    train, test, _ = students[seed]["honest"]
    claim("train", train, ">", 0.99)
    claim_near("test", test, 0.91, within=0.06)


@five_seeds
def test_the_honest_test_score_is_a_fair_forecast(students, seed):
    _, test, new = students[seed]["honest"]
    # 200 stories each: a standard error is about 0.025.
    claim_near("test", test, new, within=0.05)


def test_with_new_stories_the_leaky_student_is_hardly_better(students):
    gains = [scores["leaky"][2] - scores["honest"][2] for scores in students]
    claim("largest gain", max(map(abs, gains)), "<", 0.04)
    claim_near("mean gain", sum(gains) / len(gains), 0, within=0.02)
