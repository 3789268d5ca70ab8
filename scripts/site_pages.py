"""Writes what the site is made of: notebooks, pages of Markdown, the guide and the reference.

All of it is put where it is in the repository, so that links between files stay what they are.
"""

import base64
import html
import json
import re
import shutil
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from lessons.exercises import EXERCISES
from lessons.panels.controls import PAGE
from scripts import guide, handout
from scripts.course import Course, read_course
from scripts.site_panels import panel
from scripts.site_predictions import later
from scripts.slides import LESSON, LIVE, NOT_SHOWN, PICTURES

ROOT = Path(__file__).resolve().parents[1]
WEBSITE = ROOT / "website"
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted([*FOLDER.glob("*.ipynb"), *FOLDER.glob("torchtext/*.ipynb")])
DOCUMENTS = sorted(
    path
    for pattern in (
        *("C*.md", "docs/*.md", "benchmarks/*.md", "deploy/*/*.md", "instructor/open*.md"),
        *("notebooks/data/*.md", "src/lessons/sources/*/README.md"),
    )
    for path in ROOT.glob(pattern)
)
# What is another page on the site, or a part of one.
MOVED = {
    "README.md": "index.md",
    "instructor": "guide/index.md",
    "src/lessons/questions/misconceptions.md": "guide/misconceptions.md",
}
LONGEST_OF_A_TABLE = 88  # characters
GITHUB = "https://github.com/"
LINK = re.compile(r"(\]\()(?!https?:|mailto:)([^)#]*)(#[^)]+)?(\))")
SOURCE = re.compile(r'<img src="(?!\w+:)([^"]+)"')
DATA_IMAGE = re.compile(r'src="data:image/(png|svg)[^;]*;base64,([^"]+)"')
CHECK = re.compile(r'^check\("(\d\d-\w+)"', re.M)
PREDICT = re.compile(r"^\*\*Predict:\*\* (.+?)(?=\n\n|\Z)", re.M | re.S)
MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.M | re.S)
ROW = re.compile(r"^\| ([^|]+?) \| ([^|]+) \| \[(\d\d)\]\(([^)]+)\.ipynb\) \|$", re.M)
LAYER = re.compile(r"^\| `(\w+)` \| ([^|]+?) \|", re.M)


class Place(NamedTuple):
    """Where a page is, and what all pages are told."""

    file: PurePosixPath  # in the repository, such as notebooks/05_training_loop.ipynb
    folder: Path  # of all pages
    shared: dict[str, Any]

    @property
    def top(self) -> str:
        """The way from the page to the site's folder, such as `../` for a page in `docs`."""
        return "../" * (len(self.file.parts) - 1)


def write_pages(folder: Path, **shared: Any) -> None:
    """Write all pages into this folder. `shared` is what the templates in `website` are told.

    Raises ValueError if a link leads to a file that the course does not have.
    """
    (folder / "_static" / "figures").mkdir(parents=True)
    course = read_course()
    for path in NOTEBOOKS:
        place = Place(PurePosixPath(path.relative_to(ROOT).as_posix()), folder, shared)
        notebook = page_of(nbformat.read(path, as_version=4), place)
        _file(place).write_text(nbformat.writes(notebook), encoding="utf-8")
    for path in DOCUMENTS:
        place = Place(PurePosixPath(path.relative_to(ROOT).as_posix()), folder, shared)
        _file(place).write_text(document(path.read_text(encoding="utf-8"), place), encoding="utf-8")
    (folder / "terms.json").write_text(json.dumps(terms(), ensure_ascii=False), encoding="utf-8")
    write_guide(folder, course)
    write_reference(folder / "reference")
    write_own_pages(folder, course, shared)


def _file(place: Place) -> Path:
    file = place.folder / place.file
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


# ------------------------------------------------------------------------- pages of Markdown


def document(text: str, place: Place) -> str:
    """A page of Markdown: its links as the site has them, and a drawing of arrows as its lines."""
    return MERMAID.sub(_arrows, relinked(text, place))


def _arrows(drawing: re.Match[str]) -> str:
    lines = [line.strip() for line in drawing[1].splitlines() if "-->" in line]
    words = [line.replace("-->", "→").replace(" & ", ", ") for line in lines]
    return "\n".join(["```text", *words, "```"])


