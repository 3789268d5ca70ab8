"""What a learner has done, and what comes next: in lesson 00 in all lessons, in others in one."""

import html
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

import ipywidgets as widgets

from lessons.exercises import EXERCISES, forget
from lessons.panels.controls import Panel, button, buttons, html_line, status_line
from lessons.panels.next_steps import Part, lesson_after, parts, state_of
from lessons.progress import record
from lessons.progress.course import Lesson, lessons
from lessons.progress.store import ALL, Done, nothing, of_lesson
from lessons.questions import lessons as all_lessons

SIGNS = {"passed": "✓", "not yet": "✗", "not attempted": "○"}
SIGNS |= {"done": "✓", "begun": "◐", "not begun": "○"}
PRIVATE = "It is kept in a file beside the notebooks and goes nowhere else."
ON_PAGES = (
    "What you do on this page is forgotten when you leave it; in JupyterLab your progress is kept, "
    "in a file beside the notebooks that goes nowhere else, and this panel says what comes next."
)
EMPTY = f"Nothing is done yet. What you do in the lessons is shown here. {PRIVATE}"


class Progress(Panel):
    """What is done in a lesson, or in all of them, what comes next, and how to forget it."""

    title = "Your progress"

    def __init__(self, lesson: str = "") -> None:
        """In the lesson with this number, such as "05", or in the whole course.

        Raises ValueError if there is no such lesson.
        """
        if lesson and lesson not in all_lessons():
            raise ValueError(f'There is no lesson "{lesson}", only {", ".join(all_lessons())}.')
        self._lesson = lesson
        self._notebooks = {one.number: one for one in lessons(record().folder)}
        self._done, self._trouble, self._status = widgets.HTML(), widgets.HTML(), status_line()
        super().__init__(self._done, self._trouble, self._make_controls(), self._status)
        self._show()
        record().listen(self._show)

    def _make_controls(self) -> widgets.Widget:
        """A choice that must be confirmed. The buttons stay, so that they keep the focus."""
        self._what = widgets.Dropdown(options=self._choices(), description="Forget")
        self._sure = widgets.Checkbox(description="Yes, forget it", indent=False)
        self._what.style.description_width, self._sure.layout.width = "initial", "auto"
        self._what.observe(self._ask_again, "value")
        reset = button("Reset", "undo", self._reset)
        return buttons(self._what, self._sure, reset, button("Refresh", "refresh", self._show))

    def _choices(self) -> list[tuple[str, str]]:
        """What can be forgotten, in words, and as `reset` takes it."""
        numbers = [self._lesson] if self._lesson else all_lessons()
        ids = of_lesson(self._lesson, EXERCISES)
        one_by_one = [*(f"exercise {id}" for id in ids), *(f"lesson {one}" for one in numbers)]
        return [*zip(one_by_one, [*ids, *numbers], strict=True), ("all lessons", ALL)]

    def _ask_again(self, _: object) -> None:
        self._sure.value = False

    def _reset(self) -> None:
        """Forget what is chosen, if the box beside it is ticked."""
        if self._sure.value:
            said = forget(self._what.value)
            self._sure.value = False
            self._status.value = html_line(said)
        else:
            first = f"Tick “{self._sure.description}” first: what is forgotten does not come back."
            self._status.value = html_line(first, error=True)

    def _show(self) -> None:
        done = record().read()
        course = parts(done, self._notebooks)
        if self._lesson:
            part = course[self._lesson]
            self.show_beside_title(f"{part.exercises} exercises passed" * bool(part.exercises.all))
            table = table_of_one(self._lesson, done) + counts(part)
        else:
            ready = sum(part.state == "done" for part in course.values())
            self.show_beside_title(f"{ready} of {len(course)} lessons done")
            table = table_of_all(course, self._notebooks)
        self._done.value = table + next_steps(self._lesson, course, self._notebooks)
        self._trouble.value = html_line(" ".join(record().trouble), error=True)

    def __repr__(self) -> str:
        ids = of_lesson(self._lesson, EXERCISES)
        states = [f"{SIGNS['not attempted']} {id}: not attempted" for id in ids]
        return "\n".join([super().__repr__(), *(states or [EMPTY])])

    def page(self) -> dict[str, Any]:
        """Why there is no progress to be seen."""
        return {"panel": "progress", "title": self.title, "said": ON_PAGES}

    def static(self) -> str:
        """As it is at first, whatever is done: a stored notebook is everybody's."""
        table = table_of_one(self._lesson, nothing())
        return f"<p><b>{self.title}</b></p>{table}<p>{EMPTY}</p>"


# ------------------------------------------------------------------------------------ as HTML


def table_of_one(lesson: str, done: Done) -> str:
    """The exercises of a lesson, each with how it is; nothing if it has none."""
    rows = [
        [id, marked(state_of(id, done)), done.attempts.get(id, 0), done.hints.get(id, 0)]
        for id in of_lesson(lesson, EXERCISES)
    ]
    heads = ("exercise", "state", "answers tried", "hints")
    return _table(f"Exercises of lesson {lesson}", heads, rows) if rows else ""


def counts(part: Part) -> str:
    """What else is done in a lesson, in a line."""
    right, asked = part.questions
    said = [f"Check yourself: {part.answered} of {asked} answered, {right} right."]
    if part.predictions.all:
        said.append(f"Predictions: {part.predictions} made.")
    return f"<p>{' '.join(said)}</p>"


def table_of_all(course: dict[str, Part], notebooks: dict[str, Lesson]) -> str:
    """How much of each lesson is done."""
    rows = [
        [link(number, notebooks), marked(one.state), one.exercises, one.questions, one.predictions]
        for number, one in course.items()
    ]
    heads = ("lesson", "state", "exercises passed", "questions right", "predictions made")
    return _table("All lessons", heads, rows)


def next_steps(lesson: str, course: dict[str, Part], notebooks: dict[str, Lesson]) -> str:
    """What comes next in a lesson, and which lesson does."""
    here, after = course[lesson].next if lesson else "", lesson_after(lesson, course)
    said = [f"Next: <b>{here}</b>, further up on this page."] if here else []
    if after and lesson:
        said.append(f"{'Next lesson' if here else 'Next'}: {link(after, notebooks)}.")
    elif after:
        said.append(f"Next: <b>{course[after].next}</b> in {link(after, notebooks)}.")
    return f"<p>{' '.join(said) or 'All lessons are done.'}</p>"


def link(lesson: str, notebooks: dict[str, Lesson]) -> str:
    """The title of a lesson, which opens it if its notebook is here; see panel.js."""
    if lesson not in notebooks:
        return f"lesson {lesson}"
    title, file = html.escape(notebooks[lesson].title), quote(notebooks[lesson].file)
    return f'<a class="lessons-open" href="{file}" target="_blank">{lesson} {title}</a>'


def marked(state: str) -> str:
    """A state as a mark and a word. Screen readers skip the mark."""
    return f'<span aria-hidden="true">{SIGNS[state]}</span> {state}'


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The first cell of each row is the head of the row. All is HTML."""
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{one}</td>" for one in rest)}</tr>'
        for first, *rest in rows
    )
    return f'<table class="lessons-words"><caption>{caption}</caption><tr>{head}</tr>{body}</table>'
