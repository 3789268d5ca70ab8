"""The notebooks' form. What they print, nbval compares."""

import ast
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from lesson_notebooks import NOTEBOOKS, PAGES, exercises_of, read
from nbconvert import ScriptExporter

from lessons.panels.controls import PAGE
from scripts.slides import LIVE

ROOT = Path(__file__).parents[2]
FROM_TORCHTEXT = ROOT / "notebooks" / "torchtext" / "from_torchtext.ipynb"  # runs elsewhere

GLOSSARY = ROOT / "notebooks" / "glossary.ipynb"  # a table to look something up in
DRAWING = ROOT / "notebooks" / "img" / "pipeline.svg"

ALL = [*NOTEBOOKS, *PAGES, FROM_TORCHTEXT]
every_notebook = pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
every_page = pytest.mark.parametrize(  # that is read from top to bottom
    "path", [path for path in ALL if path != GLOSSARY], ids=lambda path: path.stem
)


def sources(path, kind):
    return [cell.source for cell in read(path).cells if cell.cell_type == kind]


@every_notebook
def test_form(path):
    notebook = read(path)
    nbformat.validate(notebook)
    prose = "\n".join(sources(path, "markdown"))
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose, re.M)]
    assert levels[0] == 1
    assert set(levels[1:]) <= {2}
    for cell in notebook.cells:
        assert not re.fullmatch(r"[0-9a-f]{8}(-.*)?", cell.id), "cell ids are words"
        if cell.cell_type == "code":
            lines = [line for line in cell.source.splitlines() if line]
            assert len(lines) <= 12
            assert max(map(len, lines)) <= 88
            assert cell.execution_count, "run `make refresh`"


@every_notebook
def test_each_stored_panel_says_what_the_site_needs_to_let_it_answer(path):
    outputs = [output for cell in read(path).cells for output in cell.get("outputs", [])]
    panels = [one.data for one in outputs if LIVE in one.get("data", {}).get("text/plain", "")]
    assert [data["text/plain"] for data in panels if PAGE not in data] == [], "run `make refresh`"
    if path in NOTEBOOKS:
        assert len(panels) >= 2  # the questions and the progress


@every_notebook
def test_nothing_is_exempt_from_comparison(path):
    text = path.read_text()
    assert not re.search(r"nbval|# ?pytest", text, re.I)
    assert "iopub" not in text  # timestamps
    assert "<script" not in text.lower()  # neither in the outputs nor elsewhere
    assert all(
        output.output_type in ("stream", "execute_result", "display_data")
        for cell in read(path).cells
        for output in cell.get("outputs", [])
    )


@every_notebook
def test_every_picture_has_words_and_a_sentence_about_it(path):
    cells = read(path).cells
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            if "<img" in html:
                assert len(re.search(r'alt="([^"]+)"', html)[1]) > 30
                assert following.cell_type == "markdown"
            assert "image/png" not in output.get("data", {})  # an image without words
        if cell.cell_type == "markdown":
            assert "![" not in cell.source
            for drawn in re.findall(r"<img[^>]*>", cell.source):
                assert len(re.search(r'alt="([^"]+)"', drawn)[1]) > 30
                assert (path.parent / re.search(r'src="([^"]+)"', drawn)[1]).exists()


@every_notebook
def test_it_can_be_saved_as_a_script(path):
    """`jupyter nbconvert --to script` reads from the metadata which language it is."""
    code, resources = ScriptExporter().from_filename(path)
    assert resources["output_extension"] == ".py"
    compile(code, path.stem, "exec")
    assert not re.search(r'"version"', json.dumps(read(path).metadata))  # of nobody's Python


# ------------------------------------------------------- the code shown is the code that runs


class Bare(ast.NodeTransformer):
    """Leaves docstrings and annotations out."""

    def visit_FunctionDef(self, node):
        node.returns = None
        return self.visit_ClassDef(node)

    def visit_ClassDef(self, node):
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        return self.generic_visit(node)

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):  # `logits: Tensor = ...`, but not the fields of a class
        return ast.Assign([node.target], node.value) if node.value else node


def definitions(source):
    """The functions and classes of a module or cell: names and bare syntax trees."""
    return [
        (node.name, ast.dump(Bare().visit(node)))
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]


def code_of(path):
    """The code of a page: that of its cells, and that which stands between its words."""
    blocks = re.findall(r"^```python\n(.*?)^```", "\n".join(sources(path, "markdown")), re.M | re.S)
    return [*sources(path, "code"), *blocks]


OTHERS = ("classroom", "exercises", "panels", "progress", "project")  # have names of their own
SOURCE = ROOT / "src/lessons"
MODULES = sorted(
    path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in OTHERS
)
LIBRARY, PROJECT = (
    dict(pair for path in paths for pair in definitions(path.read_text(encoding="utf-8")))
    for paths in (MODULES, sorted((SOURCE / "project").glob("*.py")))
)


