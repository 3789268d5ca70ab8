"""Makes a deck of slides from each lesson, for a projector, in build/slides.

python scripts/slides.py [--lab http://localhost:8888] [notebooks/05_training_loop.ipynb ...]

A deck opens from the disk and asks no network for anything: reveal.js with its speaker view and
the letters are copied out of installed packages. Slides are cut by the notebook's `slideshow`
metadata; these tags of a cell do the rest:

    remove-input    the code is not shown, as with the comment `# drawing: skip it`
    remove-output   what the cell printed is not shown
    output-later    first the code, with one more step what it printed
    beside          what the cell printed is to the right of the code, not below
    right           from this cell on, the slide goes on in a second column to the right
"""

import argparse
import html
import re
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import matplotlib
import nbformat
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from traitlets.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scripts.notes import FOLDER, Note, faults_of, read_notes

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
LESSON = "[0-9][0-9]_*.ipynb"
DRAWING = NOTEBOOKS / "img" / "pipeline.svg"
TEMPLATES = ROOT / "instructor"
PICTURES = TEMPLATES / "slides" / "panels"  # of those panels that store none: 05-lab.png
LAB = "http://localhost:8888"
LIVE = "live in JupyterLab, when the cell has run"  # what a stored panel says of itself
PREDICT = re.compile(r"\*\*Predict\b")
FOLD = re.compile(r"</?details>|<summary>.*?</summary>", re.S)
NO_PREDICTION = "You made no prediction this time. "  # the class did, aloud or by hand
HEADING = re.compile(r"^#{1,6} +(.+)$", re.M)
NOT_SHOWN = re.compile(r"# drawing: skip it")
SVG = "http://www.w3.org/2000/svg"


class Slide(NamedTuple):
    """What is on the screen at a time, when all of its steps are done."""

    cells: list[NotebookNode]
    below: bool  # is it a sub-slide?

    @property
    def id(self) -> str:
        """The id of its first cell, by which its note is found."""
        return str(self.cells[0].id)


def read_lesson(path: Path) -> NotebookNode:
    """A lesson's notebook. Raises ValueError if it is not one, OSError if it cannot be read."""
    text = path.read_text(encoding="utf-8")
    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except (ValueError, AttributeError, TypeError, nbformat.ValidationError):
        raise ValueError(f"{path} is not a notebook") from None
    if not slides_of(notebook):
        raise ValueError(f"{path} has no cell that is shown on a slide")
    return notebook


def slides_of(notebook: NotebookNode) -> list[Slide]:
    """The slides of a lesson, without the cells that are skipped."""
    slides: list[Slide] = []
    for cell in notebook.cells:
        kind = slide_type(cell)
        if kind in ("skip", "notes"):
            continue
        if not slides or kind in ("slide", "subslide"):
            slides.append(Slide([], below=bool(slides) and kind == "subslide"))
        slides[-1].cells.append(cell)
    return slides


def slide_type(cell: NotebookNode) -> str:
    """How the cell's metadata have it: slide, subslide, fragment, skip, or - for none."""
    return str(cell.metadata.get("slideshow", {}).get("slide_type", "-"))


# ------------------------------------------------------------------ what the template is told


def deck_of(path: Path, notes: dict[str, Note], lab: str) -> NotebookNode:
    """The lesson as the template wants it: `metadata.deck` of each cell says what it does."""
    notebook = read_lesson(path)
    slides, heading = slides_of(notebook), ""
    for slide, following in zip(slides, [*slides[1:], None], strict=True):
        _lay_out(slide)
        heading = _repeat_heading(slide, heading)
        for cell in filter(is_panel, slide.cells):
            _show_panel(cell, path, lab)
        first, last = slide.cells[0].metadata.deck, slide.cells[-1].metadata.deck
        first |= {"opens": True, "opens_stack": not slide.below}
        first["note"] = note_html(notes[slide.id]) if slide.id in notes else ""
        last |= {"closes": True, "closes_stack": following is None or not following.below}
    slides[0].cells[0].metadata.deck["drawing"] = drawing_for(path.stem[:2])
    notebook.cells = [cell for slide in slides for cell in slide.cells]
    return notebook


