"""Speaker notes: how they are read, what is refused, and whether each slide has one."""

import nbformat
import pytest
from lesson_notebooks import NOTEBOOKS

from scripts.notes import ABOUT, FOLDER, Note, Paragraph, faults_of, read_notes
from scripts.slides import notes_for, slides_of

HEAD = "# 05 The training loop\n\n" + "".join(f"**{name}.** Words.\n\n" for name in ABOUT)
GOOD = HEAD + (
    "## title\n*1 minute*\n\n**Say.** All the parts\nare known.\n\n"
    "## loop\n*2.5 minutes*\n\n**Ask.** How many?\n\n**Expect.** Ten.\n\n**Stuck.** On `zip`.\n"
)

every_lesson = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture
def read(tmp_path):
    """Read notes that are written like this."""

    def read(text):
        path = tmp_path / "05.md"
        path.write_text(text, encoding="utf-8")
        return read_notes(path)

    return read


# -------------------------------------------------------------------------- of the lessons


@every_lesson
def test_every_slide_has_a_note_and_every_note_a_slide(path):
    _, faults = notes_for(path)
    assert faults == []


@every_lesson
def test_a_lesson_and_its_notes_have_the_same_title(path):
    notes = read_notes(FOLDER / f"{path.stem[:2]}.md")
    title = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
    assert notes.title == f"{path.stem[:2]} {title.removeprefix('# ')}"


# ------------------------------------------------------------------------------ the form


def test_notes_are_read(read):
    notes = read(GOOD)
    assert notes.title == "05 The training loop"
    assert notes.about == dict.fromkeys(ABOUT, "Words.")
    assert notes.notes == {
        "title": Note("title", 1, (Paragraph("Say", "All the parts\nare known."),)),
        "loop": Note(
            "loop",
            2.5,
            (
                Paragraph("Ask", "How many?"),
                Paragraph("Expect", "Ten."),
                Paragraph("Stuck", "On `zip`."),
            ),
        ),
    }


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("# 05 The", "05 The", "its first line is not a title"),
        ("**Goal.** Words.", "", "its beginning lacks a paragraph **Goal.**"),
        ("*1 minute*\n", "", "section title does not begin with its minutes: *2 minutes*"),
        ("*1 minute*", "*1.3 minutes*", "section title does not begin with its minutes"),
        ("*1 minute*", "*soon*", "section title does not begin with its minutes"),
        ("**Say.** All", "All", "section title: 'All the parts"),
        ("**Say.** All", "**Tell.** All", "does not begin with one of **Say.**, **Ask.**"),
        ("**Say.** All the parts\nare known.\n\n", "", "title has neither **Say.** nor **Ask.**"),
        ("**Expect.** Ten.\n\n", "", "section loop: **Ask.** and **Expect.** belong together"),
        ("**Ask.** How many?", "**Say.** So.", "section loop: **Ask.** and **Expect.** belong"),
        ("## loop", "## title", "there are two sections title; make one of them"),
    ],
)
def test_a_fault_is_one_sentence_that_names_the_file_and_the_section(read, old, new, complaint):
    assert old in GOOD
    with pytest.raises(ValueError) as error:
        read(GOOD.replace(old, new))
    assert complaint in str(error.value)
    assert "05.md" in str(error.value) and "\n" not in str(error.value)


def test_notes_that_are_missing_or_no_text_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"10\.md: cannot be read"):
        read_notes(tmp_path / "10.md")
    (tmp_path / "10.md").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ValueError, match=r"10\.md: is not a text in UTF-8"):
        read_notes(tmp_path / "10.md")


@pytest.mark.parametrize(
    ("slides", "faults"),
    [
        (["title", "loop"], []),
        (["title"], ["the section loop belongs to no slide: no slide begins with it"]),
        (["title", "new", "loop"], ["the slide new has no note: add a section ## new"]),
        (["loop", "title"], ["the section title is not where its slide is: keep the order"]),
    ],
)
def test_slides_and_notes_are_compared(read, slides, faults):
    assert faults_of(read(GOOD), slides) == faults


def test_a_slide_is_called_by_its_first_cell_that_is_shown():
    cells = [
        nbformat.v4.new_markdown_cell("x", id=id, metadata={"slideshow": {"slide_type": kind}})
        for id, kind in [
            ("a", "skip"),
            ("b", "-"),
            ("c", "skip"),
            ("d", "subslide"),
            ("e", "fragment"),
        ]
    ]
    slides = slides_of(nbformat.v4.new_notebook(cells=cells))
    assert [(slide.id, slide.below, len(slide.cells)) for slide in slides] == [
        ("b", False, 1),
        ("d", True, 2),
    ]
