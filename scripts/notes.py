"""The speaker notes of the lessons: `instructor/05.md` for lesson 05.

They are read for the decks and for the instructor's guide. CONTRIBUTING.md says how such a file is
written.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parents[1] / "instructor"
ABOUT = ("Goal", "Out of scope", "Prepare", "Without a network")  # of the lesson as a whole
KINDS = ("Say", "Ask", "Expect", "Stuck")  # of a slide


class Paragraph(NamedTuple):
    """A part of a note."""

    kind: str  # one of KINDS
    text: str  # Markdown


class Note(NamedTuple):
    """What an instructor sees beside a slide."""

    cell: str  # the id of the slide's first cell
    minutes: float
    paragraphs: tuple[Paragraph, ...]


class LessonNotes(NamedTuple):
    """The notes of a lesson, in the order of its slides."""

    title: str  # such as: 05 The training loop
    about: dict[str, str]  # for each name of ABOUT what is said, as Markdown
    notes: dict[str, Note]  # by the id of the slide's first cell


def read_notes(path: Path) -> LessonNotes:
    """Read the notes of a lesson.

    Raises ValueError with one sentence if the file is missing or not written as it should be.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not a text in UTF-8") from None
    head, *sections = re.split(r"^## ", text, flags=re.M)
    notes = [_note(path, section) for section in sections]
    ids = [note.cell for note in notes]
    if twice := sorted({cell for cell in ids if ids.count(cell) > 1}):
        raise ValueError(f"{path}: there are two sections {twice[0]}; make one of them")
    title, about = _head(path, head)
    return LessonNotes(title, about, dict(zip(ids, notes, strict=True)))


def faults_of(notes: LessonNotes, slides: Iterable[str]) -> list[str]:
    """What does not fit together, a sentence for each, given the ids of the slides' first cells."""
    slides = list(slides)
    unknown = [cell for cell in notes.notes if cell not in slides]
    without = [cell for cell in slides if cell not in notes.notes]
    known = [cell for cell in notes.notes if cell in slides]
    in_order = [cell for cell in slides if cell in notes.notes]
    moved = [one for one, other in zip(known, in_order, strict=True) if one != other][:1]
    return [
        *(f"the section {cell} belongs to no slide: no slide begins with it" for cell in unknown),
        *(f"the slide {cell} has no note: add a section ## {cell}" for cell in without),
        *(f"the section {cell} is not where its slide is: keep the order" for cell in moved),
    ]


def _head(path: Path, text: str) -> tuple[str, dict[str, str]]:
    """The title, and what is said of the whole lesson."""
    found = re.match(r"# (.+)\n", text)
    if not found:
        raise ValueError(f"{path}: its first line is not a title, such as: # 05 The training loop")
    paragraphs = _paragraphs(path, "the beginning", text[found.end() :], ABOUT)
    about = {paragraph.kind: paragraph.text for paragraph in paragraphs}
    if missing := [name for name in ABOUT if name not in about]:
        raise ValueError(f"{path}: its beginning lacks a paragraph **{missing[0]}.**")
    return found[1].strip(), about


def _note(path: Path, section: str) -> Note:
    """The note of one slide, from what follows its ##."""
    cell, _, body = section.partition("\n")
    found = re.match(r"\s*\*(\d+(?:\.5)?) minutes?\*\s*?\n", body + "\n")
    if not found:
        raise ValueError(f"{path}: section {cell} does not begin with its minutes: *2 minutes*")
    paragraphs = _paragraphs(path, f"section {cell}", body[found.end() :], KINDS)
    kinds = [paragraph.kind for paragraph in paragraphs]
    if not {"Say", "Ask"} & set(kinds):
        raise ValueError(f"{path}: section {cell} has neither **Say.** nor **Ask.**")
    for kind, following in zip(kinds, [*kinds[1:], None], strict=True):
        if (kind == "Ask") != (following == "Expect"):
            raise ValueError(f"{path}: section {cell}: **Ask.** and **Expect.** belong together")
    return Note(cell.strip(), float(found[1]), paragraphs)


def _paragraphs(path: Path, where: str, text: str, kinds: tuple[str, ...]) -> tuple[Paragraph, ...]:
    """What is between blank lines; each begins with one of these kinds: **Say.** ..."""
    paragraphs = []
    for block in filter(None, map(str.strip, re.split(r"\n\s*\n", text))):
        found = re.match(r"\*\*([\w ]+)\.\*\*\s+", block)
        if not found or found[1] not in kinds:
            known = ", ".join(f"**{kind}.**" for kind in kinds)
            raise ValueError(f"{path}: {where}: {block[:30]!r} does not begin with one of {known}")
        paragraphs.append(Paragraph(found[1], block[found.end() :]))
    return tuple(paragraphs)
