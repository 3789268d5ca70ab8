"""The environment's files agree with each other, the README and what is installed."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
WANTED = PROJECT["dependencies"] + EXTRAS["instructor"] + EXTRAS["test"]
WANTED.remove("lessons[instructor]")  # as its packages stand there already
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


def test_the_packages_are_those_that_the_course_needs():
    assert [Requirement(wanted).name for wanted in PROJECT["dependencies"]] == [
        *("anywidget", "datasets", "filelock", "ipywidgets", "jupyterlab", "matplotlib"),
        *("packaging", "pyarrow", "torch", "tqdm"),
    ]


# ------------------------------------------------------------- the environment of torchtext

OLD = ROOT / "notebooks" / "torchtext"


def test_torchtexts_pins_are_exact_and_those_that_it_works_with():
    pins = (OLD / "constraints.txt").read_text()
    assert not re.search(r"://|@|\+|--hash", pins)
    exact = {pin.name: pin.specifier for pin in map(Requirement, pins.splitlines())}
    assert all(re.fullmatch(r"==[^,*]+", str(one)) for one in exact.values())
    assert exact["torch"] == SpecifierSet("==2.3.1")
    assert exact["torchtext"] == SpecifierSet("==0.18.0")
    wanted = [
        line.partition("#")[0] for line in (OLD / "requirements.txt").read_text().splitlines()
    ]
    for need in map(Requirement, filter(None, wanted)):
        assert str(exact[need.name]).removeprefix("==") in need.specifier


def test_conda_installs_the_same_torchtext():
    *_, pip = yaml.safe_load((OLD / "environment.yml").read_text())["dependencies"]
    assert pip == {"pip": ["--constraint constraints.txt", "--requirement requirements.txt"]}


@pytest.mark.parametrize("module", ["datasets", "matplotlib", "ipywidgets", "pyarrow"])
def test_large_packages_are_imported_only_when_used(module):
    script = (
        "import sys, lessons.sources, lessons.text, lessons.loaders, lessons.model, "
        "lessons.validation, lessons.checkpoint, lessons.silent_bugs.plots, lessons.figures; "
        "lessons.sources.load(); "
        f"sys.exit({module!r} in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
