"""Decks of slides, as far as no browser is needed: steps, columns, panels, links, the drawing."""

import re
import sys
from functools import cache
from html.parser import HTMLParser

import nbformat
import panel_sources
import pytest
from lesson_notebooks import NOTEBOOKS, read
from panel_sources import KEY, made_of, panels_of, picture_of
from PIL import Image

from lessons.panels.prediction import NONE
from scripts import slides
from scripts.notes import Note, Paragraph
from scripts.slides import build, drawing_for, page_of

LAB = "http://localhost:9999"

every_lesson = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


class Tree(HTMLParser):
    """All tags of a page, with what they are in and the text that is in them."""

    VOID = frozenset({"img", "link", "meta", "br", "hr", "input", "source", "wbr"})

    def __init__(self, page):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        one = {"tag": tag, "within": list(self.open), "text": "", **dict(attrs)}
        self.tags.append(one)
        if tag not in self.VOID:
            self.open.append(one)

    def handle_endtag(self, tag):
        while tag not in self.VOID and self.open and self.open.pop()["tag"] != tag:
            pass

    def handle_data(self, data):
        for one in self.open:
            one["text"] += data

    def of_class(self, name):
        return [one for one in self.tags if name in (one.get("class") or "").split()]


def text(id, source, kind="-", *tags):
    return nbformat.v4.new_markdown_cell(source, id=id, metadata=metadata(kind, tags))


def code(id, source, output, kind="-", *tags):
    if isinstance(output, str):
        output = nbformat.v4.new_output("stream", name="stdout", text=output)
    return nbformat.v4.new_code_cell(
        source, id=id, execution_count=1, outputs=[output], metadata=metadata(kind, tags)
    )


def metadata(kind, tags):
    return {"slideshow": {"slide_type": kind}, "tags": list(tags)}


def panel(id, words, html=None):
    data = {"text/plain": words} | ({"text/html": html} if html else {})
    return code(id, "Panel()", nbformat.v4.new_output("display_data", data=data))


@pytest.fixture
def deck(tmp_path):
    """The deck of a lesson with these cells, and the notes of its slides."""

    def deck(*cells, notes=()):
        path = tmp_path / "10_more.ipynb"
        cells = [text("title", "# More\n\n*Why?*", "slide"), *cells]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return Tree(page_of(path, {note.cell: note for note in notes}, LAB))

    return deck


def cell(tree, id):
    (found,) = (one for one in tree.tags if one.get("data-id") == id)
    return found


def step(one):
    return int(one.get("data-fragment-index") or 0)


def part_of(tree, id, name):
    """What is of a class, such as out, within a cell."""
    return [one for one in tree.of_class(name) if cell(tree, id) in one["within"]]


# ---------------------------------------------------------------------- steps and columns


def test_what_follows_a_prediction_comes_with_one_more_step(deck):
    tree = deck(
        text("ask", "**Predict:** how many?", "slide"),
        code("answer", "print(1)", "one"),
        text("read", "It is one."),
        text("again", "More.", "fragment"),
    )
    assert [step(cell(tree, id)) for id in ("ask", "answer", "read", "again")] == [0, 1, 1, 2]
    assert all(
        ("fragment" in cell(tree, id)["class"].split()) == (id != "ask")
        for id in ("ask", "answer", "read", "again")
    )


def test_the_output_can_come_after_its_code(deck):
    tree = deck(
        text("ask", "**Predict:** how many?", "slide"),
        code("answer", "print(1)", "one", "-", "output-later"),
        text("read", "It is one."),
    )
    assert [step(cell(tree, id)) for id in ("ask", "answer", "read")] == [0, 0, 1]
    (out,) = part_of(tree, "answer", "out")
    assert step(out) == 1 and "fragment" in out["class"].split()


def test_steps_are_counted_from_slide_to_slide(deck):
    tree = deck(
        text("one", "One.", "slide"),
        text("two", "Two.", "fragment"),
        text("three", "Three.", "subslide"),
        text("four", "Four.", "fragment"),
    )
    assert [step(cell(tree, id)) for id in ("one", "two", "three", "four")] == [0, 1, 0, 1]
    sections = [one for one in tree.tags if one["tag"] == "section"]
    inside = {one["data-cell"]: one["within"][-1] for one in sections if "data-cell" in one}
    assert inside["one"] is inside["three"] and inside["title"] is not inside["one"]