def relinked(text: str, place: Place) -> str:
    """A text whose links lead to pages of the site, or to files that are copied beside them."""

    def one(found: re.Match[str]) -> str:
        begin, address, anchor, end = found.groups(default="")
        return begin + _moved(address, place) + _anchor(anchor) + end

    for source in SOURCE.findall(text):
        _moved(source, place)
    return LINK.sub(one, text)


def _anchor(anchor: str) -> str:
    """A place on a page, as forges write it: JupyterLab keeps capitals and commas."""
    return re.sub(r"[^\w#-]", "", anchor.lower())


def _moved(address: str, place: Place) -> str:
    """The address of a page from the top of the site; a file that is no page is copied."""
    if not address:
        return ""
    target = (ROOT / place.file.parent / address).resolve()
    name = target.relative_to(ROOT).as_posix()
    if name in MOVED:
        return f"/{MOVED[name]}"
    if not target.is_file():
        raise ValueError(f"{place.file}: there is no {address}")
    if target not in (*NOTEBOOKS, *DOCUMENTS):
        copied = place.folder / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(target, copied)
    return f"/{name}"


# -------------------------------------------------------------------------------- notebooks


def page_of(notebook: NotebookNode, place: Place) -> NotebookNode:
    """A notebook as a page: figures as files, panels for the page's scripts, code folded up."""
    number = place.file.stem[:2]
    _join_predictions(notebook.cells, place)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = relinked(_as_page(cell.source), place)
            continue
        _figures_to_files(cell, place)
        has_panel = any(map(is_of_a_panel, cell.outputs))
        tags = set(cell.metadata.get("tags", []))
        tags -= {"remove-input", "remove-output"}  # these are for slides
        if has_panel or NOT_SHOWN.search(cell.source):
            tags.add("hide-input")
        if exercise := CHECK.search(cell.source):
            tags.add("exercise")
            starter = panel(_panel_id(cell, place), {"panel": "starter"}, "")
            cell.outputs = [_html(f"{starter}{_hints(exercise[1], place)}")]
        elif has_panel:
            cell.outputs = [_html(panel_html(cell, place))]
        elif _has_long_lines(cell):
            tags.add("long-lines")
        cell.metadata["tags"] = sorted(tags)
    title = notebook.cells[0]
    if number.isdecimal():
        title.source = title.source.replace("# ", f"# {number} ", 1)
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(_run_it(place), id="run-it-yourself"))
    notebook.metadata = {"kernelspec": notebook.metadata.kernelspec}
    return notebook


def _join_predictions(cells: list[NotebookNode], place: Place) -> None:
    """Tell each result of which prediction it is; what cells show between them is folded up."""
    asked: dict[str, tuple[int, dict[str, Any]]] = {}
    for number, cell in enumerate(cells):
        for page in [one.data.get(PAGE, {}) for one in cell.get("outputs", []) if "data" in one]:
            question = page.get("question")
            if question and page["panel"] != "comparison":
                asked[question] = number, {**page, "id": _panel_id(cell, place)}
            elif question in asked:
                before, page["asked"] = asked[question]
                for one in cells[before + 1 : number + 1]:
                    if one.cell_type == "code":
                        one.metadata["around-output"] = later(page["asked"]["id"])


def _panel_id(cell: NotebookNode, place: Place) -> str:
    return f"{place.file.stem[:2]}-{cell.id}"


def _as_page(text: str) -> str:
    """Predictions are set apart; a row of the glossary can be linked to."""

    def asked(found: re.Match[str]) -> str:
        question = found[1][0].upper() + found[1][1:]
        return f":::{{admonition}} Predict\n:class: predict\n{question}\n:::"

    text = PREDICT.sub(asked, text)
    return ROW.sub(
        lambda row: row[0].replace(row[1], f'<span id="{_term_id(row[1])}">{row[1]}</span>', 1),
        text,
    )


def _html(text: str) -> NotebookNode:
    return nbformat.v4.new_output("display_data", data={"text/html": text})


def is_of_a_panel(output: NotebookNode) -> bool:
    """Is it a panel, or what a prediction is compared with?"""
    data = output.get("data", {})
    return PAGE in data or LIVE in data.get("text/plain", "")


