"""The instructor's guide and the handout as they are made: pages, and what is printed."""

import re
import subprocess
import sys
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader

from conftest import ROOT
from scripts.course import read_course

A4 = (210 / 25.4 * 72, 297 / 25.4 * 72)  # points


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder in which all of it was made, and how long that took."""
    folder = tmp_path_factory.mktemp("made") / "guide"
    begin = time.monotonic()
    # In a process of its own: it starts a browser, and this one has one already.
    script = "import sys, pathlib, scripts.guide; scripts.guide.main(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", script, folder], cwd=ROOT, check=True)
    return folder, time.monotonic() - begin


@pytest.fixture(scope="module")
def folder(made):
    return made[0]


@pytest.fixture(scope="module")
def pages(folder):
    return sorted((folder / "html").glob("*.html"))


@pytest.fixture
def paper(browser_page):
    """A page of Chromium that reaches files alone. No request for anything else may be made."""
    asked = []
    page = browser_page.context.browser.new_page()
    page.route(lambda url: not url.startswith(("file:", "data:")), lambda route: route.abort())
    page.on("request", lambda one: asked.append(one.url))
    yield page
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_it_is_made_in_less_than_two_minutes_and_is_complete(made):
    folder, seconds = made
    assert seconds < 120
    assert {path.name for path in folder.iterdir()} == {
        *("html", "pages", "guide.pdf", "handout.pdf", "handout.html")
    }
    names = {path.stem for path in (folder / "html").glob("*.html")}
    written = {path.stem for path in (folder / "pages").glob("*.md")}
    assert names == written | {"search"}
    lessons = {f"lesson-{lesson.number}" for lesson in read_course().lessons}
    assert lessons | {"index", "plans", "misconceptions", "pretest", "posttest", "key"} <= written


# ------------------------------------------------------------------------------ the pages


def test_on_every_page_axe_finds_nothing_and_nothing_is_asked_of_the_network(pages, paper):
    paper.set_viewport_size({"width": 1366, "height": 768})
    for path in pages:
        paper.goto(path.as_uri())
        assert faults(paper) == [], path.name


def test_on_a_phone_and_on_dark_too(pages, paper):
    paper.set_viewport_size({"width": 390, "height": 844})
    paper.emulate_media(color_scheme="dark")
    for path in pages:
        paper.goto(path.as_uri())
        assert paper.evaluate("document.documentElement.scrollWidth") <= 390, path.name
        if path.stem in ("plans", "lesson-03", "key"):  # a page of each kind
            assert faults(paper) == [], path.name


def faults(page):
    """What axe finds, however small it is."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], node["html"][:200]) for one in found for node in one["nodes"]]


def test_every_link_leads_somewhere(pages, paper):
    """Sphinx looks at those between pages; this is also about files and the theme's own links."""
    places, links = {}, []
    for path in pages:
        paper.goto(path.as_uri())
        ids = "() => [...document.querySelectorAll('[id]')].map(one => one.id)"
        places[path.name] = set(paper.evaluate(ids)) | {"", "top"}
        hrefs = "() => [...document.querySelectorAll('main a[href], .bd-sidebar a[href]')]"
        links += [(path, one) for one in paper.evaluate(f"({hrefs})().map(one => one.href)")]
    assert len(links) > 500
    for path, link in links:
        if link.startswith("http"):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file.removeprefix(path.parent.as_uri() + "/")
        assert target.is_file(), (path.name, link)
        assert target.suffix != ".html" or anchor in places[target.name], (path.name, link)


def test_from_the_first_page_the_keyboard_leads_to_a_plan(folder, paper):
    paper.goto((folder / "html" / "index.html").as_uri())
    paper.keyboard.press("Tab")
    assert "Skip to main content" in paper.evaluate("document.activeElement.textContent")
    paper.keyboard.press("Enter")
    text = ""
    for _ in range(20):
        paper.keyboard.press("Tab")
        text = paper.evaluate("document.activeElement.textContent")
        if text == "three plans with times":
            break
    assert text == "three plans with times"
    paper.keyboard.press("Enter")
    paper.wait_for_url("**/plans.html")


# ------------------------------------------------------------------------------- on paper


