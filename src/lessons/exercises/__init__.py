"""Exercises that check themselves: `check`, `hint`, `solution` and `reset`."""

import re
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from textwrap import wrap
from typing import Any

from lessons.exercises.asserts import Exercise
from lessons.exercises.runner import NOT_ATTEMPTED, NOT_YET, OUR_FAULT, PASSED, examine
from lessons.progress import record
from lessons.progress.store import ALL, Done

__all__ = ["EXERCISES", "check", "hint", "reset", "solution"]


def collect() -> dict[str, Exercise]:
    """All exercises that the modules lesson_... in this folder define, in their order, by id."""
    names = sorted(one.name for one in iter_modules(__path__) if one.name.startswith("lesson_"))
    lessons = [import_module(f"{__name__}.{name}") for name in names]
    defined = [one for lesson in lessons for one in vars(lesson).values()]
    return {one.id: one for one in defined if isinstance(one, Exercise)}


EXERCISES = collect()
_SIGNS = {PASSED: "✓ Passed.", NOT_YET: "✗ Not yet.", NOT_ATTEMPTED: "○ Not attempted yet."}
_SIGNS[OUR_FAULT] = "! Our fault."


def check(id: str, answer: Any) -> None:
    """Say how an answer does: passed, not yet and why, or not attempted."""
    if exercise := _find(id):
        state, text = examine(exercise, answer)
        if state != NOT_ATTEMPTED:
            _note_attempt(id, state == PASSED)
        print(_SIGNS[state], text)
        if state == NOT_YET:
            print(f'For a hint: hint("{id}")')
        if state == PASSED and exercise.others:
            print(f'There are other ways to do it. To see them: solution("{id}")')
        _tell_news()


def hint(id: str) -> None:
    """Give one hint, and another one each time."""
    if exercise := _find(id):
        number = _note_hint(exercise)
        print(f"Hint {number} of {len(exercise.hints)}: {exercise.hints[number - 1]}")
        if number == len(exercise.hints):
            print(f'That was the last one. solution("{id}") shows the code.')
        _tell_news()


def solution(id: str, force: bool = False) -> None:
    """Show the code, if there was an attempt before, or with `force=True`.

    Whoever has passed sees other ways to do it, too.
    """
    if exercise := _find(id):
        done = record().read()
        if force or id in done.attempts:
            print(exercise.code)
            if done.passed.get(id):
                _show_others(exercise)
        else:
            print(
                f'Try it first: check("{id}", ...). It need not be right. To see the code all the '
                f'same: solution("{id}", force=True)'
            )
        _tell_news()


def reset(what: str) -> None:
    """Forget what was done: in an exercise, in a lesson such as "05", or in all, `reset("all")`."""
    if what == ALL or re.fullmatch(r"\d\d", str(what)) or _find(what):
        print(forget(what))
        _tell_news()


def forget(what: str) -> str:
    """Forget it, as `reset` does, and say so in a sentence."""
    name = "all lessons" if what == ALL else f"{'exercise' if what[2:] else 'lesson'} {what}"
    if record().forget(what):
        return (
            f"Forgotten: what you did in {name}. What you have written in notebooks stays, and so "
            "does what other panels show, until you run their cells again."
        )
    return f"There was nothing to forget of {name}."


def _note_attempt(id: str, passed: bool) -> None:
    def edit(done: Done) -> None:
        done.attempts[id] = done.attempts.get(id, 0) + 1
        if passed:
            done.passed[id] = True

    record().change(edit)


def _note_hint(exercise: Exercise) -> int:
    """Note that one more hint is given, and say which one, from 1."""

    def edit(done: Done) -> None:
        done.hints[exercise.id] = min(done.hints.get(exercise.id, 0) + 1, len(exercise.hints))

    return record().change(edit).hints[exercise.id]


def _show_others(exercise: Exercise) -> None:
    for other in exercise.others:
        comment = wrap(f"Another way. {other.trade_off}", 84)
        print("", *(f"# {line}" for line in comment), other.code, sep="\n")


def _tell_news() -> None:
    for sentence in record().news():
        print(sentence)


def _find(id: str) -> Exercise | None:
    if id in EXERCISES:
        return EXERCISES[id]
    near = get_close_matches(str(id), EXERCISES, 1) or list(EXERCISES)[:1]
    print(f'There is no exercise {id!r}. Did you mean "{near[0]}"?')
    return None
