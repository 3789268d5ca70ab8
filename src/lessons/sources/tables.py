"""Lesson 01: two columns of a CSV or parquet file, as they are written in it.

It does not know of splits: it returns texts, labels as numbers, and the names of the classes.
"""

import csv
import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from lessons.split import problem_of_names

SUFFIXES = (".parquet", ".csv", ".tsv", ".txt")  # Excel names its "Unicode text" .txt
GAPS = {"na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none"}  # in small or capital letters
_OTHERS = {  # files of another kind, by their first bytes
    b"PAR1": "is a parquet file, so its name should end in .parquet",
    b"PK\x03\x04": "is a spreadsheet such as .xlsx or a zip file; save it as 'CSV UTF-8'",
    b"\x1f\x8b": "is compressed; unpack it first",
}
_CSV_ERRORS = {  # by what the csv module says
    "unexpected end": "has a double quote that is never closed",
    "new-line character": "has a line break of another kind than the others",
    "": "goes on after a closing quote; a quote within a text is written twice",
}


class _Rows(NamedTuple):
    """Two columns of a file: `labels[i]` is in the same row as `texts[i]`."""

    texts: list[str]
    labels: list[str]  # without blanks around them


class _Cells(NamedTuple):
    row: int  # as a spreadsheet counts
    text: str | None
    label: str | None


class _Unreadable(Exception):
    """Why a file is no table."""


def find_file(folder: Path, name: str) -> Path:
    """The CSV or parquet file of this name, "train" or "test", in a folder.

    Raises ValueError if there is not exactly one, or if the folder may not be read.
    """
    if not os.access(folder, os.R_OK | os.X_OK):
        raise ValueError(f"The folder {folder} may not be read. Choose one that you may open.")
    found = [path for end in SUFFIXES if os.path.isfile(path := folder / f"{name}{end}")]
    if len(found) > 1:
        raise ValueError(
            f"The folder {folder} has both {found[0].name} and {found[1].name}. Keep one of them."
        )
    if found:
        return found[0]
    raise ValueError(
        f"The folder {folder} has no {name}.parquet or {name}.csv. A folder needs a train and "
        "a test file; for a single file give its own path."
    )


def read_files(
    paths: Sequence[Path], text: str, label: str, names: Sequence[str] | None
) -> list[tuple[list[str], list[int], tuple[str, ...]]]:
    """The texts of each file, their labels as numbers from 0, and the names of the classes.

    The first file decides which classes there are. Labels of the other files are matched with
    them as they are written.

    A CSV file is UTF-8, or UTF-16 as Excel writes it, and has commas, semicolons or tabs
    between its columns. What parquet stores in binary is written as Arrow writes it: 7, 0.5,
    true, 2024-01-05. Blanks around a label do not count.

    Rows are counted as a spreadsheet counts them: the header of a CSV file is row 1, and a text
    of several lines is in one row. Empty lines are counted and left out. In a parquet file the
    first story is row 1.

    Raises ValueError if a file cannot be read, has no such columns or no rows, and for a row
    without a text or a label. Labels such as NA or null count as missing, unless `names` lists
    them. Raises it too if whole numbers do not count from 0, if a label is none of `names`, or
    if all labels are the same.
    """
    tables = [_read_rows(path, text, label, names or ()) for path in paths]
    numbers, names = _number_classes(tables[0].labels, names, paths[0])
    for path, table in zip(paths, tables, strict=True):
        if new := set(table.labels) - numbers.keys():
            raise ValueError(
                f"The label {min(new)!r} in {path} is not one of the classes of {paths[0]}: "
                f"{_some(list(numbers))}. Write the labels alike in both files."
            )
    return [(rows.texts, [numbers[label] for label in rows.labels], names) for rows in tables]


