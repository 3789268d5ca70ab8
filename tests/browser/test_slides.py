"""Decks of slides in Chromium, opened from the disk; and a lesson shown in JupyterLab itself."""

import shutil
from io import BytesIO

import pytest
from decks import SIZES, away, deck_page, measure, open_deck
from jupyter_browser import LAB, until
from lesson_notebooks import NOTEBOOKS
from playwright.sync_api import expect
from pypdf import PdfReader

from scripts.slides import NOTEBOOKS as FOLDER
from scripts.slides import build

every_deck = pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])


@pytest.fixture(scope="session")
def decks(tmp_path_factory, address):
    """The folder with the decks of all lessons; their panels are live in the tests' server."""
    target = tmp_path_factory.mktemp("decks")
    build(NOTEBOOKS, target, address)
    return target


@pytest.fixture
def deck(browser_page):
    """A page for decks, on which nothing may go wrong or be fetched from elsewhere."""
    with deck_page(browser_page.context.browser) as page:
        yield page
        assert page.problems == []
        assert away(page) == []


@every_deck
def test_every_slide_fits_on_small_and_large_screens(name, decks, deck):
    faults = {
        (one.id, size[0]): one.faults(size[0])
        for size in SIZES
        for one in measure(deck, decks / f"{name}.html", size)
    }
    assert {slide: words for slide, words in faults.items() if words} == {}


def test_letters_are_larger_where_there_is_room(decks, deck):
    slides = {one.id: one for one in measure(deck, decks / "05_training_loop.html")}
    assert (slides["step"].prose, slides["step"].code) == (24, 22)  # with its heading in small
    large = """Object.fromEntries([...document.querySelectorAll("[data-cell]")].map(
        one => [one.dataset.cell, one.querySelector(".large") !== null]))"""
    found = deck.evaluate(large)
    assert (found["bare"], found["step"], found["bare-predict"]) == (True, True, False)


# For each question, what is shown at the same time of the cell that follows it.
ASKED = """() => {
  const shown = one => one.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const found = {};
  for (const section of Reveal.getSlides()) {
    const {h, v} = Reveal.getIndices(section);
    Reveal.slide(h, v, -1);
    const seen = new Set();
    do {
      const cells = [...section.querySelectorAll(".cell")];
      cells.forEach((cell, at) => {
        const asks = [...cell.querySelectorAll("strong")].some(
          one => one.textContent.startsWith("Predict"));
        if (!cell.classList.contains("text") || !asks || !shown(cell) || seen.has(cell)) return;
        seen.add(cell);
        const next = cells[at + 1];
        found[cell.dataset.id] = Boolean(next && shown(next)
          && (!next.querySelector(".out") || [...next.querySelectorAll(".out")].some(shown)));
      });
    } while (Reveal.nextFragment());
  }
  return found;
}"""


@every_deck
def test_a_prediction_is_asked_before_the_answer_is_shown(name, decks, deck):
    open_deck(deck, decks / f"{name}.html")
    asked = deck.evaluate(ASKED)
    assert [cell for cell, answered in asked.items() if answered] == []
    assert asked, "a lesson asks for predictions"


def test_an_answer_that_is_shown_too_early_would_be_noticed(decks, deck):
    open_deck(deck, decks / "05_training_loop.html")
    deck.evaluate("document.querySelectorAll('.fragment').forEach(e => e.className = 'cell')")
    assert any(deck.evaluate(ASKED).values())


def test_what_does_not_fit_would_be_noticed(decks, deck):
    """Each fault is made on a slide of its own, and is the only one there."""
    name = decks / "05_training_loop.html"
    open_deck(deck, name)
    page = name.read_text(encoding="utf-8")
    spoilt = decks / "spoilt.html"
    tall = "<div style='height: 700px'>T</div>"
    for fault, words in {
        tall: "below: T",
        "<p style='white-space: nowrap'>" + "W" * 120 + "</p>": "beyond the side: WWW",
        "<p style='font-size: 23px'>small</p>": "prose of 23 px",
        "<div class='out'><i style='font-size: 23px'>small</i></div>": "prose of 23 px",
        "<pre style='font-size: 17px'>small</pre>": "code of 17 px",
        "<div class='code'><div class='code'><pre>"
        + "x\n" * 15
        + "</pre></div></div>": "15 lines of code",
        "<div style='height: 30px; overflow: auto'>" + tall + "</div>": "scrolls down: T",
        "<img src='nowhere.png' width=50 height=50>": "is not there",
    }.items():
        spoilt.write_text(page.replace('data-id="title">', f'data-id="title">{fault}', 1))
        first = measure(deck, spoilt)[0]
        assert any(one.startswith(words) for one in first.faults(1280)), (words, first)


@every_deck
def test_the_first_slide_shows_where_in_the_pipeline_the_lesson_is(name, decks, deck):
    open_deck(deck, decks / f"{name}.html")
    expect(deck.locator("section.present h1")).to_be_visible()
    drawing = deck.locator("section.present svg")
    expect(drawing).to_be_visible()
    here = drawing.locator(".here rect").evaluate_all(WIDTHS)
    elsewhere = drawing.locator(".elsewhere rect").evaluate_all(WIDTHS)
    assert here and set(here) == {"5px"} and "5px" not in elsewhere
    assert "This lesson: " in drawing.locator("desc").text_content()


