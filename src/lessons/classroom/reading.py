"""What was handed in: files of a folder, also in zip files, and whose they are.

Nothing is unpacked or written, and no link is followed.
"""

import io
import json
import re
import stat
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from lzma import LZMAError
from pathlib import Path
from typing import IO, Any, NamedTuple

LARGEST = 50 * 2**20  # bytes of a notebook; one with many pictures has a few million
MOST_CODE = 300_000  # characters in all cells; a lesson of the course has 20,000
LARGEST_ZIP = 10 * LARGEST  # bytes that are read out of one zip file
MOST_IN_ZIP = 20_000  # entries
DEEPEST = 3  # a zip file in a zip file in a zip file

_JUNK = re.compile(r"\.|__MACOSX$|~\$")  # hidden, or left there by a system
_BROKEN_ZIP = (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error)

Names = tuple[str, ...]  # of the folders and zip files down to a file, and its own


class File(NamedTuple):
    """A file that was handed in: what is in it, or why that cannot be said."""

    names: Names
    content: bytes = b""
    why: str = ""


class HandIn(NamedTuple):
    """A student's file: the code in its cells, or why it could not be read."""

    student: str
    names: Names
    cells: tuple[str, ...] = ()
    why: str = ""

    @property
    def path(self) -> str:
        """Where it lies, from the folder on."""
        return "/".join(self.names)

    @property
    def is_other(self) -> bool:
        """Is it something else by its name, such as a picture?"""
        return not self.names[-1].lower().endswith((".ipynb", ".zip"))


def hand_ins(folder: Path, output: Path) -> list[HandIn]:
    """All files of a folder but those in `output`, in the order of their paths; 2 before 10.

    Raises OSError if the folder cannot be read.
    """
    read = []
    for file in _files(folder, (), output.resolve()):  # one at a time: they may be large
        cells, why = ((), file.why) if file.why else cells_of(file)
        read.append(HandIn("", file.names, cells, why))
    read.sort(key=lambda one: natural(one.names))
    whose = students([one.names for one in read])
    return [one._replace(student=student) for one, student in zip(read, whose, strict=True)]


def natural(names: Names) -> list[Any]:
    """A key to sort by: numbers count as numbers, and `a.ipynb` comes before `a (1).ipynb`."""
    parts = [part for name in names for part in re.split(r"(\d+)", name.removesuffix(".ipynb"))]
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


# ----------------------------------------------------------------------------- finding files


def _files(folder: Path, above: Names, output: Path) -> Iterator[File]:
    """The files below a folder. Links are told, not followed."""
    for path in sorted(folder.iterdir()):
        names = (*above, _clean(path.name))
        if _JUNK.match(path.name) or path.resolve() == output:
            continue
        try:
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                yield from _files(path, names, output)
            elif stat.S_ISREG(mode):
                with path.open("rb") as stream:
                    yield from _opened(names, stream, 0)
            elif stat.S_ISLNK(mode):
                yield File(names, why="It is a link, and links are not followed.")
            else:
                yield File(names, why="It is no ordinary file.")
        except OSError as error:
            yield File(names, why=f"It cannot be opened ({error.strerror or error}).")


def _opened(names: Names, stream: IO[bytes], depth: int) -> Iterator[File]:
    """A file, or what is in it if it is a zip file."""
    ending = names[-1].lower().rpartition(".")[2]
    if ending == "ipynb":
        content = stream.read(LARGEST + 1)
        yield File(names, content) if len(content) <= LARGEST else File(names, why=_too_large())
    elif ending == "zip":
        yield from _unzipped(names, stream, depth)
    else:
        yield File(names, why="It is no notebook: the name of one ends in .ipynb.")


def _unzipped(names: Names, stream: IO[bytes], depth: int) -> Iterator[File]:
    """The files in a zip file. They are read in memory, so no name of one leads anywhere."""
    if depth == DEEPEST:
        yield File(names, why="It is a zip file in too many others.")
        return
    try:
        # A zip in a zip comes as a stream that cannot be searched through quickly.
        whole = stream if depth == 0 else io.BytesIO(_limited(stream, LARGEST_ZIP))
        with zipfile.ZipFile(whole) as archive:
            yield from _members(names, archive, depth)
    except _BROKEN_ZIP as error:
        yield File(names, why=f"It is no zip file that can be read ({_first_line(error)}).")


def _members(names: Names, archive: zipfile.ZipFile, depth: int) -> Iterator[File]:
    left = LARGEST_ZIP
    for count, member in enumerate(archive.infolist()):
        inside = tuple(_clean(one) for one in re.split(r"[/\\]", member.filename))
        inside = tuple(one for one in inside if one not in ("", ".", ".."))
        if count == MOST_IN_ZIP or left <= 0:
            yield File(names, why="There is too much in it, so the rest was left out.")
            return
        if member.is_dir() or not inside or any(map(_JUNK.match, inside)):
            continue
        if stat.S_ISLNK(member.external_attr >> 16):
            yield File((*names, *inside), why="It is a link, and links are not followed.")
            continue
        try:
            with archive.open(member) as stream:
                for file in _opened((*names, *inside), stream, depth + 1):
                    left -= len(file.content)
                    yield file
        except (*_BROKEN_ZIP, LZMAError) as error:
            yield File((*names, *inside), why=f"It cannot be unzipped ({_first_line(error)}).")


