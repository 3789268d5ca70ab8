"""A Parsons problem as a student meets it: JupyterLab in a real browser, by keyboard."""

from jupyter_browser import serious
from playwright.sync_api import expect

from lessons.panels.parsons import fault, lines_of, shuffled
from lessons.training import train_step

PUZZLE = """
from lessons.panels import ParsonsPanel
from lessons.training import train_step
ParsonsPanel(train_step)
"""


def test_a_parsons_problem_by_keyboard(page, show):
    show(PUZZLE)
    panel = page.locator(".lessons-panel")
    listed, said = panel.get_by_role("listbox", name="Lines"), panel.get_by_role("status")
    expect(listed.get_by_role("option")).to_have_text(shuffled(train_step))
    assert serious(page, ".lessons-panel") == []

    order = shuffled(train_step)
    focus_on(panel, "Check")
    page.keyboard.press("Enter")
    expect(said).to_contain_text("Not yet. " + fault(train_step, order))

    chosen = 0
    for place, line in enumerate(lines_of(train_step)):
        listed.focus()
        for now in range(chosen + 1, order.index(line) + 1):
            page.keyboard.press("ArrowDown")  # which does not leave the cell
            expect(said).to_have_text(f"Chosen: line {now + 1} of {len(order)}.")
        focus_on(panel, "Move up")
        for to in range(order.index(line) - 1, place - 1, -1):
            page.keyboard.press("Space")
            expect(said).to_have_text(f"Moved to line {to + 1} of {len(order)}.")
        chosen = place
        order.insert(place, order.pop(order.index(line)))
        expect(listed.get_by_role("option")).to_have_text(order)

    focus_on(panel, "Check")
    page.keyboard.press("Enter")
    expect(said).to_contain_text("Right. It runs in this order, as in the library.")
    assert page.locator(".jp-CodeCell").count() == 1  # no key went to the notebook


def focus_on(panel, name):
    """Go there with the Tab key."""
    button = panel.get_by_role("button", name=name)
    for _ in range(12):
        if button.evaluate("it => it === document.activeElement"):
            return
        panel.page.keyboard.press("Tab")
    raise AssertionError(f"The Tab key does not lead to {name}")
