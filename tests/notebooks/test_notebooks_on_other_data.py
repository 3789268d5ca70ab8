"""The notebooks with the solutions typed in, on real rows and on odd data."""

import json
import re
from collections import Counter

import pytest
from lesson_notebooks import NOTEBOOKS, assert_all_well, outputs, run, solved
from nbformat import v4
from odd_data import SOURCES

from conftest import REAL_ROWS
from lessons.sources import load, load_split

LESSONS = {path.stem[:2]: path for path in NOTEBOOKS}
HARDEST = {  # lessons that each kind tests hardest, in every run
    "few": ("02", "06"),
    "two": ("03", "09"),
    "many": ("04", "07"),
    "lopsided": ("01", "05"),
    "spanish": ("00", "08"),
    "german": ("01", "05"),
    "chinese": ("02", "07"),
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_on_real_rows_and_its_solutions_pass(path, tmp_path, monkeypatch):
    """Where there are no real rows, on the course's own."""
    if REAL_ROWS.is_dir():
        monkeypatch.setenv("LESSONS_SOURCE", str(REAL_ROWS))
    notebook = solved(path)
    run(notebook, tmp_path)
    assert_all_well(notebook)
    printed = json.dumps([cell.get("outputs") for cell in notebook.cells])
    assert f"{len(load_split().train.texts)} stories" in printed


def is_in_every_run(kind, lesson):
    """A lesson that no kind tests hardest meets one of them all the same."""
    hardest = [one for one, lessons in HARDEST.items() if lesson in lessons]
    return kind in (hardest or [list(SOURCES)[int(lesson) % len(SOURCES)]])


PAIRS = [  # each kind of odd data with each lesson; those not in every run are in the soak
    pytest.param(
        *(kind, lesson),
        marks=[] if is_in_every_run(kind, lesson) else [pytest.mark.soak],
        id=f"{kind}-{lesson}",
    )
    for kind in SOURCES
    for lesson in LESSONS
]


@pytest.mark.parametrize(("kind", "lesson"), PAIRS)
def test_it_runs_on_odd_data_or_says_what_it_needs(kind, lesson, tmp_path, monkeypatch):
    file = tmp_path / "stories.csv"
    SOURCES[kind].write(file)
    monkeypatch.setenv("LESSONS_SOURCE", str(file))
    if SOURCES[kind].tokens:
        monkeypatch.setenv("LESSONS_TOKENS", SOURCES[kind].tokens)
    notebook = solved(LESSONS[lesson])
    run(notebook, tmp_path)
    if not asks_for_more(notebook):
        assert_all_well(notebook)


def asks_for_more(notebook):
    """Has it stopped where it loads the data, with a number of stories that it needs?"""
    loading = next(cell.id for cell in notebook.cells if re.search(r"\bload\w*\(", cell.source))
    return any(
        (cell.id, error.ename) == (loading, "ValueError")
        and re.search(r"at least \d", error.evalue)
        for cell, error in outputs(notebook, "error")
    )


def test_each_lesson_meets_odd_data_in_every_run():
    for lesson in (*LESSONS, "99"):  # and one that is to come
        assert any(is_in_every_run(kind, lesson) for kind in SOURCES)
    for kind in SOURCES:
        assert len(HARDEST[kind]) == 2
        assert all(is_in_every_run(kind, lesson) for lesson in HARDEST[kind])
    assert HARDEST.keys() == SOURCES.keys()


@pytest.mark.parametrize(
    ("place", "name", "message", "excused"),
    [
        (0, "ValueError", "The lesson needs at least 500 stories, and these are 200.", True),
        (0, "ValueError", "Too few stories.", False),
        (0, "ValueError", "There are 3 stories, which are too few.", False),
        (0, "IndexError", "list index 7 out of range", False),
        (1, "ValueError", "The lesson needs at least 500 stories, and these are 200.", False),
    ],
)
def test_only_a_number_asked_for_at_the_start_is_an_excuse(place, name, message, excused):
    cells = [v4.new_code_cell("parts = load_split()"), v4.new_code_cell("load_split()")]
    notebook = v4.new_notebook(cells=cells)
    cells[place].outputs = [v4.new_output("error", ename=name, evalue=message, traceback=[])]
    assert asks_for_more(notebook) == excused
    with pytest.raises(AssertionError):
        assert_all_well(notebook)


def test_odd_data_are_as_odd_as_their_names_say(tmp_path):
    loaded = {}
    for kind, source in SOURCES.items():
        source.write(tmp_path / f"{kind}.csv")
        loaded[kind] = load(tmp_path / f"{kind}.csv")
    assert len(loaded["few"].texts) == 200
    assert len(loaded["two"].names) == 2
    assert len(loaded["many"].names) == 150
    largest = Counter(loaded["lopsided"].labels).most_common(1)[0][1]
    assert largest == 0.9 * len(loaded["lopsided"].texts)
    assert all(" " not in text for text in loaded["chinese"].texts)
    for kind in ("spanish", "german", "chinese"):
        assert not "".join(loaded[kind].names).isascii()
    again = tmp_path / "again.csv"
    SOURCES["many"].write(again)
    assert again.read_bytes() == (tmp_path / "many.csv").read_bytes()
