"""Stories from Mini-News, AG News, or your own files.

It does not know how a file is read (`tables`) or how AG News is downloaded (`ag_news`).
"""

import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from lessons.sources.ag_news import read_ag_news
from lessons.sources.tables import SUFFIXES, find_file, read_files
from lessons.split import Split, Stories, check_fractions, split
from lessons.support.checks import warn_once

TOPICS = ("World", "Sports", "Business", "Sci/Tech")  # AG News's own order: 0, 1, 2, 3
SOURCE_VARIABLE = "LESSONS_SOURCE"


def load(
    source: str | Path | None = None,
    *,
    text: str = "text",
    label: str = "label",
    names: Sequence[str] | None = None,
) -> Stories:
    """The stories of a source, without the test set that comes with it, if any.

    `source` is "mini-news" (built in), "ag-news" (downloaded), a CSV or parquet file, or a
    folder with a train and a test file. By default the environment variable LESSONS_SOURCE
    decides; if that is not set, it is "mini-news".

    A file has the columns `text` and `label`; if they have other names, give these, such as
    `text="headline"`, `label="topic"`. A label is the name of its class. If all labels are whole
    numbers, they count from 0, and `names=("World", ...)` are the names of the classes.
    `lessons.sources.tables.read_files` says what a file may look like.

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
    drop_repeats: bool = False,
) -> Split:
    """Load the stories and split them (see `load` and `split`, also for the errors).

    If the source has a test set, that is the test set of the split. Validation then gets its
    share of the other stories, and training the rest.

    Warns if the same text is in two parts. `drop_repeats=True` keeps only the first of equal
    texts, and none that is in the test set of the source.
    """
    stories, test = _read(source, text, label, names)
    if drop_repeats:
        stories = _drop_repeats(stories, set(test.texts if test else ()))
    if test is None:
        train, validation, test = split(stories, fractions, seed)
    else:
        check_fractions(fractions)
        train, validation, _ = split(stories, (1 - fractions[1], fractions[1], 0.0), seed)
    parts = Split(train, validation, test)
    _warn_of_repeats(parts, _chosen(source))
    return parts


def _drop_repeats(stories: Stories, elsewhere: set[str]) -> Stories:
    first = {text: row for row, text in reversed(list(enumerate(stories.texts)))}
    return stories.pick([row for text, row in reversed(first.items()) if text not in elsewhere])


def _warn_of_repeats(parts: Split, source: str) -> None:
    train, validation, test = (set(part.texts) for part in parts)
    twice = len(train & validation | train & test | validation & test)
    if twice:
        sentence = (
            f"Texts in more than one part of {Path(source).name}: {twice}. What is measured on "
            "them is learned by heart. load_split(..., drop_repeats=True) leaves the repeats out."
        )
        warn_once(sentence, __name__)


def _chosen(source: str | Path | None) -> str:
    return str(source or os.environ.get(SOURCE_VARIABLE) or "mini-news")


def _read(
    source: str | Path | None, text: str, label: str, names: Sequence[str] | None
) -> tuple[Stories, Stories | None]:
    """All stories of a source but its test set, and its test set, if it has one."""
    source = _chosen(source)
    if source == "mini-news":
        return _read_mini_news(), None
    if source == "ag-news":
        return _read_ag_news()
    path = Path(os.path.expanduser(source))
    if os.path.isdir(path):
        both = [find_file(path, "train"), find_file(path, "test")]
        train, test = read_files(both, text, label, names)
        return Stories(*train), Stories(*test)
    if os.path.isfile(path) or path.suffix.lower() in SUFFIXES:
        return Stories(*read_files([path], text, label, names)[0]), None
    raise ValueError(
        f"There is no source {source!r}. Use 'mini-news', 'ag-news', the path of a .csv or "
        ".parquet file, or a folder with a train and a test file."
    )


def _read_mini_news() -> Stories:
    """The built-in corpus: label, second topic, title and lead in each line."""
    text = files("lessons.sources").joinpath("mini_news/stories.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    texts = [f"{title} {lead}" for _, _, title, lead in rows]
    return Stories(texts, [TOPICS.index(label) for label, *_ in rows], TOPICS)


def _read_ag_news() -> tuple[Stories, Stories]:
    """AG News (Zhang, Zhao and LeCun, 2015): the training stories and the official test set."""
    tables = read_ag_news()
    train, test = (
        Stories(list(table["text"]), list(table["label"]), TOPICS)
        for table in (tables["train"], tables["test"])
    )
    return train, test
