"""Lesson 01: stories with their labels, and how they are split.

It does not know where the stories come from: see `lessons.sources`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, NamedTuple, Self

import torch


class _Stories(NamedTuple):  # a NamedTuple cannot check its fields itself
    texts: list[str]
    labels: list[int]
    names: tuple[str, ...]


class Stories(_Stories):
    """Texts with their classes: the class of `texts[i]` is `names[labels[i]]`."""

    __slots__ = ()

    def __new__(cls, texts: list[str], labels: list[int], names: Sequence[str]) -> Self:
        """Raises ValueError if texts, labels and names do not fit together."""
        problem = _problem_of(texts, labels, names)
        if problem:
            raise ValueError(f"These are no stories: {problem}.")
        return super().__new__(cls, texts, labels, tuple(names))

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> Self:  # type: ignore[override]  # not so general
        return cls(*iterable)  # with the check; `_replace` uses it

    def pick(self, rows: Sequence[int]) -> "Stories":
        """The stories with these indices, in this order."""
        texts, labels = [self.texts[i] for i in rows], [self.labels[i] for i in rows]
        return Stories(texts, labels, self.names)


def _problem_of(texts: Sequence[str], labels: Sequence[int], names: Sequence[str]) -> str:
    """Why these cannot be stories; empty if they can."""
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


def problem_of_names(names: Sequence[str]) -> str:
    """Why these cannot be the names of classes; empty if they can."""
    if isinstance(names, str) or not all(isinstance(n, str) and n.strip() for n in names):
        return "the names must be a list of words, such as ('World', 'Sports')"
    twice = [name for name, count in Counter(names).items() if count > 1]
    return f"two classes have the name {twice[0]!r}" if twice else ""


class Split(NamedTuple):
    """The three parts of the stories. None of them is in two parts."""

    train: Stories  # to learn from: the textbook
    validation: Stories  # to choose by: the practice quizzes
    test: Stories  # for one measurement at the end: the final exam


def split(
    stories: Stories,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    *,
    stratified: bool = True,
) -> Split:
    """Shuffle the stories and cut them into train, validation and test.

    The split is stratified: each class is cut on its own, so every part has the classes in the
    same proportions. With `stratified=False` all stories are cut at once, and the proportions are
    left to chance. The same seed gives the same split. A fraction of 0 leaves a part empty.

    Raises ValueError if the fractions do not add up to 1 or would leave a class out of a part.
    """
    check_fractions(fractions)
    generator = torch.Generator().manual_seed(seed)
    piles = _piles(stories, stratified)
    _check_sizes({name: len(rows) for name, rows in piles.items()}, fractions)
    pieces = []  # of each pile, for each part: (stories of this piece,)
    for rows in piles.values():
        pieces.append(_shuffled(rows, generator).tensor_split(_cuts(len(rows), fractions)))
    parts = (torch.cat(part) for part in zip(*pieces, strict=True))  # (stories of this part,)
    return Split(*(stories.pick(_shuffled(part, generator).tolist()) for part in parts))


def _piles(stories: Stories, stratified: bool) -> dict[str, torch.Tensor]:
    """The rows of each class, or all rows, by a name for messages."""
    labels = torch.tensor(stories.labels)  # (stories,)
    if not stratified:
        return {"The pile": torch.arange(len(labels))}
    names = enumerate(stories.names)
    return {f"The class {name!r}": (labels == i).nonzero().flatten() for i, name in names}


def _cuts(size: int, fractions: Sequence[float]) -> tuple[int, int]:
    """Where a pile is cut: each part is rounded to whole stories."""
    return round(size * fractions[0]), round(size * (fractions[0] + fractions[1]))


def _enough(size: int, fractions: Sequence[float]) -> bool:
    """Does each part with a fraction above 0 get a story of a pile of this size?"""
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


def _shuffled(rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return rows[torch.randperm(len(rows), generator=generator)]


def check_fractions(fractions: tuple[float, float, float]) -> None:
    """Raises ValueError unless these are three shares that add up to 1."""
    if len(fractions) != 3 or min(fractions) < 0 or not abs(sum(fractions) - 1) < 1e-6:
        raise ValueError(
            f"The fractions {fractions} must be three numbers from 0 to 1 that add up to 1, "
            "such as (0.8, 0.1, 0.1) for train, validation and test."
        )
