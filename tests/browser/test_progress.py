"""The panel of what is done: by keyboard, in both themes, and its links."""

import re

import pytest
from jupyter_browser import Notebook, serious, status, write_notebook
from lesson_notebooks import NOTEBOOKS
from playwright.sync_api import expect

from conftest import ROOT
from lessons.exercises import EXERCISES

KEPT = "import os\nos.environ.pop('LESSONS_PROGRESS')  # as a learner's kernel has it"
ONE = "from lessons.panels import Progress\nProgress('05')"
ALL = "from lessons.panels import Progress\nProgress()"
DONE = """
from lessons.exercises import EXERCISES, check, hint
check("05-steps", EXERCISES["05-steps"].solution)
check("05-running", lambda losses, sizes: losses)
hint("05-running")
"""
LESSONS = f"""
import pathlib, shutil
for path in pathlib.Path({str(ROOT / "notebooks")!r}).glob("[0-9]*.ipynb"):
    shutil.copy(path, ".")
"""
THEME = "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})"


CONTRASTS = """() => {
  const { Color, getContrast } = axe.commons.color;
  const read = (element, what) => {
    const colour = new Color();
    colour.parseString(getComputedStyle(element)[what]);
    return colour;
  };
  const texts = document.querySelectorAll(".lessons-panel :is(td, th, a, .lessons-error)");
  return [...texts].map(text => [text.className, getContrast(
    read(text.closest(".lessons-panel"), "backgroundColor"), read(text, "color"))]);
}"""


ROOM = """control => {  // for an outline of three pixels, one away from it
  const { top, bottom } = control.getBoundingClientRect();
  let box = control;
  while (!(box = box.parentElement).matches(".lessons-panel")) {
    if (getComputedStyle(box).overflowY === "visible") continue;
    const around = box.getBoundingClientRect();
    if (around.top > top - 4 || around.bottom < bottom + 4) return false;
  }
  return true;
}"""


def seen_to_have_the_focus(control):
    """Not by the thin pale line alone that widgets have of themselves, and nothing cuts it off."""
    expect(control).to_be_focused()
    expect(control).to_have_css("outline-style", "solid")
    expect(control).to_have_css("outline-width", "3px")
    assert control.evaluate(ROOM)


def row(page, id):
    return page.get_by_role("row", name=re.compile(rf"^{id} "))


def cells(page, id):
    return [cell.inner_text() for cell in row(page, id).get_by_role("cell").all()]


def test_what_is_done_is_shown_at_once_and_after_a_new_start(page, show, address):
    notebook = show(KEPT, ONE)
    table = page.get_by_role("table", name="Exercises of lesson 05")
    heads = [one.inner_text() for one in table.get_by_role("columnheader").all()]
    assert heads == ["exercise", "state", "answers tried", "hints"]
    ids = [one.inner_text() for one in table.get_by_role("rowheader").all()]
    assert ids == [id for id in EXERCISES if id.startswith("05-")]
    assert cells(page, "05-running") == ["○ not attempted", "0", "0"]
    notebook.run(DONE)
    expect(row(page, "05-steps")).to_contain_text("passed")
    expect(row(page, "05-running")).to_contain_text("not yet")
    assert cells(page, "05-running") == ["✗ not yet", "1", "1"]
    expect(page.locator(".lessons-head")).to_contain_text("1 of 4 exercises passed")
    expect(page.get_by_text("Next: exercise 05-running")).to_be_visible()
    notebook.run("exit()")  # the kernel ends, and another one begins
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
    again = Notebook(page, address, page.url.split("/doc/tree/")[1])
    again.run_all()
    expect(row(page, "05-running")).to_contain_text("not yet")
    expect(page.locator(".lessons-head")).to_contain_text("1 of 4 exercises passed")


def test_reset_by_keyboard_asks_and_keeps_its_place(page, show):
    show(KEPT, DONE, ONE)
    page.get_by_label("Forget", exact=True).focus()
    page.keyboard.press("ArrowDown")  # from 05-steps to 05-running
    seen_to_have_the_focus(page.get_by_label("Forget", exact=True))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("Tick “Yes, forget it” first")
    seen_to_have_the_focus(page.get_by_role("button", name="Reset"))
    page.keyboard.press("Shift+Tab")
    seen_to_have_the_focus(page.get_by_role("checkbox", name="Yes, forget it"))
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("Forgotten: what you did in exercise 05-running.")
    expect(row(page, "05-running")).to_contain_text("not attempted")
    expect(row(page, "05-steps")).to_contain_text("passed")
    expect(page.get_by_role("button", name="Reset")).to_be_focused()
    expect(page.get_by_role("checkbox", name="Yes, forget it")).not_to_be_checked()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_nothing_serious_is_found_and_nothing_is_cut(page, show, theme):
    show(KEPT, DONE, LESSONS, ONE, ALL)
    expect(page.locator(".lessons-panel a")).to_have_count(len(NOTEBOOKS) + 2)
    page.evaluate(THEME, theme)
    expect(page.locator(f"body[data-jp-theme-name='{theme}']")).to_be_attached()
    try:
        page.get_by_role("button", name="Reset").first.click()
        expect(page.get_by_text("Tick “Yes, forget it” first")).to_be_visible()
        assert serious(page, ".lessons-panel") == []
        pale = [one for one in page.evaluate(CONTRASTS) if one[1] < 4.5]  # axe passes over some
        assert pale == []
        for width in (1920, 1366, 800):
            page.set_viewport_size({"width": width, "height": 768})
            for box in page.locator(".lessons-panel, .lessons-panel :is(th, td, button, a)").all():
                assert box.evaluate("box => box.scrollWidth <= box.clientWidth || !box.clientWidth")
    finally:
        page.evaluate(THEME, "JupyterLab Light")
        page.set_viewport_size({"width": 1366, "height": 768})


def test_the_link_opens_the_next_lesson_in_jupyterlab(page, show, address, folder):
    show(ONE)
    place = page.url.split("/doc/tree/")[1].rpartition("/")[0]
    write_notebook(folder / place / "06_more.ipynb", "print('the next lesson')")
    notebook = Notebook(page, address, f"{place}/panel.ipynb", path="lab/tree")
    notebook.run_all()
    link = page.locator(".lessons-panel").get_by_role("link", name="06 more")
    link.focus()
    seen_to_have_the_focus(link)
    page.keyboard.press("Enter")
    expect(page.get_by_text("print('the next lesson')")).to_be_visible()
    assert page.url.endswith(f"/lab/tree/{place}/06_more.ipynb")
    assert len(page.context.pages) == 1
