"""What a benchmark could compute wrongly without anybody noticing."""

import sys
from itertools import count

import pytest
import torch

from conftest import ROOT
from lessons.split import Stories

sys.path.append(str(ROOT / "benchmarks"))
larger, made = (pytest.importorskip(name) for name in ("larger", "made"))

TEXTS = [f"{kind}{i} one two end{kind}{i}" for i in range(20) for kind in "xy"]
REAL = Stories(TEXTS, [0, 1] * 20, ("x", "y"))


def test_a_made_story_is_two_halves_of_one_class():
    stories = made.made_stories(REAL, 300)
    assert len(stories.texts) == 300
    assert stories == made.made_stories(REAL, 300)
    for text, label in zip(stories.texts, stories.labels, strict=True):
        first, one, two, last = text.split()
        assert (one, two) == ("one", "two")
        assert {first[0], last.removeprefix("end")[0]} == {"xy"[label]}
    assert set(stories.labels) == {0, 1}
    assert any(text not in TEXTS for text in stories.texts)


def test_each_story_is_tested_once_and_never_learned_in_the_same_fold():
    tested = []
    for train, validation, test in larger.folds(REAL):
        texts = [set(part.texts) for part in (train, validation, test)]
        assert list(map(len, texts)) == [28, 4, 8]  # of 40; a tenth of 32 is rounded up
        assert set.union(*texts) == set(TEXTS)
        assert sorted(test.labels) == [0] * 4 + [1] * 4
        tested += test.texts
    assert sorted(tested) == sorted(TEXTS)


@pytest.mark.parametrize(
    ("recipe", "rows"),
    [
        (larger.Recipe("", batch=100), 1000 + 3 * 8 * 50),  # 201 stories are three batches
        (larger.Recipe("", batch=100, sparse=True, passes=0), 3 * 1000),
    ],
)
def test_the_floor_counts_rows_of_256_bytes_and_ids(recipe, rows):
    assert larger.floor(recipe, tokens=1000, stories=201, words=50) == rows * 256 + 4 * 1000


def test_runs_in_turn_are_compared_pair_by_pair():
    """The machine gets slower from pair to pair, which changes no ratio."""
    slower = count(1)

    def run(seconds):
        return lambda: larger.Time(seconds * next(slower), 5.0)

    seconds, ratio = larger.in_turns(run(6.0), run(1.0), turns=3)
    assert seconds == (4.0, 5.0)  # of 2, 4 and 6
    assert ratio == pytest.approx((4.5, 1.0))  # of 6/2, 18/4 and 30/6


def test_a_recipe_starts_and_cuts_as_it_says():
    plain, student = larger.RECIPES[0], larger.STUDENTS[-1]
    assert plain == larger.DEFAULT == larger.STUDENTS[0]
    assert (plain.sparse, plain.start, plain.pairs) == (False, False, False)
    assert (student.sparse, student.start, student.pairs) == (True, True, True)
    models = [recipe.model(50, 2) for recipe in (plain, student)]
    assert [model.embedding.sparse for model in models] == [False, True]
    assert torch.equal(*(model.embedding.weight for model in models))
    names = [recipe.name for recipe in (*larger.RECIPES, *larger.STUDENTS[1:])]
    assert len(set(names)) == len(names)  # results are kept by name


def test_the_answers_of_all_folds_are_kept_in_order():
    recipes = [larger.DEFAULT, larger.STUDENTS[-1]]
    results = larger.cross_validate(recipes, REAL)
    assert list(results) == [recipe.name for recipe in recipes]
    for right, seconds in results.values():
        assert right.shape == (40,)
        assert set(right.tolist()) <= {0.0, 1.0}
        assert len(seconds) == 5


def test_no_difference_is_none():
    right = torch.tensor([1.0, 0.0, 1.0])
    assert larger.points(right, right) == "+0.00 (+0.00 to +0.00)"
