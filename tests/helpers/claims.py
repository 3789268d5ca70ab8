"""A claim of the lessons about a number: it holds, and how much room it has can be recorded."""

import json
import operator
import os

RECORD = "CLAIMS_RECORD"  # the name of a file, in the environment, to which each claim adds a line
RELATIONS = {"<": operator.lt, ">": operator.gt}


def claim(what: str, value: float, relation: str, bound: float) -> None:
    """Assert that `value` is below ("<") or above (">") `bound`, and record both.

    Bounds are plain numbers where they can be: claim the quotient or the difference of two
    losses, so that what is recorded varies by itself and not with its bound. Within a test,
    `what` is said once. NaN is neither below nor above anything.
    """
    value, bound = float(value), float(bound)
    if record := os.environ.get(RECORD):
        test = os.environ["PYTEST_CURRENT_TEST"].partition(" (")[0]
        line = json.dumps([test, what, value, relation, bound])
        with open(record, "a", encoding="utf-8") as file:
            file.write(line + "\n")
    assert RELATIONS[relation](value, bound), f"{what}: {value:.6g}, claimed {relation} {bound:.6g}"


def claim_near(what: str, value: float, expected: float, within: float) -> None:
    """Assert that `value` differs from `expected` by less than `within`, and record it."""
    claim(what, abs(value - expected), "<", within)
