"""Exercises that check themselves: `check`, `hint` and `solution`."""

from collections import Counter
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from lessons.exercises.asserts import Exercise
from lessons.exercises.runner import NOT_ATTEMPTED, NOT_YET, OUR_FAULT, PASSED, examine

__all__ = ["EXERCISES", "check", "hint", "solution"]


def collect() -> dict[str, Exercise]:
    """All exercises that the modules lesson_... in this folder define, in their order, by id."""
    names = sorted(one.name for one in iter_modules(__path__) if one.name.startswith("lesson_"))
    lessons = [import_module(f"{__name__}.{name}") for name in names]
    defined = [one for lesson in lessons for one in vars(lesson).values()]
    return {one.id: one for one in defined if isinstance(one, Exercise)}


EXERCISES = collect()
_SIGNS = {PASSED: "✓ Passed.", NOT_YET: "✗ Not yet.", NOT_ATTEMPTED: "○ Not attempted yet."}
_SIGNS[OUR_FAULT] = "! Our fault."

_attempted: set[str] = set()  # in this kernel
_hints: Counter[str] = Counter()  # how many were given in this kernel


def check(id: str, answer: Any) -> None:
    """Say how an answer does: passed, not yet and why, or not attempted."""
    if exercise := _find(id):
        state, text = examine(exercise, answer)
        if state != NOT_ATTEMPTED:
            _attempted.add(id)
        print(_SIGNS[state], text)
        if state == NOT_YET:
            print(f'For a hint: hint("{id}")')


def hint(id: str) -> None:
    """Give one hint, and another one each time."""
    if exercise := _find(id):
        given = min(_hints[id], len(exercise.hints) - 1)
        _hints[id] += 1
        print(f"Hint {given + 1} of {len(exercise.hints)}: {exercise.hints[given]}")
        if given == len(exercise.hints) - 1:
            print(f'That was the last one. solution("{id}") shows the code.')


def solution(id: str, force: bool = False) -> None:
    """Show the code, if there was an attempt before, or with `force=True`."""
    if exercise := _find(id):
        if force or id in _attempted:
            print(exercise.code)
        else:
            print(
                f'Try it first: check("{id}", ...). It need not be right. To see the code all the '
                f'same: solution("{id}", force=True)'
            )


def _find(id: str) -> Exercise | None:
    if id in EXERCISES:
        return EXERCISES[id]
    near = get_close_matches(str(id), EXERCISES, 1) or list(EXERCISES)[:1]
    print(f'There is no exercise {id!r}. Did you mean "{near[0]}"?')
    return None
