"""What runs by itself, before a commit and on a forge, is what is run by hand."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib

import pytest
import yaml

from conftest import ROOT
from scripts.website import BUILD

MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOWS = {path.stem: path.read_text() for path in (ROOT / ".github/workflows").glob("*.yml")}
JOBS = yaml.safe_load(WORKFLOWS["ci"])["jobs"]
STEPS = [
    step
    for workflow in WORKFLOWS.values()
    for job in yaml.safe_load(workflow)["jobs"].values()
    for step in job["steps"]
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = {
    last for *_, last in map(str.split, PROJECT["classifiers"]) if re.fullmatch(r"3\.\d+", last)
}


def test_before_a_commit_comes_make_check_with_what_is_installed():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    (hook,) = repository["hooks"]
    assert (repository["repo"], hook["language"]) == ("local", "system")  # nothing is fetched
    assert shlex.split(hook["entry"]) == ["make", "--no-print-directory", "check"]
    assert hook["always_run"] and not hook["pass_filenames"]


def test_make_check_looks_at_code_and_notebooks():
    (rule,) = re.findall(r"^check: env .*\n((?:\t.*\n)+)", MAKEFILE, re.M)
    for part in ("ruff check .", "ruff format --check .", "mypy", "tidy.py --check $(NOTEBOOKS)"):
        assert part in rule


def test_ruff_looks_into_every_notebook():
    command = [sys.executable, "-m", "ruff", "check", "--show-files"]
    seen = subprocess.check_output(command, cwd=ROOT, text=True).split("\n")
    lessons = ROOT / "notebooks"
    notebooks = [*lessons.glob("*.ipynb"), *lessons.glob("torchtext/*.ipynb")]
    assert len(notebooks) > 10 and set(map(str, notebooks)) <= set(seen)


def test_an_import_that_a_notebook_does_not_use_is_found():
    imports = ["import math\n", "from lessons.exercises import check, hint, solution"]
    cell = {"cell_type": "code", "source": imports, "metadata": {}, "outputs": []}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    command = [sys.executable, "-m", "ruff", "check", "--output-format=concise"]
    command += ["--stdin-filename=notebooks/01_split.ipynb"]
    found = subprocess.run(
        command, cwd=ROOT, text=True, input=json.dumps(notebook), capture_output=True, check=False
    )
    assert re.findall(r"F401.*`(\w+)` imported", found.stdout) == ["math"], found.stdout


def test_each_workflow_says_that_it_is_untried():
    assert set(WORKFLOWS) == {"ci", "site"}
    assert all(workflow.startswith("# Untried") for workflow in WORKFLOWS.values())


def test_the_site_is_published_from_where_it_is_made():
    (upload,) = (step for step in STEPS if "upload-pages" in step.get("uses", ""))
    assert ROOT / upload["with"]["path"] == BUILD


def test_each_system_runs_every_python_that_the_course_is_for():
    linux = {JOBS["everything"]["container"].removeprefix("python:").removesuffix("-bookworm")}
    assert linux | set(JOBS["linux"]["strategy"]["matrix"]["python"]) == PYTHONS
    desktop = JOBS["desktop"]["strategy"]["matrix"]
    assert set(desktop["python"]) == PYTHONS
    assert [system.split("-")[0] for system in desktop["system"]] == ["windows", "macos"]


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_each_step_can_be_taken(step):
    if "uses" in step:
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])  # pinned by its major version
    else:
        assert exists(step["run"])


def exists(command):
    """Is it a program of the course, a target of its Makefile, or a command of its README?"""
    program, *arguments = shlex.split(command)
    if program == "make":
        target, *options = arguments
        known = [f"{name}=" for name in re.findall(r"\$\(([A-Z_]+)\)", MAKEFILE)]
        return re.search(rf"^{target}:", MAKEFILE, re.M) and all(
            any(option.startswith(name) for name in known) for option in options
        )
    if program == "python" and arguments[:2] == ["-m", "pytest"]:
        if arguments[2] == "-m":  # the quick ones are those of make test-fast
            return f'-m "{arguments[3]}"' in MAKEFILE
        return all((ROOT / folder).is_dir() for folder in arguments[2:])
    if program == "python":
        return command in (ROOT / "README.md").read_text()
    return os.access(ROOT / program, os.X_OK)


@pytest.mark.parametrize(
    "command",
    [
        "make no-such-target",
        "make check NO=1",
        "python -m pytest nowhere",
        ".ci/walk",
        "pip install",
    ],
)
def test_a_step_that_cannot_be_taken_is_found(command):
    assert not exists(command)
