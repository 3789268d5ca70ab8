"""What the picture of a panel is made of, so that one taken before a change is noticed."""

import ast
import hashlib
import re

from lesson_notebooks import read

from conftest import ROOT
from scripts.slides import PICTURES, is_panel

SOURCE = ROOT / "src" / "lessons"
KEY = "Made of"  # the name of the note in a picture's file
NOT_DRAWN = ("page", "_ipython_display_")  # methods that say what a notebook stores of a panel
DRAWS = re.compile(r"^from lessons\.((?:panels|figures|silent_bugs)\.\w+) import (.+?)$", re.M)


def panels_of(path):
    """The number and cell of each panel of a notebook that needs a picture: it stores no HTML."""
    return [
        (number, cell)
        for number, cell in enumerate(read(path).cells)
        if is_panel(cell) and not any("text/html" in one.get("data", {}) for one in cell.outputs)
    ]


def picture_of(path, cell):
    """The file of the picture of this cell's panel."""
    return PICTURES / f"{path.stem[:2]}-{cell.id}.png"


def made_of(cell):
    """A short name for all that a panel's look depends on: its cell, and the code that draws it.

    Comments, docstrings and line breaks don't count, nor what the library computes.
    """
    parts = [cell.source, *(code_of(name) for name in sorted(modules_of(cell)))]
    parts += [(SOURCE / "panels" / name).read_text(encoding="utf-8") for name in STYLE]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


STYLE = ("panel.css", "panel.js")


def modules_of(cell):
    """The modules that draw a cell's panel: those of the classes it names, and what they import."""
    known = DRAWS.findall(source_of("panels.__init__"))
    waiting = [name for name, classes in known if words(classes) & words(cell.source)]
    if not waiting:
        raise LookupError(f"no class of lessons.panels is named in the cell {cell.id}")
    found = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [imported for imported, _ in DRAWS.findall(source_of(name))]
    return found


def words(text):
    return set(re.findall(r"\w+", text))


def source_of(name):
    return (SOURCE / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8")


def code_of(name):
    """A module without comments, docstrings and what is not drawn, whatever its line breaks."""
    tree = ast.parse(source_of(name))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            node.body = [one for one in node.body if getattr(one, "name", "") not in NOT_DRAWN]
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.unparse(tree)