def test_tags_leave_out_code_or_output_or_put_it_beside(deck):
    tree = deck(
        code("bare", "a = 1", "out", "slide", "remove-input"),
        code("drawing", "a = 1  # drawing: skip it", "out"),
        code("quiet", "a = 1", "out", "-", "remove-output"),
        code("beside", "a = 1", "out", "-", "beside"),
    )
    shown = {
        id: (len(part_of(tree, id, "code")), len(part_of(tree, id, "out")))
        for id in ("bare", "drawing", "quiet", "beside")
    }
    assert shown == {"bare": (0, 1), "drawing": (0, 1), "quiet": (1, 0), "beside": (1, 1)}
    assert "beside" in cell(tree, "beside")["class"].split()


def test_a_second_column_begins_at_the_tag(deck):
    tree = deck(
        text("left", "A", "slide"),
        text("right", "B", "-", "right"),
        text("below", "C", "-", "right"),
    )
    columns = {id: cell(tree, id)["within"][-1] for id in ("left", "right", "below")}
    assert columns["left"] is not columns["right"] and columns["right"] is columns["below"]
    assert {one["class"] for one in columns.values()} == {"column"}


def test_a_slide_without_a_heading_repeats_the_last_one_outside_of_the_outline(deck):
    tree = deck(
        text("one", "## The `loop`\n\nA", "slide"),
        text("more", "B", "subslide"),
        code("run", "# no heading", "out", "subslide"),
        text("two", "## Stop\n\nC", "slide"),
        text("last", "D", "subslide"),
    )
    repeated = {
        one["within"][-1]["data-cell"]: (one["tag"], one["text"])
        for one in tree.of_class("continued")
    }
    loop = ("p", "The loop, continued")
    assert repeated == {"more": loop, "run": loop, "last": ("p", "Stop, continued")}
    headings = [one["text"] for one in tree.tags if re.fullmatch(r"h\d", one["tag"])]
    assert headings == ["More", "The loop", "Stop"]


def test_what_folds_out_in_the_notebook_comes_with_its_own_step(deck):
    tree = deck(
        text("ask", "**Predict:** how many?", "slide"),
        text("answer", "<details>\n<summary>Answer</summary>\n\nTen.\n\n</details>"),
    )
    answer = cell(tree, "answer")
    assert step(answer) == 1 and answer["text"].strip() == "Ten."
    assert [one["tag"] for one in tree.tags if one["tag"] in ("details", "summary")] == []


@every_lesson
def test_no_answer_folds_out_in_the_cell_that_asks(path):
    prose = [one.source for one in shown_cells(path) if one.cell_type == "markdown"]
    assert [one for one in prose if slides.PREDICT.search(one) and "<details" in one] == []


@every_lesson
def test_the_class_is_not_told_that_it_made_no_prediction(path):
    assert slides.NO_PREDICTION.strip() == NONE
    stored = [str(one.get("outputs", "")) for one in shown_cells(path)]
    assert NONE not in "".join(one["text"] for one in tree_of(path).of_class("cell"))
    if path.stem.startswith(("06", "07")):
        assert NONE in "".join(stored)  # so it is the deck that leaves it out


def test_skipped_cells_are_not_in_the_deck(deck):
    tree = deck(code("secret", "a = 1", "out", "skip"), text("shown", "A", "slide"))
    assert "secret" not in {one.get("data-id") for one in tree.tags}


def test_all_kinds_of_outputs_are_kept(deck):
    new = nbformat.v4.new_output
    tree = deck(
        code("result", "1", new("execute_result", data={"text/plain": "A<b"}), "slide"),
        code("html", "1", new("display_data", data={"text/html": "<em>B</em>", "text/plain": "?"})),
        code("svg", "1", new("display_data", data={"image/svg+xml": "<svg>C</svg>"})),
        code("png", "1", new("display_data", data={"image/png": "QUJD"})),
        code("error", "1", new("error", ename="ValueError", evalue="D", traceback=[])),
    )
    words = {id: part_of(tree, id, "out")[0]["text"].strip() for id in ("result", "html", "svg")}
    assert words == {"result": "A<b", "html": "B", "svg": "C"}
    assert "data:image/png;base64,QUJD" in [one.get("src") for one in tree.tags]
    assert "ValueError: D" in part_of(tree, "error", "out")[0]["text"]