def panel_html(cell: NotebookNode, place: Place) -> str:
    """The place of a panel, with what is to be seen there without a script."""
    data = next(one.data for one in cell.outputs if is_of_a_panel(one))
    id = _panel_id(cell, place)
    title, _, words = data["text/plain"].partition(f": {LIVE}")
    shown = data.get("text/html") or _picture(id, title, words.partition("\n")[2], place)
    page = data.get(PAGE, {})
    if not page:
        shown += f'<p>Live in JupyterLab: <a href="{place.top}run.html">run it yourself</a>.</p>'
    return panel(id, page, shown)


def _picture(id: str, title: str, question: str, place: Place) -> str:
    """The picture of a panel that stores no HTML, and its question."""
    words = f"<p><b>{html.escape(title)}</b></p>"
    words += "".join(f"<p>{html.escape(line)}</p>" for line in question.splitlines() if line)
    if not (file := PICTURES / f"{id}.png").exists():
        return words
    name = f"panel-{file.name}"
    shutil.copy(file, place.folder / "_static" / "figures" / name)
    return words + _image(name, f"A picture of the panel {title}.", file.read_bytes(), place)


def _image(name: str, alt: str, png: bytes, place: Place) -> str:
    return (
        f'<img {_address(name, png, place)} alt="{html.escape(alt)}" '
        'style="max-width: 100%; height: auto">'
    )


def _address(name: str, data: bytes, place: Place) -> str:
    """The attributes of an image: where it is and, if it is a PNG, how large."""
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    size = f' width="{width}" height="{height}"' if data.startswith(b"\x89PNG") else ""
    return f'src="{place.top}_static/figures/{name}"{size} loading="lazy"'


def _figures_to_files(cell: NotebookNode, place: Place) -> None:
    """Write the figures that a cell holds into files of their own."""
    numbers = count(1)

    def one(found: re.Match[str]) -> str:
        data = base64.b64decode(found[2])
        name = f"{place.file.stem}-{cell.id}-{next(numbers)}.{found[1]}"
        (place.folder / "_static" / "figures" / name).write_bytes(data)
        return _address(name, data, place)

    for output in cell.outputs:
        if stored := output.get("data", {}).get("text/html"):
            output.data["text/html"] = DATA_IMAGE.sub(one, stored)


def _has_long_lines(cell: NotebookNode) -> bool:
    """Did it print sentences? Their lines are broken on a page; those of a table must not be."""
    printed = "\n".join(output.get("text", "") for output in cell.outputs)
    return any(len(line) > LONGEST_OF_A_TABLE for line in printed.splitlines())


def _hints(id: str, place: Place) -> str:
    """In place of what `check` printed: the hints, folded up, and where answers are tried."""
    hints = [handout.as_html(hint) for hint in EXERCISES[id].hints]
    folded = "".join(
        f"<details><summary>Hint {number} of {len(hints)}</summary>{hint}</details>"
        for number, hint in enumerate(hints, 1)
    )
    run = f'<a href="{place.top}run.html">Run it yourself</a>'
    where = f"<p><code>check</code> tries your answer in JupyterLab. {run}.</p>"
    return f'<div class="hints">{folded}{where}</div>'


def _run_it(place: Place) -> str:
    """How to run this notebook, folded up."""
    name, repository = place.file.name, place.shared["repository"]
    inside = place.file.relative_to("notebooks")
    text = (
        f'<p><a download href="{place.top}{name}">Download this notebook</a>, or '
        f'<a href="{place.top}run.html">the whole course</a>, of which it needs the library. '
        "In its folder, this opens it in JupyterLab:</p>"
        f'<pre>make lab LAB_FLAGS="--LabApp.default_url=/lab/tree/{inside}"</pre>'
    )
    if repository.startswith(GITHUB):
        where = f"{repository.removeprefix(GITHUB)}/HEAD?labpath=notebooks/{inside}"
        binder = f'<a href="https://mybinder.org/v2/gh/{where}">open it on Binder</a>'
        text += f"<p>Or {binder}: nothing to install, slow to start.</p>"
    return f'<details class="run"><summary>Run it yourself</summary>{text}</details>'


# ----------------------------------------------------------------- glossary, guide, reference


def _term_id(name: str) -> str:
    return "term-" + re.sub(r"\W+", "-", name.lower())


