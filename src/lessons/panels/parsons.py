"""Lessons 05 and 06: the lines of a function, to be put in order."""

import ast
import html
import inspect
import random
import re
from collections.abc import Callable, Sequence
from textwrap import dedent
from typing import Any, NamedTuple

import ipywidgets as widgets

from lessons.panels.check_yourself import VERDICTS, verdict_of
from lessons.panels.controls import Panel, button, buttons, status_line
from lessons.training import train_step
from lessons.validation import evaluate

INDENT = "    "


class Rule(NamedTuple):
    """Of two lines the first one comes earlier, or else later than a third one."""

    first: str  # a part of the line, which no other line has
    then: str
    why: str  # said to somebody who has it the other way round
    or_after: str = ""


# What is said, here and on a page, with {0}, {1} for what differs.
CHOSEN, MOVED = "Chosen: line {0} of {1}.", "Moved to line {0} of {1}."
LINE = "{0} (`{1}`)"  # the number of a line, and what it says
ORDER = "Line {0} must come before line {1}. {2}"
EMPTY = "Line {0} needs a block: a line under it, one step to the right."
INDENTED = "Line {0} is indented, so it belongs into a block, under a line that ends with a colon."
SAME = "It runs in this order, as in the library."
OTHER = "It runs in this order, and computes the same as the library's."
RETURN = "Nothing is done after `return`: the function has ended there."
RULES: dict[Callable[..., Any], tuple[Rule, ...]] = {
    train_step: (
        Rule("logits =", "loss =", "The loss measures the guesses, so there must be some."),
        Rule("loss =", "backward()", "`backward()` starts from the loss, so it must be measured."),
        Rule(
            "zero_grad()",
            "backward()",
            "Where it is now, it wipes the gradients that `backward()` has just worked out, before "
            "`step()` can use them.",
            or_after="step()",
        ),
        Rule(
            "backward()",
            "step()",
            "`step()` follows the gradients, and `backward()` works them out. The other way round "
            "it follows old ones, or none.",
        ),
        Rule("step()", "return", RETURN),
        Rule("zero_grad()", "return", RETURN),
    ),
    evaluate: (
        Rule("sizes = ", "with ", "The lists must be there before something is appended to them."),
        Rule("sizes = ", "return", RETURN),
        Rule(
            "model.eval()",
            "for batch",
            "While the batches are read, the model must be in evaluation mode already. Otherwise "
            "dropout is on, and the answers depend on chance.",
        ),
        Rule("logits =", "loss =", "The loss measures the guesses, so there must be some."),
        Rule("loss =", "scores.append", "The loss must be measured before it is noted."),
        Rule("with ", "return", RETURN),
    ),
}


