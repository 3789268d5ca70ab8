"""The notebooks and the panels as a student meets them: JupyterLab in a real browser."""

import re
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import BROWSER, Notebook, open_browser, serve_lab, write_notebook
from playwright.sync_api import expect

from conftest import ROOT

pytestmark = pytest.mark.skipif(
    BROWSER is None,
    reason="needs the browser Chromium; on Debian and Ubuntu: apt-get install chromium",
)
expect.set_options(timeout=20_000)  # ms: a busy machine is slow, not wrong
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TROUBLE = "[data-mime-type='application/vnd.jupyter.stderr']"  # errors and warnings in a cell
LAB = """
import torch
from lessons.panels import Target, TrainingLab
torch.set_num_threads(1)
lab = TrainingLab("lab", Target(0.85, 5))
lab
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="module")
def address(folder, tmp_path_factory):
    with serve_lab(folder, tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture(scope="module")
def browser_page():
    with open_browser() as page:
        yield page


@pytest.fixture
def page(browser_page):
    """A page on which nothing may go wrong or leave this machine; its kernels end with it."""
    browser_page.went_out.clear()
    browser_page.problems.clear()
    yield browser_page
    browser_page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
    browser_page.goto("about:blank")
    assert browser_page.problems == []
    assert browser_page.went_out == []


@pytest.fixture
def show(page, address, folder, request):
    """Open a new notebook with these cells, in a folder of its own; run them, and return it."""
    name = re.sub(r"\W", "-", request.node.name)

    def show(*sources):
        (folder / name).mkdir()
        write_notebook(folder / name / "panel.ipynb", *sources)
        notebook = Notebook(page, address, f"{name}/panel.ipynb")
        notebook.run_all()
        expect(page.locator(".lessons-panel").first).to_be_visible()
        return notebook

    return show


def press(page, name):
    page.locator(".lessons-panel").get_by_role("button", name=name).click()


def put(page, name, value):
    box = page.get_by_label(f"{name}, as a number")
    box.fill(str(value))
    box.press("Enter")


def status(page):
    return page.get_by_role("status")


def serious(page, where):
    """What axe finds serious or critical in this part of the page."""
    found = Axe().run(page, where).response["violations"]
    return [
        (finding["id"], node["html"])
        for finding in found
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]


# ------------------------------------------------------------------------- every notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_every_widget_is_there(page, address, folder, path):
    shutil.copy(path, folder)
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


# ------------------------------------------------------------------------ the training lab


def test_sliders_by_keyboard_and_by_hand(page, show):
    show(LAB)
    epochs = page.get_by_role("slider", name="epochs")
    epochs.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("epochs, as a number")).to_have_value("12")
    expect(epochs).to_have_attribute("aria-valuetext", "12")
    size = page.get_by_role("slider", name="batch size")
    place = size.bounding_box()
    page.mouse.move(place["x"] + 5, place["y"] + 5)
    page.mouse.down()
    page.mouse.move(place["x"] + 400, place["y"] + 5, steps=5)
    page.mouse.up()
    expect(page.get_by_label("batch size, as a number")).to_have_value("1024")
    put(page, "batch size", 100)
    expect(page.get_by_label("batch size, as a number")).to_have_value("128")
    expect(size).to_have_attribute("aria-valuetext", "128 stories")


def test_train_stop_continue_by_keyboard_alone(page, show):
    show(LAB)
    put(page, "batch size", 8)
    put(page, "epochs", 30)
    drawing = page.locator(".lessons-panel [role=img]")
    before = drawing.get_attribute("aria-label")
    page.get_by_role("button", name="Train").focus()
    page.keyboard.press("Enter")
    expect(drawing).not_to_have_attribute("aria-label", before)  # the plot changes
    expect(drawing).to_have_attribute("aria-label", re.compile("After epoch"))
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("Stopped after")
    stopped = int(re.search(r"after (\d+) of 30", status(page).inner_text())[1])
    put(page, "epochs", stopped + 1)
    page.get_by_role("button", name="Continue").focus()
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text(f"Finished. Epoch {stopped + 1}:")
    expect(page.locator(".lessons-panel table")).to_contain_text(f"{stopped + 1} of {stopped + 1}")


def test_runs_stay_for_comparison_and_the_next_cell_has_the_values(page, show):
    notebook = show(LAB)
    for size in (64, 256):
        put(page, "batch size", size)
        press(page, "Train")
        expect(page.locator(".lessons-panel table")).to_contain_text(f"10 of 10{size}AdamW")
        expect(status(page)).to_contain_text("Finished")
    expect(page.locator(".lessons-panel [role=img]")).to_have_attribute(
        "aria-label", re.compile(r"\b1 earlier run is")
    )
    told = notebook.run("print(len(lab.history), lab.best in lab.history, lab.classifier.names)")
    assert told.startswith("10 True ('World'")
    press(page, "Reset")
    expect(status(page)).to_contain_text("All runs are forgotten")
    expect(page.locator(".lessons-panel table")).to_have_count(0)


def begin(page):
    """Begin a training that takes longer than any test."""
    page.get_by_label("slow motion").check()
    put(page, "epochs", 30)
    press(page, "Train")
    expect(page.locator(".lessons-panel")).to_contain_text("batch")


def test_other_cells_run_while_it_trains(page, show):
    notebook = show(LAB)
    begin(page)
    assert notebook.run("print(6 * 7, lab._busy)").strip() == "42 True"
    put(page, "learning rate", 0.02)  # typing works too
    assert notebook.run("print(lab._rate.value)").strip() == "0.02"
    press(page, "Stop")
    expect(status(page)).to_contain_text("Stopped")


@pytest.mark.parametrize("name", ["Reset", "Train"])
def test_a_button_while_a_cell_trains_wipes_nothing(page, show, name):
    notebook = show(LAB, "lab.run(epochs=1, batch_size=512)")
    notebook.command("notebook:insert-cell-below")
    notebook.command("notebook:enter-edit-mode")
    page.keyboard.insert_text("lab.run(epochs=10, batch_size=8)")
    page.evaluate("() => {jupyterapp.commands.execute('notebook:run-cell')}")
    expect(page.locator(".lessons-panel")).to_contain_text("of 10, batch")
    button = page.locator(".lessons-panel").get_by_role("button", name=name)
    expect(button).to_be_disabled()
    # Who was quicker than the panel: the message goes out all the same.
    button.evaluate("button => {button.disabled = false; button.click()}")
    notebook.idle()
    expect(status(page)).to_contain_text("Finished. Epoch 10:")
    told = notebook.run("print([len(run.history) for run in lab.runs], lab.best in lab.history)")
    assert told.strip() == "[1, 10] True"
    assert notebook.run("print(len(lab.classifier.names))").strip() == "4"


def test_an_interrupt_stops_the_cell_and_not_the_training(page, show):
    notebook = show(LAB)
    begin(page)
    notebook.command("notebook:insert-cell-below")
    notebook.command("notebook:enter-edit-mode")
    page.keyboard.insert_text("print('it ' + 'loops')\nwhile True: pass")
    page.evaluate("() => {jupyterapp.commands.execute('notebook:run-cell')}")
    expect(page.locator(".jp-OutputArea").last).to_contain_text("it loops")
    notebook.command("notebook:interrupt-kernel")
    expect(page.locator(TROUBLE)).to_contain_text("KeyboardInterrupt")
    expect(status(page)).to_contain_text("Epoch")  # it goes on
    press(page, "Stop")
    expect(status(page)).to_contain_text("Stopped")


def test_an_error_is_shown_in_words_and_the_panel_stays_usable(page, show):
    show("import os\nos.environ['LESSONS_SOURCE'] = 'missing.csv'", LAB)
    press(page, "Train")
    expect(status(page)).to_contain_text("There is no file missing.csv. Check the path")
    page.get_by_label("stories", exact=True).select_option("Mini-News, built in")
    press(page, "Train")
    expect(status(page)).to_contain_text("Finished")


def test_running_the_cell_again_leaves_one_training_and_loses_nothing(page, show):
    notebook = show(LAB)
    begin(page)
    expect(status(page)).to_contain_text("Epoch 1:")
    notebook.command("notebook:run-all-cells")
    notebook.idle()
    expect(page.locator(".lessons-panel")).to_have_count(1)
    expect(status(page)).to_contain_text("Stopped after")
    told = notebook.run(
        "import threading\n"
        "print(sum(t.name == 'lessons-worker' for t in threading.enumerate()), len(lab.runs))\n"
        "print(lab.best.number >= 1)"
    )
    assert told.split() == ["0", "1", "True"]


def test_a_new_kernel_finds_history_and_best_model(page, show):
    notebook = show(LAB)
    press(page, "Train")
    expect(status(page)).to_contain_text("Finished")
    page.evaluate("() => {jupyterapp.commands.execute('kernelmenu:restart')}")  # it asks first
    page.get_by_role("button", name="Confirm Kernel Restart").or_(
        page.get_by_role("button", name="Restart", exact=True)
    ).click()
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
    notebook.run_all()
    expect(status(page)).to_contain_text("Here are your earlier runs")
    assert notebook.run("print(len(lab.history), lab.best in lab.history)").strip() == "10 True"


def test_a_closed_tab_shows_the_result_when_it_is_opened_again(page, show, address, request):
    notebook = show(LAB)
    put(page, "epochs", 3)
    page.get_by_label("slow motion").check()
    press(page, "Train")
    notebook.command("docmanager:save")
    page.goto("about:blank")
    again = Notebook(page, address, f"{request.node.name}/panel.ipynb")
    expect(status(page)).to_contain_text("Finished. Epoch 3:")  # it went on all the time
    assert again.run("print(len(lab.history))").strip() == "3"
    told = again.run(
        "import threading\nprint([t.name for t in threading.enumerate() if 'lessons' in t.name])"
    )
    assert told.strip() == "[]"
    press(page, "Train")  # and can be used
    expect(page.locator(".lessons-panel table")).to_contain_text("3 of 3")


# ------------------------------------------------------------------------ the other panels


PANELS = {  # how to make it, and a slider to move
    "batches": ("BatchPanel()", "batch size"),
    "split": ("SplitPanel()", "textbook"),
    "rate": ("RatePanel()", "learning rate"),
}


@pytest.mark.parametrize("name", PANELS)
def test_a_slider_moves_the_panel_by_keyboard(page, show, name):
    make, slider = PANELS[name]
    show(f"from lessons.panels import *\n{make}")
    assert serious(page, ".lessons-panel") == []
    box = page.get_by_label(f"{slider}, as a number")
    before, drawing = box.input_value(), page.locator(".lessons-panel [role=img]")
    drawn = drawing.inner_html()
    page.get_by_role("slider", name=slider).focus()
    page.keyboard.press("ArrowLeft")
    expect(box).not_to_have_value(before)
    if name == "rate":
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


# ---------------------------------------------------------------------- the break-it lab

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
    told = re.compile("The broken run after epoch 10: validation loss")
    expect(drawing(page)).to_have_attribute("aria-label", told)
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
