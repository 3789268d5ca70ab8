"""Lesson 01: stories with their labels, and how they are split."""

from collections import Counter
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, NamedTuple, Self

import torch


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


def problem_of_names(names: Sequence[str]) -> str:
    """Why these cannot be the names of classes, or nothing."""
    if isinstance(names, str) or not all(isinstance(n, str) and n.strip() for n in names):
        return "the names must be a list of words, such as ('World', 'Sports')"
    twice = [name for name, count in Counter(names).items() if count > 1]
    return f"two classes have the name {twice[0]!r}" if twice else ""


class Split(NamedTuple):
    """The textbook, the practice quizzes and the final exam."""

    train: Stories
    validation: Stories
    test: Stories


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
    check_fractions(fractions)
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


def check_fractions(fractions: tuple[float, float, float]) -> None:
    """Raises ValueError unless these are three shares that add up to 1."""
    if len(fractions) != 3 or min(fractions) < 0 or not abs(sum(fractions) - 1) < 1e-6:
        raise ValueError(
            f"The fractions {fractions} must be three numbers from 0 to 1 that add up to 1, "
            "such as (0.8, 0.1, 0.1) for train, validation and test."
        )