def _number_classes(
    labels: list[str], names: Sequence[str] | None, path: Path
) -> tuple[dict[str, int], tuple[str, ...]]:
    """The number of each label as it is written, and the names of the classes by number."""
    found = set(labels)
    if len(found) < 2:
        raise ValueError(
            f"All {len(labels)} rows of {path} have the same label. A classifier needs at least "
            "two classes to tell apart."
        )
    whole = all(re.fullmatch("0|-?[1-9][0-9]{0,9}", written) for written in found)
    known = sorted(found, key=int if whole else None)
    if names is not None:
        return _number_names(known, whole, names, path), tuple(names)
    if whole and known != [str(number) for number in range(len(known))]:
        raise ValueError(
            f"The labels in {path} are {_some(known)} but whole numbers must count from 0 "
            "without a gap: 0, 1, 2 and so on. Names such as 'Sports' work too."
        )
    return {name: number for number, name in enumerate(known)}, tuple(known)


def _number_names(
    known: list[str], whole: bool, names: Sequence[str], path: Path
) -> dict[str, int]:
    """The number of each label, if the classes have these names; `known` are the labels found."""
    if problem := problem_of_names(names):
        raise ValueError(f"The names {names!r} cannot be used: {problem}.")
    counted = whole and not set(known) <= set(names)
    numbers = {str(n) if counted else name: n for n, name in enumerate(names)}
    for written in known:
        if written not in numbers:
            raise ValueError(
                f"The label {written if whole else repr(written)} in {path} is not one of the "
                f"{len(names)} classes {_some(names)}. Whole numbers count from 0."
            )
    return numbers


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + " ..." * (len(names) > 5)


def _read_rows(path: Path, text: str, label: str, names: Collection[str]) -> _Rows:
    parquet = path.suffix.lower() == ".parquet"
    try:
        content = _read_bytes(path)
        cells = (_read_parquet if parquet else _read_table)(content, path, text, label)
    except _Unreadable as problem:
        raise ValueError(
            f"The file {path} could not be read ({problem}). It should be a UTF-8 CSV or parquet "
            f"file with the columns {text} and {label}."
        ) from problem.__cause__
    if not cells:
        raise ValueError(f"The file {path} is empty: it has a header but no rows.")
    where = f"{path} ({'the first story' if parquet else 'the header'} is row 1)"
    return _without_gaps(cells, where, text, label, names)


def _read_bytes(path: Path) -> bytes:
    if path.suffix.lower() not in SUFFIXES:
        raise _Unreadable("its name ends neither in .csv nor in .parquet")
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ValueError(
            f"There is no file {path}. Check the path and the folder you are in."
        ) from error
    except OSError as error:
        raise _Unreadable(f"{error.strerror}: choose a file that you may read") from error
    if not content:
        raise _Unreadable("it is empty")
    return content


def _places(columns: list[str], path: Path, text: str, label: str) -> list[int]:
    """The indices of these two columns."""
    for name in (text, label):
        if name not in columns:
            raise ValueError(
                f"{path} has no column {name!r}, only {', '.join(columns)}. Say which one to "
                "use: text='...' and label='...'."
            )
        if columns.count(name) > 1:
            raise ValueError(
                f"{path} has {columns.count(name)} columns with the name {name!r}. Give each "
                "column a name of its own."
            )
    return [columns.index(name) for name in (text, label)]


def _without_gaps(
    cells: list[_Cells], where: str, text: str, label: str, names: Collection[str]
) -> _Rows:
    rows = _Rows([], [])
    for row, story, found in cells:
        name = (found or "").strip()
        known_gap = name.lower() in GAPS and name not in names
        if not (story or "").strip() or not name or known_gap:
            missing = label if (story or "").strip() else text
            hint = f" If {name!r} is a class, list all classes in names=(...)." * known_gap
            raise ValueError(
                f"Row {row} of {where} has no {missing}. Fill it in or delete the row.{hint}"
            )
        rows.texts.append(story or "")
        rows.labels.append(name)
    return rows


# ---------------------------------------------------------------------------------- CSV


