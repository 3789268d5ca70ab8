"""The environment's files agree with each other, the README and what is installed."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import packaging
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
PINS = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()]


def pins(name, python="3.11"):
    """The exact versions of a package that hold for this Python on Linux."""
    here = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    found = [pin for pin in PINS if pin.name == name]
    return [pin for pin in found if pin.marker is None or pin.marker.evaluate(here)]


@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_every_package_has_one_pin_that_fits(wanted, python):
    wanted = Requirement(wanted)
    (pin,) = pins(wanted.name, python)
    (exact,) = pin.specifier
    assert exact.operator == "=="
    assert exact.version in wanted.specifier


def test_the_lock_names_no_address_and_no_local_build():
    text = (ROOT / "constraints.txt").read_text()
    assert not re.search(r"://|@|\+", text)


@pytest.mark.parametrize("name", [Requirement(wanted).name for wanted in WANTED])
def test_what_is_installed_is_what_is_pinned(name):
    (pin,) = pins(name, "{}.{}".format(*sys.version_info))
    assert version(name).split("+")[0] in pin.specifier


def test_conda_installs_the_same_pins_and_the_lessons():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    *packages, pip = conda["dependencies"]
    assert pip == {"pip": ["--constraint constraints.txt", "--editable .[test]"]}
    (python,) = (package for package in packages if package.startswith("python="))
    described = [c.rpartition(" ")[2] for c in PROJECT["classifiers"]]
    assert python.removeprefix("python=") in described
    assert packages == [python, "pip"]  # nothing beside the lock


# As in a shell: a make that runs these tests would tell its own variables to those tried here.
ENV = {name: value for name, value in os.environ.items() if not re.match("MAKE|MFLAGS|TORCH", name)}


def test_the_packages_are_those_that_the_course_needs():
    assert [Requirement(wanted).name for wanted in PROJECT["dependencies"]] == [
        *("anywidget", "datasets", "filelock", "ipywidgets", "jupyterlab", "matplotlib"),
        *("packaging", "pyarrow", "torch"),
    ]


def test_an_older_python_is_told_so():
    make = ["make", ".venv", "PYTHON=false"]  # a Python that fails the question for its version
    run = subprocess.run(make, env=ENV, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "needs Python 3.11 or newer" in run.stdout


# ------------------------------------------- `make lab` mends the environment, tried on a dummy

PIP = """import shutil, sys
from pathlib import Path
here = Path(sys.prefix)
(packages,) = here.glob("lib/python*/site-packages")
def install(name, needs, module):
    info = packages / f"{name}-1.0.dist-info"
    info.mkdir(exist_ok=True)
    needs = "".join(f"Requires-Dist: {need}\\n" for need in needs)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n{needs}")
    (info / "RECORD").write_text(f"{module},,\\n" if module else "")
install("lessons", ["torch>=1", "tester>=1; extra == 'test'"], "")
install("torch", [], "torch/__init__.py")
install("tester", [], "")
(packages / "lessons.pth").write_text(str(Path.cwd() / "src"))
if not (packages / "torch").exists():
    (packages / "torch").mkdir()
    (packages / "torch" / "__init__.py").touch()
shutil.copytree(PACKAGING, packages / "packaging", dirs_exist_ok=True)
(here / "bin" / "jupyter").unlink(missing_ok=True)
(here / "bin" / "jupyter").symlink_to("/bin/true")
"""
MAKES = """#!/bin/sh
test "$2" = venv || exec {python} "$@"
{python} -m venv --without-pip "$3" && cp {pip} "$3"/lib/python*/site-packages/
"""


@pytest.fixture
def course(tmp_path):
    """A folder with the course's Makefile and an environment of two empty packages."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "scripts/whole.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "src" / "lessons").mkdir(parents=True)
    (tmp_path / "src" / "lessons" / "__init__.py").touch()
    pip = tmp_path / "pip.py"
    pip.write_text(PIP.replace("PACKAGING", repr(str(Path(packaging.__file__).parent))))
    python = tmp_path / "python"
    python.write_text(MAKES.format(python=sys.executable, pip=pip))
    python.chmod(0o755)
    assert "Making the environment .venv" in make_env(tmp_path)
    return tmp_path


