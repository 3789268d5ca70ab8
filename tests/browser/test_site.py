"""The site as it is made: from the disk and from a host, for everybody, and on a phone."""

import subprocess
import sys
import zipfile
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from lesson_notebooks import NOTEBOOKS
from playwright.sync_api import expect

from conftest import ROOT
from scripts.site_check import weights

LESSON = "notebooks/05_training_loop.html"
KINDS = [  # a page of each kind; `make soak` looks at all of them
    *("index.html", LESSON, "notebooks/08_training_lab.html", "notebooks/glossary.html"),
    *("notebooks/torchtext/from_torchtext.html", "reference/validation.html", "guide/plans.html"),
    *("run.html", "docs/architecture.html", "search.html", "slides/index.html"),
    *("_modules/lessons/validation.html",),
]
WCAG = [f"wcag{version}{level}" for version in ("2", "21", "22") for level in ("a", "aa")]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder in which the site was made."""
    folder = tmp_path_factory.mktemp("made") / "site"
    # In a process of its own: it starts a browser, and this one has one already.
    command = [sys.executable, "scripts/website.py", "--to", folder]
    command += ["--repository", "https://github.com/me/it"]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def host(site):
    """A static host on this machine that has the site under a path; yields its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    serve = partial(Quiet, directory=site.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{site.name}"
        server.shutdown()


@contextmanager
def opened(browser, **options):
    """A page of Chromium on which nothing may go wrong, and that asks no other machine."""
    context = browser.new_context(**options)
    page, trouble, own = context.new_page(), [], ("file:", "data:", "http://127.0.0.1:")
    page.on("request", lambda one: one.url.startswith(own) or trouble.append(one.url))
    page.on("response", lambda one: one.status < 400 or trouble.append(f"{one.url} {one.status}"))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda one: one.type == "error" and trouble.append(one.text))
    yield page
    context.close()
    assert trouble == []


@pytest.fixture
def browser(browser_page):
    return browser_page.context.browser


@pytest.fixture
def page(browser):  # in place of the one with JupyterLab
    with opened(browser, viewport={"width": 1366, "height": 768}) as page:
        yield page


@pytest.fixture(params=["disk", "host"])
def address(request, site):
    """Where the site begins."""
    return site.as_uri() if request.param == "disk" else request.getfixturevalue("host")


# ------------------------------------------------------------------------------ what is there


def test_every_lesson_is_there_and_no_page_is_heavy(site):
    pages = weights(site)
    for path in NOTEBOOKS:
        assert f"notebooks/{path.stem}.html" in pages
        assert f"slides/{path.stem}.html" in pages and (site / path.name).is_file()
    assert max(pages.values()) < 3e6
    whole = {
        name: weight + sum(one.stat().st_size for one in figures(site, name))
        for name, weight in pages.items()
    }
    assert max(whole.values()) < 3e6  # with the figures that come when they are near


def figures(site, page):
    stem = page.rpartition("/")[2].removesuffix(".html")
    return (site / "_static" / "figures").glob(f"{stem}-*")


def test_the_whole_course_can_be_had(site):
    names = set(zipfile.ZipFile(site / "lessons.zip").namelist())
    assert {"lessons/Makefile", "lessons/src/lessons/training.py"} <= names
    assert not [name for name in names if "/.venv" in name or "/build/" in name]


def test_a_page_with_panels_loads_their_scripts_and_another_does_not(site):
    lesson, glossary = (
        (site / name).read_text(encoding="utf-8") for name in (LESSON, "notebooks/glossary.html")
    )
    scripts = [path.name for path in (ROOT / "website" / "panels").glob("*.js")]
    at = {name: lesson.index(f"_static/panels/{name}") for name in scripts}
    assert min(at, key=at.__getitem__) == "core.js"  # the others build on it
    assert "_static/panels/" not in glossary


# -------------------------------------------------------------------------------- the reader


def test_from_the_first_page_the_keyboard_leads_into_a_lesson(address, page):
    page.goto(f"{address}/index.html")
    page.keyboard.press("Tab")
    assert "Skip to main content" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Begin with lesson 00":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/00_start_here.html")
    expect(page.get_by_role("heading", level=1)).to_contain_text("00 Start here")


def test_one_sees_where_the_focus_is(page, site):
    page.goto((site / LESSON).as_uri())
    draw_panels(page)
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    seen = """() => { const at = document.activeElement;
        return [at.textContent.trim().slice(0, 40), getComputedStyle(at).outlineStyle]; }"""
    reached = []
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # the way begins anew
        reached.append(page.evaluate(seen))
    assert len(reached) > 100
    assert [name for name, outline in reached if outline == "none"] == []


def test_a_panel_that_is_drawn_around_the_focus_keeps_it(page, site):
    page.goto((site / LESSON).as_uri())
    before = "[data-panel=check-yourself]:not([data-state]) summary"
    page.locator(before).evaluate("summary => summary.focus()")
    quiz = page.locator("[data-panel=check-yourself]")
    expect(quiz).to_have_attribute("data-state", "ready")
    assert quiz.evaluate("panel => panel.contains(document.activeElement)")


def test_the_search_finds_a_lesson(address, page):
    page.goto(f"{address}/{LESSON}")
    page.get_by_role("searchbox").first.fill("zero_grad")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=zero_grad")
    result = page.locator("#search-results a", has_text="05 The training loop").first
    result.click()
    page.wait_for_url("**/05_training_loop.html*")


