"""The notebooks' form, their run on other data, and the README's example. What they print, nbval
compares."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REAL_ROWS = ROOT.parent / "shared" / "data" / "ag_news"

by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def sources(path, kind):
    return [cell.source for cell in read(path).cells if cell.cell_type == kind]


@by_name
def test_form(path):
    notebook = read(path)
    nbformat.validate(notebook)
    prose = "\n".join(sources(path, "markdown"))
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose, re.M)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    for cell in notebook.cells:
        assert not re.fullmatch(r"[0-9a-f]{8}(-.*)?", cell.id), "cell ids are words"
        if cell.cell_type == "code":
            lines = [line for line in cell.source.splitlines() if line]
            assert len(lines) <= 12
            assert max(map(len, lines)) <= 88
            assert cell.execution_count, "run `make refresh`"


@by_name
def test_nothing_is_exempt_from_comparison(path):
    text = path.read_text()
    assert not re.search(r"nbval|# ?pytest", text, re.I)
    assert "iopub" not in text  # timestamps
    assert all(
        output.output_type in ("stream", "execute_result", "display_data")
        for cell in read(path).cells
        for output in cell.get("outputs", [])
    )


@by_name
def test_every_picture_has_words_and_a_sentence_about_it(path):
    cells = read(path).cells
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            if "<img" in html:
                assert len(re.search(r'alt="([^"]+)"', html)[1]) > 30
                assert following.cell_type == "markdown"
            assert "image/png" not in output.get("data", {})  # an image without words


@by_name
def test_it_runs_on_real_rows(path, real_parts, tmp_path, monkeypatch):
    monkeypatch.setenv("LESSONS_SOURCE", str(REAL_ROWS))
    notebook = read(path)
    NotebookClient(notebook, resources={"metadata": {"path": tmp_path}}).execute()
    printed = json.dumps([cell.get("outputs") for cell in notebook.cells])
    assert f"{len(real_parts.train.texts)} stories" in printed


def test_the_example_of_the_readme_runs(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    command = [sys.executable, "-c", example]
    printed = subprocess.run(
        command, cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    accuracy = float(re.search(r"accuracy on the test set: ([\d.]+)", printed)[1])
    assert accuracy > 0.85
    chances = ast.literal_eval(printed.splitlines()[-1])
    assert max(chances, key=chances.get) == "Business"


def test_the_links_of_the_readmes_lead_somewhere():
    for page in (ROOT / "README.md", ROOT / "benchmarks/README.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / link).exists(), link


def test_the_readme_lists_every_notebook():
    readme = (ROOT / "README.md").read_text()
    assert [path.name for path in NOTEBOOKS] == re.findall(r"\(notebooks/(.*?\.ipynb)\)", readme)