def held_for(path):
    """What a page shows the code of: the library, or the project if it copies that."""
    return PROJECT if "new_project(" in "".join(sources(path, "code")) else LIBRARY


@every_notebook
def test_what_is_shown_and_held_by_the_library_or_the_project_is_the_same_code(path):
    shown = [pair for code in code_of(path) for pair in definitions(code)]
    code = held_for(path)
    held = [(name, tree) for name, tree in shown if name in code]
    assert held == [(name, code[name]) for name, _ in held]


def test_what_the_lessons_show_is_looked_at():
    """Also what stands in a text cell, as it has more lines than a code cell may have."""
    shown = {name for path in NOTEBOOKS for code in code_of(path) for name, _ in definitions(code)}
    assert {"train_step", "average", "evaluate", "TextClassifier"} <= shown & LIBRARY.keys()
    (path,) = (path for path in NOTEBOOKS if held_for(path) is PROJECT)
    shown = {name for code in code_of(path) for name, _ in definitions(code)}
    assert {"TextDataset", "collate", "train_one_epoch", "class_weights"} <= shown & PROJECT.keys()


@pytest.mark.parametrize(
    ("module", "line", "other", "name"),
    [
        ("training", "    optimizer.zero_grad()\n", "", "train_step"),
        ("model", "-0.1, 0.1", "-0.2, 0.1", "TextClassifier"),
        ("project/train", "        loss.backward()\n", "", "train_one_epoch"),
    ],
)
def test_another_line_would_be_noticed(module, line, other, name):
    source = (SOURCE / f"{module}.py").read_text()
    assert line in source
    code = PROJECT if module.startswith("project") else LIBRARY
    assert dict(definitions(source.replace(line, other)))[name] != code[name]
    bare = re.sub(r' +""".*?"""\n', "", source, flags=re.S).replace(" -> Scores", "")
    assert dict(definitions(bare))[name] == code[name]


# ---------------------------------------------------------------- what a reader holds on to


def following(path):
    """The link at the end of a page."""
    if path == FROM_TORCHTEXT:
        return "../02_loaders.ipynb"  # back to the lesson that led there
    if path in PAGES:
        return NOTEBOOKS[1].name  # a beginner reads it after the first lesson
    return NOTEBOOKS[(NOTEBOOKS.index(path) + 1) % len(NOTEBOOKS)].name


@every_page
def test_it_ends_with_three_lines_and_a_link_on(path):
    last = sources(path, "markdown")[-1]
    assert last.startswith("## In three lines\n")
    assert len(re.findall(r"^- ", last, re.M)) == 3
    assert re.search(rf"\({re.escape(following(path))}\)\.?$", last.rstrip())


@every_notebook
def test_its_links_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)]+)\)", "\n".join(sources(path, "markdown"))):
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(path):
    """What a link can lead to in a notebook: its headings, as JupyterLab names them."""
    headings = re.findall(r"^#+ (.+)$", "\n".join(sources(path, "markdown")), re.M)
    return {heading.replace(" ", "-") for heading in headings}


def reading(path):
    """The minutes of a slow reader: one for 110 words of prose, and one for each cell of code."""
    words = sum(len(text.split()) for text in sources(path, "markdown"))
    return math.ceil(words / 110 + len(sources(path, "code")))


def solving(path):
    """The minutes for the exercises, six for each."""
    return 6 * len(exercises_of(read(path))[1])


@every_page
def test_its_minutes_are_those_of_a_slow_reader(path):
    """How long readers took: lessons 01 to 04 with their exercises 70, 82, 66 and 78 minutes."""
    more = f" to read and run, and {solving(path)} for the exercises" if solving(path) else ""
    sentence = f"This takes about {reading(path)} minutes{more}."
    assert sentence in " ".join(sources(path, "markdown")[0].split())


@every_page
def test_a_long_page_has_one_good_place_for_a_break_near_its_middle(path):
    cells = read(path).cells
    sentence = re.compile(r"^\*\*A good place for a break\.\*\* [A-Z][^.?!]{30,}\.(\n\n|\Z)", re.M)
    breaks = [i / len(cells) for i, cell in enumerate(cells) if sentence.search(cell.source)]
    assert len(breaks) == 1 or (not breaks and reading(path) <= 40)
    assert all(0.35 <= place <= 0.65 for place in breaks)


@every_page
def test_it_can_be_presented(path):
    slides = [
        cell
        for cell in read(path).cells
        if cell.metadata.get("slideshow", {}).get("slide_type") == "slide"
    ]
    assert slides[0].source.startswith("# ")
    assert len(slides) >= 4


# ---------------------------------------------------------------------- coming from torchtext