def terms() -> list[dict[str, str]]:
    """The rows of the glossary, for the pages on which they occur."""
    return [
        {
            "name": name,
            "id": _term_id(name),
            "meaning": str(handout.as_html(meaning)),
            "lesson": lesson,
            "page": f"notebooks/{page}",
        }
        for name, meaning, lesson, page in ROW.findall(handout.source("glossary", "terms"))
    ]


def write_guide(folder: Path, course: Course) -> None:
    """The pages of the instructor's guide. Those that it takes in are pages of the site already."""
    pages = folder / "guide"
    pages.mkdir()
    guide.write_pages(pages, course)
    handout.main(pages)
    (pages / "handout.html").unlink()
    for name, file in guide.TAKEN_IN.items():
        (pages / f"{name}.md").unlink(missing_ok=True)
        for page in pages.glob("*.md"):
            text = page.read_text(encoding="utf-8").replace(f"({name}.md", f"(/{file}")
            text = re.sub(rf"^{name}$", f"/{file.removesuffix('.md')}", text, flags=re.M)
            page.write_text(text, encoding="utf-8")
    more = '<a href="../slides/index.html">The slides</a> open in a browser'
    if (handout.BUILD / "guide.pdf").exists():
        shutil.copy(handout.BUILD / "guide.pdf", pages)
        more = f"[The guide as a PDF](guide.pdf). {more}"
    index = pages / "index.md"
    title, _, text = index.read_text(encoding="utf-8").partition("\n")
    index.write_text(f"{title}\n\n{more}.\n{text}", encoding="utf-8")


def write_reference(folder: Path) -> None:
    """A page for each layer of the library, in the order of the table that describes them."""
    folder.mkdir()
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## Who")[0]
    layers = LAYER.findall(table)
    for name, what in layers:
        modules = modules_of(name)
        parts = [f"# `lessons.{name}`"]
        parts += [what[0].upper() + what[1:] + "."] * (len(modules) > 1)
        for module in modules:
            parts += [f"## `{module}`" * (module != f"lessons.{name}")]
            parts += [f"```{{eval-rst}}\n.. automodule:: {module}\n```"]
        (folder / f"{name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    rows = "\n".join(f"| [`{name}`]({name}.md) | {what} |" for name, what in layers)
    names = "\n".join(name for name, _ in layers)
    page = (WEBSITE / "reference.md").read_text(encoding="utf-8")
    page = page.replace("{rows}", rows).replace("{names}", names)
    (folder / "index.md").write_text(page, encoding="utf-8")


def modules_of(layer: str) -> list[str]:
    """The modules of a layer. Checks and solutions are no reference: they would give it away."""
    place = ROOT / "src" / "lessons" / layer
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    names = [".".join(file.relative_to(ROOT / "src").with_suffix("").parts) for file in files]
    names = [name for name in names if not re.search(r"\.(lesson_\d\d|__main__)$", name)]
    return [name.removesuffix(".__init__") for name in names]


# -------------------------------------------------------------------------- the site's own pages


def write_own_pages(folder: Path, course: Course, shared: dict[str, Any]) -> None:
    """The pages in `website`, which are templates: what others say already is put in."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## ([^\n]+)\n+(.*?)(?=^## |\Z)", readme, re.M | re.S))
    place = Place(PurePosixPath("README.md"), folder, shared)
    environment = handout.templates(WEBSITE, keep_trailing_newline=True)
    given = {
        "lessons": [
            (lesson, path, _question(path))
            for lesson, path in zip(course.lessons, sorted(FOLDER.glob(LESSON)), strict=True)
        ],
        "readme": {name: relinked(text, place) for name, text in sections.items()},
        "documents": [path.relative_to(ROOT).with_suffix("") for path in DOCUMENTS],
        "taken_in": [name.removesuffix(".md") for name in guide.TAKEN_IN.values()],
        **shared,
    }
    for template in WEBSITE.glob("*.md.j2"):
        text = environment.get_template(template.name).render(**given)
        (folder / template.stem).write_text(text, encoding="utf-8")


def _question(path: Path) -> str:
    """The question that a lesson answers: the sentence under its title."""
    title = str(nbformat.read(path, as_version=4).cells[0].source)
    found = re.search(r"^\*([^*]+)\*$", title, re.M | re.S)
    return " ".join(found[1].split()) if found else ""
