"""A class that hands in: right, wrong, half-done, broken and hostile notebooks."""

import ast
import csv
import html
import inspect
import json
import os
import re
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import nbformat
from lesson_notebooks import NOTEBOOKS, exercises_of, read, solved_cell
from right_answers import RIGHT_ANSWERS
from wrong_answers import WRONG_ANSWERS

from lessons.classroom.judge import UNREADABLE, landlock
from lessons.classroom.results import ClassResult, Student
from lessons.classroom.trying import Outcome
from lessons.exercises import EXERCISES
from lessons.exercises.runner import NOT_ATTEMPTED, NOT_YET, PASSED

LESSONS = sorted({id[:2] for id in EXERCISES})


class Expected(NamedTuple):
    """What must come out for a student."""

    states: dict[str, str]  # by exercise
    rest: str = NOT_ATTEMPTED  # the state of all others
    misconceptions: dict[str, str] | None = None  # by exercise


class Desk(NamedTuple):
    """Where a student works: on one lesson, in a folder; what is written elsewhere is a fault."""

    folder: Path
    name: str
    lesson: str
    random: Random

    @property
    def ids(self):
        return [id for id in EXERCISES if id.startswith(self.lesson)]

    def save(self, notebook, encoding="utf-8"):
        path = self.folder / self.name / f"{self.lesson}_notebook.ipynb"
        path.parent.mkdir()
        text = json.dumps(notebook, ensure_ascii=encoding == "ascii")
        path.write_bytes(text.encode(encoding))
        return path


KINDS: list[Callable[[Desk], Expected]] = []


def kind(function):
    """Note the function below as a kind of hand-in."""
    KINDS.append(function)
    return function


def write_class(folder, count, seed=0, kinds=None, lessons=LESSONS):
    """Write so many hand-ins into a folder: what must come out, by student."""
    random, kinds = Random(seed), kinds or KINDS
    expected = {}
    for number in range(count):
        make = kinds[number % len(kinds)]
        name = f"{make.__name__} {number}"
        expected[name] = make(Desk(folder, name, lessons[number % len(lessons)], random))
    return expected


# ------------------------------------------------------------------------------ what is in one


def lesson_with(lesson, cells, edit=None):
    """The notebook of a lesson with other cells in place of its exercises, by id."""
    (path,) = (one for one in NOTEBOOKS if one.stem[:2] == lesson)
    notebook = read(path)
    _, codes = exercises_of(notebook)
    ids = {source: id for id, source in codes.items()}
    for cell in notebook.cells:
        if (id := ids.get(cell.source)) in cells:
            cell.source = cells[id]
    return notebook


def code(source):
    return nbformat.v4.new_code_cell(source)


def solved(ids, name):
    """Cells that answer as the course does; no two students write the same."""
    return {id: f"{solved_cell(id)}\n# {name}" for id in ids}


@cache
def module_of(answer):
    """The module of an answer without what notes it: its imports and all answers in it."""
    module = sys.modules[answer.__module__]
    page = ast.parse(inspect.getsource(module))
    page.body = [
        node
        for node in page.body
        if not ast.unparse(node).endswith(("_answers import right", "_answers import wrong"))
    ]
    for node in page.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.decorator_list = [
                one
                for one in node.decorator_list
                if not (isinstance(one, ast.Call) and ast.unparse(one.func) in ("right", "wrong"))
            ]
    return ast.unparse(page)


def with_answers(desk, chosen):
    """A notebook in which these answers of the tests, by id, are handed in."""
    cells = {id: f'check("{id}", {one.answer.__name__})' for id, one in chosen.items()}
    notebook = lesson_with(desk.lesson, cells)
    modules = dict.fromkeys(module_of(one.answer) for one in chosen.values())
    notebook.cells[1:1] = map(code, modules)
    return notebook


def one_bad(desk, body):
    """All solved but one, whose function does this."""
    id = desk.random.choice([id for id in desk.ids if inspect.isfunction(EXERCISES[id].solution)])
    solution = EXERCISES[id].solution
    lines = "\n".join(f"    {line}" for line in body.format(name=solution.__name__).splitlines())
    head = f"def {solution.__name__}{inspect.signature(solution)}:"
    cells = solved(desk.ids, desk.name)
    cells[id] = f'{head}\n{lines}\n\n\ncheck("{id}", {solution.__name__})'
    desk.save(lesson_with(desk.lesson, cells))
    states = dict.fromkeys(desk.ids, PASSED) | {id: NOT_YET}
    return Expected(states)


