"""The pages of Markdown: what they name is there, and what they show works."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from claims import claim
from lesson_notebooks import NOTEBOOKS, read

from conftest import ROOT
from lessons import panels
from lessons.exercises import asserts
from lessons.exercises.runner import NOT_YET, PASSED, examine
from lessons.panels.controls import Panel
from lessons.questions import misconceptions, parse

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "benchmarks/*.md", "deploy/*/*.md", "src/**/README.md")
    for path in ROOT.glob(pattern)
)
TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}
README, ADDING, CHANGES = (
    TEXTS[ROOT / name] for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
)

every_page = pytest.mark.parametrize(
    "path", PAGES, ids=lambda path: str(path.relative_to(ROOT).with_suffix(""))
)


def blocks(text, language):
    """What stands between fences of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def code(text):
    """What is set as code, in a line or in a block."""
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))
    return inline + re.findall(r"^```\w*\n(.*?)^```$", text, re.M | re.S)


# ------------------------------------------------------------------------- all of them


def anchors(text):
    """What a link can lead to on a page: its headings, as forges write them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@every_page
def test_its_links_lead_somewhere(path):
    for link in re.findall(r"(?:\]\(|src=\")([^)\"]+)", TEXTS[path]):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


@every_page
def test_its_pictures_have_words(path):
    pictures = re.findall(r"<img[^>]*>", TEXTS[path])
    assert all(len(re.search(r'alt="([^"]*)"', one)[1]) > 30 for one in pictures)
    assert "![" not in TEXTS[path]


@every_page
def test_its_headings_go_down_one_level_at_a_time(path):
    prose = re.sub(r"^```.*?^```$", "", TEXTS[path], flags=re.M | re.S)
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose, re.M)]
    assert levels[0] == 1 and 1 not in levels[1:]
    assert all(after <= before + 1 for before, after in pairwise(levels))


@every_page
def test_what_it_tells_make_to_do_can_be_done(path):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    command = re.compile(r"^(?:\w+=\S+ )*make ([a-z-]+)", re.M)
    named = {one for text in code(TEXTS[path]) for one in command.findall(text)}
    assert named <= targets
    if path.stem == "maintainers":
        assert targets - {"env", "env-torchtext", "help", "torchtext"} <= named


TO_COME = f"{len(NOTEBOOKS):02}"  # the number of the next lesson
OF_THE_COURSE = tuple(
    f"{one}/" for one in ("src", "tests", "docs", "notebooks", "benchmarks", "scripts")
)


@every_page
def test_the_files_that_it_names_are_there(path):
    """Those with a folder of the course before them, and those of the library by their names."""
    for text in code(TEXTS[path]):
        if TO_COME in text or not re.fullmatch(r"[\w./-]+", text):
            continue
        if text.startswith((*OF_THE_COURSE, ".ci/", ".github/", ".pre-commit")):
            assert (ROOT / text).exists(), text
        elif text.endswith((".py", ".js", ".md", ".toml", ".yml")):
            places = (path.parent, ROOT, ROOT / "src/lessons")
            found = [place / text for place in places if (place / text).exists()]
            assert found or list((ROOT / "src").rglob(text)), text


# --------------------------------------------------------------------------- the README


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 120


def test_the_example_of_the_readme_runs(tmp_path):
    (example,) = blocks(README, "python")
    command = [sys.executable, "-c", example]
    printed = subprocess.run(
        command, cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    accuracy = float(re.search(r"accuracy on the test set: ([\d.]+)", printed)[1])
    claim("accuracy", accuracy, ">", 0.85)
    probabilities = ast.literal_eval(printed.splitlines()[-1])
    assert max(probabilities, key=probabilities.get) == "Business"


def test_the_readme_lists_every_notebook_with_its_minutes():
    """Those for reading and those for the exercises, as the lesson says them: `48 + 24`."""
    row = re.compile(r"^\| \[.+\]\(notebooks/(\d.+?)\) \| .+ \| ([\d +]+) \|$", re.M)
    sentence = re.compile(r"about (\d+) minutes(?: to read and run, and (\d+) for)?")
    minutes = {path.name: sentence.search(read(path).cells[0].source) for path in NOTEBOOKS}
    assert row.findall(README) == [
        (name, " + ".join(filter(None, found.groups()))) for name, found in minutes.items()
    ]


# ---------------------------------------------------------------------- for instructors


def test_the_table_of_panels_says_in_which_lessons_each_is():
    page = TEXTS[ROOT / "docs" / "instructors.md"]
    rows = re.findall(r"^\| (.+) \| (\d\d(?:, \d\d)*) \| .+ \|$", page, re.M)
    names = {getattr(panels, name).title: name for name in panels.__all__ if name != "Target"}
    # Predictions, Check yourself and the progress are in nearly all of them, and in the README.
    everywhere = {"Your prediction", "Your progress", Panel.title}
    assert {title for title, _ in rows} == names.keys() - everywhere
    code = {path.stem[:2]: path.read_text(encoding="utf-8") for path in NOTEBOOKS}
    for title, lessons in rows:
        shown = [lesson for lesson, text in code.items() if f"{names[title]}(" in text]
        assert lessons.split(", ") == shown, title


# ------------------------------------------------------------------- how to add something


def test_the_lesson_that_is_added_is_the_next_one():
    names = re.findall(r"\b(\d\d)_name\.ipynb|(?:questions|instructor)/(\d\d)\.md", ADDING)
    assert {number for pair in names for number in pair if number} == {"05", TO_COME}


@pytest.fixture(scope="module")
def added():
    """What the page on adding something shows, as names."""
    names = {**vars(asserts), "Callable": Callable, "Any": Any, "check": lambda *_: None}
    for block in blocks(ADDING, "python"):
        if not block.startswith("@wrong"):
            exec(block, names)
    return names


def test_the_question_is_one():
    (question,) = parse(*blocks(ADDING, "markdown"))
    for option in question.options:
        assert (option.misconception in misconceptions()) != option.right


def test_the_exercise_is_one(added):
    exercise = added["DOUBLE"]
    assert examine(exercise, added["my_double"]).state == PASSED
    (wrong,) = (one for one in blocks(ADDING, "python") if one.startswith("@wrong"))
    decorator, _, answer = wrong.partition("\n")
    _, words, misconception = ast.literal_eval(decorator.removeprefix("@wrong"))
    assert misconception in misconceptions()
    exec(answer, added)
    verdict = examine(exercise, added["squares"])
    assert verdict.state == NOT_YET and words in verdict.text


def test_the_panel_is_one(added):
    panel = added["DoublePanel"]()
    assert isinstance(panel, Panel)
    panel._number.value = 21
    assert "Twice 21 is 42." in panel._status.value


# ----------------------------------------------------------------------------- the changes


def test_the_new_names_are_there():
    """A module, or what one holds, down to an attribute."""
    renamed = re.findall(r"^\| .+ \| `([\w.]+)(?:\(.*\))?` \|$", CHANGES, re.M)
    assert len(renamed) > 10
    for name in renamed:
        assert resolve(name), name


def resolve(name):
    """Is there a thing of this dotted name below `lessons`?"""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing = import_module(".".join(["lessons", *parts[:length]]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            fields = getattr(thing, "__annotations__", {})
            if not hasattr(thing, part) and part not in fields:
                return False
            thing = getattr(thing, part, None)
        return True
    return False
