"""Lesson 00: does this computer have all that the course needs?"""

import os
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

AGAIN = "Close JupyterLab and start it with `make lab`, which mends the environment."


class Check(NamedTuple):
    """The result of one check, and what to do if it failed."""

    what: str
    fine: bool
    remedy: str


def check_environment(folder: str | Path = ".") -> list[Check]:
    """Check the version of Python, each package that the lessons need, and the working folder."""
    python = Check("Python is 3.11 or newer", sys.version_info >= (3, 11), AGAIN)
    needed = (Requirement(line) for line in requires("lessons") or [])
    packages = [
        Check(f"{need.name} is here, in a version that fits", _fits(need), AGAIN)
        for need in needed
        if need.marker is None  # with a marker it is for the tests only
    ]
    writable = Check(
        "this folder can be written to",
        os.access(folder, os.W_OK),
        "Copy the course to a folder of your own, such as your home folder, and start there.",
    )
    return [python, *packages, writable]


def _fits(need: Requirement) -> bool:
    try:
        return version(need.name) in need.specifier
    except PackageNotFoundError:
        return False
