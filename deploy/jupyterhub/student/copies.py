"""A student's copy of the notebooks: what is new comes in, what the student changed is kept.

It runs as the student, before the server starts. A file that the student has not touched follows
the course. One that both have changed stays as the student has it; the course's new one is put
beside it, into the folder `original`, and `NEWS.md` says so. Nothing of the student's is ever
written over: to get a fresh copy of a file, rename or delete it, and start the server again.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

DELIVERED = ".delivered.json"  # path: the SHA-256 of what the course brought last
BESIDE, NEWS = "original", "NEWS.md"
HEAD = """# The course has changed

You had changed these files, too. Yours are as you left them, and the new ones are beside them:

"""


def update(source: Path, copy: Path) -> list[str]:
    """Bring the copy up to date, and return the files that both sides have changed.

    Interrupted at any point, it can be run again. Raises OSError if the copy cannot be written.
    """
    copy.mkdir(parents=True, exist_ok=True)
    delivered, both = read_delivered(copy), []
    for name in sorted(course_files(source)):
        new = (source / name).read_bytes()
        mine = digest(copy / name)
        if mine is None or mine == delivered.get(name):
            write(copy / name, new)
        elif delivered.get(name) != sha(new) and mine != sha(new):
            both.append((name, put_beside(copy, name, new)))
        delivered[name] = sha(new)
    tell(copy, both)
    write(copy / DELIVERED, json.dumps(delivered, indent=1).encode())
    return [name for name, _ in both]


def course_files(source: Path) -> Iterator[str]:
    """The files of the course by their names in it; nothing hidden, and no model of a reader."""
    for path in source.rglob("*"):
        name = path.relative_to(source)
        hidden = any(part.startswith((".", "__")) for part in name.parts)
        if path.is_file() and not hidden and path.suffix != ".pt":
            yield name.as_posix()


def read_delivered(copy: Path) -> dict[str, str]:
    """What was delivered. Without it, or if it is damaged, nothing counts as untouched."""
    try:
        delivered = json.loads((copy / DELIVERED).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return delivered if isinstance(delivered, dict) else {}


def sha(data: bytes) -> str:
    """Its SHA-256."""
    return hashlib.sha256(data).hexdigest()


def digest(path: Path) -> str | None:
    """The SHA-256 of a file, or None if there is no such file."""
    if not os.path.lexists(path):
        return None
    return sha(path.read_bytes()) if path.is_file() else "no file"  # the student's own: is kept


def put_beside(copy: Path, name: str, new: bytes) -> str:
    """Write the course's new file under the first name that is free, and return that."""
    path = Path(BESIDE, name)
    number, free = 2, path
    while digest(copy / free) not in (None, sha(new)):
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    write(copy / free, new)
    return free.as_posix()


def tell(copy: Path, both: list[tuple[str, str]]) -> None:
    """Add these files to the student's list of what both sides have changed."""
    if not both:
        return
    news = copy / NEWS
    text = news.read_text(encoding="utf-8") if news.is_file() else HEAD
    lines = "".join(f"- `{name}`: the new one is `{beside}`\n" for name, beside in both)
    write(news, (text + lines).encode())


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
