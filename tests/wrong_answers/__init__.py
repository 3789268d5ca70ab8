"""Answers that people really give, what is said about each, and the misconception that it shows."""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple


class Wrong(NamedTuple):
    """A wrong answer to an exercise."""

    id: str  # of the exercise
    answer: Callable
    words: str  # a part of what is said about it
    misconception: str  # its name in src/lessons/questions/misconceptions.md


WRONG_ANSWERS: list[Wrong] = []


def wrong(id, words, misconception):
    """Note the function or class below as a wrong answer."""

    def note(answer):
        WRONG_ANSWERS.append(Wrong(id, answer, words, misconception))
        return answer

    return note


for module in sorted(one.name for one in iter_modules(__path__)):
    import_module(f"{__name__}.{module}")
