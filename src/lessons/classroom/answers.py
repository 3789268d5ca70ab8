"""The answers in a notebook: each with the definitions and imports that it needs, and no more.

Nothing is run here. A notebook as a whole would train for minutes; an answer needs a few lines.
"""

import ast
import builtins
import re
import symtable
import warnings
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from IPython.core.inputtransformer2 import TransformerManager

from lessons.exercises.asserts import Exercise

MOST_SEEN = 100_000  # steps from name to name; an answer takes a few hundred


class Trial(NamedTuple):
    """What has to be run for an answer, in this order, and what to try then."""

    cells: dict[str, str]  # the code of cells, by what they are called in a verdict
    steps: tuple[tuple[str, int], ...]  # a cell, and which of its statements; from 0
    answer: str  # an expression, mostly the name of a function


class Answer(NamedTuple):
    """An answer to an exercise as it stands in a notebook."""

    id: str  # of the exercise
    path: str  # of the file
    cell: int  # counted from 1, those of code alone
    code: str  # as the student wrote it, with what it needs
    trial: Trial | None  # None if it could not be read
    why: str = ""  # it could not be read

    @property
    def where(self) -> str:
        """The file and the cell."""
        return f"{self.path}, code cell {self.cell}"


class _Statement(NamedTuple):
    """A statement at the top level of a cell, and the names that it uses."""

    cell: int
    number: int  # in its cell, from 0
    node: ast.stmt
    source: str
    binds: frozenset[str]  # names that have a value afterwards
    now: frozenset[str]  # names that it needs when it is run
    later: frozenset[str]  # names that its functions need when they are called


def answers_in(cells: Iterable[str], path: str, exercises: dict[str, Exercise]) -> list[Answer]:
    """All answers in the cells of a notebook, from the first to the last.

    An answer is what stands in `check("05-loop", my_train)`, in whatever cell. Where no such call
    is left, it is the function or class that has the name of the notebook's own.
    """
    notebook = Notebook(cells, path)
    found = [*_checked(notebook, exercises), *_broken(notebook, exercises)]
    asked = {answer.id for _, answer in found}
    for id, exercise in exercises.items():
        if id not in asked:
            found += _by_name(notebook, id, exercise.solution.__name__)
    return [answer for _, answer in sorted(found, key=lambda one: one[0])]


def _checked(notebook: "Notebook", exercises: dict[str, Exercise]) -> Iterator[tuple[int, Answer]]:
    """What is handed to `check`, each with the number of its cell."""
    for place, statement in enumerate(notebook.statements):
        for id, expression in _calls(statement.node, exercises):
            yield statement.cell, notebook.answer(id, expression, place)