def make_env(folder, *more):
    """What `make env` says; afterwards the environment must be whole."""
    make = ["make", "env", f"PYTHON={folder / 'python'}", "UV=", *more]
    said = subprocess.run(
        make, env=ENV, cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    whole = [folder / ".venv/bin/python", "-I", "scripts/whole.py"]
    subprocess.run(whole, cwd=folder, check=True)
    return said


def packages(folder):
    return next((folder / ".venv").glob("lib/python*/site-packages"))


def test_a_whole_environment_is_left_alone(course):
    (course / ".venv" / "mine").touch()
    assert make_env(course) == ""
    assert (course / ".venv" / "mine").exists()


def test_new_pins_are_installed_into_the_same_environment(course):
    (course / ".venv" / "mine").touch()
    with (course / "constraints.txt").open("a") as pins:
        pins.write("another==1.0\n")
    assert "Making the environment" in make_env(course)
    assert (course / ".venv" / "mine").exists()


def of_a_python_that_is_gone(course):
    for python in (course / ".venv" / "bin").glob("python*"):
        python.unlink()
        python.symlink_to("/gone/python3")


def empty(course):
    shutil.rmtree(course / ".venv")
    (course / ".venv").mkdir()


def a_link_to_nowhere(course):
    shutil.rmtree(course / ".venv")
    (course / ".venv").symlink_to("/gone")


BROKEN = {
    "empty": empty,
    "gone": lambda course: shutil.rmtree(course / ".venv"),
    "a link to nowhere": a_link_to_nowhere,
    "of a Python that is gone": of_a_python_that_is_gone,
    "without a Python": lambda course: (course / ".venv/bin/python").unlink(),
    "interrupted": lambda course: (course / ".venv/installed").unlink(),
    "without a package": lambda course: shutil.rmtree(packages(course) / "torch-1.0.dist-info"),
    "without a package for the tests": lambda course: shutil.rmtree(
        packages(course) / "tester-1.0.dist-info"
    ),
    "with a package whose files are gone": lambda course: shutil.rmtree(packages(course) / "torch"),
    "without what looks after it": lambda course: shutil.rmtree(packages(course) / "packaging"),
    "with an older package": lambda course: (
        packages(course) / "torch-1.0.dist-info" / "METADATA"
    ).write_text("Metadata-Version: 2.1\nName: torch\nVersion: 0.9\n"),
    "of another folder": lambda course: (packages(course) / "lessons.pth").write_text("/gone"),
}


@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN)
def test_a_broken_environment_is_made_again(course, breaks):
    breaks(course)
    assert "Making the environment .venv" in make_env(course)


def test_what_was_wrong_is_said(course):
    shutil.rmtree(packages(course) / "torch")
    make = ["make", "env", f"PYTHON={course / 'python'}", "UV="]
    run = subprocess.run(make, env=ENV, cwd=course, capture_output=True, text=True, check=True)
    assert "torch has lost torch/__init__.py" in run.stderr
    assert "So .venv is made again from nothing." in run.stdout


def test_the_environment_here_lacks_nothing():
    missing = runpy.run_path(ROOT / "scripts" / "whole.py")["missing"]
    assert missing(Requirement("lessons[test]"), set()) is None
    assert "is of version" in missing(Requirement("packaging<1"), set())
    assert missing(Requirement("no-such-package"), set()) == "no-such-package is missing"


# ------------------------------------------------------------- the environment of torchtext

OLD = ROOT / "notebooks" / "torchtext"


PYTHON = """#!/bin/sh
test "$1" = -c || exit 1  # it answers questions, but makes no environment
exec {python} -c 'import platform, sys
{changes}
_, _, code, *sys.argv[1:] = sys.argv
exec(code)' "$@"
"""
LINUX = 'platform.system, platform.machine = lambda: "Linux", lambda: "x86_64"\n'
MAC = 'platform.system, platform.machine = lambda: "Darwin", lambda: "arm64"\n'
NEW_ENOUGH = "sys.version_info = (3, 12)"


