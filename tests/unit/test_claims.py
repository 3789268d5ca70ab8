"""Claims about numbers record their room: no other way to compare one is found in their tests."""

import ast
import math

import pytest
from claims import claim, claim_near

from conftest import ROOT

FILES = sorted((ROOT / "tests" / "claims").glob("test_*.py"))
INEQUALITIES = ast.Lt, ast.LtE, ast.Gt, ast.GtE


def is_count(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "len"


def unrecorded(source):
    """The lines whose assert compares by size, or with a tolerance, what is no len(...)."""
    found = []
    for node in ast.walk(ast.parse(source)):
        for part in ast.walk(node.test) if isinstance(node, ast.Assert) else ():
            if isinstance(part, ast.Compare) and any(isinstance(o, INEQUALITIES) for o in part.ops):
                if not any(map(is_count, [part.left, *part.comparators])):
                    found.append(node.lineno)
            elif isinstance(part, ast.Call) and ast.unparse(part.func).endswith("approx"):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "line",
    [
        "assert a < 1",
        "assert 0 <= a",
        "assert all(b - a > 0.1 for a, b in pairs)",
        "assert x == y and sum(xs) >= 3",
        "assert a == pytest.approx(1)",
        "for a in b:\n    assert a > 0, 'as it should be'",
    ],
)
def test_an_inequality_that_is_not_recorded_is_found(line):
    assert unrecorded(line)


@pytest.mark.parametrize(
    "line", ["assert len(a) >= 60", "assert a == b != c", "claim('', a, '<', 1)"]
)
def test_counts_and_equalities_stay_asserts(line):
    assert not unrecorded(line)


@pytest.mark.parametrize(
    ("value", "relation"),
    [(2, "<"), (2, ">"), (3, "<"), (1, ">"), (math.nan, "<"), (math.nan, ">")],
)
def test_a_claim_that_does_not_hold_fails(value, relation):
    with pytest.raises(AssertionError, match=f"what: {value}, claimed {relation} 2"):
        claim("what", value, relation, 2)


def test_near_is_near_on_both_sides():
    for value in (0.9, 1.1):
        claim_near("what", value, 1, within=0.11)
        with pytest.raises(AssertionError):
            claim_near("what", value, 1, within=0.09)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_inequality_of_a_claim_is_recorded(path):
    assert not unrecorded(path.read_text())
