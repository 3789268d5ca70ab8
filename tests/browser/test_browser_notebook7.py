"""The panels in Jupyter Notebook 7: the keys reach the control that has the focus."""

import pytest
import test_browser
from browser import Notebook, open_browser, serve_lab, write_notebook
from playwright.sync_api import expect

pytestmark = test_browser.pytestmark
CELLS = (
    "from lessons.panels import *\nlab = TrainingLab()\nlab",
    'CheckYourself("00")',
)


@pytest.fixture
def page(tmp_path):
    """A page of Notebook 7 in which these cells have run."""
    folder, home = tmp_path / "notebooks", tmp_path / "home"
    folder.mkdir()
    write_notebook(folder / "panels.ipynb", *CELLS)
    with serve_lab(folder, home, "notebook") as address, open_browser() as page:
        Notebook(page, address, "panels.ipynb", "notebooks").run_all()
        yield page
        assert page.went_out == []


def test_arrow_keys_move_a_slider_a_list_and_the_options_of_a_question(page):
    epochs = page.get_by_role("slider", name="epochs")
    epochs.focus()
    for count in ("11", "12"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_label("epochs, as a number")).to_have_value(count)
    expect(epochs).to_be_focused()
    expect(epochs).to_have_attribute("aria-valuetext", "12")
    optimizer = page.get_by_label("optimizer", exact=True)
    optimizer.focus()
    page.keyboard.press("ArrowDown")
    expect(optimizer).to_have_value("SGD")
    options = page.get_by_role("radiogroup").first.get_by_role("radio")
    options.first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_be_checked()
    expect(page.get_by_role("status").nth(1)).to_contain_text("Right.")
    assert test_browser.serious(page, ".lessons-panel") == []
