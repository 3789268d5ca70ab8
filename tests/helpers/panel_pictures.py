"""Takes the pictures of panels that the decks show: in JupyterLab, when the notebook has run.

python tests/helpers/panel_pictures.py [notebooks/05_training_loop.ipynb ...]

Those panels are taken that store no HTML of their own. About half a minute a notebook. Each file
notes what its picture is made of; a test fails when that has changed since.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from jupyter_browser import BROWSER, QUIET, Notebook, serve_lab
from lesson_notebooks import NOTEBOOKS, read
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))
from panel_sources import KEY, made_of, panels_of, picture_of

from scripts.slides import PICTURES

WIDTH = 1060  # of the window: the panel in it is 892 px wide, and its parts are side by side
COLOURS = 64
HIDE = "all => all.forEach(one => { one.style.display = 'none'; })"


def take(page, address, path):
    """Run a notebook in JupyterLab, and take a picture of each of its panels."""
    notebook = Notebook(page, address, path.name)
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    notebook.idle()
    if any("TrainingLab(" in cell.source for cell in read(path).cells):
        notebook.run("lab.run(epochs=5)")  # with curves in it
    for number, cell in panels_of(path):
        file = picture_of(path, cell)
        panel = page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".lessons-panel")
        runs = panel.locator(".widget-html:has(.lessons-now)")
        runs.evaluate_all(HIDE)  # too much to read
        panel.screenshot(path=file)
        note = PngInfo()
        note.add_text(KEY, made_of(cell))
        Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True, pnginfo=note)
        print(file)
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")


def copy_to_last_panel(path, folder):
    """Copy a notebook without what comes after its last panel: a run there would give it away."""
    notebook = read(path)
    last = max(number for number, _ in panels_of(path))
    notebook.cells = notebook.cells[: last + 1]
    nbformat.write(notebook, folder / path.name)


def main():
    asked = [Path(one) for one in sys.argv[1:]] or NOTEBOOKS
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, TemporaryDirectory() as home:
        for path in filter(panels_of, asked):
            copy_to_last_panel(path, Path(folder))
        with serve_lab(folder, home) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
            size = {"width": WIDTH, "height": 720}
            page = browser.new_page(viewport=size, device_scale_factor=2)
            page.set_default_timeout(600_000)
            for path in filter(panels_of, asked):
                take(page, address, path)
            browser.close()


if __name__ == "__main__":
    main()
