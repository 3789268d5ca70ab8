"""The lessons whose notebooks are in a folder: their titles, and what they ask to predict."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

PREDICTION = re.compile(r"\w+Prediction")  # what a cell calls that asks for one


class Lesson(NamedTuple):
    """A lesson as its notebook has it."""

    number: str  # such as "05"
    title: str
    file: str  # of the notebook
    predictions: int  # how many it asks for
    strings: frozenset[str]  # all texts in the code of cells that ask for one


def lessons(folder: Path) -> list[Lesson]:
    """The lessons in their order. Of copies of a notebook the one with the shortest name counts."""
    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"), key=lambda path: -len(path.name))
    found = {path.name[:2]: path for path in paths}
    return [_lesson(found[number]) for number in sorted(found)]


def lesson_that_asks(question: str, folder: Path) -> str:
    """The number of the lesson that asks to predict this; "--" if none in this folder does."""
    asking = (lesson.number for lesson in lessons(folder) if question in lesson.strings)
    return next(asking, "--")


def _lesson(path: Path) -> Lesson:
    """A notebook that cannot be read has the title that its file is named after."""
    title, count, strings = path.stem[3:].replace("_", " "), 0, set[str]()
    for kind, source in _cells(path):
        if kind == "code":
            asked, texts = _predictions(source)
            count, strings = count + asked, strings | texts
        elif source.startswith("# "):
            title = source.splitlines()[0].removeprefix("# ")
    return Lesson(path.name[:2], title, path.name, count, frozenset(strings))


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    """The kind and the source of each cell; none of a file that is no notebook."""
    try:
        cells: list[dict[str, Any]] = json.loads(path.read_bytes())["cells"]
        yield from [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return


def _predictions(source: str) -> tuple[int, set[str]]:
    """How many predictions a cell asks for, and its texts if it does; none if it is no Python."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):  # the latter for a null character
        return 0, set()
    names = (getattr(node.func, "id", "") for node in nodes if isinstance(node, ast.Call))
    asked = sum(bool(PREDICTION.fullmatch(name)) for name in names)
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return asked, {one for one in values if isinstance(one, str)} if asked else set()
