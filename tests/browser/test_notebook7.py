"""The panels in Jupyter Notebook 7: the keys reach the control that has the focus."""

import pytest
from jupyter_browser import LAB, QUESTIONS, Notebook, serious, serve_lab, write_notebook
from playwright.sync_api import expect


@pytest.fixture
def address(folder, tmp_path):
    with serve_lab(folder, tmp_path, "notebook") as address:
        yield address


@pytest.fixture
def page(address, folder, page):  # in this order: the server ends last
    """The page with a notebook of Notebook 7 in which these cells have run."""
    write_notebook(folder / "notebook7.ipynb", LAB, QUESTIONS)
    notebook = Notebook(page, address, "notebook7.ipynb", "notebooks")
    page.problems.clear()  # Notebook 7 has one of its own, also on a page without panels
    notebook.run_all()
    return page


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
    assert serious(page, ".lessons-panel") == []
