"""The training lab as a student meets it: JupyterLab in a real browser."""

import re

import pytest
from jupyter_browser import LAB, TROUBLE, Notebook, press, put, status
from playwright.sync_api import expect


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
    printed = notebook.run("print(len(lab.history), lab.best in lab.history, lab.classifier.names)")
    assert printed.startswith("10 True ('World'")
    press(page, "Reset")
    expect(status(page)).to_contain_text("All runs are forgotten")
    expect(page.locator(".lessons-panel table")).to_have_count(0)


def test_copy_as_code_by_keyboard_gives_the_cell_that_does_the_same(page, show):
    notebook = show(LAB)
    put(page, "epochs", 2)
    for times in (1, 2):  # the same cell a second time, too
        page.get_by_role("button", name="Copy as code").focus()
        page.keyboard.press("Enter")
        code = page.locator(f".lessons-code[data-times='{times}']")
        expect(code).to_contain_text("lab.run(epochs=2, batch_size=128")
        said = page.locator(".lessons-code + [role=status]")
        expect(said).to_have_text(re.compile("Copied.|Here it is: select it and copy it."))
    page.keyboard.press("Tab")  # so that arrows and a selection can get there
    assert page.evaluate("document.activeElement.className") == "lessons-code"
    assert "Epoch 2:" in notebook.run(code.inner_text())


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
    printed = notebook.run("print([len(run.history) for run in lab.runs], lab.best in lab.history)")
    assert printed.strip() == "[1, 10] True"
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
    printed = notebook.run(
        "import threading\n"
        "print(sum(t.name == 'lessons-worker' for t in threading.enumerate()), len(lab.runs))\n"
        "print(lab.best.number >= 1)"
    )
    assert printed.split() == ["0", "1", "True"]


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
    printed = again.run(
        "import threading\nprint([t.name for t in threading.enumerate() if 'lessons' in t.name])"
    )
    assert printed.strip() == "[]"
    press(page, "Train")  # and can be used
    expect(page.locator(".lessons-panel table")).to_contain_text("3 of 3")