def test_a_term_says_its_meaning_by_keyboard(page, site):
    page.goto((site / LESSON).as_uri())
    term = page.get_by_role("button", name="epoch", exact=True)
    meaning = page.locator("#term-epoch")
    expect(meaning).to_be_hidden()
    term.focus()
    page.keyboard.press("Enter")
    expect(meaning).to_be_visible()
    expect(meaning).to_contain_text("one reading of the whole training set")
    assert axe(page) == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Glossary"
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    expect(term).to_be_focused()


def test_the_glossary_is_where_a_term_leads(page, site):
    page.goto((site / LESSON).as_uri())
    page.get_by_role("button", name="batches", exact=True).click()
    page.locator("#term-batch").get_by_role("link", name="Glossary").click()
    page.wait_for_url("**/glossary.html#term-batch")
    expect(page.locator("tr", has=page.locator("#term-batch"))).to_contain_text("small pile")


def test_without_a_script_nothing_to_read_is_missing(browser, site):
    with opened(browser, java_script_enabled=False) as page:
        page.goto((site / LESSON).as_uri())
        for words in ("Check yourself: four questions", "Exercise 05-loop", "Hint 1 of"):
            expect(page.get_by_text(words).first).to_be_visible()
        expect(page.locator("[id='05-lab']")).to_contain_text("Training lab")


# --------------------------------------------------------------------------- for everybody


def axe(page):
    """What axe finds with all rules of WCAG 2.0, 2.1 and 2.2, levels A and AA."""
    options = {"runOnly": WCAG, "preload": False}  # it would fetch, which a page on the disk can't
    options["rules"] = {"target-size": {"enabled": True}}  # it is off unless one asks for it
    found = Axe().run(page, options=options).response["violations"]
    return [(one["id"], node["html"][:200]) for one in found for node in one["nodes"]]


def draw_panels(page):
    for panel in page.locator("[data-panel]:not([data-panel=comparison])").all():
        panel.evaluate("panel => panel.scrollIntoView()")  # then it is drawn
        expect(panel).to_have_attribute("data-state", "ready")


def look(browser, site, names):
    """Axe finds nothing on these pages, in light and in dark, and none is wider than a phone."""
    wide, narrow = {"width": 1366, "height": 768}, {"width": 320, "height": 640}
    with opened(browser, color_scheme="light") as page:
        for name in names:
            page.set_viewport_size(narrow)
            page.goto((site / name).as_uri())
            draw_panels(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
            page.set_viewport_size(wide)
            page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")  # out of the head's way
            page.emulate_media(color_scheme="light")
            assert axe(page) == [], name
            page.emulate_media(color_scheme="dark")
            assert axe(page) == [], f"{name} in dark"


def test_a_page_of_each_kind_is_for_everybody(browser, site):
    look(browser, site, KINDS)


@pytest.mark.soak
def test_every_page_is_for_everybody(browser, site):
    decks = {f"slides/{path.stem}.html" for path in NOTEBOOKS}  # see test_slides.py
    look(browser, site, sorted(set(weights(site)) - decks))


@pytest.mark.parametrize(
    "link",
    [
        f"{LESSON}?epochs={'9' * 5000}#05-lab",
        f"notebooks/07_results.html?headline=oil%20{'o' * 5000}#07-headline-panel",
        f"notebooks/07_results.html?headline={'o' * 5000}#07-headline-panel",
    ],
    ids=["a value that is not offered", "a long word", "nothing but a long word"],
)
def test_a_link_with_a_long_value_leaves_the_page_as_narrow_as_a_phone(browser, site, link):
    with opened(browser, viewport={"width": 320, "height": 640}) as page:
        page.goto(f"{site.as_uri()}/{link}")
        panel = page.locator(f"[id='{link.partition('#')[2]}']")
        expect(panel).to_contain_text("99999" if "epochs" in link else "ooooo")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_bars_are_seen_where_the_system_chooses_the_colours(browser, site):
    with opened(browser, forced_colors="active") as page:
        page.goto((site / "notebooks" / "07_results.html").as_uri() + "#07-headline-panel")
        bar = page.locator(".lessons-bar div").first
        colour = "bar => getComputedStyle(bar).backgroundColor"
        around = "bar => getComputedStyle(bar.closest('.lessons-panel')).backgroundColor"
        assert bar.evaluate(colour) != bar.evaluate(around)


def test_what_is_printed_is_light(browser, site):
    with opened(browser, color_scheme="dark") as page:
        page.goto((site / "index.html").as_uri())
        look = "document.documentElement.dataset.theme"
        page.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = {look}; }})")
        page.pdf()
        assert (page.evaluate("printed"), page.evaluate(look)) == ("light", "dark")


def test_targets_are_large_enough_for_a_thumb(browser, site):
    size = {"width": 390, "height": 844}
    with opened(browser, viewport=size, has_touch=True, is_mobile=True) as page:
        for name in (LESSON, "index.html"):
            page.goto((site / name).as_uri())
            controls = page.locator("main :is(summary, .term, .btn, .buttons a)")
            small = controls.evaluate_all(
                "all => all.filter(one => one.checkVisibility()).map(one => "
                "[one.textContent, one.getBoundingClientRect().height]).filter(one => one[1] < 24)"
            )
            assert small == [], name