# --------------------------------------------------------------------------------- good faith


@kind
def solutions(desk):
    desk.save(lesson_with(desk.lesson, solved(desk.ids, desk.name)))
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def other_right_answers(desk):
    chosen = {
        id: desk.random.choice([one for one in RIGHT_ANSWERS if one.id == id]) for id in desk.ids
    }
    desk.save(with_answers(desk, chosen))
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def wrong_answers(desk):
    chosen = {
        id: desk.random.choice([one for one in WRONG_ANSWERS if one.id == id]) for id in desk.ids
    }
    desk.save(with_answers(desk, chosen))
    shown = {id: one.misconception for id, one in chosen.items()}
    return Expected(dict.fromkeys(desk.ids, NOT_YET), misconceptions=shown)


@kind
def untouched(desk):
    desk.save(lesson_with(desk.lesson, {}))
    return Expected({})


@kind
def no_cells(desk):
    desk.save(nbformat.v4.new_notebook())
    return Expected({})


@kind
def half_done(desk):
    done = desk.ids[::2]
    desk.save(lesson_with(desk.lesson, solved(done, desk.name)))
    return Expected(dict.fromkeys(done, PASSED))


@kind
def deleted_cells(desk):
    """All but the answers; and of these, the first one is lost."""
    kept = desk.ids[1:]
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [code(source) for source in solved(kept, desk.name).values()]
    desk.save(notebook)
    return Expected(dict.fromkeys(kept, PASSED))


@kind
def deleted_checks(desk):
    notebook = lesson_with(desk.lesson, solved(desk.ids, desk.name))
    for cell in notebook.cells:
        cell.source = "\n".join(
            line for line in cell.source.splitlines() if not line.startswith("check(")
        )
    desk.save(notebook)
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def moved_cells(desk):
    """In any order, and what is checked in other cells than it is defined."""
    notebook = lesson_with(desk.lesson, solved(desk.ids, desk.name))
    for cell in list(notebook.cells):
        if "\ncheck(" in cell.source:
            cell.source, call = cell.source.split("\ncheck(")
            notebook.cells.append(code(f"check({call}"))
    desk.random.shuffle(notebook.cells)
    desk.save(notebook)
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def doubled_cells(desk):
    """A wrong one above, the right one, and the code to begin with below it."""
    notebook = lesson_with(desk.lesson, solved(desk.ids, desk.name))
    _, begun = exercises_of(lesson_with(desk.lesson, {}))
    for id in desk.ids:
        name = EXERCISES[id].solution.__name__
        notebook.cells.insert(1, code(f'{name} = 3\ncheck("{id}", {name})'))
        notebook.cells.append(code(begun[id]))
    desk.save(notebook)
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def renamed_functions(desk):
    cells = {
        id: source.replace(EXERCISES[id].solution.__name__, f"answer_{id[3:]}")
        for id, source in solved(desk.ids, desk.name).items()
    }
    desk.save(lesson_with(desk.lesson, cells))
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def syntax_errors(desk):
    """In other cells, and in the last answer."""
    cells = solved(desk.ids, desk.name)
    cells[desk.ids[-1]] += "\nfor in range(3):"
    notebook = lesson_with(desk.lesson, cells)
    notebook.cells.insert(1, code("what is this?\nit is no Python"))
    notebook.cells.append(code("x = (1,\n"))
    desk.save(notebook)
    return Expected(dict.fromkeys(desk.ids, PASSED) | {desk.ids[-1]: UNREADABLE})


@kind
def magics_and_helpers(desk):
    """Lines of IPython, and an answer that needs other cells."""
    cells = solved(desk.ids, desk.name)
    id = desk.ids[0]
    solution = EXERCISES[id].solution
    cells[id] = f'!ls\nanswer = {solution.__name__}\n%time check("{id}", 3)\ncheck("{id}", answer)'
    notebook = lesson_with(desk.lesson, cells)
    notebook.cells.insert(1, code(f"%matplotlib inline\n{EXERCISES[id].code}"))
    desk.save(notebook)
    return Expected(dict.fromkeys(desk.ids, PASSED))


# ------------------------------------------------------------------------------ kinds of files


