"""Makes the instructor's guide and the handout, in build/guide.

python scripts/guide.py [FOLDER]

The guide is made of what there is already: speaker notes, notebooks, questions, exercises, wrong
answers, misconceptions. In FOLDER are then

    html/index.html   the guide as pages, which need no network
    guide.pdf         the guide on paper, with a table of contents
    handout.pdf       two pages for the class
    pages/            what both guides are made of, in Markdown: another site can take them in
"""

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page
from pypdf import PdfReader
from sphinx.cmd.build import build_main

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lessons.questions import misconceptions, parse  # noqa: E402
from scripts import handout  # noqa: E402
from scripts.course import LETTERS, Course, name_of, read_course, without_links  # noqa: E402
from scripts.plans import read_plans  # noqa: E402

TEMPLATES = ROOT / "instructor" / "guide"
PAPER = ("pretest", "posttest")
MARKUP = r"[\\`*_\[\]<>#|~$]"
# Pages of others that belong to the guide, where they are.
TAKEN_IN = {
    "course": "docs/instructors.md",
    "classroom": "docs/classroom.md",
    "open_project": "instructor/open_project.md",
    "hub": "deploy/jupyterhub/README.md",
}


def main(folder: Path = handout.BUILD) -> None:
    """Make all of it. Raises ValueError or OSError, in one sentence, if it can't be made."""
    pages = folder / "pages"
    shutil.rmtree(folder, ignore_errors=True)
    pages.mkdir(parents=True)
    handout.main(folder)
    shutil.copy(folder / "handout.pdf", pages)
    write_pages(pages, read_course())
    for builder in ("html", "singlehtml"):
        build(pages, folder / builder, builder)
    print_guide(folder / "singlehtml" / "index.html", folder / "guide.pdf")
    shutil.rmtree(folder / "singlehtml")
    print(f"The guide: {folder / 'html' / 'index.html'}, guide.pdf and handout.pdf")


# ------------------------------------------------------------------------------- the pages


def write_pages(folder: Path, course: Course) -> None:
    """Write the pages of the guide as Markdown."""
    environment = handout.templates(TEMPLATES, keep_trailing_newline=True)
    environment.filters |= {
        "plain": as_plain_text,
        "said": with_code,
        "minutes": "{:g}".format,
        "name": name_of,
    }
    environment.globals |= {"letters": LETTERS}
    papers = {name: paper(name) for name in PAPER}
    taken_in = {name: ROOT / file for name, file in TAKEN_IN.items() if (ROOT / file).is_file()}
    given = {
        "course": course,
        "plans": read_plans(ROOT / "instructor" / "plans.toml", course),
        "misconceptions": misconceptions(),
        "papers": papers,
        "taken_in": list(taken_in),
    }

    def write(page: str, template: str, **more: object) -> None:
        text = environment.get_template(template).render(**given, **more)
        (folder / f"{page}.md").write_text(text, encoding="utf-8")

    for name in ("index", "plans", "misconceptions", "key"):
        write(name, f"{name}.md.j2")
    for lesson in course.lessons:
        write(f"lesson-{lesson.number}", "lesson.md.j2", lesson=lesson)
    for name in PAPER:
        write(name, "paper.md.j2", name=name)
    for name, file in taken_in.items():
        text = without_links(file.read_text(encoding="utf-8"))
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def paper(name: str) -> tuple[str, str, tuple]:
    """A test on paper: its title, what is said about it, and its questions."""
    text = (ROOT / "instructor" / f"{name}.md").read_text(encoding="utf-8")
    title, _, about = text.partition("\n## ")[0].removeprefix("# ").partition("\n")
    return title, about.strip(), parse(text)


def as_plain_text(text: str) -> str:
    """A text in which nothing is markup, for Markdown."""
    return re.sub(rf"({MARKUP})", r"\\\1", " ".join(text.split()))


def with_code(text: str) -> str:
    """A text in which nothing is markup but code in backticks, for a table in Markdown."""
    code_or_markup = rf"(`[^`|]+`)|({MARKUP})"
    return re.sub(code_or_markup, lambda found: found[1] or f"\\{found[2]}", " ".join(text.split()))


def build(pages: Path, folder: Path, builder: str) -> None:
    """Let Sphinx make HTML of the pages. Raises ValueError if it finds a fault in them."""
    doctrees = folder.with_name("doctrees")
    quiet = ["-q", "-W", "--keep-going", "-b", builder, "-t", builder]
    if build_main([*quiet, "-c", str(TEMPLATES), "-d", str(doctrees), str(pages), str(folder)]):
        raise ValueError(f"Sphinx found faults in {pages}; they are named above")
    shutil.rmtree(doctrees)


# ------------------------------------------------------------------------------- on paper

CONTENTS = """pages => {
    const list = document.createElement("ol");
    const headings = [...document.querySelectorAll("section :is(h1, h2, h3, h4, h5, h6)")];
    headings.forEach((heading, place) => {
        const level = Number(heading.tagName[1]);
        if (level != 2 && level != 3) return;
        const entry = document.createElement("li");
        entry.className = "level-" + level;
        const link = document.createElement("a");
        link.href = "#" + heading.closest("section").id;
        link.textContent = heading.textContent;
        const page = document.createElement("span");
        page.textContent = pages ? pages[place] : "000";
        entry.append(link, page);
        list.append(entry);
    });
    document.querySelector("#contents ol")?.remove();
    document.querySelector("#contents").append(list);
    return headings.length;
}"""
FOOT = """<div style="width: 100%; text-align: center; font: 8pt sans-serif">
<span class="pageNumber"></span></div>"""


def print_guide(page: Path, file: Path) -> None:
    """Print the guide twice: only then it is known on which page each heading is."""
    with handout.browser_page() as browser:
        browser.goto(page.as_uri())
        pages = None
        for _ in range(2):
            count = browser.evaluate(CONTENTS, pages)
            print_numbered(browser, file)
            pages = pages_of_headings(file)
            if len(pages) != count:
                raise ValueError(f"{file} has {len(pages)} bookmarks for {count} headings")


def print_numbered(browser: Page, file: Path) -> None:
    """Print with a number on each page, and with a bookmark for each heading."""
    foot = {"display_header_footer": True, "header_template": " ", "footer_template": FOOT}
    handout.print_pdf(browser, file, outline=True, **foot)


def pages_of_headings(file: Path) -> list[int]:
    """The page of each heading, from 1, in their order."""
    reader = PdfReader(file)

    def walk(outline: list) -> list:
        nested = [walk(one) if isinstance(one, list) else [one] for one in outline]
        return [one for group in nested for one in group]

    return [1 + reader.get_destination_page_number(one) for one in walk(reader.outline)]


if __name__ == "__main__":
    try:
        main(*map(Path, sys.argv[1:]))
    except (OSError, ValueError) as error:
        sys.exit(f"The guide was not made. {error}")
