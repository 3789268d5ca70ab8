"""`make` and its environments, tried with a Python, a pip and an uv that only pretend."""

import ast
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import packaging
import pytest
from packaging.requirements import Requirement

from conftest import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))

# As in a shell: a make that runs these tests would tell its own variables to those tried here.
ENV = {name: value for name, value in os.environ.items() if not re.match("MAKE|MFLAGS|TORCH", name)}

# ----------------------------------------------------------------------------------- targets


def test_help_lists_every_target_and_make_alone_opens_the_course():
    helped = subprocess.check_output(["make", "help"], env=ENV, cwd=ROOT, text=True)
    assert set(re.findall(r"^make (\S+) +\w", helped, re.M)) == TARGETS - {"help"}
    assert re.search(r"^([a-z-]+):", MAKEFILE, re.M)[1] == "lab"
    assert len(MAKEFILE.splitlines()) < 90


@pytest.mark.parametrize("name", ["README.md", ".ci/run", ".pre-commit-config.yaml"])
def test_whatever_make_is_said_to_do_is_a_target(name):
    named = re.findall(r"\bmake (?:--\S+ )?([a-z-]+)", commands(ROOT / name))
    assert named and set(named) <= TARGETS


def commands(path):
    """What a file says in code; in Markdown the prose makes other things."""
    text = path.read_text()
    if path.suffix != ".md":
        return text
    prose, fenced = text.split("```")[::2], text.split("```")[1::2]
    return "\n".join([*fenced, *re.findall(r"`[^`\n]+`", "\n".join(prose))])


# ------------------------------------------------------- environments, made of empty packages

PIP = """import shutil, sys
from pathlib import Path
here = Path(sys.prefix)
with open("LOG", "a") as log:
    print("pip", *sys.argv[1:], file=log)
if Path("FAILS").exists():
    sys.exit("pip: no network")
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
for program, does in {"jupyter": "/bin/true", "uv": Path("uv").resolve()}.items():
    (here / "bin" / program).unlink(missing_ok=True)
    (here / "bin" / program).symlink_to(does)
"""
PYTHON = """#!/bin/sh
if test "$2" = venv; then
    {python} -m venv --without-pip "$3" && cp pip.py "$3"/lib/python*/site-packages/
else
    exec {python} -c 'import platform, runpy, sys
sys.executable = "./python"
_, *sys.argv = sys.argv
{changes}
runpy.run_path(sys.argv[0], run_name="__main__")' "$@"
fi
"""
UV = """#!/bin/sh
echo uv "$@" >> LOG
case "$1" in
    venv) test -e "$6" || exec ./python -m venv "$6" ;;
    pip) exec "$5" pip.py ;;
esac
"""