def _read_table(content: bytes, path: Path, text: str, label: str) -> list[_Cells]:
    lines = _lines(_decode(content))
    with _fields_of_any_size():
        records = _records(lines, _separator(lines, text, label))
        _, header = next(records, (1, []))
        first, second = _places([name.strip() for name in header], path, text, label)
        cells = []
        for row, record in records:
            if len(record) != len(header):
                raise _Unreadable(
                    f"row {row} has {len(record)} columns and the header {len(header)}; a text "
                    "with a comma in it must be in double quotes"
                )
            cells.append(_Cells(row, record[first], record[second]))
    return cells


def _decode(content: bytes) -> str:
    for beginning, what in _OTHERS.items():
        if content.startswith(beginning):
            raise _Unreadable(f"it {what}")
    sixteen = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    try:
        written = content.decode("utf-16" if sixteen else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Unreadable(
            f"line {line} is not UTF-8; open the file in a spreadsheet and save it as 'CSV UTF-8'"
        ) from error
    if "\0" in written:
        raise _Unreadable("it has NUL bytes; open it in a spreadsheet and save it as 'CSV UTF-8'")
    return written


def _lines(written: str) -> list[str]:
    """The lines with their ends; the first one shows whether a line ends as on an old Mac."""
    first = re.search("\r\n?|\n", written)
    end = "\r" if first and first[0] == "\r" else "\n"
    return [line + end for line in written.split(end)]


def _separator(lines: list[str], text: str, label: str) -> str:
    """The mark between the columns: the one with which the header has these two names."""
    headers = {}
    for mark in ",;\t":
        try:
            _, header = next(_records(lines, mark), (1, []))
        except _Unreadable:
            header = []
        headers[mark] = [name.strip() for name in header]
    right = [mark for mark, header in headers.items() if {text, label} <= set(header)]
    return right[0] if right else max(headers, key=lambda mark: len(headers[mark]))


def _records(lines: list[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with its number, from 1."""
    row = 0
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for row, record in enumerate(reader, 1):
            if any(map(str.strip, record)):
                yield row, record
    except csv.Error as error:
        what = next(what for sign, what in _CSV_ERRORS.items() if sign in str(error))
        raise _Unreadable(f"row {row + 1} {what}") from error


@contextmanager
def _fields_of_any_size() -> Iterator[None]:
    """Lift the limit of the csv module, 128 KB a field."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


# ------------------------------------------------------------------------------- parquet


def _read_parquet(content: bytes, path: Path, text: str, label: str) -> list[_Cells]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(pa.BufferReader(content)).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _Unreadable("it is damaged or no parquet file") from error
    places = _places([name.strip() for name in table.column_names], path, text, label)
    texts, labels = (
        _as_written(table.column(place), f"{table.column_names[place]} of {path}")
        for place in places
    )
    return list(map(_Cells, range(1, table.num_rows + 1), texts, labels))


def _as_written(column: Any, name: str) -> list[str | None]:
    """The values of a column of texts, numbers, dates or Booleans, as texts."""
    import pyarrow as pa
    from pyarrow import compute

    kind = column.type
    try:
        column.validate(full=True)
        if pa.types.is_dictionary(kind):  # what pandas calls a categorical
            kind = kind.value_type
            column = column.cast(kind)
        if pa.types.is_floating(kind):
            column = compute.if_else(compute.is_nan(column), None, column)
        if pa.types.is_duration(kind) or isinstance(kind, pa.BaseExtensionType):
            raise pa.ArrowNotImplementedError  # Arrow would write bare numbers
        column = column.cast(pa.large_string())
    except pa.ArrowException as error:
        raise ValueError(
            f"The column {name} holds {kind}, which cannot be read as words. Only UTF-8 texts, "
            "numbers, dates and yes or no can: write it as text and save the file again."
        ) from error
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        column = compute.replace_substring_regex(column, r"\.0+(Z|[+-]\d+)?$", r"\1")
    return column.to_pylist()  # type: ignore[no-any-return]