def _lay_out(slide: Slide) -> None:
    """Say of each cell of a slide in which step it comes, and how it is shown.

    What follows a prediction comes one step later, whatever the metadata say.
    """
    step, asked, columns = 0, False, 1
    for cell in slide.cells:
        tags = set(cell.metadata.get("tags", []))
        later = cell.cell_type == "code" and "output-later" in tags
        step += slide_type(cell) == "fragment" or (asked and not later)
        opens_right = columns == 1 and "right" in tags
        columns += opens_right
        cell.metadata.deck = {
            "step": step,
            "output_step": step + 1 if later else 0,
            "right": opens_right,
            "input": "remove-input" not in tags and not NOT_SHOWN.search(cell.source),
            "classes": _classes(cell, tags, step),
        }
        step += later
        asked = cell.cell_type == "markdown" and bool(PREDICT.search(cell.source))
        if "remove-output" in tags:
            cell.outputs = []
        if cell.cell_type == "markdown":
            cell.source = FOLD.sub("", cell.source)  # what is in it has a step of its own
    slide.cells[0].metadata.deck["columns"] = columns


def _repeat_heading(slide: Slide, heading: str) -> str:
    """Let a slide that begins without a heading repeat the last one. Returns the one in force."""
    begin = slide.cells[0]
    if not (begin.cell_type == "markdown" and HEADING.match(begin.source)):
        words = str(markdown2html(heading)).strip()
        begin.metadata.deck["continued"] = words.removeprefix("<p>").removesuffix("</p>")
    prose = (cell.source for cell in slide.cells if cell.cell_type == "markdown")
    return [heading, *HEADING.findall("\n".join(prose))][-1]


def _classes(cell: NotebookNode, tags: set[str], step: int) -> str:
    """The classes of a cell in the style sheet."""
    html = "".join(out.get("data", {}).get("text/html", "") for out in cell.get("outputs", []))
    classes = {
        "code" if cell.cell_type == "code" else "text": True,
        "fragment": step,
        "figure": "<img" in html,
        "panel": is_panel(cell),
        "beside": "beside" in tags,
    }
    return " ".join(name for name, applies in classes.items() if applies)


def is_panel(cell: NotebookNode) -> bool:
    """Does this cell show something that is live in JupyterLab alone?"""
    outputs = cell.get("outputs", [])
    return any(LIVE in output.get("data", {}).get("text/plain", "") for output in outputs)


def _show_panel(cell: NotebookNode, path: Path, lab: str) -> None:
    """In place of a panel, its picture or what it says of itself, with a link to where it is live.

    What can be folded out, such as answers, is left out: in front of a class it is too early.
    """
    deck = cell.metadata.deck
    deck["live"] = f"{lab}/lab/workspaces/slides/tree/{path.name}#cell-id={cell.id}"
    deck["input"] = False
    data = next(output.data for output in cell.outputs if LIVE in output.data.get("text/plain", ""))
    title, _, words = data["text/plain"].partition(f": {LIVE}")
    question = words.partition("\n")[2]
    instead = f"<p><b>{html.escape(title)}</b></p><p>{html.escape(question)}</p>"
    picture = PICTURES / f"{path.stem[:2]}-{cell.id}.png"
    if picture.exists():
        deck["classes"] += " figure"
        instead = f'<img srcset="deck/{picture.name} 2x" alt="The panel {html.escape(title)}.">'
    stored = re.sub(r"<details>.*?</details>", "", data.get("text/html", ""), flags=re.S)
    data["text/html"] = stored or instead


def note_html(note: Note) -> str:
    """A note for the speaker view."""
    minutes = f"*{note.minutes:g} minute{'s' * (note.minutes != 1)}*"
    parts = (f"**{paragraph.kind}.** {paragraph.text}" for paragraph in note.paragraphs)
    return str(markdown2html("\n\n".join([minutes, *parts])))


def drawing_for(lesson: str) -> str:
    """The drawing of the pipeline, with the parts marked that a lesson is about.

    In the drawing, each part names its lessons. One that no part names is about the whole.
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.parse(DRAWING).getroot()
    parts = root.findall(".//*[@data-lessons]")
    here = [part for part in parts if lesson in part.attrib["data-lessons"].split()] or parts
    for part in parts:
        part.attrib["class"] += " here" if part in here else " elsewhere"
    names = ", ".join(str(part.findtext("*[@class='part']")) for part in here)
    words = root.find("{*}desc")
    words.text += " This lesson: " + (names if len(here) < len(parts) else "the whole.")
    return ElementTree.tostring(root, encoding="unicode")


# --------------------------------------------------------------------------------- the pages


def page_of(path: Path, notes: dict[str, Note], lab: str) -> str:
    """The deck of a lesson, as HTML."""
    notebook = deck_of(path, notes, lab)
    exporter = HTMLExporter(
        config=Config({"CSSHTMLHeaderPreprocessor": {"style": "vs"}}),
        template_name="slides",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_anchor_links=True,
        embed_images=True,
    )
    resources = {"metadata": {"path": str(path.parent), "name": title_of(path, notebook)}}
    page, _ = exporter.from_notebook_node(notebook, resources)
    return _point_links(page.replace(NO_PREDICTION, ""), lab)


def title_of(path: Path, notebook: NotebookNode) -> str:
    """The lesson's number and title."""
    return f"{path.stem[:2]} {notebook.cells[0].source.splitlines()[0].lstrip('# ')}"