class ParsonsPanel(Panel):
    """A Parsons problem: all lines of a function are there, in a wrong order."""

    title = "Put the lines in order"
    instead = (
        " In a script: arrange([2, 1, ...]) puts the lines in order by their numbers, check() says "
        "how it is."
    )

    def __init__(self, function: Callable[..., Any]) -> None:
        """The lines of one of the functions of which the `RULES` are known.

        Raises ValueError for another one.
        """
        if function not in RULES:
            known = ", ".join(one.__name__ for one in RULES)
            raise ValueError(f"There is such a problem for {known}, and for no other function.")
        self._function = function
        self.title = f"{self.title}: {function.__name__}"
        self.numbered = shuffled(function)
        self.lines = list(self.numbered)
        self._list = widgets.Select(
            options=self._options(), rows=len(self.lines), description="Lines"
        )
        self._list.add_class("lessons-lines")
        self._status = status_line()
        self._list.observe(lambda change: self._tell_line(CHOSEN, change["new"]), "index")
        moves = buttons(
            button("Move up", "arrow-up", lambda: self.move(self._list.index, -1)),
            button("Move down", "arrow-down", lambda: self.move(self._list.index, 1)),
            button("Check", "check", self._tell),
        )
        first = widgets.HTML(f"<pre>{html.escape(head(function))}</pre>")
        super().__init__(first, self._list, moves, self._status)

    def _options(self) -> list[str]:
        """The lines as they are shown: a list would swallow blanks at the beginning."""
        return [line.replace(INDENT, 4 * "\N{NO-BREAK SPACE}") for line in self.lines]

    def move(self, place: int, by: int) -> None:
        """Move the line at a place, counted from 0, up (-1) or down (1) if there is room."""
        to = min(max(place + by, 0), len(self.lines) - 1)
        self.lines.insert(to, self.lines.pop(place))
        self._show(to)
        self._tell_line(MOVED, to)

    def _tell_line(self, what: str, place: int) -> None:
        self._status.value = what.format(place + 1, len(self.lines))

    def arrange(self, numbers: Sequence[int]) -> None:
        """Put the lines in the order of these numbers: those that they have at the beginning.

        Raises ValueError if it is not each number from 1 on once.
        """
        if sorted(numbers) != list(range(1, len(self.lines) + 1)):
            raise ValueError(f"Give each number from 1 to {len(self.lines)} once.")
        self.lines = [self.numbered[number - 1] for number in numbers]
        self._show(0)

    def _show(self, chosen: int) -> None:
        self._list.options = self._options()
        self._list.index = chosen  # the line that was moved, so that it can be moved again

    def check(self) -> str:
        """Say whether this order is right, and if not, which line is wrong and why."""
        wrong = fault(self._function, self.lines)
        said = wrong or (SAME if self.lines == lines_of(self._function) else OTHER)
        self._status.value = f"{verdict_of(not wrong)} {html.escape(said)}"
        return said

    def _tell(self) -> None:
        self.check()

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), "", head(self._function), *self._numbers()])

    def _numbers(self) -> list[str]:
        return [f"{number}. {INDENT}{line}" for number, line in enumerate(self.numbered, 1)]

    def page(self) -> dict[str, Any]:
        """The lines in their first order and in the library's, the rules, and what is said."""
        said = {"chosen": CHOSEN, "moved": MOVED, "line": LINE, "order": ORDER, "empty": EMPTY}
        said |= {"indented": INDENTED, "same": SAME, "other": OTHER}
        return {
            "panel": "parsons",
            "title": self.title,
            "head": head(self._function),
            "lines": self.numbered,
            "right": lines_of(self._function),
            "rules": [rule._asdict() for rule in RULES[self._function]],
            "said": {**said, "verdicts": VERDICTS},
        }

    def static(self) -> str:
        """The lines with their numbers, and the answer folded away."""
        asked = "\n".join([head(self._function), *self._numbers()])
        answer = "\n".join([head(self._function), *(INDENT + o for o in lines_of(self._function))])
        return (
            f"<p><b>{self.title}</b></p><pre>{html.escape(asked)}</pre>"
            f"<details><summary>Answer</summary><pre>{html.escape(answer)}</pre></details>"
        )


def head(function: Callable[..., Any]) -> str:
    """The first line of a function, without types."""
    return f"def {function.__name__}({', '.join(inspect.signature(function).parameters)}):"


def lines_of(function: Callable[..., Any]) -> list[str]:
    """The lines of a function's body as they stand in the library, without comments."""
    source = inspect.getsource(function)
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    begin = node.body[bool(ast.get_docstring(node))].lineno  # behind the docstring
    lines = dedent("\n".join(source.splitlines()[begin - 1 :])).splitlines()
    return [re.sub(r"\s+# .*", "", line) for line in lines]


def shuffled(function: Callable[..., Any]) -> list[str]:
    """The lines in an order that is always the same, and never right."""
    lines, draw = lines_of(function), random.Random(0)
    while not fault(function, lines):
        draw.shuffle(lines)
    return lines


def fault(function: Callable[..., Any], lines: Sequence[str]) -> str:
    """What is wrong with this order of a function's lines; nothing if it computes the same."""
    if wrong := misplaced(lines):
        return wrong

    def place(part: str) -> int:
        return next(number for number, line in enumerate(lines) if part in line)

    for rule in RULES[function]:
        first, then = place(rule.first), place(rule.then)
        if first > then and not (rule.or_after and first > place(rule.or_after)):
            return ORDER.format(named(lines, first), named(lines, then), rule.why)
    return ""


def misplaced(lines: Sequence[str]) -> str:
    """Which line stands in no block, or which block is empty; nothing if all are in place."""
    for number, line in enumerate(lines):
        deep, above = depth(line), lines[number - 1] if number else ""
        if above.endswith(":") and deep != depth(above) + 1:
            return EMPTY.format(named(lines, number - 1))
        if not above.endswith(":") and deep > depth(above):
            return INDENTED.format(named(lines, number))
    if lines[-1].endswith(":"):
        return EMPTY.format(named(lines, len(lines) - 1))
    return ""


def depth(line: str) -> int:
    """How many steps to the right a line begins."""
    return (len(line) - len(line.lstrip())) // len(INDENT)


def named(lines: Sequence[str], place: int) -> str:
    """The number of a line, and what it says."""
    return LINE.format(place + 1, lines[place].strip())
