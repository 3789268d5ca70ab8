"""Lesson 01: where the stories come from, and how they are split."""

import os
from collections.abc import Iterable, Sequence
from importlib.resources import files
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch

from lessons.ag_news import read_ag_news
from lessons.readers import SUFFIXES, find, problem_of_names, read_files
from lessons.text import warn_once

TOPICS = ("World", "Sports", "Business", "Sci/Tech")  # AG News's own order: 0, 1, 2, 3
SOURCE_VARIABLE = "LESSONS_SOURCE"


class _Stories(NamedTuple):  # which cannot check what it is given
    texts: list[str]
    labels: list[int]
    names: tuple[str, ...]


class Stories(_Stories):
    """Texts with their answers: `labels[i]` says which of `names` is right for `texts[i]`."""

    __slots__ = ()

    def __new__(cls, texts: list[str], labels: list[int], names: Sequence[str]) -> Self:
        """Raises ValueError if these do not belong together."""
        problem = _problem_of(texts, labels, names)
        if problem:
            raise ValueError(f"These are no stories: {problem}.")
        return super().__new__(cls, texts, labels, tuple(names))

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> Self:  # type: ignore[override]  # not so general
        return cls(*iterable)  # with the check; `_replace` comes here

    def pick(self, rows: Sequence[int]) -> "Stories":
        """The stories in these rows, in this order."""
        texts, labels = [self.texts[i] for i in rows], [self.labels[i] for i in rows]
        return Stories(texts, labels, self.names)


def _problem_of(texts: Sequence[str], labels: Sequence[int], names: Sequence[str]) -> str:
    """Why these cannot be stories, or nothing."""
    if problem := problem_of_names(names):
        return problem
    if len(texts) != len(labels):
        return f"there are {len(texts)} texts and {len(labels)} labels, and each text needs one"
    if isinstance(texts, str) or not all(issubclass(kind, str) for kind in set(map(type, texts))):
        return "the texts must be a list of texts"
    for kind in set(map(type, labels)):
        if issubclass(kind, bool) or not issubclass(kind, Integral):
            return f"the labels must be whole numbers, but one is of the type {kind.__name__}"
    outside = [label for label in set(labels) if not 0 <= label < len(names)]
    if outside:
        return f"a label is {outside[0]}, but the {len(names)} classes are counted from 0"
    return ""


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
    they are called otherwise. A label is the name of a class as it is written. If all labels
    are whole numbers, they count from 0, and `names=("World", ...)` puts them into words.
    `read_files` in `readers.py` says what a file may look like.

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
    """Load the stories and split them (see `load` and `split`).

    A test set that comes with the source stays the test set. Validation then takes its share
    of the rest, and training all the others. The test set is for one use: see `exam.py`.

    Warns if the same text is in two parts. `drop_repeats=True` keeps only the first of equal
    texts, and none that is in a test set of the source.
    """
    stories, test = _read(source, text, label, names)
    if drop_repeats:
        stories = _without_repeats(stories, set(test.texts if test else ()))
    if test is None:
        train, validation, test = split(stories, fractions, seed)
    else:
        _check_fractions(fractions)
        train, validation, _ = split(stories, (1 - fractions[1], fractions[1], 0.0), seed)
    parts = Split(train, validation, ExamStories(*test))
    _warn_of_repeats(parts, _chosen(source))
    return parts


def _without_repeats(stories: Stories, elsewhere: set[str]) -> Stories:
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
    """All stories of a source, and the test set that it brings along, if any."""
    source = _chosen(source)
    if source == "mini-news":
        return _read_mini_news(), None
    if source == "ag-news":
        return _read_ag_news()
    path = Path(os.path.expanduser(source))
    if os.path.isdir(path):
        both = [find(path, "train"), find(path, "test")]
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
    _check_sizes({name: int(pile.sum()) for name, pile in piles.items()}, fractions)
    parts: list[list[torch.Tensor]] = [[], [], []]
    for pile in piles.values():
        rows = pile.nonzero().flatten()  # (stories of this pile,)
        rows = rows[torch.randperm(len(rows), generator=generator)]
        first, second = _cuts(len(rows), fractions)
        for part, piece in zip(parts, rows.tensor_split([first, second]), strict=True):
            part.append(piece)
    return Split(*(stories.pick(_shuffled(torch.cat(part), generator)) for part in parts))


def _cuts(size: int, fractions: Sequence[float]) -> tuple[int, int]:
    """Where a pile is cut, so that each part is rounded to whole stories."""
    return round(size * fractions[0]), round(size * (fractions[0] + fractions[1]))


def _enough(size: int, fractions: Sequence[float]) -> bool:
    """Does each part get a story of a pile of this size?"""
    first, second = _cuts(size, fractions)
    pieces = (first, second - first, size - second)
    return all(piece or fraction < 1e-6 for piece, fraction in zip(pieces, fractions, strict=True))


def _check_sizes(sizes: dict[str, int], fractions: tuple[float, float, float]) -> None:
    small = {name: size for name, size in sizes.items() if not _enough(size, fractions)}
    if not small:
        return
    # With one more than this no part can be empty; below, rounding decides.
    least = int(1 / min(fraction for fraction in fractions if fraction >= 1e-6)) + 1
    while _enough(least - 1, fractions):
        least -= 1
    name = min(small, key=lambda name: small[name])
    stories = "1 story" if small[name] == 1 else f"{small[name]} stories"
    others = f" ({len(small) - 1} more of the {len(sizes)} classes are too small)"
    raise ValueError(
        f"{name} has only {stories}, too few for a split of {fractions}, which needs at least "
        f"{least}{others if len(small) > 1 else ''}. Add stories, leave the class out or choose "
        "other fractions."
    )


def _shuffled(rows: torch.Tensor, generator: torch.Generator) -> list[int]:
    order: list[int] = rows[torch.randperm(len(rows), generator=generator)].tolist()
    return order


def _check_fractions(fractions: tuple[float, float, float]) -> None:
    if len(fractions) != 3 or min(fractions) < 0 or not abs(sum(fractions) - 1) < 1e-6:
        raise ValueError(
            f"The fractions {fractions} must be three numbers from 0 to 1 that add up to 1, "
            "such as (0.8, 0.1, 0.1) for train, validation and test."
        )
