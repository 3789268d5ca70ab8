"""The notebooks of the lessons, run with the solutions of their exercises typed in."""

import re
import shutil
from contextlib import suppress
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from lessons.exercises import EXERCISES

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("[0-9]*.ipynb"))  # the lessons, in their order
PAGES = sorted(FOLDER.glob("[!0-9]*.ipynb"))  # to look something up in


def read(path):
    return nbformat.read(path, as_version=4)


def exercises_of(notebook):
    """The cells of a notebook's exercises: prompt by id, and code by id."""
    prompts, codes = {}, {}
    for cell in notebook.cells:
        if found := re.match(r"\*\*Exercise (\d\d-\w+)\.\*\* ", cell.source):
            prompts[found[1]] = cell.source.removeprefix(found[0])
        if found := re.search(r'^check\("(\d\d-\w+)", (\w+)\)$', cell.source, re.M):
            codes[found[1]] = cell.source
    return prompts, codes


def solved_cell(id):
    """The source of the cell in which the solution answers an exercise."""
    exercise = EXERCISES[id]
    return f'{exercise.code}\n\n\ncheck("{id}", {exercise.solution.__name__})'


def solved(path):
    """A notebook of the course with the solutions of its exercises typed in."""
    notebook = read(path)
    _, codes = exercises_of(notebook)
    ids = {source: id for id, source in codes.items()}
    for cell in notebook.cells:
        if id := ids.get(cell.source):
            cell.source = solved_cell(id)
    return notebook


def run(notebook, folder):
    """Run a notebook in this folder, up to the first error, which is in its outputs.

    The files that come with the notebooks are put beside it.
    """
    shutil.copytree(FOLDER / "data", Path(folder) / "data", dirs_exist_ok=True)
    for script in FOLDER.glob("*.py"):
        shutil.copy(script, folder)
    with suppress(CellExecutionError):
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}}).execute()


def outputs(notebook, kind):
    """Each output of this kind, such as "error" or "stream", with its cell."""
    return [
        (cell, output)
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == kind
    ]


def assert_all_well(notebook):
    """It has run to the end, without a warning, and all its exercises are passed."""
    assert [
        (cell.id, error.ename, error.evalue) for cell, error in outputs(notebook, "error")
    ] == []
    streams = outputs(notebook, "stream")
    assert [(cell.id, stream.text) for cell, stream in streams if stream.name == "stderr"] == []
    printed = "".join(stream.text for _, stream in streams)
    asked = sum(cell.source.count('\ncheck("') for cell in notebook.cells)
    assert printed.count("✓ Passed.") == asked
    assert "✗" not in printed and "○" not in printed
