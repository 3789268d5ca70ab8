"""The questions and the predictions as a student meets them: JupyterLab in a real browser."""

import re
from itertools import pairwise

import nbformat
import pytest
from jupyter_browser import QUESTIONS, TROUBLE, Notebook, serious, write_notebook
from playwright.sync_api import expect

from lessons.panels import CheckYourself, CurvePrediction
from lessons.panels.controls import Panel
from lessons.questions import questions

VIEW = "application/vnd.jupyter.widget-view+json"
THEME = "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
CURVE = """
from lessons.panels import CurvePrediction
guess = CurvePrediction("What will it do?", {"falls": [3, 1], "rises": [1, 3]}, ylabel="loss")
guess
"""
NUMBER = """
from lessons.panels import NumberPrediction
number = NumberPrediction("How many are right?", range(0, 101), unit="%")
number
"""


def question(page, number):
    """The options of a question, which is their name for a screen reader."""
    return page.get_by_role("radiogroup", name=questions("00")[number - 1].text)


def option(group, place):
    return group.get_by_role("radio").nth(place)


def test_questions_by_keyboard(page, show):
    show(QUESTIONS)
    asked, said = questions("00"), page.get_by_role("status")
    expect(said).to_have_count(len(asked))
    expect(said.first).to_have_text("")
    first = question(page, 1)
    option(first, 0).focus()
    page.keyboard.press("Space")
    expect(said.nth(0)).to_have_text(re.compile(rf"Not yet\. {asked[0].options[0].why}"))
    page.keyboard.press("ArrowDown")  # to the next option, and not to the next cell
    expect(option(first, 1)).to_be_checked()
    expect(option(first, 1)).to_be_focused()
    expect(said.nth(0)).to_have_text(re.compile(rf"Right\. {asked[0].options[1].why}"))
    expect(page.locator(".lessons-head")).to_contain_text(f"1 of {len(asked)} right")
    page.keyboard.press("Tab")  # to the next question
    expect(option(question(page, 2), 0)).to_be_focused()
    page.keyboard.press("ArrowUp")  # around, to the last option
    expect(said.nth(1)).to_contain_text(asked[1].options[-1].why)
    expect(said.nth(0)).to_contain_text(asked[0].options[1].why)
    expect(said.nth(2)).to_have_text("")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_nothing_serious_is_found_in_either_theme(page, show, theme):
    show(QUESTIONS, CURVE, NUMBER)
    page.evaluate(THEME, theme)
    expect(page.locator(f"body[data-jp-theme-name='{theme}']")).to_be_attached()
    try:
        assert serious(page, ".lessons-panel") == []
        for group in page.get_by_role("radiogroup").all():
            option(group, 0).check()
        for button in page.get_by_role("button", name="Commit").all():
            button.click()
        expect(page.get_by_role("button", name="Committed")).to_have_count(2)
        expect(page.get_by_text("Not yet.").first).to_be_visible()
        assert serious(page, ".lessons-panel") == []
    finally:
        page.evaluate(THEME, "JupyterLab Light")


def test_a_long_option_wraps_and_is_not_cut(page, show):
    show(
        "from lessons.questions import *\n"
        "options = (Option('very long ' * 30, 'why'), Option('short', 'why ' * 99, right=True))\n"
        "from lessons.panels import CheckYourself, check_yourself\n"
        "check_yourself.questions = lambda _: (Question('How long? ' * 30, options),) * 3\n"
        "CheckYourself('99')"
    )
    option(page.get_by_role("radiogroup").first, 1).check()
    expect(page.get_by_role("status").first).to_contain_text("why why")
    panel = page.locator(".lessons-panel")
    boxes = [panel.locator(".widget-label").filter(visible=True).first]
    boxes += panel.locator(".widget-radio-box label").all()[:2]
    boxes += [panel.locator(".widget-radio-box").first, page.get_by_role("status").first]
    for box in boxes:
        assert box.evaluate("b => b.scrollWidth <= b.clientWidth")
        assert box.evaluate("b => b.scrollHeight <= b.clientHeight + 1")
    heights = [box.bounding_box()["height"] for box in boxes]
    assert heights[0] > 2 * heights[2] and heights[1] > 2 * heights[2]
    places = [box.bounding_box() for box in (*boxes[:3], boxes[4])]
    for upper, lower in pairwise(places):
        assert upper["y"] + upper["height"] <= lower["y"] + 1  # none lies over the next