def test_one_click_leads_from_lesson_02_and_from_the_glossary_to_torchtext():
    (prose,) = (text for text in sources(NOTEBOOKS[2], "markdown") if "**torchtext**" in text)
    glossary = "\n".join(sources(GLOSSARY, "markdown"))
    (row,) = re.findall(r"^\| torchtext \|.*$", glossary, re.M)
    for words in (prose, row):
        assert "](torchtext/from_torchtext.ipynb)" in words


@pytest.mark.parametrize("line", ["import torchtext", "from torchtext.vocab import GloVe"])
def test_torchtext_in_a_lesson_is_answered_with_the_way_there(line):
    run = subprocess.run(
        [sys.executable, "-c", line],
        cwd=ROOT / "notebooks",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ImportError: torchtext is not part of this course" in run.stderr
    assert (ROOT / "notebooks" / re.search(r"Open (\S+),", run.stderr)[1]) == FROM_TORCHTEXT


def test_make_test_collects_neither_that_notebook_nor_its_tests():
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    command += ["--ignore-glob=*/test_[a-s]*.py"]  # most of the tests, to save time
    collected = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "notebooks/02_loaders.ipynb" in collected
    assert "tests/unit/test_text.py" in collected
    assert "notebooks/torchtext" not in collected
    assert "torchtext_equal" not in collected


# --------------------------------------------------------------------------- the glossary


def glossary():
    """The terms of the table, each with the lesson that it leads to."""
    (table,) = (text for text in sources(GLOSSARY, "markdown") if "| term |" in text)
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| \[(\d\d)\]\((\2_.+?\.ipynb)\) \|$", table, re.M)
    assert len(rows) == len(table.strip().split("\n")) - 2  # the head has two lines
    return {term: file for term, _, file in rows}


def prose_of(path):
    """The prose of a lesson, cell by cell, without its title, recap, headings, links and code."""
    for text in sources(path, "markdown")[1:]:
        if not text.startswith("## In three lines"):
            yield re.sub(r"^#.*$|\]\(.*?\)|`[^`]*`|<a .*?</a>|<img [^>]*>", "", text, flags=re.M)


def test_the_glossary_is_sorted_and_long():
    terms = [term.lower() for term in glossary()]
    assert terms == sorted(set(terms))
    assert len(terms) > 50


def test_one_click_leads_from_lessons_00_and_07_to_the_glossary():
    for path in (NOTEBOOKS[0], NOTEBOOKS[7]):
        assert f"]({GLOSSARY.name})" in "\n".join(sources(path, "markdown"))


@pytest.mark.parametrize("term", glossary())
def test_a_term_is_explained_where_it_is_first_used(term):
    """The first cell that uses a term has it in bold, where the lessons define it."""
    word = re.compile(rf"\b{re.escape(term)}(?:s|es)?\b", re.I)
    path, first = next(
        (path, text) for path in NOTEBOOKS for text in prose_of(path) if word.search(text)
    )
    assert any(map(word.search, re.findall(r"\*\*([^*]+)\*\*", first))), f"{path.stem}: {first}"


# ------------------------------------------------------------------ the drawing of the pipeline


def test_what_is_drawn_is_linked_in_the_same_words():
    prose = "\n".join(sources(NOTEBOOKS[0], "markdown"))
    assert DRAWING.name in prose
    parts = ElementTree.parse(DRAWING).findall(".//*[@class='part']")
    links = re.findall(r"^- \[([^\]]+)\]\((\d\d)_", prose, re.M)
    assert sorted(words.strip("*") for words, _ in links) == sorted(part.text for part in parts)
    assert [lesson for _, lesson in links] == sorted(lesson for _, lesson in links)


def luminance(colour):
    """How light a colour is, from 0 to 1, as WCAG reckons it."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(weight * s for weight, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """From 1 to 21: text needs 4.5, and a line 3."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_drawing_can_be_read_on_light_and_dark_pages():
    drawing = DRAWING.read_text()
    rules = dict(re.findall(r"^ *([^\n{]+) \{ (.*) \}$", drawing, re.M))
    colour = {
        name: re.search(r"(?:fill|stroke): (#\w{6})|$", rule)[1] for name, rule in rules.items()
    }
    boxes = [rule for name, rule in colour.items() if name.endswith("rect")]
    assert len(boxes) == 4 and all(contrast(colour["text"], box) >= 4.5 for box in boxes)
    for page in ("#ffffff", "#111111"):  # JupyterLab's
        assert contrast(colour[".line"], page) >= 3 and contrast(colour[".head"], page) >= 3
    root = ElementTree.parse(DRAWING).getroot()
    assert len(root.findtext("{*}desc")) > 30
    assert not re.search("<script|href|url\\((?!#)", drawing)  # all that it needs is in it
