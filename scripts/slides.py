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
from scripts.notes import Note, faults_of, notes_file, read_notes

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
LESSON = "[0-9][0-9]_*.ipynb"
DRAWING = NOTEBOOKS / "img" / "pipeline.svg"
TEMPLATES = ROOT / "instructor"
LAB = "http://localhost:8888"
LIVE = "live in JupyterLab, when the cell has run"  # what a stored panel says of itself
PREDICT = re.compile(r"\*\*Predict\b")
SKIPPED_CODE = re.compile(r"# drawing: skip it")
SVG = "http://www.w3.org/2000/svg"


class Slide(NamedTuple):
    """What is on the screen at a time, when all of its steps are done."""

    cells: list[NotebookNode]
    below: bool  # is it a sub-slide?

    @property
    def id(self) -> str:
        """The id of its first cell, by which its note is found."""
        return str(self.cells[0].id)


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
    notebook = nbformat.read(path, as_version=4)
    slides = slides_of(notebook)
    for slide, following in zip(slides, [*slides[1:], None], strict=True):
        _lay_out(slide)
        first, last = slide.cells[0].metadata.deck, slide.cells[-1].metadata.deck
        first |= {"opens": True, "opens_stack": not slide.below}
        first["note"] = note_html(notes[slide.id]) if slide.id in notes else ""
        last |= {"closes": True, "closes_stack": following is None or not following.below}
        for cell in slide.cells:
            cell.metadata.deck["live"] = is_panel(cell) and lab_link(path, cell, lab)
    slides[0].cells[0].metadata.deck["drawing"] = drawing_for(path.stem[:2])
    notebook.cells = [cell for slide in slides for cell in slide.cells]
    return notebook


def _lay_out(slide: Slide) -> None:
    """Say of each cell of a slide in which step it comes, and how it is shown."""
    step, asked, column = 0, False, 1
    for cell in slide.cells:
        tags = set(cell.metadata.get("tags", []))
        is_code = cell.cell_type == "code"
        later = is_code and "output-later" in tags
        step += slide_type(cell) == "fragment" or (asked and not later)
        opens_right = column == 1 and "right" in tags
        column += opens_right
        cell.metadata.deck = {
            "step": step,
            "output_step": step + 1 if later else 0,
            "right": opens_right,
            "input": not (SKIPPED_CODE.search(cell.source) or is_panel(cell))
            and "remove-input" not in tags,
            "classes": _classes(cell, tags, step),
        }
        step += later
        asked = not is_code and bool(PREDICT.search(cell.source))
        if "remove-output" in tags:
            cell.outputs = []
        if is_panel(cell):
            _hide_answers(cell)
    slide.cells[0].metadata.deck["columns"] = column


def _classes(cell: NotebookNode, tags: set[str], step: int) -> str:
    """The classes of a cell in the style sheet."""
    html = "".join(out.get("data", {}).get("text/html", "") for out in cell.get("outputs", []))
    classes = {
        "code" if cell.cell_type == "code" else "text": True,
        "fragment": step,
        "figure": "<img" in html or "<svg" in html,
        "panel": is_panel(cell),
        "beside": "beside" in tags,
    }
    return " ".join(name for name, applies in classes.items() if applies)


def is_panel(cell: NotebookNode) -> bool:
    """Does this cell show something that is live in JupyterLab alone?"""
    outputs = cell.get("outputs", [])
    return any(LIVE in output.get("data", {}).get("text/plain", "") for output in outputs)


def _hide_answers(cell: NotebookNode) -> None:
    """Take out of a panel's picture what folds out: in front of a class, it is not there yet."""
    for output in cell.outputs:
        if text := output.get("data", {}).get("text/html"):
            output.data["text/html"] = re.sub(r"<details>.*?</details>", "", text, flags=re.S)


def lab_link(path: Path, cell: NotebookNode, lab: str) -> str:
    """The address of a cell in a running JupyterLab."""
    return f"{lab}/lab/tree/{path.name}#cell-id={cell.id}"


