"""What the course holds, lesson by lesson, for the instructor's guide.

Notebooks, speaker notes, questions, exercises and wrong answers are put together here. Nothing is
written twice.
"""

import re
import sys
import tomllib
from collections import defaultdict
from itertools import accumulate
from pathlib import Path
from string import ascii_uppercase as LETTERS
from typing import NamedTuple

from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "helpers")]

from lesson_notebooks import NOTEBOOKS, exercises_of, read  # noqa: E402
from wrong_answers import WRONG_ANSWERS, Wrong  # noqa: E402

from lessons.exercises import EXERCISES  # noqa: E402
from lessons.exercises.asserts import Exercise  # noqa: E402
from lessons.questions import Question, questions  # noqa: E402
from scripts.notes import FOLDER, LessonNotes, Note, read_notes  # noqa: E402

__all__ = [
    "LETTERS",
    "Course",
    "Lesson",
    "Section",
    "Task",
    "name_of",
    "read_course",
    "without_links",
]


class Section(NamedTuple):
    """A part of a lesson, from one heading to the next."""

    id: str  # of its first cell
    title: str
    notes: tuple[Note, ...]  # one for each slide

    @property
    def minutes(self) -> float:
        """How long it takes to present it."""
        return sum(note.minutes for note in self.notes)


class Task(NamedTuple):
    """An exercise, as an instructor needs it."""

    exercise: Exercise
    prompt: str  # Markdown
    minutes: int  # to solve it
    after: str  # the id of the section after which it can be done
    wrong: tuple[Wrong, ...]  # answers that people give

    @property
    def id(self) -> str:
        """Such as 05-loop."""
        return self.exercise.id


class Lesson(NamedTuple):
    """A lesson with all that belongs to it."""

    number: str  # such as "05"
    title: str
    about: dict[str, str]  # its goal, what is out of scope, ...
    sections: tuple[Section, ...]
    reading: int  # minutes of a slow reader who is alone
    questions: tuple[Question, ...]
    tasks: tuple[Task, ...]

    @property
    def minutes(self) -> float:
        """How long it takes to present all of it, without the exercises."""
        return sum(section.minutes for section in self.sections)

    @property
    def solving(self) -> int:
        """Minutes for all of its exercises."""
        return sum(task.minutes for task in self.tasks)

    @property
    def timetable(self) -> list[tuple[Section, float, list[Task]]]:
        """Each section, the minutes up to its end, and the exercises that can be done then."""
        ends = accumulate(section.minutes for section in self.sections)
        return [
            (section, end, [task for task in self.tasks if task.after == section.id])
            for section, end in zip(self.sections, ends, strict=True)
        ]


class Course(NamedTuple):
    """All lessons, in their order."""

    lessons: tuple[Lesson, ...]

    def lesson(self, number: str) -> Lesson:
        """The lesson of this number. Raises ValueError if there is none."""
        for lesson in self.lessons:
            if lesson.number == number:
                return lesson
        raise ValueError(f"there is no lesson {number!r}")

    def task(self, id: str) -> Task:
        """The exercise of this id. Raises ValueError if there is none."""
        for task in (task for lesson in self.lessons for task in lesson.tasks):
            if task.id == id:
                return task
        raise ValueError(f"there is no exercise {id!r}")

    def found_by(self, misconception: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """The options and the exercises that find it.

        Options are such as "2 B", by their lesson; names of wrong answers are by their exercise.
        """
        options, answers = defaultdict(list), defaultdict(list)
        for lesson in self.lessons:
            for number, question in enumerate(lesson.questions, 1):
                for letter, option in zip(LETTERS, question.options, strict=False):
                    if option.misconception == misconception:
                        options[lesson.number].append(f"{number} {letter}")
            for task in lesson.tasks:
                for wrong in task.wrong:
                    if wrong.misconception == misconception:
                        answers[task.id].append(name_of(wrong))
        return options, answers


def read_course(folder: Path = FOLDER) -> Course:
    """Read all lessons, with the speaker notes in this folder and its exercises.toml.

    Raises ValueError if a lesson has no notes, if they don't belong to its cells, or if an exercise
    can follow no section.
    """
    after = _sections_before_exercises(folder / "exercises.toml")
    lessons = tuple(_lesson(path, folder, after) for path in NOTEBOOKS)
    for lesson in lessons:
        ids = [section.id for section in lesson.sections]
        if lost := [task for task in lesson.tasks if task.after not in ids]:
            where = f"lesson {lesson.number} has no section {lost[0].after!r}"
            raise ValueError(f"{folder / 'exercises.toml'}: {lost[0].id}: {where}")
    return Course(lessons)


def _sections_before_exercises(path: Path) -> dict[str, str]:
    """For each exercise, the id of the section after which it can be done."""
    after = tomllib.loads(path.read_text(encoding="utf-8"))
    if wrong := sorted(set(EXERCISES) ^ set(after)):
        raise ValueError(f"{path}: it names each exercise once, and nothing else; see {wrong[0]}")
    return after


def _lesson(path: Path, folder: Path, after: dict[str, str]) -> Lesson:
    number, notebook = path.stem[:2], read(path)
    notes = read_notes(folder / f"{number}.md")
    minutes = re.search(
        r"about (\d+) minutes(?: to read and run, and (\d+) for)?", _one_line(notebook.cells[0])
    )
    return Lesson(
        number,
        notebook.cells[0].source.partition("\n")[0].removeprefix("# "),
        {name: without_links(text) for name, text in notes.about.items()},
        _sections(notebook, notes),
        int(minutes[1]),
        questions(number),
        _tasks(notebook, int(minutes[2] or 0), after),
    )


def _sections(notebook: NotebookNode, notes: LessonNotes) -> tuple[Section, ...]:
    """The notes by the headings under which their cells are."""
    found: list[Section] = []
    left = dict(notes.notes)
    for cell in notebook.cells:
        title = re.match(r"##? (.+)", cell.source)
        if cell.cell_type == "markdown" and title:
            found.append(Section(cell.id, title[1] if found else "Opening", ()))
        if note := left.pop(cell.id, None):
            found[-1] = found[-1]._replace(notes=(*found[-1].notes, _plain_note(note)))
    if left:
        raise ValueError(f"{notes.title}: there is no cell {next(iter(left))} in the notebook")
    return tuple(section for section in found if section.notes)


def _plain_note(note: Note) -> Note:
    paragraphs = (one._replace(text=without_links(one.text)) for one in note.paragraphs)
    return note._replace(paragraphs=tuple(paragraphs))


def _tasks(notebook: NotebookNode, minutes: int, after: dict[str, str]) -> tuple[Task, ...]:
    prompts, _ = exercises_of(notebook)
    return tuple(
        Task(
            EXERCISES[id],
            without_links(prompt),
            minutes // len(prompts),
            after[id],
            tuple(wrong for wrong in WRONG_ANSWERS if wrong.id == id),
        )
        for id, prompt in prompts.items()
    )


def name_of(wrong: Wrong) -> str:
    """The name of a wrong answer in words: what it does."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", wrong.answer.__name__)
    return words.replace("_", " ").lower()


def without_links(text: str) -> str:
    """Markdown in which links to files of the course are words: in the guide they lead nowhere.

    What leads to an address on the network, or to a place on the same page, stays.
    """
    return re.sub(r"\[([^\]]+)\]\((?!https?:|#)[^)]+\)", r"\1", text)


def _one_line(cell: NotebookNode) -> str:
    return " ".join(cell.source.split())