def _calls(node: ast.AST, exercises: dict[str, Exercise]) -> Iterator[tuple[str, ast.expr]]:
    """Calls such as `check("05-loop", my_train)`, whatever `check` is called here."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or _called(call) in ("hint", "solution"):
            continue
        given = [*call.args, *(one.value for one in call.keywords if one.arg in ("id", "answer"))]
        if len(given) == 2 and isinstance(given[0], ast.Constant) and given[0].value in exercises:
            yield given[0].value, given[1]


def _called(call: ast.Call) -> str:
    """The name of what is called, without what stands before a point."""
    return ast.unparse(call.func).rpartition(".")[2]


def _broken(notebook: "Notebook", exercises: dict[str, Exercise]) -> Iterator[tuple[int, Answer]]:
    """Answers in cells that are no Python."""
    for cell, why in notebook.broken.items():
        source = notebook.cells[cell]
        names = {one.solution.__name__: id for id, one in exercises.items()}
        ids = [id for id in re.findall(r"""\(\s*["'](\d\d-\w+)["']\s*,""", source)]
        ids += [names[one] for one in _defined(source) if one in names]
        for id in dict.fromkeys(id for id in ids if id in exercises):
            yield cell, Answer(id, notebook.path, cell + 1, source, None, why)


def _defined(source: str) -> list[str]:
    """What is defined in code that may be broken."""
    return re.findall(r"^(?:def|class)\s+(\w+)", source, re.M)


def _by_name(notebook: "Notebook", id: str, name: str) -> Iterator[tuple[int, Answer]]:
    for place, statement in enumerate(notebook.statements):
        if name in statement.binds and not isinstance(statement.node, ast.ImportFrom):
            here = ast.Name(name, ast.Load())
            yield statement.cell, notebook.answer(id, here, place + 1)


def called(cell: int) -> str:
    """What a cell is called; cells of code are counted from 1."""
    return f"code cell {cell + 1}"


class Notebook:
    """The cells of a notebook, as Python reads them."""

    def __init__(self, cells: Iterable[str], path: str) -> None:
        """Read each cell. Those that are no Python are in `broken`, by their numbers from 0."""
        self.path = path
        self.cells = list(cells)
        self.statements: list[_Statement] = []
        self.places: dict[str, list[int]] = {}  # where each name gets a value, from the first
        self.broken: dict[int, str] = {}
        for number, source in enumerate(self.cells):
            try:
                self.statements += _statements(number, source)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                name = called(number).capitalize()
                self.broken[number] = f"{name} is no Python: {_told(error)}."
        for place, statement in enumerate(self.statements):
            for name in statement.binds:
                self.places.setdefault(name, []).append(place)

    def answer(self, id: str, expression: ast.expr, place: int) -> Answer:
        """An answer that is checked at this place, and all that it needs."""
        where = self.path, self.statements[min(place, len(self.statements) - 1)].cell + 1
        try:
            needed, missing = self._needed(expression, place)
            steps = self._in_order(needed)
        except RecursionError:
            why = "It needs a chain of values that is too long to follow."
            return Answer(id, *where, ast.unparse(expression), None, why)
        code = "\n\n".join(_as_written(one) for one in steps)
        answer = ast.unparse(expression)
        if isinstance(expression, ast.Name) and expression.id in missing:
            return Answer(id, *where, code or answer, None, self._nowhere(expression.id))
        cells = {called(one.cell): one.source for one in steps}
        trial = Trial(cells, tuple((called(one.cell), one.number) for one in steps), answer)
        shown = code if isinstance(expression, ast.Name) else f"{code}\n\n{answer}".strip()
        return Answer(id, *where, shown, trial)

    def _nowhere(self, name: str) -> str:
        for cell, why in self.broken.items():
            if name in _defined(self.cells[cell]):
                return f"`{name}` is defined in a cell that cannot be read. {why}"
        return f"`{name}` is defined in no cell."

    def _needed(self, expression: ast.expr, place: int) -> tuple[dict[int, set[int]], set[str]]:
        """The statements that an expression needs, by their places, with those each needs at once.

        And the names that no statement binds. Raises RecursionError if there is no end of it.
        """
        wanted = [(name, place, -1) for name in _names_of(expression)]
        needed: dict[int, set[int]] = {}
        missing: set[str] = set()
        seen: set[tuple[int, int, int]] = set()
        while wanted:
            name, before, asking = wanted.pop()
            if (found := self._binding(name, before, asking)) is None:
                missing.add(name)
                continue
            if asking >= 0:
                needed[asking].add(found)
            one = self.statements[found]
            if found not in needed:
                needed[found] = set()
                wanted += [(name, found, found) for name in one.now]
            if (
                found,
                before,
                asking,
            ) not in seen:  # who asks may call it, so they are needed there
                seen.add((found, before, asking))
                wanted += [(name, before, asking) for name in one.later]
            if len(seen) > MOST_SEEN:
                raise RecursionError
        if unknown := missing - set(dir(builtins)):
            needed |= {star: set() for star in self.places.get("*", []) if star not in needed}
        return needed, unknown

    def _binding(self, name: str, before: int, asking: int) -> int | None:
        """Where a name gets its value: the last place above; if there is none, the first below.

        The code to begin with, with dots for a body, only counts where there is nothing else.
        """
        places = self.places.get(name, [])
        first = bisect_left(places, before)
        nearest = [*reversed(places[max(0, first - 2) : first]), *places[first : first + 2]]
        others = [place for place in nearest if place != asking]
        done = (place for place in others if not _is_stub(self.statements[place].node))
        return next(done, others[0] if others else None)

    def _in_order(self, needed: dict[int, set[int]]) -> list[_Statement]:
        """Statements as they stand in the notebook, but each after those that it needs at once."""
        order: dict[int, None] = {}

        def put(place: int, above: frozenset[int] = frozenset()) -> None:
            for one in sorted(needed[place] - above - order.keys()):
                put(one, above | {place})
            order.setdefault(place)

        for place in sorted(needed):
            put(place)
        return [self.statements[place] for place in order]


# -------------------------------------------------------------------------- reading a statement


def _statements(cell: int, source: str) -> list[_Statement]:
    """The statements of a cell. Raises SyntaxError or ValueError if it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as "\d" in a string
        try:
            body = ast.parse(source).body
        except SyntaxError:
            source = _without_magics(source)
            body = ast.parse(source).body
        return [
            _Statement(cell, number, node, source, *_names(node))
            for number, node in enumerate(body)
        ]


_RUNS_ALL = re.compile(r"\A\s*%%(time|timeit|capture|prun)\b.*")
_RUNS_LINE = re.compile(r"^(\s*)%time[ \t]+", re.M)


def _without_magics(source: str) -> str:
    """A cell as IPython reads it: `%`, `!`, `?` and prompts become Python, and so does `%%time`."""
    source = _RUNS_LINE.sub(r"\1", _RUNS_ALL.sub("", source))
    try:
        return TransformerManager().transform_cell(source)
    except RuntimeError:  # more of them than anybody writes
        return source


def _names(node: ast.stmt) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The names that a statement binds, and those that it needs now and later."""
    if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
        return frozenset("*"), frozenset(), frozenset()
    table = symtable.symtable(ast.unparse(node), "<cell>", "exec")
    symbols = table.get_symbols()
    binds = {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}
    changed = set(_changed(node))
    now = {one.get_name() for one in symbols if one.is_referenced()} - set(_looped(node))
    later: set[str] = set()
    for inner in table.get_children():
        _inner_names(inner, now, later)
    return frozenset(binds | changed), frozenset(now | changed), frozenset(later - now)


def _looped(node: ast.stmt) -> Iterator[str]:
    """Names that its loops give a value, which need none before."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.For):
            before = {one.id for one in ast.walk(inner.iter) if isinstance(one, ast.Name)}
            bound = {one.id for one in ast.walk(inner.target) if isinstance(one, ast.Name)}
            yield from bound - before


_CHANGE = (
    "add",
    "append",
    "clear",
    "discard",
    "extend",
    "insert",
    "pop",
    "remove",
    "sort",
    "update",
)


def _changed(node: ast.stmt) -> Iterator[str]:
    """What a statement changes in place, such as `words` in `words.append(1)`."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return  # it changes nothing until it is called
    for inner in ast.walk(node):
        match inner:
            case ast.Call(ast.Attribute(ast.Name(name), method)) if method in _CHANGE:
                yield name
            case ast.Subscript(ast.Name(name), _, ast.Store() | ast.Del()):
                yield name
            case ast.AugAssign(ast.Name(name)):
                yield name


def _inner_names(table: symtable.SymbolTable, now: set[str], later: set[str]) -> None:
    """Add the global names that a class uses at once, and a function when it is called."""
    is_later = table.get_type() == "function" and not table.get_name().endswith(("comp", "expr"))
    into = later if is_later else now
    into.update(one.get_name() for one in table.get_symbols() if one.is_global())
    for inner in table.get_children():
        _inner_names(inner, later if is_later else now, later)


def _names_of(expression: ast.expr) -> set[str]:
    _, now, later = _names(ast.Expr(expression))
    return {*now, *later}


def _is_stub(node: ast.stmt) -> bool:
    """A function whose body holds nothing but dots, a docstring, or `pass`."""
    return isinstance(node, ast.FunctionDef) and all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in node.body
    )


def _as_written(statement: _Statement) -> str:
    """A statement with its decorators, as it stands in its cell."""
    first = min(
        [
            statement.node.lineno,
            *(one.lineno for one in getattr(statement.node, "decorator_list", [])),
        ]
    )
    return "\n".join(statement.source.split("\n")[first - 1 : statement.node.end_lineno])


def _told(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.msg} (line {error.lineno})"
    return f"{type(error).__name__}: {error}"
