"""Copies every student's notebooks into one folder, for `python -m lessons.classroom FOLDER`.

    python3 deploy/jupyterhub/collect.py /var/lib/lessons/students handed-in "05*.ipynb"

Runs as root, where students have users of their own; so it follows no link that a student may have
laid, reads ordinary files only, and none that is too large. It says what it left out.
"""

import argparse
import os
import stat
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

FOLDER = "lessons"  # of a student's home, as in student/start.py
LARGEST = 50_000_000  # bytes
SAFELY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe must not keep us waiting


def collect(students: Path, out: Path, pattern: str) -> Iterator[str]:
    """Copy the notebooks to out/STUDENT/NAME, and yield a line for each that is left out.

    Raises OSError if there is no such folder, or `out` cannot be written.
    """
    for home in sorted(path.name for path in students.iterdir()):
        try:
            folder = open_folder(students, home, FOLDER)
        except OSError as error:
            yield f"{home}: left out, {error.strerror}"
            continue
        try:
            for name in sorted(os.listdir(folder)):
                if fnmatch(name, pattern) and not name.startswith("."):
                    yield from copy(folder, name, out / home)
        finally:
            os.close(folder)


def open_folder(*parts: Path | str) -> int:
    """The last of these folders, opened step by step without following a link."""
    inner = os.open(parts[0], os.O_RDONLY | os.O_DIRECTORY)
    for part in parts[1:]:
        outer = inner
        try:
            inner = os.open(part, SAFELY | os.O_DIRECTORY, dir_fd=outer)
        finally:
            os.close(outer)
    return inner


def copy(folder: int, name: str, out: Path) -> Iterator[str]:
    """Copy one notebook, or say why not."""
    try:
        source = os.open(name, SAFELY, dir_fd=folder)
    except OSError as error:
        yield f"{out.name}/{name}: left out, {error.strerror}"
        return
    try:
        found = os.fstat(source)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or found.st_size > LARGEST:
            yield f"{out.name}/{name}: left out, it is no ordinary file of up to {LARGEST} bytes"
            return
        out.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.dup(source), "rb") as file:
            (out / name).write_bytes(file.read(LARGEST))
    finally:
        os.close(source)


def main() -> None:
    """Collect, and say what was left out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("students", type=Path, help="the folder with the students' homes")
    parser.add_argument("out", type=Path, help="where the copies go")
    parser.add_argument("pattern", nargs="?", default="[0-9][0-9]_*.ipynb")
    asked = parser.parse_args()
    try:
        for line in collect(asked.students, asked.out, asked.pattern):
            print(line, file=sys.stderr)
    except OSError as error:
        sys.exit(f"The notebooks cannot be collected: {error}")


if __name__ == "__main__":
    main()
