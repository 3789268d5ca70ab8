"""The questions at the end of each lesson, from the Markdown files beside this one.

A question is a heading of level 2. Its options are a task list, the right one ticked. Under each
option is the reason why it is right or wrong, written for a reader who has chosen it, and under a
wrong one, in italics, the name of the misconception that it shows, from `misconceptions.md`.
"""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_FOLDER = files("lessons").joinpath("questions")
_OPTION = re.compile(
    r"- \[(?P<tick>[ x])\] (?P<text>(?:.+\n)+)"  # - [x] The text of the option
    r"\n(?P<why>(?:  [^*\n].*\n)+)"  # the reason under it
    r"(?:\n  \*(?P<misconception>[^*]+)\*\n)?"  # the name of a misconception
)


class Option(NamedTuple):
    """One of the answers to choose from, with the reason why it is right or wrong."""

    text: str
    why: str
    right: bool = False
    misconception: str = ""  # its name, if the option is wrong; for authors: no panel shows it


class Question(NamedTuple):
    """A question with its options, in the order of the page."""

    text: str
    options: tuple[Option, ...]

    @property
    def right(self) -> int:
        """The index of the right option, from 0."""
        return [option.right for option in self.options].index(True)


def lessons() -> list[str]:
    """The numbers of the lessons that have questions, such as "05"."""
    return sorted(file.name[:2] for file in _FOLDER.iterdir() if re.match(r"\d\d\.md", file.name))


def misconceptions() -> list[str]:
    """The names of all misconceptions, in the order of the file."""
    return re.findall(r"^- (.+)$", _read("misconceptions"), re.M)


@cache
def questions(lesson: str) -> tuple[Question, ...]:
    """The questions on a lesson. Raises ValueError if there are none on it."""
    if lesson not in lessons():
        known = ", ".join(lessons())
        raise ValueError(f'There are no questions on lesson "{lesson}", only on: {known}.')
    return parse(_read(lesson))


def parse(page: str) -> tuple[Question, ...]:
    """The questions in a page of Markdown.

    Raises ValueError for anything under a question that is no option with a reason.
    """
    return tuple(map(_question, re.split(r"^## ", page, flags=re.M)[1:]))


def _question(section: str) -> Question:
    text, _, rest = section.partition("\n")
    if left := " ".join(_OPTION.sub("", rest).split()):
        raise ValueError(f"Under the question {text!r} this is no option with a reason: {left!r}")
    options = (
        Option(_line(o["text"]), _line(o["why"]), o["tick"] == "x", o["misconception"] or "")
        for o in _OPTION.finditer(rest)
    )
    return Question(text, tuple(options))


def _line(text: str) -> str:
    """A text that is wrapped in the file, as one line."""
    return " ".join(text.split())


def _read(name: str) -> str:
    return _FOLDER.joinpath(f"{name}.md").read_text(encoding="utf-8")
