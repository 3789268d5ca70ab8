"""The page of a class: readable, by keyboard too, on a phone and in the dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from hand_ins import little_class

from lessons.classroom.page import as_html


@pytest.fixture(scope="module")
def class_page(browser_page, tmp_path_factory):
    path = tmp_path_factory.mktemp("class") / "class.html"
    path.write_text(as_html(little_class()), encoding="utf-8")
    page = browser_page.context.browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    page.close()
    assert asked == [path.as_uri()]  # and nothing else, from this machine or another


def open_all(page, is_open):
    page.evaluate(f"document.querySelectorAll('details').forEach(one => one.open = {is_open})")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_axe_finds_nothing_and_nothing_is_cut_off(class_page, width, height, scheme):
    class_page.emulate_media(color_scheme=scheme)
    class_page.set_viewport_size({"width": width, "height": height})
    open_all(class_page, "true")
    assert Axe().run(class_page).response["violations"] == []
    assert class_page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_answers_open_by_keyboard(class_page):
    open_all(class_page, "false")
    for _ in range(2):  # the misconception, and then the first answer behind it
        class_page.keyboard.press("Tab")
        class_page.keyboard.press("Enter")
    assert class_page.locator("pre").first.is_visible()
    class_page.keyboard.press("Tab")  # so that arrows can move it sideways
    assert class_page.evaluate("document.activeElement.tagName") == "PRE"


def test_a_state_is_told_in_words_as_well(class_page):
    row = class_page.get_by_role("row", name="Cy")
    assert row.get_by_role("cell").all_inner_texts() == ["0", "✗\nnot yet", "?\ncould not be read"]