def test_a_printed_deck_has_a_page_for_each_step(decks, deck):
    """As docs/instructors.md says: with ?print-pdf. No page runs over into a next one."""
    name = decks / "05_training_loop.html"
    open_deck(deck, name)
    steps = deck.evaluate(STEPS)
    deck.goto(f"{name.as_uri()}?print-pdf")
    deck.wait_for_function("window.Reveal && Reveal.isReady()")
    expect(deck.locator(".pdf-page")).to_have_count(sum(steps.values()))
    assert deck.locator(".pdf-page .large").count() > 0
    pages = PdfReader(BytesIO(deck.pdf(prefer_css_page_size=True))).pages
    assert len(pages) == sum(steps.values()) > len(steps)
    words = [page.extract_text() for page in pages]
    assert "The training loop" in words[0] and min(map(len, words)) > 10
    assert {round(page.mediabox.width / page.mediabox.height, 2) for page in pages} == {1.78}


# How many steps each slide has.
STEPS = """Object.fromEntries(Reveal.getSlides().map(one => [one.dataset.cell,
  1 + new Set([...one.querySelectorAll(".fragment")].map(e => e.dataset.fragmentIndex)).size]))"""

WIDTHS = "rects => rects.map(one => getComputedStyle(one).strokeWidth)"


def test_the_speaker_view_has_this_slide_the_next_one_the_notes_and_a_clock(decks, deck):
    open_deck(deck, decks / "05_training_loop.html")
    with deck.expect_popup() as opened:
        deck.keyboard.press("s")
    view = opened.value
    first, second = slides_in(view)
    assert first == "title" and second != first
    expect(view.locator(".speaker-controls-notes .value")).to_contain_text("Say.")
    expect(view.locator(".clock-value")).to_contain_text(":")
    said = view.locator(".speaker-controls-notes .value").inner_text()
    deck.keyboard.press("ArrowRight")
    until(lambda: slides_in(view)[0] == second, "the speaker view goes on with the slides")
    assert view.locator(".speaker-controls-notes .value").inner_text() != said
    view.keyboard.press("ArrowLeft")  # and the other way round
    until(lambda: current(deck) == "title", "the slides follow the speaker view")


def slides_in(view):
    """The ids of the two slides in the speaker view."""
    expect(view.locator("iframe")).to_have_count(2)
    frames = [one.content_frame() for one in view.locator("iframe").element_handles()]
    for frame in frames:
        frame.wait_for_function("window.Reveal && Reveal.isReady()")
    return [current(frame) for frame in frames]


def current(page):
    return page.evaluate("Reveal.getCurrentSlide().dataset.cell")


# ------------------------------------------------------------- from the slide to the live cell


def test_a_slide_with_a_panel_leads_to_its_cell_in_jupyterlab(browser_page, decks, folder):
    """The first click opens the notebook, and the next one goes to the cell without a reload."""
    name = "05_training_loop"
    shutil.copy(FOLDER / f"{name}.ipynb", folder)
    with deck_page(browser_page.context.browser) as page:
        open_deck(page, decks / f"{name}.html")
        page.evaluate("Reveal.configure({fragments: false})")
        show(page, "lab")
        link = page.locator("section.present [data-id='lab'] .live a")
        with page.expect_popup() as opened:
            link.click()
        lab = opened.value
        lab.wait_for_selector(".jp-Notebook .jp-Cell")
        cell = lab.locator(".jp-Cell", has_text='TrainingLab("05"').last
        expect(cell).to_have_count(1)
        lab.evaluate("window.stayed = true")
        link.click()
        expect(cell).to_be_in_viewport()
        assert lab.evaluate("window.stayed") and len(page.context.pages) == 2
        lab.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")


def show(page, cell):
    """Go to the slide with this cell."""
    page.evaluate(
        """cell => {
          const section = document.querySelector(`[data-id="${cell}"]`).closest("section");
          const {h, v} = Reveal.getIndices(section);
          Reveal.slide(h, v);
        }""",
        cell,
    )


def test_the_lab_and_its_curves_fit_on_a_projector_in_presentation_mode(show_large):
    """As docs/instructors.md says: file browser closed, View > Presentation Mode, 1280 x 720."""
    panel = show_large.page.locator(".lessons-panel")
    curves = panel.locator("svg, canvas, img").first
    for one in (panel.get_by_role("button", name="Train"), curves):
        expect(one).to_be_in_viewport(ratio=1)
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    assert show_large.page.locator(".cm-content").first.evaluate(size) >= 16


@pytest.fixture
def show_large(show, page):
    page.set_viewport_size({"width": 1280, "height": 720})
    notebook = show(LAB, "lab.run(epochs=3)")
    if page.locator("#jp-left-stack").is_visible():
        notebook.command("application:toggle-left-area")
    notebook.command("application:toggle-presentation-mode")
    page.locator(".lessons-panel").evaluate("one => one.closest('.jp-Cell').scrollIntoView()")
    yield notebook
    notebook.command("application:toggle-presentation-mode")
    page.set_viewport_size({"width": 1366, "height": 768})