def test_notes_are_where_the_speaker_view_looks_for_them(deck):
    note = Note("loop", 2.5, (Paragraph("Say", "Look at `zip`."), Paragraph("Ask", "Why?")))
    tree = deck(text("loop", "Loop.", "slide"), notes=[note])
    asides = {one["within"][-1]["data-cell"]: one["text"].strip() for one in tree.of_class("notes")}
    assert asides == {"title": "", "loop": "2.5 minutes\nSay. Look at zip.\nAsk. Why?"}


# -------------------------------------------------------------------- panels and links


@every_lesson
def test_the_picture_of_a_panel_is_as_new_as_the_code_that_draws_it(path):
    """If this fails, look at the panels and take them anew: see the message."""
    again = f"python tests/helpers/panel_pictures.py notebooks/{path.name}"
    for _, one in panels_of(path):
        file = picture_of(path, one)
        assert file.exists(), f"no picture of the panel {one.id}: {again}"
        with Image.open(file) as image:
            assert image.info.get(KEY) == made_of(one), f"{file.name} is older: {again}"


def test_no_picture_is_left_of_a_panel_that_is_gone():
    wanted = {picture_of(path, one) for path in NOTEBOOKS for _, one in panels_of(path)}
    assert set(slides.PICTURES.glob("*.png")) == wanted


def test_what_changes_the_look_of_a_panel_is_noticed_and_a_comment_is_not(monkeypatch):
    (lab,) = (one for path in NOTEBOOKS[5:6] for _, one in panels_of(path) if one.id == "lab")
    before, source_of = made_of(lab), panel_sources.source_of

    def name_with(module, line):
        changed = {module: line + "\n" + source_of(module)}
        monkeypatch.setattr(panel_sources, "source_of", lambda n: changed.get(n) or source_of(n))
        return made_of(lab)

    drawn_by = ("panels.training_lab", "panels.live_plot", "figures.plots", "panels.controls")
    assert all(name_with(module, "COLOUR = 1") != before for module in drawn_by)
    assert name_with("panels.live_plot", "# in other words") == before
    assert name_with("panels.word_map", "COLOUR = 1") == before  # another panel
    with pytest.raises(LookupError, match="no class of lessons.panels"):
        made_of(text("lost", "nothing"))


LIVE = "Cut the pile: live in JupyterLab, when the cell has run."


def test_a_panel_shows_what_it_says_of_itself_and_a_link_to_it(deck):
    tree = deck(text("go", "Go.", "slide"), panel("cut", LIVE + " In a script: no.\nHow many < 5?"))
    (out,) = part_of(tree, "cut", "out")
    assert out["text"].strip() == "Cut the pileHow many < 5?"
    assert part_of(tree, "cut", "code") == []
    (link,) = (one for one in tree.tags if cell(tree, "cut") in one["within"] and one["tag"] == "a")
    assert link["href"] == f"{LAB}/lab/workspaces/slides/tree/10_more.ipynb#cell-id=cut"


def test_a_panel_shows_what_it_stores_without_its_answers(deck):
    html = "<p>Is it so?</p><details><summary>Answer</summary>Yes</details>"
    tree = deck(text("go", "Go.", "slide"), panel("ask", LIVE, html))
    assert part_of(tree, "ask", "out")[0]["text"].strip() == "Is it so?"


def test_a_panel_shows_its_picture(deck, tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "PICTURES", tmp_path)
    (tmp_path / "10-cut.png").touch()
    tree = deck(text("go", "Go.", "slide"), panel("cut", LIVE))
    (image,) = (one for one in tree.tags if one["tag"] == "img")
    assert image["srcset"] == "deck/10-cut.png 2x" and image["alt"] == "The panel Cut the pile."


