"""The result as text for a terminal, and as a table for a gradebook."""

import csv
import io
from itertools import groupby

from lessons.classroom.judge import LOOK
from lessons.classroom.results import STATES, ClassResult, Misconception
from lessons.exercises.runner import NOT_YET


def as_text(result: ClassResult) -> str:
    """A line for each student, and then the misconceptions."""
    width = max((len(one.name) for one in result.students), default=0)
    lines = []
    for student in result.students:
        lessons = groupby(result.exercises, key=lambda id: id[:2])
        signs = [
            f"{lesson} " + "".join(STATES[student.outcomes[id].state] for id in ids)
            for lesson, ids in lessons
        ]
        total = f"{student.passed} of {len(result.exercises)}"
        lines.append(f"{student.name:{width}}  {'  '.join(signs)}  {total}")
    lines += ["", ", ".join(f"{sign} {state}" for state, sign in STATES.items()), ""]
    lines += [sentence(one, len(result.students)) for one in result.misconceptions]
    if rest := result.others:
        lines.append(f"{NOT_YET.capitalize()} without one that is known, answers: {len(rest)}.")
    if look := [f"{student} {id}" for student, id, one in rest if one.text.endswith(LOOK)]:
        lines.append(f"Perhaps right, so look at these yourself: {', '.join(look)}.")
    notes = [f"! {student.name}: {note}" for student in result.students for note in student.notes]
    return "\n".join([*lines, *([""] * bool(notes)), *notes])


def sentence(one: Misconception, students: int) -> str:
    """How common a misconception is, and where it shows."""
    where = ", ".join(f"{id} ({count})" for id, count in one.exercises.items())
    return f"{one.students} of {students}: {one.name}. {where}"


def as_csv(result: ClassResult) -> str:
    """One row for each student: the name, how many are passed, of how many, and each exercise."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["student", "passed", "of", *result.exercises, "notes"])
    for one in result.students:
        states = [one.outcomes[id].state for id in result.exercises]
        name, notes = _safe(one.name), _safe("; ".join(one.notes))
        writer.writerow([name, one.passed, len(states), *states, notes])
    return file.getvalue()


def _safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text
