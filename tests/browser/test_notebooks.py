"""Every notebook as a student meets it: it runs in JupyterLab, and all its panels are there."""

import shutil

import pytest
from jupyter_browser import TROUBLE, Notebook, serious
from playwright.sync_api import expect

from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_every_widget_is_there(page, address, folder, path):
    shutil.copy(path, folder)
    shutil.copytree(path.parent / "data", folder / "data", dirs_exist_ok=True)
    for script in path.parent.glob("*.py"):
        shutil.copy(script, folder)
    Notebook(page, address, path.name).run_all()
    notebook = page.locator(".jp-Notebook")
    expect(notebook.locator(TROUBLE)).to_have_count(0)
    expect(notebook.get_by_text("Error displaying widget")).to_have_count(0)
    expect(notebook.get_by_text("Loading widget")).to_have_count(0)
    stored = path.read_text()
    panels = stored.count("live in JupyterLab, when the cell has run")
    expect(notebook.locator(".lessons-panel")).to_have_count(panels)
    if panels:
        assert serious(page, ".lessons-panel") == []