@kind
def utf_16(desk):
    desk.save(lesson_with(desk.lesson, solved(desk.ids, "Zoë")), "utf-16")
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def with_a_mark_in_front(desk):
    desk.save(lesson_with(desk.lesson, solved(desk.ids, "Zoë")), "utf-8-sig")
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def old_windows(desk):
    cells = [code(f"{source} Zoë") for source in solved(desk.ids, desk.name).values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    desk.save(notebook, "cp1252")
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def old_format(desk):
    cells = [
        {
            "cell_type": "code",
            "input": source.splitlines(keepends=True),
            "outputs": [],
            "language": "python",
            "collapsed": False,
            "metadata": {},
        }
        for source in solved(desk.ids, desk.name).values()
    ]
    sheets = [{"cells": cells, "metadata": {}}]
    desk.save({"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": sheets})
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def zipped(desk):
    path = desk.save(lesson_with(desk.lesson, solved(desk.ids, desk.name)))
    with zipfile.ZipFile(desk.folder / f"{desk.name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, f"work/{path.name}")
        archive.writestr("__MACOSX/work/._x.ipynb", b"\0\1")
    path.unlink()
    path.parent.rmdir()
    return Expected(dict.fromkeys(desk.ids, PASSED))


@kind
def zip_that_leads_away(desk):
    """Names that would lead out of the folder, a link, and one that fills the memory."""
    path = desk.save(lesson_with(desk.lesson, solved(desk.ids, desk.name)))
    with zipfile.ZipFile(desk.folder / f"{desk.name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "../../escaped.ipynb")
        archive.write(path, "/tmp/escaped.ipynb")
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.ipynb", b" " * (60 * 2**20))
    path.unlink()
    path.parent.rmdir()
    return Expected(dict.fromkeys(desk.ids, PASSED), UNREADABLE)


@kind
def no_notebook(desk):
    desk.save({})
    (desk.folder / desk.name / "a.ipynb").write_text("This is my homework.")
    (desk.folder / desk.name / "b.ipynb").write_bytes(os.urandom(1000))
    (desk.folder / desk.name / "c.ipynb").write_bytes(b"")
    (desk.folder / desk.name / "d.ipynb").write_text("[" * 100_000)
    (desk.folder / desk.name / "e.zip").write_text("no zip")
    return Expected({}, UNREADABLE)


@kind
def cut_off(desk):
    path = desk.save(lesson_with(desk.lesson, solved(desk.ids, desk.name)))
    path.write_bytes(path.read_bytes()[:-5000])
    return Expected({}, UNREADABLE)


@kind
def another_file(desk):
    desk.save({}).rename(desk.folder / desk.name / "homework.pdf")
    return Expected({}, UNREADABLE)


@kind
def link(desk):
    path = desk.save({})
    path.unlink()
    path.symlink_to("/etc/passwd")
    (path.parent / "away").symlink_to("/etc")
    return Expected({}, UNREADABLE)


# ------------------------------------------------------------------- what brings programs down


@kind
def ends_python(desk):
    return one_bad(desk, "import sys\nsys.exit(0)")


@kind
def ends_python_at_once(desk):
    return one_bad(desk, "import os\nos._exit(0)")


@kind
def takes_10_gb(desk):
    return one_bad(desk, "return bytearray(10**10)")


@kind
def prints_a_million_lines(desk):
    return one_bad(
        desk, 'print("\\n".join(map(str, range(10**6))))\nraise ValueError("after that")'
    )


@kind
def never_ends(desk):
    return one_bad(desk, "while True:\n    pass")


@kind
def never_ends_and_catches_all(desk):
    return one_bad(
        desk,
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        pass",
    )


@kind
def forks(desk):
    return one_bad(desk, "import os\nwhile True:\n    os.fork()")


@kind
def kills_its_parent(desk):
    return one_bad(desk, "import os\nos.kill(os.getppid(), 9)\nos.kill(-1, 9)")


@kind
def writes_elsewhere(desk):
    """By Python and by torch, which does it without Python's knowledge."""
    target = desk.folder.parent / "written by an answer"
    if landlock() < 3:  # what torch does is not held back there, which the program says
        return one_bad(desk, f"open({str(target)!r}, 'w')")
    return one_bad(
        desk,
        "import torch\ntry:\n"
        f"    open({str(target)!r}, 'w').write('x')\n"
        "except Exception:\n"
        f"    torch.save(torch.zeros(3), {str(target)!r})",
    )


# ------------------------------------------------------------------------- what wants to pass


@kind
def says_that_it_passed(desk):
    """It has a check of its own, and prints the words."""
    expected = one_bad(desk, "print('✓ Passed.')\nreturn 'passed'")
    path = desk.folder / desk.name / f"{desk.lesson}_notebook.ipynb"
    notebook = read(path)
    mine = "def check(id, answer):\n    print('✓ Passed.')\n\n\nhint = solution = check"
    notebook.cells.insert(1, code(mine))
    nbformat.write(notebook, path)
    return expected


@kind
def changes_the_check(desk):
    return one_bad(
        desk,
        "import lessons.exercises.asserts as asserts\n"
        "import lessons.exercises.runner as runner\n"
        "for name in ('close', 'same', 'number', 'numbers', 'judge', 'rows'):\n"
        "    setattr(asserts, name, lambda *_, **__: True)\n"
        "runner.examine = lambda *_: runner.Verdict('passed', '')\n"
        "return 1",
    )


@kind
def changes_torch_and_python(desk):
    return one_bad(
        desk,
        "import builtins, torch\n"
        "builtins.all = lambda *_: True\nbuiltins.abs = lambda *_: 0\n"
        "torch.allclose = torch.equal = lambda *_, **__: True\nreturn 1",
    )


@kind
def writes_the_verdict(desk):
    return one_bad(
        desk,
        "import os\nfor pipe in range(200):\n"
        '    try:\n        os.write(pipe, b\'passed\\n["passed", ""]\\n\')\n'
        "    except OSError:\n        pass\nos._exit(0)",
    )


@kind
def hands_in_the_solution_of_the_library(desk):
    cells = solved(desk.ids, desk.name)
    for id in desk.ids:
        name = EXERCISES[id].solution.__name__
        cells[id] = (
            f"from lessons.exercises.lesson_{desk.lesson} import {name} as mine\n"
            f'check("{id}", mine)'
        )
    desk.save(lesson_with(desk.lesson, cells))
    return Expected(dict.fromkeys(desk.ids, NOT_YET))


# ------------------------------------------------------------------------ what has come out of it


def faults(expected, results):
    """What is not as it must be in the table of a class: nothing lost, no false pass."""
    with (results / "class.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    page = (results / "class.html").read_text(encoding="utf-8")
    found = [f"no row: {name}" for name in expected if name not in rows]
    found += [f"a row too many: {name}" for name in rows if name not in expected]
    for name, row in rows.items():
        for id in row.keys() & EXERCISES.keys():
            wanted = expected[name].states.get(id, expected[name].rest)
            if row[id] != wanted:
                found.append(f"{name}: {id} is {row[id]}, expected: {wanted}")
            if row[id] == NOT_YET and f"{name}: {id}</summary>" not in page:
                found.append(f"{name}: {id} is not on the page")
    return found + list(unseen(expected, page))


def unseen(expected, page):
    """Misconceptions that are not counted as they must be."""
    students = {}
    for name, one in expected.items():
        for misconception in (one.misconceptions or {}).values():
            students.setdefault(misconception, set()).add(name)
    for misconception, names in students.items():
        # Whoever wants to bring the check down may show one, too.
        count = rf"<b>(\d+) of {len(expected)}</b> {re.escape(html.escape(misconception))}:"
        if not (shown := re.search(count, page)) or int(shown[1]) < len(names):
            yield f"{len(names)} of {len(expected)} {misconception}: not on the page"


def little_class():
    """A result: three students, two exercises."""
    name = "divides by the number of batches"
    where = "a.ipynb, code cell 1"
    one = Outcome(NOT_YET, "expected 1 < 2", name, where, "def f(): <b>")
    odd = Outcome(NOT_YET, "Odd.", where=where)
    broken = Outcome(UNREADABLE, "No Python.", where=where, code="def f(:")
    states = {"=Ana <i>": (one, one), "Bo": (one, Outcome(PASSED)), "Cy": (odd, broken)}
    ids = ["05-running", "05-loop"]
    notes = {"Cy": ["-x: It is empty."]}
    students = [
        Student(student, dict(zip(ids, both, strict=True)), notes.get(student, []))
        for student, both in states.items()
    ]
    return ClassResult(students, ids)
