"""Every solution with one small fault is refused by its check, those listed as no fault aside."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from mutants import answer_of, mutants_of, space_of

from lessons.exercises import EXERCISES
from lessons.exercises.runner import NOT_ATTEMPTED, NOT_YET, PASSED, examine

LISTED = Path(__file__).with_name("equal_mutants.toml")


def bare(change):
    """Without what one version of Python writes otherwise than another."""
    return re.sub(r"[()\s'\"]", "", change)


EQUAL = {
    id: {bare(change): why for change, why in changes.items()}
    for id, changes in tomllib.loads(LISTED.read_text(encoding="utf-8")).items()
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_no_mutant_passes(exercise, monkeypatch):
    assert examine(exercise, exercise.solution).state == PASSED  # and all is imported
    monkeypatch.setattr("lessons.exercises.runner.SECONDS", 0.5)  # some loop for ever
    mutants, equal = [*mutants_of(exercise.solution)], EQUAL.get(exercise.id, {})
    names = space_of(exercise.solution)
    survivors = []
    for mutant in mutants:
        verdict = examine(exercise, answer_of(mutant, exercise.solution.__name__, names))
        if verdict.state not in (NOT_YET, NOT_ATTEMPTED) and bare(mutant.change) not in equal:
            survivors.append((mutant.change, verdict))
    assert survivors == []
    assert len(mutants) - len(equal) >= 20
    assert equal.keys() <= {bare(mutant.change) for mutant in mutants}  # none is out of date


def test_what_is_listed_belongs_to_an_exercise():
    assert EQUAL.keys() <= EXERCISES.keys()
    assert all(EQUAL.values())


def adds(losses, least):
    total = 0
    for loss in losses[1:]:
        if loss > least:
            total += loss * 5
    return total


def test_mutants_have_one_fault_each_of_every_kind():
    mutants = list(mutants_of(adds))
    changes = {bare(mutant.change) for mutant in mutants}
    assert len({mutant.source for mutant in mutants}) == len(mutants) == len(changes) > 40
    for change in (
        "if loss > least: -> if loss >= least:",
        "if loss > least: -> if True:",
        "if loss > least: -> if total > least:",
        "total += loss * 5 -> total += loss * 6",
        "total += loss * 5 -> total -= loss * 5",
        "total += loss * 5 -> total = loss * 5",
        "total += loss * 5 -> total += loss / 5",
        "total += loss * 5 -> pass",
        "total = 0 -> nothing",
        "return total behind total += loss * 5, 2 deep",
        "return total -> return",
        "return total -> return total + 1",
        "for loss in losses[1:]: -> for loss in losses:",
        "for loss in losses[1:]: -> for loss in losses[2:]:",
        "for loss in losses[1:]: -> for loss in list(losses[1:])[:-1]:",
    ):
        assert bare(change) in changes, change
    for mutant in mutants:
        ast.parse(mutant.source)


def test_a_mutant_does_what_it_says():
    (mutant,) = [one for one in mutants_of(adds) if one.change.endswith("if loss >= least:")]
    assert (adds([1, 2, 3], 2), answer_of(mutant, "adds", {})([1, 2, 3], 2)) == (15, 25)
