"""Is this environment whole? Each package that the course needs is there, and so are its files.

Or each one of those that a file lists: python -I scripts/whole.py packages.txt
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

# What can be imported from a package, as its list of files has it: torch/__init__.py, six.py
MODULES = re.compile(r"^([\w-]+(?:/__init__)?\.py),", re.M)


def missing(wanted: Requirement, seen: set[str]) -> str | None:
    """What this package and all that it needs lack, in words, or None."""
    if wanted.name in seen:
        return None
    seen.add(wanted.name)
    try:
        found = distribution(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is missing"
    if not wanted.specifier.contains(found.version, prereleases=True):
        return f"{wanted.name} is of version {found.version}"
    for module in MODULES.findall(found.read_text("RECORD") or ""):
        if not Path(str(found.locate_file(module))).is_file():
            return f"{wanted.name} has lost {module}"
    needs = map(Requirement, found.requires or [])
    lacks = (missing(need, seen) for need in needs if applies(need, wanted.extras))
    return next(filter(None, lacks), None)


def applies(need: Requirement, extras: set[str]) -> bool:
    """Is it needed on this machine, with these extras?"""
    return need.marker is None or any(need.marker.evaluate({"extra": e}) for e in ("", *extras))


def listed(file: str) -> list[str]:
    """The packages in this file, without what is said about them."""
    lines = (line.partition("#")[0].strip() for line in Path(file).read_text().splitlines())
    return list(filter(None, lines))


if __name__ == "__main__":
    packages = ["lessons[test]"] if not sys.argv[1:] else listed(sys.argv[1])
    seen: set[str] = set()
    lack = next(filter(None, (missing(Requirement(one), seen) for one in packages)), None)
    lessons = find_spec("lessons")
    if not lack and not (lessons and Path.cwd() in Path(str(lessons.origin)).resolve().parents):
        lack = "the lessons in it are those of another folder"
    sys.exit(lack)