def test_a_curve_is_predicted_by_keyboard_and_compared(page, show):
    notebook = show(CURVE)
    button, said = page.get_by_role("button", name="Commit"), page.get_by_role("status")
    button.focus()
    page.keyboard.press("Enter")
    expect(said).to_have_text("Choose one of the sketches first.")
    option(page.get_by_role("radiogroup", name="What will it do?"), 0).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(option(page.get_by_role("radiogroup"), 1)).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(said).to_contain_text("You predict B, “rises”.")
    expect(button).to_be_focused()  # the keyboard has not lost its place
    expect(option(page.get_by_role("radiogroup"), 0)).to_be_disabled()
    printed = notebook.run("guess.compare([1.0, 0.6, 0.3])")
    assert "You chose B, “rises”. The loss fell. A, “falls”, comes closest." in printed
    picture = page.get_by_role("img", name="what happened and your sketch: B, “rises”")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 500")


def test_a_number_is_predicted_by_keyboard_and_compared(page, show):
    notebook = show(NUMBER)
    page.get_by_role("slider", name="prediction").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("prediction, as a number")).to_have_value("51")
    page.get_by_role("button", name="Commit").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You predict 51 %.")
    printed = notebook.run("number.compare(26)")
    assert "You predicted 51 %, it is 26 %: 25 percentage points too high." in printed
    expect(page.get_by_role("img", name="25 percentage points too high")).to_be_visible()


def test_run_all_makes_no_prediction_and_does_not_fail(page, show):
    show(CURVE, "guess.compare([1.0, 0.6, 0.3])", NUMBER, "number.compare(26)")
    expect(page.locator(TROUBLE)).to_have_count(0)
    expect(page.get_by_text("You made no prediction this time.")).to_have_count(2)
    expect(page.get_by_role("img", name="what happened.")).to_be_visible()


def test_a_stored_notebook_shows_the_static_form(page, address, folder, monkeypatch):
    """As `make refresh` leaves it: the words without the widget."""
    (folder / "stored").mkdir()
    write_notebook(folder / "stored" / "panel.ipynb", QUESTIONS, CURVE)
    notebook = nbformat.read(folder / "stored" / "panel.ipynb", 4)
    panels = [CheckYourself("00"), CurvePrediction("What?", {"falls": [3, 1]}, ylabel="loss")]
    for cell, bundle in zip(notebook.cells, map(published(monkeypatch), panels), strict=True):
        assert bundle.pop(VIEW)
        cell.outputs = [nbformat.v4.new_output("display_data", bundle)]
        cell.execution_count = 1
    nbformat.write(notebook, folder / "stored" / "panel.ipynb")
    Notebook(page, address, "stored/panel.ipynb")
    expect(page.locator(".lessons-panel")).to_have_count(0)
    right, *_ = (option for option in questions("00")[0].options if option.right)
    expect(page.get_by_text(f"B. {right.text}", exact=True)).to_be_visible()
    why = page.get_by_text(f"B. {right.why}", exact=True)
    expect(why).not_to_be_visible()
    page.get_by_text("Answers", exact=True).click()
    expect(why).to_be_visible()
    expect(page.get_by_role("img", name="Sketches of the loss")).to_be_visible()


def published(monkeypatch):
    """A function that gives what a panel hands to the notebook."""

    def publish(panel: Panel):
        bundles = []
        with monkeypatch.context() as patched:
            patched.setattr("lessons.panels.controls.publish_display_data", bundles.append)
            panel._ipython_display_()
        return bundles[0]

    return publish
