"""Makes the handout: two pages A4 with the pipeline, the loop, the cures and the main terms.

python scripts/handout.py [FOLDER]

Its words and its code are those of the notebooks, so they can't drift. `handout.toml` in
instructor/handout says which, and `handout.html.j2` where they go.
"""

import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
TEMPLATES = ROOT / "instructor" / "handout"
BUILD = ROOT / "build" / "guide"
# Matplotlib brings them, so a page is as long on every machine.
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
FACES = (
    ("letters", "normal", "normal", FONTS / "DejaVuSans.ttf"),
    ("letters", "bold", "normal", FONTS / "DejaVuSans-Bold.ttf"),
    ("letters", "normal", "italic", FONTS / "DejaVuSans-Oblique.ttf"),
    ("code", "normal", "normal", FONTS / "DejaVuSansMono.ttf"),
    ("code", "bold", "normal", FONTS / "DejaVuSansMono-Bold.ttf"),
)
BROWSERS = ("chromium", "chromium-browser", "chrome", "google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


class Line(NamedTuple):
    """A line of the pipeline."""

    code: str
    lesson: str  # such as "05"
    what: str  # what it does, in a few words
    gap: bool  # an empty line is before it


class Table(NamedTuple):
    """A table of a notebook, its cells as HTML."""

    title: str
    head: list[Markup]
    rows: list[list[Markup]]


class Term(NamedTuple):
    """A term of the glossary."""

    name: str
    words: Markup
    lesson: str


def main(folder: Path = BUILD) -> None:
    """Make `handout.html` and `handout.pdf` in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "handout.html"
    page.write_text(handout(), encoding="utf-8")
    with browser_page() as browser:
        browser.goto(page.as_uri())
        print_pdf(browser, folder / "handout.pdf")


def templates(folder: Path, **more: Any) -> Environment:
    """The templates in a folder. A name that is not given to one is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **more,
    )


def handout() -> str:
    """The handout as HTML. Raises ValueError if a part of it is not where the list says."""
    wanted = tomllib.loads((TEMPLATES / "handout.toml").read_text(encoding="utf-8"))
    lesson, drawing = wanted["loop"]["lesson"], NOTEBOOKS / "img" / "pipeline.svg"
    environment = templates(TEMPLATES, autoescape=True)
    return environment.get_template("handout.html.j2").render(
        fonts=[(*face, file.as_uri()) for *face, file in FACES],
        drawing=Markup(drawing.read_text(encoding="utf-8")),
        lesson=lesson,
        lines=[
            line for cell in wanted["loop"]["cells"] for line in loop_lines(source(lesson, cell))
        ],
        tables=[
            Table(t["title"], *table(source(t["lesson"], t["cell"]))) for t in wanted["tables"]
        ],
        terms=main_terms(wanted["glossary"]["terms"]),
    )


# --------------------------------------------------------------- what the notebooks hold


def source(lesson: str, id: str) -> str:
    """The source of a cell. Raises ValueError if the lesson has no such cell."""
    for path in NOTEBOOKS.glob(f"{lesson}*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.id == id:
                return str(cell.source)
    raise ValueError(f"handout.toml: no notebook {lesson}* has a cell {id}")


def loop_lines(code: str) -> Iterator[Line]:
    """The lines of a cell. Raises ValueError if one doesn't end with its lesson: # 05: ..."""
    gap = True
    for line in code.splitlines():
        found = re.fullmatch(r"(.+?)  # (\d\d)(?:: (.+))?", line)
        if line and not found:
            raise ValueError(f"This line of the pipeline does not name its lesson: {line}")
        if found:
            yield Line(found[1], found[2], found[3] or "", gap)
        gap = not line


def table(text: str) -> tuple[list[Markup], list[list[Markup]]]:
    """The head and the rows of the table in a text. Raises ValueError if there is none."""
    lines = re.findall(r"^\| (.+) \|$", text, re.M)
    if len(lines) < 2:
        raise ValueError(f"There is no table in the text that begins: {text[:50]!r}")
    head, *rows = ([as_html(cell) for cell in line.split(" | ")] for line in lines)
    return head, rows


def main_terms(names: list[str]) -> list[Term]:
    """What the glossary says of these terms. Raises ValueError if it lacks one of them."""
    row = re.compile(r"^\| ([^|]+) \| ([^|]+) \| \[(\d\d)\]\([^)]+\) \|$", re.M)
    known = {
        name: (words, lesson) for name, words, lesson in row.findall(source("glossary", "terms"))
    }
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"handout.toml: the glossary has no term {unknown[0]!r}")
    return [Term(name, as_html(known[name][0]), known[name][1]) for name in names]


def as_html(text: str) -> Markup:
    """A cell of a table as HTML: code stays code, and of a link its words are left."""
    words = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words, quote=False)))


# --------------------------------------------------------------------------- on paper


@contextmanager
def browser_page() -> Iterator[Page]:
    """A page of Chromium that reaches nothing but this machine's files.

    Raises OSError if there is no Chromium.
    """
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        raise OSError("A PDF is made with Chromium, and there is none: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        page = browser.new_page()
        page.route(lambda url: not url.startswith(("file:", "data:")), lambda route: route.abort())
        yield page
        browser.close()


def print_pdf(page: Page, file: Path, **more: Any) -> None:
    """Print what the page shows, with its letters and with tags for a screen reader."""
    page.evaluate("document.fonts.ready")
    page.pdf(path=file, prefer_css_page_size=True, print_background=True, tagged=True, **more)


if __name__ == "__main__":
    try:
        main(*map(Path, sys.argv[1:]))
    except (OSError, ValueError) as error:
        sys.exit(f"The handout was not made. {error}")
