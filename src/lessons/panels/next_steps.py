"""How much of each lesson is done, and what comes next. It knows no widgets."""

from typing import NamedTuple

from lessons.exercises import EXERCISES
from lessons.progress.course import Lesson
from lessons.progress.store import Done, of_lesson
from lessons.questions import lessons, questions


class Share(NamedTuple):
    """How much of something is done."""

    done: int
    all: int

    def __str__(self) -> str:
        return f"{self.done} of {self.all}" if self.all else "none here"


class Part(NamedTuple):
    """How much of a lesson is done."""

    exercises: Share  # passed
    questions: Share  # answered right
    answered: int  # questions, in any way
    predictions: Share  # made
    state: str  # "done", "begun" or "not begun"
    next: str  # what comes next in it, in words; nothing if it is done


def parts(done: Done, notebooks: dict[str, Lesson]) -> dict[str, Part]:
    """Each lesson of the course, by its number; predictions are counted in its notebook."""
    return {number: _part(number, done, notebooks.get(number)) for number in lessons()}


def _part(lesson: str, done: Done, notebook: Lesson | None) -> Part:
    """A lesson is done without its predictions: they are made before one knows, or not at all."""
    ids = list(of_lesson(lesson, EXERCISES))
    left = [f"exercise {id}" for id in ids if not done.passed.get(id)]
    exercises = Share(len(ids) - len(left), len(ids))
    asked = [f"{lesson} {one.text}" for one in questions(lesson)]
    right = [done.questions.get(name, False) for name in asked]
    if not all(right):
        left.append("the questions of Check yourself")
    made = len(of_lesson(lesson, done.predictions))
    begun = any(of_lesson(lesson, entries) for entries in done)
    return Part(
        exercises,
        Share(sum(right), len(right)),
        sum(name in done.questions for name in asked),
        Share(made, max(made, notebook.predictions if notebook else 0)),
        "done" if not left else "begun" if begun else "not begun",
        left[0] if left else "",
    )


def state_of(id: str, done: Done) -> str:
    """How it is with an exercise: "passed", "not yet" or "not attempted"."""
    if done.passed.get(id):
        return "passed"
    return "not yet" if id in done.attempts else "not attempted"


def lesson_after(lesson: str, course: dict[str, Part]) -> str:
    """The lesson to go on with: the next one with something left, then from the beginning.

    From "", which is before all of them, it is the first one with something left. Nothing if all
    others are done.
    """
    after = [number for number in course if number > lesson]
    before = [number for number in course if number < lesson]
    return next((number for number in after + before if course[number].next), "")
