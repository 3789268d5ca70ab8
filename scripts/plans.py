"""Schedules for teaching the course, from `instructor/plans.toml`.

A plan names lessons, sections, exercises and breaks. Its times are computed from the minutes in the
speaker notes, and what is left out from what is there; what no part takes is room for questions.
"""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from scripts.course import Course, Lesson, Section

ROOM = "Room for questions"


class Row(NamedTuple):
    """A line of a schedule."""

    minutes: float
    what: str
    link: str = ""  # the place in the guide, if there is one
    lesson: str = ""  # its number, if it is a section


class Session(NamedTuple):
    """What is done without going home, from its beginning on."""

    title: str
    begins: int  # in minutes after midnight
    minutes: int
    rows: tuple[Row, ...]

    @property
    def timed(self) -> list[tuple[str, Row]]:
        """Each row with the time at which it begins."""
        times, now = [], float(self.begins)
        for row in self.rows:
            times.append((clock(now), row))
            now += row.minutes
        return times

    @property
    def ends(self) -> str:
        """The time at which it is over."""
        return clock(self.begins + self.minutes)


class Plan(NamedTuple):
    """A way to teach the course, or a part of it."""

    title: str
    about: str
    sessions: tuple[Session, ...]
    left_out: tuple[tuple[Lesson, list[str]], ...]  # of each lesson, the parts that nobody sees


def read_plans(path: Path, course: Course) -> tuple[Plan, ...]:
    """All plans of the file, with their times.

    Raises ValueError if a plan names what is not there, or takes longer than it may.
    """
    plans = tomllib.loads(path.read_text(encoding="utf-8"))["plans"]
    try:
        return tuple(_plan(plan, course) for plan in plans)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def clock(minutes: float) -> str:
    """Minutes after midnight, or after the beginning, as 9:05."""
    return f"{int(minutes) // 60}:{int(minutes) % 60:02}"


def _plan(plan: dict[str, Any], course: Course) -> Plan:
    sessions = tuple(_session(plan["title"], one, course) for one in plan["sessions"])
    seen = {row.link for session in sessions for row in session.rows}
    left_out = ((lesson, _left_out(lesson, seen)) for lesson in course.lessons)
    return Plan(
        plan["title"],
        plan["about"].strip(),
        sessions,
        tuple((lesson, parts) for lesson, parts in left_out if parts),
    )


def _session(plan: str, given: dict[str, Any], course: Course) -> Session:
    rows = [row for part in given["parts"] for row in _rows(part, course)]
    room = given["minutes"] - sum(row.minutes for row in rows)
    if room < 0:
        raise ValueError(
            f"{plan}, {given['title']}: its parts take {-room:g} minutes more than there are; "
            "leave a section or an exercise out"
        )
    hours, minutes = map(int, given.get("begins", "0:00").split(":"))
    rows += [Row(room, ROOM)] * (room > 0)
    return Session(given["title"], 60 * hours + minutes, given["minutes"], tuple(rows))


def _rows(part: dict[str, Any], course: Course) -> list[Row]:
    """The lines that a part of a session becomes."""
    if "lesson" in part:
        lesson = course.lesson(part["lesson"])
        return [
            Row(one.minutes, one.title, section_link(lesson, one.id), lesson.number)
            for one in _chosen(lesson, part)
        ]
    if "exercises" in part:
        tasks = map(course.task, part["exercises"])
        return [Row(task.minutes, f"Exercise {task.id}", exercise_link(task.id)) for task in tasks]
    return [Row(part["minutes"], part["what"])]


def _chosen(lesson: Lesson, part: dict[str, Any]) -> list[Section]:
    """The sections that are presented: those named, or all but those named, or all."""
    ids = [section.id for section in lesson.sections]
    only, without = part.get("sections", ids), part.get("without", [])
    if unknown := [id for id in (*only, *without) if id not in ids]:
        raise ValueError(f"lesson {lesson.number} has no section {unknown[0]!r}")
    return [one for one in lesson.sections if one.id in only and one.id not in without]


def _left_out(lesson: Lesson, seen: set[str]) -> list[str]:
    """The titles of the sections and the ids of the exercises that a plan does not reach."""
    sections = [one for one in lesson.sections if section_link(lesson, one.id) not in seen]
    tasks = [one.id for one in lesson.tasks if exercise_link(one.id) not in seen]
    if len(sections) == len(lesson.sections):
        return ["all of it"]
    return [section.title for section in sections] + tasks


def section_link(lesson: Lesson, id: str) -> str:
    """Where a section is in the guide."""
    return f"#lesson-{lesson.number}-{id}"


def exercise_link(id: str) -> str:
    """Where an exercise is in the guide."""
    return f"#exercise-{id}"
