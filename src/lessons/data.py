"""Lesson 01: where the stories come from, and how they are split."""

import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import torch

from lessons.ag_news import read_ag_news

TOPICS = ("World", "Sports", "Business", "Sci/Tech")  # AG News's own order: 0, 1, 2, 3
SOURCE_VARIABLE = "LESSONS_SOURCE"


class Stories(NamedTuple):
    """Texts with their answers: `labels[i]` says which of `names` is right for `texts[i]`."""

    texts: list[str]
    labels: list[int]
    names: tuple[str, ...]

    def pick(self, rows: Sequence[int]) -> "Stories":
        """The stories in these rows, in this order."""
        texts, labels = [self.texts[i] for i in rows], [self.labels[i] for i in rows]
        return Stories(texts, labels, self.names)


class ExamStories(Stories):
    """The stories of a test set. When a second cell scores them, a note is printed (`exam.py`).

    `Stories(*these)` are the same without the note.
    """

    __slots__ = ()


class Split(NamedTuple):
    """The textbook, the practice quizzes and the final exam."""

    train: Stories
    validation: Stories
    test: Stories


# ---------------------------------------------------------------- where stories come from


def load(
    source: str | Path | None = None,
    *,
    text: str = "text",
    label: str = "label",
    names: Sequence[str] | None = None,
) -> Stories:
    """The stories to learn from. A test set that comes with the source is left out.

    `source` is "mini-news" (built in), "ag-news" (downloaded), a CSV or parquet file, or a
    folder with a train and a test file. Without it the environment variable LESSONS_SOURCE
    decides, and without that it is "mini-news".

    A file has the columns `text` and `label`; say `text="headline"`, `label="topic"` where
    they are called otherwise. Labels are names, or whole numbers counted from 0, which
    `names=("World", ...)` puts into words.

    Raises ValueError for a source, file or column that cannot be used, and ConnectionError
    where AG News cannot be reached.
    """
    return _read(source, text, label, names)[0]


def load_split(
    source: str | Path | None = None,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    *,
    text: str = "text",
    label: str = "label",
    names: Sequence[str] | None = None,
) -> Split:
    """Load the stories and split them (see `load` and `split`).

    A test set that comes with the source stays the test set. Validation then takes its share
    of the rest, and training all the others. The test set is for one use: see `exam.py`.
    """
    stories, test = _read(source, text, label, names)
    if test is None:
        train, validation, test = split(stories, fractions, seed)
    else:
        _check_fractions(fractions)
        train, validation, _ = split(stories, (1 - fractions[1], fractions[1], 0.0), seed)
    return Split(train, validation, ExamStories(*test))


def _read(
    source: str | Path | None, text: str, label: str, names: Sequence[str] | None
) -> tuple[Stories, Stories | None]:
    """All stories of a source, and the test set that it brings along, if any."""
    source = str(source or os.environ.get(SOURCE_VARIABLE) or "mini-news")
    if source == "mini-news":
        return _read_mini_news(), None
    if source == "ag-news":
        return _read_ag_news()
    path = Path(source).expanduser()
    if path.is_dir():
        stories = _read_file(_find(path, "train"), text, label, names)
        return stories, _read_file(_find(path, "test"), text, label, stories.names)
    if path.suffix.lower() in (".csv", ".parquet"):
        return _read_file(path, text, label, names), None
    raise ValueError(
        f"There is no source {source!r}. Use 'mini-news', 'ag-news', the path of a .csv or "
        ".parquet file, or a folder with a train and a test file."
    )