def _point_links(page: str, lab: str) -> str:
    """Links to lessons lead to their decks, others to the page in JupyterLab."""
    page = re.sub(r'href="(\d\d_\w+)\.ipynb(?:#[^"]*)?"', r'href="\1.html"', page)
    there = rf'href="{html.escape(lab)}/lab/tree/\1"'
    return re.sub(r'href="([\w/]+\.(?:ipynb|md|py)[^"]*)"', there, page)


def copy_assets(target: Path) -> None:
    """What all decks share: reveal.js, its speaker view, letters, pictures and the style sheet."""
    target.mkdir(parents=True, exist_ok=True)
    reveal = Path(str(files("sphinx_revealjs"))) / "_static" / "revealjs"
    sans = reveal / "dist" / "theme" / "fonts" / "source-sans-pro"
    dejavu = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    wanted = [
        *(reveal / name for name in ("dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js")),
        *sans.glob("*.woff"),
        *(dejavu / f"DejaVuSans{style}.ttf" for style in ("", "-Bold", "Mono", "Mono-Bold")),
        dejavu / "DejaVuSansMono-Oblique.ttf",
        TEMPLATES / "slides" / "deck.css",
        *PICTURES.glob("*.png"),
    ]
    for file in wanted:
        shutil.copyfile(file, target / file.name)
    for licence in (reveal / "LICENSE", sans / "LICENSE", dejavu / "LICENSE_DEJAVU"):
        shutil.copyfile(licence, target / f"LICENSE-{licence.parent.name}.txt")


def build(paths: list[Path], target: Path, lab: str, notes_in: Path = FOLDER) -> list[str]:
    """Make the decks of these lessons. Returns what is wrong with their notes, in sentences.

    Raises ValueError if a file is not a notebook of a lesson, and OSError if it cannot be read or
    the decks cannot be written.
    """
    copy_assets(target / "deck")
    faults = []
    for path in paths:
        notes, found = notes_for(path, notes_in)
        faults += found
        page = page_of(path, notes, lab)
        (target / f"{path.stem}.html").write_text(page, encoding="utf-8")
    (target / "index.html").write_text(index_of(target), encoding="utf-8")
    return faults


def index_of(target: Path) -> str:
    """A page with a link to each deck in the folder."""
    titles = {
        path.name: re.search("<title>(.*)</title>", path.read_text(encoding="utf-8"))
        for path in sorted(target.glob("[0-9][0-9]_*.html"))
    }
    links = (f'<li><a href="{name}">{title[1]}</a></li>' for name, title in titles.items() if title)
    page = (TEMPLATES / "slides" / "decks.html").read_text(encoding="utf-8")
    return page.replace("<!-- decks -->", "\n".join(links))


def notes_for(path: Path, notes_in: Path = FOLDER) -> tuple[dict[str, Note], list[str]]:
    """The notes of a lesson by the ids of slides, and what is wrong with them, in sentences."""
    file = notes_in / f"{path.stem[:2]}.md"
    try:
        lesson = read_notes(file)
    except ValueError as error:
        return {}, [str(error)]
    ids = [slide.id for slide in slides_of(read_lesson(path))]
    return lesson.notes, [f"{file}: {fault}" for fault in faults_of(lesson, ids)]


def main() -> int:
    """Make the decks, and name what is wrong with the notes. 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lab", default=LAB, help="where JupyterLab runs, for links to panels")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "slides", help="the folder")
    parser.add_argument("notebooks", nargs="*", type=Path, help="all lessons if none is named")
    asked = parser.parse_args()
    paths = asked.notebooks or sorted(NOTEBOOKS.glob(LESSON))
    try:
        faults = build(paths, asked.to, asked.lab.rstrip("/"))
    except (OSError, ValueError) as error:
        sys.exit(f"No decks: {error}")
    for fault in faults:
        print(fault)
    print(f"{len(paths)} decks: open {asked.to / 'index.html'}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
