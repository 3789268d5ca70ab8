"""Right answers: five at least to each exercise, each by a way of its own."""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

from lessons.exercises import EXERCISES


class Right(NamedTuple):
    """A right answer to an exercise."""

    id: str  # of the exercise
    answer: Callable


# First those that `solution` shows beside its own.
RIGHT_ANSWERS = [Right(id, one.way) for id, task in EXERCISES.items() for one in task.others]


def right(id):
    """Note the function or class below as a right answer."""

    def note(answer):
        RIGHT_ANSWERS.append(Right(id, answer))
        return answer

    return note


for module in sorted(one.name for one in iter_modules(__path__)):
    import_module(f"{__name__}.{module}")