def _limited(stream: IO[bytes], most: int) -> bytes:
    """All of a stream. Raises ValueError if that is too much."""
    content = stream.read(most + 1)
    if len(content) > most:
        raise ValueError(_too_large())
    return content


def _too_large() -> str:
    return f"It is larger than {LARGEST // 2**20} MB."


def _first_line(error: BaseException) -> str:
    return _clean((str(error) or type(error).__name__).splitlines()[0].rstrip("."))


def _clean(name: str) -> str:
    """A name as it is shown: composed letters, and nothing that steers a terminal."""
    name = name.encode(errors="replace").decode()  # not every name on a disk is Unicode
    return "".join(
        one if one.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for one in unicodedata.normalize("NFC", name)
    )


# ------------------------------------------------------------------------ what is in a notebook


def cells_of(file: File) -> tuple[tuple[str, ...], str]:
    """The code of a notebook's cells, and nothing; or no cells, and why they cannot be read."""
    import nbformat

    if not file.content.strip():
        return (), "It is empty."
    try:
        book = json.loads(_decoded(file.content))
    except (ValueError, RecursionError) as error:
        return (), f"It is no notebook, or a broken one: {_first_line(error)}."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an old notebook has no cell ids
            if isinstance(book, dict) and book.get("nbformat", 4) < 4:
                book = nbformat.convert(nbformat.from_dict(book), 4)  # type: ignore[no-untyped-call]
        cells = tuple(map(_source, _code_cells(book)))
    except Exception as error:  # whatever its keys hold: students edit notebooks by hand, too
        told = f"{type(error).__name__}: {_first_line(error)}"
        return (), f"It is no notebook as Jupyter writes them ({told})."
    if sum(map(len, cells)) > MOST_CODE:
        return (), f"It holds more than {MOST_CODE} characters of code."
    return cells, ""


def _code_cells(book: Any) -> list[Any]:
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"]


def _source(cell: Any) -> str:
    source = cell["source"]
    source = source if isinstance(source, str) else "".join(source)
    return source.encode(errors="replace").decode()  # JSON can hold halves of characters


def _decoded(content: bytes) -> str:
    """JSON in any encoding of Unicode, or else in that of old Windows."""
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


# ----------------------------------------------------------------------------- whose file it is

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_file(_|$)")
_CANVAS = re.compile(r"(?P<name>[^_]+)_(LATE_)?(?P<number>\d+)_\d+_.+")
_AGAIN = re.compile(r" ?\(\d+\)$|-copy\d*$", re.I)  # as browsers and Jupyter name a second file
_LESSON = re.compile(r"[ _-]+\d\d_[a-z].*$")  # the name of a lesson's notebook, behind another


class _Student(NamedTuple):
    name: str
    number: str = ""  # in a download from Moodle or Canvas


def students(paths: Sequence[Names]) -> list[str]:
    """The student of each path.

    A download of Moodle or Canvas tells the name. Otherwise the first folder or zip file is a
    student, but not one that holds everybody's; and where there are only files, it is the file's
    name without the lesson. `ana (1).ipynb` is Ana's if there is an `ana.ipynb`. Students of one
    name are told apart by their numbers.
    """
    paths = _without_wrapper(paths)
    stems = {_stem(names) for names in paths if len(names) == 1}
    found = [_student(names, stems) for names in paths]
    numbers: dict[str, set[str]] = {}
    for one in found:
        numbers.setdefault(one.name, set()).add(one.number)
    return [
        f"{one.name} ({one.number})" if one.number and len(numbers[one.name]) > 1 else one.name
        for one in found
    ]


def _without_wrapper(paths: Sequence[Names]) -> Sequence[Names]:
    """Paths without the folder or zip file in which all of them are, if it is not a student's."""
    while len({names[0] for names in paths}) == 1 and all(len(names) > 1 for names in paths):
        holds_folders = any(len(names) > 2 for names in paths)
        is_students = _MOODLE.match(paths[0][0])
        if is_students or not (holds_folders or paths[0][0].lower().endswith(".zip")):
            break
        paths = [names[1:] for names in paths]
    return paths


def _student(names: Names, stems: set[str]) -> _Student:
    for name in names:
        if found := _MOODLE.match(name) or _CANVAS.fullmatch(name):
            return _Student(found["name"].strip(), found["number"])
    if len(names) > 1:
        return _Student(re.sub(r"\.zip$", "", names[0], flags=re.I))
    stem = _stem(names)
    first = _AGAIN.sub("", stem)
    stem = first if first in stems else stem
    return _Student(_LESSON.sub("", stem) or stem)


def _stem(names: Names) -> str:
    return names[0].rpartition(".")[0] or names[0]