def make_old(tmp_path, changes, *more):
    """What `make` says that should make torchtext's environment, with another computer's Python."""
    python = tmp_path / "python"
    python.write_text(PYTHON.format(python=sys.executable, changes=changes))
    python.chmod(0o755)
    old = tmp_path / "old"
    old.mkdir()
    make = ["make", old, f"OLD={old}", f"PYTHON={python}", "UV=", *more]
    run = subprocess.run(make, env=ENV, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    return run.stdout + run.stderr, old.exists()


@pytest.mark.parametrize(
    ("changes", "more", "size"),
    [
        (LINUX + NEW_ENOUGH, [], "about 3 GB to download, 5.6 GB on the disk"),
        (LINUX + NEW_ENOUGH, ["TORCH=cpu"], "less than 1 GB to download"),
        (MAC + NEW_ENOUGH, [], "less than 1 GB to download"),
    ],
)
def test_before_torchtext_comes_its_size_and_why_it_is_apart_are_told(
    tmp_path, changes, more, size
):
    said, _ = make_old(tmp_path, changes, *more)
    assert size in said
    assert "CVE-2025-32434" in said
    assert "cannot be had" not in said


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (LINUX + "sys.version_info = (3, 13)", "for Python 3.13: .* Try PYTHON=python3.12"),
        (LINUX + "sys.version_info = (3, 10)", "for Python 3.10: "),
        (LINUX.replace("x86_64", "aarch64") + NEW_ENOUGH, "for Linux aarch64: "),
        (MAC.replace("arm64", "x86_64") + NEW_ENOUGH, "for Darwin x86_64: "),
    ],
)
def test_where_torchtext_cannot_be_had_that_is_told_and_nothing_is_touched(
    tmp_path, changes, reason
):
    said, still_there = make_old(tmp_path, changes)
    assert re.search(f"torchtext cannot be had {reason}", said)
    assert "GB" not in said
    assert still_there


def old_packages():
    *_, pip = yaml.safe_load((OLD / "environment.yml").read_text())["dependencies"]
    return pip["pip"]


def test_torchtexts_pins_are_exact_and_those_that_it_works_with():
    pins = (OLD / "constraints.txt").read_text()
    assert not re.search(r"://|@|\+|--hash", pins)
    exact = {pin.name: pin.specifier for pin in map(Requirement, pins.splitlines())}
    assert all(re.fullmatch(r"==[^,*]+", str(one)) for one in exact.values())
    assert exact["torch"] == SpecifierSet("==2.3.1")
    assert exact["torchtext"] == SpecifierSet("==0.18.0")
    constraint, *wanted = old_packages()
    assert constraint == "--constraint constraints.txt"
    for need in map(Requirement, wanted):
        assert str(exact[need.name]).removeprefix("==") in need.specifier


def test_make_installs_what_conda_does():
    makefile = (ROOT / "Makefile").read_text()
    command = re.search(r"OLD_PACKAGES := (sed -n '.*?')", makefile)[1]
    taken = subprocess.check_output(
        f"{command} {OLD / 'environment.yml'}", shell=True, text=True, cwd=ROOT
    )
    assert [Requirement(line.partition("  #")[0]) for line in taken.splitlines()] == [
        Requirement(line) for line in old_packages()[1:]
    ]


@pytest.mark.parametrize("module", ["datasets", "matplotlib", "ipywidgets", "pyarrow"])
def test_large_packages_are_imported_only_when_used(module):
    script = (
        "import sys, lessons.sources, lessons.text, lessons.loaders, lessons.model, "
        "lessons.validation, lessons.checkpoint, lessons.silent_bugs.plots, lessons.figures; "
        "lessons.sources.load(); "
        f"sys.exit({module!r} in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
