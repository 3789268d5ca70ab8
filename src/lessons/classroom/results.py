"""What a class has done: each student and exercise, and the misconceptions behind what is wrong."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lessons.classroom.answers import Answer, answers_in
from lessons.classroom.judge import UNREADABLE
from lessons.classroom.reading import HandIn, hand_ins
from lessons.classroom.trying import Key, Outcome
from lessons.exercises import EXERCISES
from lessons.exercises.runner import NOT_ATTEMPTED, NOT_YET, PASSED

STATES = {PASSED: "✓", NOT_YET: "✗", NOT_ATTEMPTED: "○", UNREADABLE: "?"}


class Work(NamedTuple):
    """What was handed in, before it is tried."""

    files: list[HandIn]
    jobs: dict[Key, list[Answer]]  # what each student has handed in on each exercise

    @property
    def students(self) -> list[str]:
        """Their names, by the alphabet."""
        return sorted({file.student for file in self.files}, key=lambda name: name.casefold())

    @property
    def exercises(self) -> list[str]:
        """The exercises of all lessons of which somebody has handed in one."""
        lessons = {id[:2] for _, id in self.jobs}
        return [id for id in EXERCISES if id[:2] in lessons or not lessons]


def read(folder: Path, output: Path) -> Work:
    """All that is handed in in a folder. Raises OSError if the folder cannot be read."""
    files = hand_ins(folder, output)
    jobs: dict[Key, list[Answer]] = {}
    for file in files:
        for answer in answers_in(file.cells, file.path, EXERCISES):
            jobs.setdefault((file.student, answer.id), []).append(answer)
    return Work(files, jobs)


class Student(NamedTuple):
    """A row of the result."""

    name: str
    outcomes: dict[str, Outcome]  # by exercise
    notes: list[str]  # what was to be said about the files

    @property
    def passed(self) -> int:
        """How many exercises are passed."""
        return self.count(PASSED)

    def count(self, state: str) -> int:
        """How many exercises are in this state."""
        return sum(one.state == state for one in self.outcomes.values())


class Misconception(NamedTuple):
    """What some students have got wrong in the same way."""

    name: str
    found: list[tuple[str, str, Outcome]]  # a student, an exercise, and the answer

    @property
    def students(self) -> int:
        """How many students have it."""
        return len({student for student, _, _ in self.found})

    @property
    def exercises(self) -> dict[str, int]:
        """The exercises in which it shows, each with the number of students."""
        return dict(sorted(Counter(id for _, id, _ in self.found).items()))


class ClassResult(NamedTuple):
    """A class: its students, by name, and the exercises that count."""

    students: list[Student]
    exercises: list[str]

    def found(self, state: str) -> list[tuple[str, str, Outcome]]:
        """All answers in this state, by exercise: the student, the exercise, and the answer."""
        return [
            (student.name, id, student.outcomes[id])
            for id in self.exercises
            for student in self.students
            if student.outcomes[id].state == state
        ]

    @property
    def misconceptions(self) -> list[Misconception]:
        """What the class has got wrong, the most common first."""
        by_name: dict[str, Misconception] = {}
        for one in self.found(NOT_YET):
            if name := one[2].misconception:
                by_name.setdefault(name, Misconception(name, [])).found.append(one)
        return sorted(by_name.values(), key=lambda one: (-one.students, one.name))

    @property
    def others(self) -> list[tuple[str, str, Outcome]]:
        """Answers that are not right and show no misconception that is known."""
        return [one for one in self.found(NOT_YET) if not one[2].misconception]


def result(work: Work, done: dict[Key, Outcome]) -> ClassResult:
    """All of it by student. Where a file could not be read, an answer may be in that one."""
    students = []
    for name in work.students:
        files = [file for file in work.files if file.student == name]
        rest = _without_answer(files)
        outcomes = {id: done.get((name, id), rest) for id in work.exercises}
        students.append(Student(name, outcomes, list(_notes(files, name, work))))
    return ClassResult(students, work.exercises)


def _without_answer(files: list[HandIn]) -> Outcome:
    """How an exercise did of which nothing was found in a student's files."""
    notebooks = [file for file in files if not file.is_other]
    for file in notebooks or files:
        if file.why:
            return Outcome(UNREADABLE, file.why, where=file.path)
    return Outcome(NOT_ATTEMPTED)


def _notes(files: list[HandIn], student: str, work: Work) -> Iterator[str]:
    for file in files:
        if file.why:
            yield f"{file.path}: {file.why}"
    mine = [answers for (name, _), answers in work.jobs.items() if name == student]
    read = [file.path for file in files if not file.why]
    if read and not mine:
        yield f"{', '.join(read)}: no exercise of the course is in it."
    again = {one.path for answers in mine if len({a.path for a in answers}) > 1 for one in answers}
    if again:
        yield f"The same exercises are in {', '.join(sorted(again))}: the last attempt counts."