def fonts_of(reader):
    """For each font of a PDF, whether its letters are in the file."""
    found = {}
    for page in reader.pages:
        for font in (one.get_object() for one in page["/Resources"].get("/Font", {}).values()):
            inner = font.get("/DescendantFonts", [font])[0].get_object()
            shape = inner.get("/FontDescriptor", {}).get_object() if inner != font else font
            letters = {"/FontFile", "/FontFile2", "/FontFile3", "/CharProcs"} & set(shape)
            found[font.get("/BaseFont", font.get("/Name", id(font)))] = bool(letters)
    return found


def check_document(reader, title):
    """Its title and language are said, it has tags for a screen reader, and its letters."""
    assert reader.metadata.title == title
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en" and root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    fonts = fonts_of(reader)
    assert fonts and all(fonts.values()), fonts
    for page in reader.pages:
        assert [float(one) for one in page.mediabox[2:]] == pytest.approx(A4, abs=1)


def test_the_handout_is_two_pages_of_a4(folder):
    reader = PdfReader(folder / "handout.pdf")
    check_document(reader, "Training a text classifier: the handout")
    assert len(reader.pages) == 2
    front, back = (page.extract_text() for page in reader.pages)
    assert "All of it in 24 lines" in front and "loss.backward()" in front
    assert "What you see, and what cures it" in back and "30 terms" in back


SIZES = """() => {
    const sizes = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode.textContent.trim(), box = walk.currentNode.parentElement;
        if (!text || box.closest("title, desc, style")) continue;
        const svg = box.ownerSVGElement;
        const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
        sizes.push([parseFloat(getComputedStyle(box).fontSize) * scale * 0.75, text]);
    }
    return sizes;
}"""
EDGES = """() => [...document.querySelectorAll("main > section")].flatMap(section => {
    const page = section.getBoundingClientRect();
    return [...section.querySelectorAll("*")].map(one => one.getBoundingClientRect())
        .filter(box => box.width)
        .map(box => [box.left - page.left, page.right - box.right, page.bottom - box.bottom]);
})"""


def test_no_letter_of_the_handout_is_smaller_than_8_points_and_none_is_near_the_edge(folder, paper):
    paper.set_viewport_size({"width": 794, "height": 1123})
    paper.emulate_media(media="print")
    paper.goto((folder / "handout.html").as_uri())
    sizes = paper.evaluate(SIZES)
    assert len(sizes) > 150
    assert "final exam, once" in [text for _, text in sizes]  # of the drawing
    assert [(size, text) for size, text in sizes if size < 8 - 1e-3] == []
    nearest = [min(distances) for distances in zip(*paper.evaluate(EDGES), strict=True)]
    assert min(nearest) >= 8 / 25.4 * 96 - 1, nearest  # 8 mm, in pixels
    assert faults(paper) == []


def test_no_page_ends_with_what_announces_the_next_one_and_no_question_is_cut(folder):
    pages = [page.extract_text().splitlines() for page in PdfReader(folder / "guide.pdf").pages]
    announced = r"One solution:|Other ways\.|Left out:|Slide \d of \d: .* min"
    announced += r"|Wrong answers that people give, .*|Questions and expected answers|.* \(.* min\)"
    announced += r"|These are in Check yourself\. The name after a wrong answer .*"
    every = "\n".join(line for lines in pages for line in lines)
    assert len(re.findall(rf"^(?:{announced})$", every, re.M)) > 200
    for *lines, number in pages:
        assert not re.fullmatch(announced, lines[-1]), (number, lines[-1])
        assert not re.match(r"(☐|✓)? ?[BC]\. ", lines[0]), (number, lines[0])


def test_the_guide_on_paper_numbers_its_pages_and_its_contents_lead_there(folder):
    reader = PdfReader(folder / "guide.pdf")
    check_document(reader, "Instructor's guide")
    contents = "\n".join(page.extract_text() for page in reader.pages[:3])
    listed = dict(re.findall(r"^(\D\D.*|\d\d [A-Z].*?) (\d+)$", contents, re.M)[::-1])
    titles = ["Plans", "Misconceptions", "Key to pre-test and post-test"]
    titles += [f"{lesson.number} {lesson.title}" for lesson in read_course().lessons]
    for title in titles:
        words = reader.pages[int(listed[title]) - 1].extract_text().split()
        assert " ".join(words).startswith(title), title
        assert words[-1] == listed[title]