def note_html(note: Note) -> str:
    """A note for the speaker view."""
    minutes = f"<p><i>{note.minutes:g} min</i></p>"
    parts = (f"**{paragraph.kind}.** {paragraph.text}" for paragraph in note.paragraphs)
    return minutes + str(markdown2html("\n\n".join(parts)))


def drawing_for(lesson: str) -> str:
    """The drawing of the pipeline, with the parts marked that a lesson is about.

    In the drawing, each part names its lessons. One that no part names is about the whole.
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.parse(DRAWING).getroot()
    parts = [part for part in root.iter(f"{{{SVG}}}g") if "data-lessons" in part.attrib]
    here = [part for part in parts if lesson in part.attrib["data-lessons"].split()]
    for part in parts:
        part.attrib["class"] += " here" if part in here or not here else " elsewhere"
    return ElementTree.tostring(root, encoding="unicode")


# --------------------------------------------------------------------------------- the pages


def exporter() -> HTMLExporter:
    """Nbconvert with the course's template."""
    config = Config()
    config.CSSHTMLHeaderPreprocessor.style = "vs"
    return HTMLExporter(
        config=config,
        template_name="slides",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_anchor_links=True,
        embed_images=True,
    )


def page_of(path: Path, notes: dict[str, Note], lab: str) -> str:
    """The deck of a lesson, as HTML."""
    notebook = deck_of(path, notes, lab)
    resources = {"metadata": {"path": str(path.parent), "name": path.stem}}
    page, _ = exporter().from_notebook_node(notebook, resources)
    return _point_links(page, lab)


def _point_links(page: str, lab: str) -> str:
    """Links to lessons lead to their decks, others to the page in JupyterLab."""
    page = re.sub(r'href="(\d\d_\w+)\.ipynb(?:#[^"]*)?"', r'href="\1.html"', page)
    return re.sub(r'href="(\w+\.ipynb[^"]*)"', rf'href="{html.escape(lab)}/lab/tree/\1"', page)


def copy_assets(target: Path) -> None:
    """What all decks share: reveal.js, its speaker view, the letters and the style sheet."""
    reveal = Path(str(files("sphinx_revealjs"))) / "_static" / "revealjs"
    letters = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    source_sans = reveal / "dist" / "theme" / "fonts" / "source-sans-pro"
    wanted = [
        *(reveal / name for name in ("dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js")),
        *source_sans.glob("*.woff"),
        *(letters / name for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")),
        *letters.glob("DejaVuSansMono*.ttf"),
        TEMPLATES / "slides" / "deck.css",
    ]
    for file in wanted:
        shutil.copy(file, target)
    for licence in (reveal / "LICENSE", source_sans / "LICENSE", letters / "LICENSE_DEJAVU"):
        shutil.copy(licence, target / f"LICENSE-{licence.parent.name}.txt")


def build(paths: list[Path], target: Path, lab: str) -> list[str]:
    """Make the decks of these lessons. Returns what is wrong with their notes, in sentences."""
    (target / "deck").mkdir(parents=True, exist_ok=True)
    copy_assets(target / "deck")
    faults = []
    for path in paths:
        notes: dict[str, Note] = {}
        try:
            lesson = read_notes(notes_file(path))
        except ValueError as error:
            faults.append(str(error))
        else:
            notes = lesson.notes
            ids = [slide.id for slide in slides_of(nbformat.read(path, as_version=4))]
            faults += [f"{notes_file(path)}: {fault}" for fault in faults_of(lesson, ids)]
        page = page_of(path, notes, lab)
        (target / f"{path.stem}.html").write_text(page, encoding="utf-8")
    return faults


def main() -> int:
    """Make the decks, and name what is wrong with the notes. 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lab", default=LAB, help="where JupyterLab runs, for links to panels")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "slides", help="the folder")
    parser.add_argument("notebooks", nargs="*", type=Path, help="all lessons if none is named")
    asked = parser.parse_args()
    paths = asked.notebooks or sorted(NOTEBOOKS.glob(LESSON))
    faults = build(paths, asked.to, asked.lab.rstrip("/"))
    for fault in faults:
        print(fault)
    print(f"{len(paths)} decks are in {asked.to}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
