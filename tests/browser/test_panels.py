"""The panels of lessons 01, 02, 04 and 07 as a student meets them: JupyterLab in a real browser."""

import pytest
from jupyter_browser import LAB, press, serious, status
from playwright.sync_api import expect

SLIDERS = {  # a slider to move; tests/unit/test_conventions.py asks for a test of every panel
    "BatchPanel()": "batch size",
    "SplitPanel()": "training",
    "RatePanel()": "learning rate",
}


@pytest.mark.parametrize(("make", "slider"), SLIDERS.items(), ids=SLIDERS)
def test_a_slider_moves_the_panel_by_keyboard(page, show, make, slider):
    show(f"from lessons.panels import *\n{make}")
    assert serious(page, ".lessons-panel") == []
    box = page.get_by_label(f"{slider}, as a number")
    before, drawing = box.input_value(), page.locator(".lessons-panel [role=img]")
    drawn = drawing.inner_html()
    page.get_by_role("slider", name=slider).focus()
    page.keyboard.press("ArrowLeft")
    expect(box).not_to_have_value(before)
    if make == "RatePanel()":
        press(page, "Step")
    page.wait_for_function(
        "drawn => document.querySelector('.lessons-panel [role=img]').innerHTML !== drawn",
        arg=drawn,
    )


def test_play_reads_one_epoch(page, show):
    show("from lessons.panels import *\nBatchPanel(300, 100)")
    press(page, "Play or pause")
    expect(status(page)).to_contain_text("Iteration 3: 300 stories are read. That was one epoch.")


def test_typing_a_headline_moves_the_bars(page, show):
    show(LAB, "from lessons.panels import *\nlab.run()\nHeadlinePanel(lab.classifier)")
    headline = page.get_by_label("headline", exact=True)
    panel = page.locator(".lessons-panel", has=headline)
    headline.fill("Striker scores twice in cup final")
    expect(panel.get_by_role("status")).to_contain_text("Sports, with a probability")
    headline.fill("")
    expect(panel.get_by_role("status")).to_contain_text("knows none of the words")
    assert serious(page, ".lessons-panel") == []