@pytest.fixture
def bare(tmp_path):
    """A folder with the course's Makefile and scripts, and no environment."""
    for name in (
        *("Makefile", "pyproject.toml", "constraints.txt"),
        *("scripts/environment.py", "scripts/whole.py", "notebooks/torchtext/constraints.txt"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "notebooks" / "torchtext" / "requirements.txt").write_text("torch<2  # an old one")
    (tmp_path / "src" / "lessons").mkdir(parents=True)
    (tmp_path / "src" / "lessons" / "__init__.py").touch()
    (tmp_path / "pip.py").write_text(
        PIP.replace("PACKAGING", repr(str(Path(packaging.__file__).parent)))
    )
    write_program(tmp_path / "python", PYTHON.format(python=sys.executable, changes=""))
    write_program(tmp_path / "uv", UV)
    return tmp_path


@pytest.fixture
def course(bare):
    """The same folder with its environment."""
    assert "Making the environment .venv" in make_env(bare)
    return bare


def write_program(path, text):
    path.write_text(text)
    path.chmod(0o755)


def make(folder, *words):
    """How `make` ended and all that it said, without uv."""
    command = ["make", "PYTHON=./python", "UV=", *words]
    return subprocess.run(command, env=ENV, cwd=folder, capture_output=True, text=True, check=False)


def make_env(folder, *more):
    """What `make env` says; afterwards the environment must be whole."""
    made = make(folder, "env", *more)
    assert made.returncode == 0, made.stderr
    whole = [folder / ".venv/bin/python", "-I", "scripts/whole.py"]
    subprocess.run(whole, cwd=folder, check=True)
    return made.stdout


def log(folder):
    """The calls of pip and uv, one a line."""
    return (folder / "LOG").read_text().splitlines()


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
    assert make_env(course) == ""


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
    said = make_env(course)
    assert "torch has lost torch/__init__.py\nSo .venv is made again from nothing.\n" in said


def test_of_a_link_to_the_environment_of_another_folder_only_the_link_goes(course, tmp_path):
    (course / ".venv").rename(tmp_path / "theirs")
    (course / ".venv").symlink_to("theirs")
    (packages(course) / "lessons.pth").write_text("/gone")
    assert "the lessons in it are those of another folder" in make_env(course)
    assert not (course / ".venv").is_symlink()
    assert (tmp_path / "theirs" / "installed").exists()


def test_an_installation_that_fails_ends_plainly_and_is_done_again(bare):
    (bare / "FAILS").touch()
    made = make(bare, "env")
    assert made.returncode != 0
    assert "pip: no network" in made.stderr
    assert "not complete, since this failed: .venv/bin/python -m pip install" in made.stderr
    assert "Traceback" not in made.stderr
    (bare / "FAILS").unlink()
    assert "Making the environment" in make_env(bare)


def test_the_environment_here_lacks_nothing():
    missing = runpy.run_path(ROOT / "scripts" / "whole.py")["missing"]
    assert missing(Requirement("lessons[test]"), set()) is None
    assert "is of version" in missing(Requirement("packaging<1"), set())
    assert missing(Requirement("no-such-package"), set()) == "no-such-package is missing"


# ---------------------------------------------------------- what is installed, and by what

COURSE = "-c constraints.txt -e .[test]"
PAGE = "notebooks/torchtext"
APART = [f"-c {PAGE}/constraints.txt -r {PAGE}/requirements.txt", "--no-deps -e ."]


def test_pip_installs_the_course_with_its_pins(course):
    assert log(course) == [f"pip install --quiet {COURSE}"]
    pins = (course / "pyproject.toml").read_text() + (course / "constraints.txt").read_text()
    assert (course / ".venv" / "installed").read_text() == pins


def test_where_there_is_uv_it_does_the_work(bare):
    make_env(bare, "UV=./uv", "TORCH=cpu")
    made, *installed = log(bare)
    assert re.fullmatch(r"uv venv --quiet --allow-existing --python \S+ \.venv", made)
    into = "uv pip install --quiet --python .venv/bin/python"
    assert installed == [f"{into} --torch-backend cpu {COURSE}", "pip"]
    with (bare / "constraints.txt").open("a") as pins:
        pins.write("another==1.0\n")
    make_env(bare, "UV=./uv")
    assert log(bare)[4] == f"{into} {COURSE}"


def test_another_build_of_torch_takes_uv_which_pip_installs(bare):
    make_env(bare, "TORCH=cpu")
    first, second, _ = log(bare)
    assert first == "pip install --quiet -c constraints.txt uv"
    into = "uv pip install --quiet --python .venv/bin/python --torch-backend cpu"
    assert second == f"{into} {COURSE}"


def test_torchtext_gets_an_environment_of_its_own(bare):
    system = LINUX + NEW_ENOUGH
    write_program(bare / "python", PYTHON.format(python=sys.executable, changes=system))
    assert "Making the environment old" in make(bare, "env-torchtext", "OLD=old").stdout
    assert log(bare) == [f"pip install --quiet {what}" for what in APART]
    assert make(bare, "env-torchtext", "OLD=old").stdout == ""
    (bare / PAGE / "requirements.txt").write_text("torch<2\nanother\n")
    made = make(bare, "env-torchtext", "OLD=old")
    assert "another is missing\nSo old is made again from nothing." in made.stdout
    assert not (bare / ".venv").exists()


HUB = "deploy/jupyterhub"
NPM = """#!/bin/sh
echo npm "$@" >> LOG
test -e "$4"/package.json && test -e "$4"/package-lock.json && mkdir -p "$4"/node_modules/.bin
"""


@pytest.fixture
def with_hub(bare):
    (bare / HUB).mkdir(parents=True)
    for name in ("constraints.txt", "package.json", "package-lock.json"):
        shutil.copy(ROOT / HUB / name, bare / HUB / name)
    (bare / HUB / "requirements.txt").write_text("torch")
    (bare / "bin").mkdir()
    write_program(bare / "bin" / "npm", NPM)
    return bare


def test_a_class_server_gets_an_environment_of_its_own_with_a_proxy(with_hub):
    path = f"PATH={with_hub / 'bin'}:{os.environ['PATH']}"
    assert "Making the environment .venv-hub" in make(with_hub, "env-hub", path).stdout
    into = f"pip install --quiet -c {HUB}/constraints.txt -r {HUB}/requirements.txt -e ."
    assert log(with_hub) == [into, "npm ci --silent --prefix .venv-hub"]
    assert make(with_hub, "env-hub", path).stdout == ""
    shutil.rmtree(with_hub / ".venv-hub" / "node_modules")
    made = make(with_hub, "env-hub", path)
    assert "what npm installs is missing\nSo .venv-hub is made again" in made.stdout
    assert not (with_hub / ".venv").exists()


def test_without_npm_there_is_no_class_server_and_that_is_said(with_hub):
    (with_hub / "bin" / "npm").unlink()
    programs = ("sh", "sed", "make", "env", "python3")
    for name in programs:
        (with_hub / "bin" / name).symlink_to(shutil.which(name))
    made = make(with_hub, "env-hub", f"PATH={with_hub / 'bin'}")
    assert made.returncode != 0
    assert "needs Node.js 20 or newer, with npm" in made.stderr
    assert not (with_hub / ".venv-hub").exists()


# --------------------------------------------------------------- where none can be made


def test_an_older_python_is_reported_and_nothing_is_touched(course):
    shutil.rmtree(packages(course) / "torch")
    old = PYTHON.format(python=sys.executable, changes="sys.version_info = (3, 10)")
    write_program(course / "python", old)
    made = make(course, "env")
    assert made.returncode != 0
    assert "needs Python 3.11 or newer: make lab PYTHON=python3.12" in made.stderr
    assert packages(course).exists()


def test_the_oldest_python_that_is_reported_can_read_the_program():
    program = (ROOT / "scripts" / "environment.py").read_text()
    ast.parse(program, feature_version=(3, 8))
    imported = re.findall(r"^(?:from|import) (\w+)", program, re.M)
    assert set(imported) <= sys.stdlib_module_names
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    assert "sys.version_info < (3, 11)" in program


def test_a_python_that_there_is_not_is_reported(bare):
    made = make(bare, "env", "PYTHON=no-such-python")
    assert made.returncode != 0
    assert "There is no no-such-python here. Install Python 3.11 or newer" in made.stdout


LINUX = 'platform.system, platform.machine = lambda: "Linux", lambda: "x86_64"\n'
MAC = 'platform.system, platform.machine = lambda: "Darwin", lambda: "arm64"\n'
NEW_ENOUGH = "sys.version_info = (3, 12)"


def make_old(folder, changes, *more):
    """What `make` says that should make torchtext's environment, with another computer's Python."""
    write_program(folder / "python", PYTHON.format(python=sys.executable, changes=changes))
    (folder / "FAILS").touch()
    (folder / "old").mkdir()
    made = make(folder, "env-torchtext", "OLD=old", *more)
    assert made.returncode != 0
    return made.stdout + made.stderr, (folder / "old").exists()


@pytest.mark.parametrize(
    ("changes", "more", "size"),
    [
        (LINUX + NEW_ENOUGH, [], "about 3 GB to download, 5.6 GB on the disk"),
        (LINUX + NEW_ENOUGH, ["TORCH=cpu"], "less than 1 GB to download"),
        (MAC + NEW_ENOUGH, [], "less than 1 GB to download"),
    ],
)
def test_before_torchtext_comes_its_size_and_why_it_is_apart_are_said(bare, changes, more, size):
    said, _ = make_old(bare, changes, *more)
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
def test_where_torchtext_cannot_be_had_that_is_said_and_nothing_is_touched(bare, changes, reason):
    said, still_there = make_old(bare, changes)
    assert re.search(f"torchtext cannot be had {reason}", said)
    assert "GB" not in said
    assert still_there