@every_lesson
def test_no_panel_is_an_empty_hole(path):
    """Each has a picture or a sentence, and no text of a widget."""
    tree = tree_of(path)
    panels = tree.of_class("panel")
    assert len(panels) == sum(map(slides.is_panel, shown_cells(path)))
    for one in panels:
        inside = [tag for tag in tree.tags if one in tag["within"]]
        (out,) = (tag for tag in inside if "out" in (tag.get("class") or "").split())
        pictures = [tag for tag in inside if tag["tag"] == "img"]
        assert len(out["text"].strip()) > 5 or pictures
        assert not re.search(r"children=|Box\(|live in JupyterLab, when", out["text"])
        assert [tag["href"] for tag in inside if tag["tag"] == "a"] != []


@cache
def tree_of(path):
    return Tree(page_of(path, {}, LAB))


def shown_cells(path):
    return [cell for slide in slides.slides_of(read(path)) for cell in slide.cells]


@every_lesson
def test_links_lead_to_decks_and_to_pages_of_jupyterlab(path):
    links = [one["href"] for one in tree_of(path).tags if one["tag"] == "a"]
    decks = {f"{path.stem}.html" for path in NOTEBOOKS}
    assert [one for one in links if one not in decks and not one.startswith(f"{LAB}/lab/")] == []
    pages = {one.removeprefix(f"{LAB}/lab/tree/").partition("#")[0] for one in links} - decks
    files = [one for one in pages if not one.startswith(LAB)]
    assert [name for name in files if not (path.parent / name).exists()] == []


# ----------------------------------------------------------------------- the first slide


def marked(drawing):
    return set(
        re.findall(
            r'class="\w+ here"[^>]*>\s*<\S+ [^>]*/>\s*<\S+ class="part"[^>]*>([^<]+)', drawing
        )
    )


@every_lesson
def test_the_first_slide_marks_the_parts_that_lesson_00_says_it_is_about(path):
    prose = "\n".join(one.source for one in read(NOTEBOOKS[0]).cells)
    links = re.findall(r"^- \[\*\*([^\]]+)\*\*\]\((\d\d)_", prose, re.M)
    own = {part for part, lesson in links if lesson == path.stem[:2]}
    assert marked(drawing_for(path.stem[:2])) == (own or {part for part, _ in links})
    assert len(links) == 10


def test_a_lesson_of_no_part_is_about_the_whole():
    assert len(marked(drawing_for("99"))) == 10
    assert "This lesson: the whole." in drawing_for("99")
    assert "This lesson: loss, backward" in drawing_for("04")


# ------------------------------------------------------------------------- the program


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run the program with these arguments: its exit code, and what it said."""

    def run(*arguments):
        monkeypatch.setattr(
            sys, "argv", ["slides.py", "--to", str(tmp_path / "to"), *map(str, arguments)]
        )
        try:
            code = slides.main()
        except SystemExit as stop:
            return stop.code, capsys.readouterr().out
        return code, capsys.readouterr().out

    return run


def test_it_names_what_is_wrong_with_the_notes_and_makes_the_deck_all_the_same(run, tmp_path):
    lesson = tmp_path / "99_more.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[text("title", "# More", "slide")]), lesson)
    code, said = run(lesson)
    assert code == 1 and "99.md: cannot be read" in said
    assert (tmp_path / "to" / "99_more.html").exists()
    (tmp_path / "99.md").write_text("# 99 More\n")
    assert "its beginning lacks" in build([lesson], tmp_path / "to", LAB, tmp_path)[0]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        ("<html>", "is not a notebook"),
        ('{"cells": 5}', "is not a notebook"),
        (nbformat.writes(nbformat.v4.new_notebook()), "has no cell that is shown"),
    ],
)
def test_what_is_no_lesson_is_refused_in_one_sentence(run, tmp_path, content, complaint):
    path = tmp_path / "10_more.ipynb"
    if content is not None:
        path.write_text(content)
    said, _ = run(path)
    assert said.startswith("No decks: ") and complaint in said and "\n" not in said
    assert "10_more.ipynb" in said
