"""Takes the pictures of panels that the decks show: in JupyterLab, when the notebook has run.

python tests/helpers/panel_pictures.py [notebooks/05_training_loop.ipynb ...]

Those panels are taken that store no HTML of their own. About half a minute a notebook.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from jupyter_browser import BROWSER, QUIET, Notebook, serve_lab
from lesson_notebooks import NOTEBOOKS, read
from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))
from scripts.slides import PICTURES, is_panel

WIDTH = 1060  # of the window: the panel in it is 892 px wide, and its parts are side by side
COLOURS = 64
HIDE = "all => all.forEach(one => { one.style.display = 'none'; })"


def panels_of(path):
    """The number and id of each cell whose panel needs a picture."""
    return [
        (number, cell.id)
        for number, cell in enumerate(read(path).cells)
        if is_panel(cell) and not any("text/html" in one.get("data", {}) for one in cell.outputs)
    ]


def take(page, address, path):
    """Run a notebook in JupyterLab, and take a picture of each of its panels."""
    notebook = Notebook(page, address, path.name)
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    notebook.idle()
    if any("TrainingLab(" in cell.source for cell in read(path).cells):
        notebook.run("lab.run(epochs=5)")  # with curves in it
    for number, id in panels_of(path):
        file = PICTURES / f"{path.stem[:2]}-{id}.png"
        panel = page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".lessons-panel")
        panel.locator(".widget-html:has(.lessons-now)").evaluate_all(
            HIDE
        )  # the runs: too much to read
        panel.screenshot(path=file)
        Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)
        print(file)
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")


def main():
    asked = [Path(one) for one in sys.argv[1:]] or NOTEBOOKS
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, TemporaryDirectory() as home:
        for path in asked:
            shutil.copy(path, folder)
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
