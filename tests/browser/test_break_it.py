"""The break-it lab as a student meets it: JupyterLab in a real browser."""

import re

from jupyter_browser import press, serious, status
from playwright.sync_api import expect

BREAK = """
import torch
from lessons.panels import BreakPanel
torch.set_num_threads(1)
panel = BreakPanel()
panel
"""
ENDLESS = """
from lessons.panels import break_it
bug = break_it.BUGS["sorted"]
healthy, broken = (one._replace(epochs=10_000) for one in (bug.healthy, bug.broken))
break_it.BUGS["sorted"] = bug._replace(healthy=healthy, broken=broken)
"""


def drawing(page):
    return page.locator(".lessons-panel [role=img]")


def test_a_bug_by_keyboard_alone(page, show):
    show(BREAK)
    assert serious(page, ".lessons-panel") == []
    bug = page.get_by_label("bug", exact=True)
    bug.focus()
    bug.press("End")  # the last one
    expect(page.locator(".lessons-panel pre")).to_contain_text("epoch.test.accuracy")
    bug.press("Home")
    expect(page.locator(".lessons-panel pre")).to_contain_text("make_loader")
    bug.press("ArrowDown")  # zero_grad
    expect(page.locator(".lessons-panel pre")).to_contain_text("loss.backward()")
    page.locator(".lessons-panel").get_by_role("button", name="Run").focus()
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text(
        "Finished. It usually looks like this: The validation loss climbs"
    )
    expected = re.compile("The broken run after epoch 10: validation loss")
    expect(drawing(page)).to_have_attribute("aria-label", expected)
    expect(page.locator(".lessons-panel dl")).to_contain_text("How to mend it")
    assert serious(page, ".lessons-panel") == []


# The words of code that begin on one line and end on another.
BROKEN_WORDS = """pre => {
  const range = document.createRange();
  const texts = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
  const broken = [];
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    broken.push(...[...text.data.matchAll(/\\S+/g)].filter(word => {
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      return new Set([...range.getClientRects()].map(line => line.top)).size > 1;
    }).map(word => word[0]));
  }
  return broken;
}"""
ALL_CODE = """
from lessons.panels.break_it import BUGS, as_html
panel._facts.value = "".join(map(as_html, BUGS.values()))"""


def test_the_code_of_a_bug_is_broken_between_words_alone(page, show):
    show(BREAK, ALL_CODE)
    blocks = page.locator(".lessons-panel pre")
    expect(blocks).to_have_count(8)  # both versions in one, of eight bugs
    try:
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 768})
            expect(blocks.first).to_be_visible()
            broken = [word for block in blocks.all() for word in block.evaluate(BROKEN_WORDS)]
            assert broken == [], f"at a width of {width}"
            panel = page.locator(".lessons-panel")  # what is too long scrolls in its own block
            assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
            assert serious(page, ".lessons-panel") == []
    finally:
        page.set_viewport_size({"width": 1366, "height": 768})


def test_a_mystery_from_the_first_look_to_the_diagnosis(page, show):
    notebook = show(BREAK)
    press(page, "Mystery")
    expect(status(page)).to_contain_text("What is wrong with the mystery run?")
    assert serious(page, ".lessons-panel") == []
    hidden = notebook.run("print(panel._secret)").strip()
    wrong = "low" if hidden != "low" else "high"
    guess = page.get_by_label("diagnosis", exact=True)
    for key, answer in ((wrong, "Not yet. Learning rate far too"), (hidden, "Right: ")):
        name = notebook.run(f"from lessons.panels.break_it import ALL\nprint(ALL['{key}'].name)")
        guess.select_option(name.strip())
        page.get_by_role("button", name="Diagnose").focus()
        page.keyboard.press("Enter")
        expect(status(page)).to_contain_text(answer)
    expect(page.locator(".lessons-panel")).to_contain_text("1 of 1 mysteries solved")
    assert serious(page, ".lessons-panel") == []


def test_it_stops_and_other_cells_run_meanwhile(page, show):
    notebook = show(ENDLESS, BREAK)
    press(page, "Run")
    expect(status(page)).to_contain_text("Training the healthy run")
    assert notebook.run("print(6 * 7, panel._busy)").strip() == "42 True"
    press(page, "Stop")
    expect(status(page)).to_contain_text("Stopped.")
    press(page, "Mystery")  # and can be used again
    expect(status(page)).to_contain_text("What is wrong with the mystery run?")
