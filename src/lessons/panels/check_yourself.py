"""The end of each lesson: a few multiple-choice questions, and a reason for every option."""

import html
from collections.abc import Callable, Iterable, Sequence
from string import ascii_uppercase
from textwrap import fill
from typing import Any

import ipywidgets as widgets

from lessons.panels.controls import Panel, lettered, radio_buttons, status_line
from lessons.progress import record
from lessons.questions import Option, Question, questions

COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}
VERDICTS = [("✗", "Not yet."), ("✓", "Right.")]  # of a wrong answer and of a right one
RIGHT = "{0} of {1} right"


class CheckYourself(Panel):
    """The questions on a lesson. A chosen option shows whether it is right, and why."""

    instead = " The answers are at the end."

    def __init__(self, lesson: str) -> None:
        """The questions on the lesson with this number, such as "05".

        Raises ValueError if there are none.
        """
        self._lesson, self._questions = lesson, questions(lesson)
        self.title = f"Check yourself: {COUNTS[len(self._questions)]} questions"
        self._choices, rows = [], []
        for number, question in enumerate(self._questions, 1):
            options = [option.text for option in question.options]
            chosen, why = radio_buttons(f"{number}. {question.text}", options), status_line()
            why.add_class("lessons-why")
            chosen.observe(self._reaction(question, why), "index")
            self._choices.append(chosen)
            rows += [chosen, why]
        super().__init__(*rows)

    def _reaction(self, question: Question, why: widgets.HTML) -> Callable[[dict[str, int]], None]:
        """What to do when an option of this question is chosen."""

        def explain(change: dict[str, int]) -> None:
            option = question.options[change["new"]]
            why.value = f"{verdict(option)} {html.escape(option.why)}"
            self._count()
            name = f"{self._lesson} {question.text}"
            record().change(lambda done: done.questions.update({name: option.right}))

        return explain

    def _count(self) -> None:
        pairs = zip(self._choices, self._questions, strict=True)
        right = sum(chosen.index == question.right for chosen, question in pairs)
        self.show_beside_title(RIGHT.format(right, len(self._questions)))

    def __repr__(self) -> str:
        return f"{super().__repr__()}\n\n{as_text(self._questions)}"

    def page(self) -> dict[str, Any]:
        """The questions with all their reasons, and what is said of an answer."""
        asked = [{"text": one.text, "options": _shown(one)} for one in self._questions]
        said = {"verdicts": VERDICTS, "right": RIGHT}
        return {"panel": "check-yourself", "title": self.title, "questions": asked, "said": said}

    def static(self) -> str:
        """The questions, and the answers folded away."""
        return f"<p><b>{self.title}</b></p>{as_html(self._questions)}"


def _shown(question: Question) -> list[dict[str, str | bool]]:
    """What a reader sees of a question's options, in their order."""
    texts = lettered([option.text for option in question.options])
    pairs = zip(texts, question.options, strict=True)
    return [{"text": text, "why": option.why, "right": option.right} for text, option in pairs]


def verdict(option: Option) -> str:
    """Right or not, as a mark and a word, in HTML. Screen readers skip the mark."""
    return verdict_of(option.right)


def verdict_of(right: bool) -> str:
    """The same for any answer."""
    mark, word = VERDICTS[right]
    return f'<span aria-hidden="true">{mark}</span> <b>{word}</b>'


def as_text(questions: Sequence[Question]) -> str:
    """The questions, and after them the answers, for a page without HTML."""
    asked, answers = [], ["Answers"]
    for number, question in enumerate(questions, 1):
        texts, whys, *_ = zip(*question.options, strict=True)
        asked += [_wrap(f"{number}. {question.text}", 3)]
        asked += [*(_wrap(f"   {text}", 6) for text in lettered(texts)), ""]
        answers += ["", f"{number}. {ascii_uppercase[question.right]} is right."]
        answers += [_wrap(f"   {why}", 6) for why in lettered(whys)]
    return "\n".join(asked + answers)


def _wrap(text: str, indent: int) -> str:
    return fill(text, 88, subsequent_indent=" " * indent)


def as_html(questions: Sequence[Question]) -> str:
    """The same as HTML, with the answers folded away."""
    asked, answers = [], []
    for question in questions:
        texts, whys, *_ = zip(*question.options, strict=True)
        asked.append(html.escape(question.text) + _list(lettered(texts)))
        answers.append(f"{ascii_uppercase[question.right]} is right.{_list(lettered(whys))}")
    return (
        f"<ol>{_items(asked)}</ol>"
        f"<details><summary>Answers</summary><ol>{_items(answers)}</ol></details>"
    )


def _list(options: Sequence[str]) -> str:
    return f'<ul style="list-style: none">{_items(map(html.escape, options))}</ul>'


def _items(texts: Iterable[str]) -> str:
    return "".join(f"<li>{text}</li>" for text in texts)
