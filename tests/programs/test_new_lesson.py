"""A lesson that is added is tested as all others are, and no list has to be edited for it."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from lesson_notebooks import NOTEBOOKS

from conftest import ROOT

LEFT = shutil.ignore_patterns(
    ".git", ".venv*", ".*cache*", "__pycache__", "node_modules", ".lessons"
)
OLD = "07"  # copied, for it has all that a lesson can have
NEW = f"{len(NOTEBOOKS):02}"  # the next one


PLACES = ("notebooks", "src/lessons/questions", "src/lessons/exercises")
PLACES += ("tests/wrong_answers", "tests/right_answers")


def add_lesson(course):
    """Copy the files of a lesson, as those of a new one."""
    for place in PLACES:
        (file,) = (course / place).glob(f"*{OLD}*")
        text = file.read_text(encoding="utf-8").replace(f"{OLD}-", f"{NEW}-")  # ids of exercises
        new = file.name.replace(f"{OLD}_results", f"{NEW}_more").replace(OLD, NEW)
        file.with_name(new).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The ids of all tests of the course with one lesson more."""
    course = tmp_path_factory.mktemp("more") / "course"
    shutil.copytree(ROOT, course, ignore=LEFT)
    add_lesson(course)
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    command += ["--ignore=tests/claims"]  # each is about what one lesson says
    command += ["--ignore=tests/unit/test_errors.py"]  # slips that are made in some exercises
    command += ["-m", "soak or not soak"]  # a lesson meets odd data at each change or in the soak
    run = subprocess.run(
        command,
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(course / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return {line for line in run.stdout.splitlines() if "::" in line}


def of_the_new_lesson(id):
    """What a test of the old lesson is called for the new one."""
    return re.sub(rf"\b{OLD}\b", NEW, id.replace(f"{OLD}_results", f"{NEW}_more"))


def test_each_test_of_a_lesson_is_one_of_the_new_lesson_too(collected):
    old = {id for id in collected if of_the_new_lesson(id) != id}
    assert len(old) > 100
    assert {of_the_new_lesson(id) for id in old} - collected == set()
    for kind in (f"notebooks/{NEW}_more.ipynb::", "test_form[", "test_its_solution_passes["):
        assert any(kind in id and NEW in id for id in collected), kind
