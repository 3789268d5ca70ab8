"""Notebooks are collected as root: no link, pipe or huge file of a student is followed or read."""

import os
import subprocess
import sys

import pytest

from conftest import ROOT

sys.path.append(str(ROOT / "deploy" / "jupyterhub"))
from collect import collect

PROGRAM = ROOT / "deploy" / "jupyterhub" / "collect.py"


@pytest.fixture
def students(tmp_path):
    for name in ("ana", "ben"):
        folder = tmp_path / "students" / name / "lessons"
        folder.mkdir(parents=True)
        (folder / "05_loop.ipynb").write_text(f"of {name}")
        (folder / "notes.txt").touch()
    (tmp_path / "secret.ipynb").write_text("the teacher's")
    return tmp_path / "students"


def run(students, out):
    left_out = list(collect(students, out, "[0-9][0-9]_*.ipynb"))
    found = {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*.ipynb")}
    return found, left_out


BOTH = {"ana/05_loop.ipynb": "of ana", "ben/05_loop.ipynb": "of ben"}


def test_each_students_notebooks_are_copied(students, tmp_path):
    assert run(students, tmp_path / "out") == (BOTH, [])


def replace_by(make):
    def wicked(students):
        mine = students / "ben" / "lessons" / "05_loop.ipynb"
        mine.unlink()
        make(mine, students)

    return wicked


def link_the_folder(students):
    lessons = students / "ben" / "lessons"
    lessons.rename(students / "ben" / "kept")
    lessons.symlink_to(students / "ana" / "lessons")


WICKED = {
    "link": replace_by(lambda mine, at: mine.symlink_to(at.parent / "secret.ipynb")),
    "hard link": replace_by(lambda mine, at: os.link(at.parent / "secret.ipynb", mine)),
    "pipe": replace_by(lambda mine, at: os.mkfifo(mine)),
    "folder": replace_by(lambda mine, at: mine.mkdir()),
    "huge": replace_by(lambda mine, at: (mine.touch(), os.truncate(mine, 10**9))),
    "link of the folder": link_the_folder,
}


@pytest.mark.parametrize("wicked", WICKED.values(), ids=WICKED)
def test_what_is_no_notebook_of_theirs_is_left_out_and_named(students, tmp_path, wicked):
    wicked(students)
    found, (line,) = run(students, tmp_path / "out")
    assert found == {"ana/05_loop.ipynb": "of ana"}
    assert line.startswith("ben") and "left out" in line


def test_a_student_without_a_folder_is_named(students, tmp_path):
    (students / "eve").mkdir()
    assert run(students, tmp_path / "out") == (BOTH, ["eve: left out, No such file or directory"])


def test_without_the_folder_one_line_says_so(tmp_path):
    command = [sys.executable, PROGRAM, tmp_path / "none", tmp_path / "out"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("The notebooks cannot be collected: ")
    assert len(ended.stderr.splitlines()) == 1
