"""Stored notebooks: what is taken out of them, what is left, and which faults are named."""

import sys

import nbformat
import pytest

from scripts import tidy
from scripts.tidy import LANGUAGE, PANEL, fault_of, text_of


def stream(text):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def code(source, count=1, outputs=(), **metadata):
    return nbformat.v4.new_code_cell(
        source, execution_count=count, outputs=list(outputs), metadata=metadata, id=f"cell-{count}"
    )


def notebook(*cells):
    """A notebook that is tidy as far as its cells are."""
    metadata = {"kernelspec": dict(tidy.KERNEL), "language_info": dict(LANGUAGE)}
    return nbformat.v4.new_notebook(cells=list(cells), metadata=metadata)


@pytest.fixture
def stored(tmp_path):
    def stored(content):
        path = tmp_path / "notebook.ipynb"
        path.write_text(content if isinstance(content, str) else text_of(content), encoding="utf-8")
        return path

    return stored


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["tidy.py", *map(str, words)])
        return tidy.main(), capsys.readouterr().out

    return run


TIDY = notebook(code("print('“é≈”')", 1, [stream("“é≈”\n")], slideshow={"slide_type": "slide"}))


def untidy(change):
    changed = nbformat.from_dict(TIDY)
    changed = nbformat.reads(nbformat.writes(changed), as_version=4)  # a copy
    change(changed, changed.cells[0])
    return changed


panel = nbformat.v4.new_output("display_data", {PANEL: {"model_id": "1"}, "text/plain": "Lab()"})
UNTIDY = {
    "times": lambda _, cell: cell.metadata.update(execution={"iopub.execute_input": "12:00"}),
    "a Python's version": lambda book, _: book.metadata.language_info.update(version="3.11.7"),
    "an editor's kernel": lambda book, _: book.metadata.kernelspec.update(name="venv"),
    "widgets": lambda book, _: book.metadata.update(widgets={"state": {}}),
    "text in pieces": lambda _, cell: cell.update(outputs=[stream("“é"), stream("≈”\n")]),
}


@pytest.mark.parametrize("change", UNTIDY.values(), ids=UNTIDY)
def test_what_changes_from_run_to_run_is_named_and_taken_out(stored, run, change):
    path = stored(untidy(change))
    before = path.read_bytes()
    assert run("--check", path) == (1, f"{path} is not tidy: python scripts/tidy.py {path}\n")
    assert path.read_bytes() == before
    assert run(path) == (0, "")
    assert path.read_text(encoding="utf-8") == text_of(TIDY)
    assert run("--check", path) == (0, "")


def test_of_a_panel_its_words_are_left(stored, run):
    path = stored(untidy(lambda _, cell: cell.update(outputs=[panel])))
    assert run("--check", path)[0] == 1
    run(path)
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert output.data == {"text/plain": "Lab()"}


def test_a_tidy_notebook_keeps_each_byte(stored, run):
    path = stored(TIDY)
    before = path.read_bytes()
    assert run(path) == (0, "")
    assert path.read_bytes() == before
    assert "≈".encode() in before and before.endswith(b"}\n") and b'\n "cells"' in before


def test_other_whitespace_than_that_of_jupyter_is_not_tidy(stored):
    assert "is not tidy" in fault_of(stored(text_of(TIDY) + "\n"))
    assert "is not tidy" in fault_of(stored(text_of(TIDY).replace('\n "cells"', '\n  "cells"')))


@pytest.mark.parametrize("counts", [[None], [2], [1, 3], [2, 1], [1, None]])
def test_a_notebook_that_was_not_run_from_top_to_bottom_is_named(stored, counts):
    cells = [code("1", count) for count in counts]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    assert "was not run once from top to bottom: make refresh" in fault_of(stored(notebook(*cells)))


INVALID = text_of(TIDY).replace('"cell_type": "code"', '"cell_type": "code", "mine": 1')


@pytest.mark.parametrize("content", ["", "<<<<<<< HEAD\n{}", "[]", "{}", INVALID])
def test_what_is_no_notebook_is_named(stored, run, content):
    path = stored(content)
    assert run("--check", path) == (1, f"{path} is not a notebook; was it merged by hand?\n")


def test_every_fault_is_named(stored, run, tmp_path):
    paths = [tmp_path / "a.ipynb", tmp_path / "b.ipynb", stored(TIDY)]
    for path in paths[:2]:
        path.write_text("", encoding="utf-8")
    ended, printed = run("--check", *paths)
    assert ended == 1
    assert [line.split()[0] for line in printed.splitlines()] == [str(path) for path in paths[:2]]