def _read_mini_news() -> Stories:
    """The built-in corpus: label, second topic, title and lead in each line."""
    text = files("lessons").joinpath("mini_news/stories.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    texts = [f"{title} {lead}" for _, _, title, lead in rows]
    return Stories(texts, [TOPICS.index(label) for label, *_ in rows], TOPICS)


def _read_ag_news() -> tuple[Stories, Stories]:
    """AG News (Zhang, Zhao and LeCun, 2015): the training stories and the official test set."""
    parts = read_ag_news()
    train, test = (
        Stories(list(parts[part]["text"]), list(parts[part]["label"]), TOPICS)
        for part in ("train", "test")
    )
    return train, test


def _find(folder: Path, part: str) -> Path:
    for suffix in (".parquet", ".csv"):
        if (folder / (part + suffix)).is_file():
            return folder / (part + suffix)
    raise ValueError(
        f"The folder {folder} has no {part}.parquet or {part}.csv. A folder needs a train and "
        "a test file; for a single file give its own path."
    )


def _read_file(path: Path, text: str, label: str, names: Sequence[str] | None) -> Stories:
    columns = _read_columns(path, text, label)
    for name, values in columns.items():
        for row, value in enumerate(values, 1):
            if value is None or (name == text and not str(value).strip()):
                raise ValueError(
                    f"Row {row} of {path} has no {name}. Fill it in or delete the row."
                )
    texts = [str(value) for value in columns[text]]
    labels, names = _number(columns[label], names, path)
    if len(set(labels)) < 2:
        raise ValueError(
            f"All {len(labels)} rows of {path} have the same label. A classifier needs at least "
            "two classes to tell apart."
        )
    return Stories(texts, labels, names)


def _read_columns(path: Path, text: str, label: str) -> dict[str, list[Any]]:
    """These two columns of a CSV or parquet file, which has at least one row."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    if not path.is_file():
        raise ValueError(f"There is no file {path}. Check the path and the folder you are in.")
    try:
        if path.suffix.lower() == ".csv":
            quoted = csv.ParseOptions(newlines_in_values=True)
            words = csv.ConvertOptions(column_types={text: pa.string()})  # "007" is a text
            table = csv.read_csv(path, parse_options=quoted, convert_options=words)
        else:
            table = parquet.read_table(path)
    except pa.ArrowInvalid as error:
        what = "is empty" if path.stat().st_size == 0 else f"could not be read ({error})"
        raise ValueError(
            f"The file {path} {what}. It should be a UTF-8 CSV or parquet file with the columns "
            f"{text} and {label}."
        ) from error
    for name in (text, label):
        if name not in table.column_names:
            raise ValueError(
                f"{path} has no column {name!r}, only {', '.join(table.column_names)}. Say which "
                "one to use: text='...' and label='...'."
            )
    if table.num_rows == 0:
        raise ValueError(f"The file {path} is empty: it has a header but no rows.")
    return {name: table[name].to_pylist() for name in (text, label)}


def _number(
    values: list[Any], names: Sequence[str] | None, path: Path
) -> tuple[list[int], tuple[str, ...]]:
    """Labels as numbers from 0, and the name that each number stands for."""
    numbered = all(isinstance(value, int) for value in values)
    if not numbered:
        values = [str(value) for value in values]
    found = sorted(set(values))
    if numbered and names is None and found != list(range(len(found))):
        raise ValueError(
            f"The labels in {path} are {', '.join(map(str, found[:5]))} ... Whole numbers must "
            "count from 0 without a gap: 0, 1, 2 and so on. Names such as 'Sports' work too."
        )
    names = tuple(names or map(str, found))
    known = {value: number for number, value in enumerate(range(len(names)) if numbered else names)}
    for value in found:
        if value not in known:
            raise ValueError(
                f"The label {value!r} in {path} is not one of the {len(names)} classes "
                f"{', '.join(names)}. Whole numbers count from 0."
            )
    return [known[value] for value in values], names


# ---------------------------------------------------------------------------- the split


def split(
    stories: Stories,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    *,
    stratified: bool = True,
) -> Split:
    """Shuffle the stories and cut them into train, validation and test.

    The cut is stratified: each class is cut on its own, so every part has the classes in the
    same proportions. With `stratified=False` the whole pile is cut, and luck decides. The same
    seed gives the same split. A fraction of 0 leaves a part empty.

    Raises ValueError if the fractions do not add up to 1 or would leave a class out of a part.
    """
    _check_fractions(fractions)
    generator = torch.Generator().manual_seed(seed)
    labels = torch.tensor(stories.labels)
    piles = {f"The class {name!r}": labels == label for label, name in enumerate(stories.names)}
    if not stratified:
        piles = {"The pile": labels >= 0}
    parts: list[list[torch.Tensor]] = [[], [], []]
    for name, pile in piles.items():
        rows = pile.nonzero().flatten()  # (stories of this pile,)
        rows = rows[torch.randperm(len(rows), generator=generator)]
        for part, piece in zip(parts, _cut(rows, fractions, name), strict=True):
            part.append(piece)
    return Split(*(stories.pick(_shuffled(torch.cat(part), generator)) for part in parts))


def _cut(rows: torch.Tensor, fractions: tuple[float, ...], name: str) -> list[torch.Tensor]:
    """Rows of one pile cut into three, each part rounded to whole stories."""
    first = round(len(rows) * fractions[0])
    second = round(len(rows) * (fractions[0] + fractions[1]))
    pieces = [rows[:first], rows[first:second], rows[second:]]
    if any(fraction and not len(piece) for fraction, piece in zip(fractions, pieces, strict=True)):
        raise ValueError(
            f"{name} has only {len(rows)} stories, too few for a split of "
            f"{fractions}. Add stories or choose other fractions."
        )
    return pieces


def _shuffled(rows: torch.Tensor, generator: torch.Generator) -> list[int]:
    order: list[int] = rows[torch.randperm(len(rows), generator=generator)].tolist()
    return order


def _check_fractions(fractions: tuple[float, float, float]) -> None:
    if len(fractions) != 3 or min(fractions) < 0 or not abs(sum(fractions) - 1) < 1e-6:
        raise ValueError(
            f"The fractions {fractions} must be three numbers from 0 to 1 that add up to 1, "
            "such as (0.8, 0.1, 0.1) for train, validation and test."
        )
