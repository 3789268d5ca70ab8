"""What an exercise is made of, and what its check says about an answer."""

import copy
import inspect
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence, ValuesView
from contextlib import contextmanager
from itertools import accumulate
from numbers import Real
from operator import index
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from lessons.loaders import Batch, EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.split import Stories
from lessons.text import Vocabulary


class Other(NamedTuple):
    """Another way to solve an exercise, and what it is better and worse for."""

    way: Callable[..., Any]  # a function or class, as the solution is
    trade_off: str  # a few sentences

    @property
    def code(self) -> str:
        """It as it is written in this folder."""
        return inspect.getsource(self.way).rstrip()


class Exercise(NamedTuple):
    """A task that checks itself. What is asked, and the code to begin with, are in the notebook."""

    id: str  # such as "05-loop": the lesson and a word
    solution: Callable[..., Any]  # a function or class; every answer has its first lines
    check: Callable[[Any], None]  # gets an answer; raises NotYet if it is not right
    hints: tuple[str, ...]  # from a nudge to nearly all of it
    moral: str  # a sentence to keep, said when it is passed
    others: tuple[Other, ...] = ()  # ways that differ in more than how they are written

    @property
    def code(self) -> str:
        """The solution as it is written in this folder."""
        return inspect.getsource(self.solution).rstrip()


class NotYet(Exception):
    """An answer is not right: what was seen, and what was expected."""


# --------------------------------------------------------------------- what a check asks for


def call(answer: Callable[..., Any], *arguments: Any) -> Any:
    """Call a learner's function, and say so if it changes what it was given.

    Models, optimizers and loaders may change; lists, dictionaries and plain tensors may not. It
    gets copies of these, so that the next answer is tried on what it should be.
    Numbers and arrays of numpy come back as Python's own: see `without_numpy`.

    Raises NotYet if one of them was changed.
    """
    given = [copy.deepcopy(one) if is_plain(one) else one for one in arguments]
    result = answer(*given)
    try:
        result = without_numpy(result)
    except RecursionError:
        raise NotYet(f"What was given back holds itself: {brief(result)}.") from None
    for number, (old, new) in enumerate(zip(arguments, given, strict=True), 1):
        if is_plain(old) and not same(old, without_numpy(new)):
            raise NotYet(
                f"The answer comes with a side effect: input number {number} is not what it was "
                f"before. It was {brief(old)}, and afterwards it is {brief(new)}. Leave what you "
                "are given as it is, and make a new value."
            )
    return result


def without_numpy(value: Any) -> Any:
    """Numbers of numpy as Python's, also inside lists and dictionaries.

    Its arrays become lists, and so does what holds values but is no list, such as `map(...)`.
    """
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()  # a 0-d array becomes a number
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(map(without_numpy, value))
    if isinstance(value, Iterator | range | deque | ValuesView):
        return [without_numpy(one) for one in value]
    if isinstance(value, dict):
        return {without_numpy(key): without_numpy(one) for key, one in value.items()}
    return value


def is_plain(value: Any) -> bool:
    """Is it made of numbers, words and tensors alone, so that it can be compared?"""
    if isinstance(value, Tensor):
        return not isinstance(value, nn.Parameter) and value.is_leaf
    if isinstance(value, dict):
        return all(map(is_plain, [*value.keys(), *value.values()]))
    if isinstance(value, list | tuple | set):
        return all(map(is_plain, value))
    return value is None or isinstance(value, int | float | str)


def same(left: Any, right: Any) -> bool:
    """Are two plain values equal, tensors included?"""
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        both = isinstance(left, Tensor) and isinstance(right, Tensor)
        return both and left.shape == right.shape and bool((left == right).all())
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left is right or bool(left == right)  # nan is not equal to itself


def brief(value: Any) -> str:
    """A value in so few letters that it fits into a sentence."""
    if isinstance(value, Tensor) and value.numel() > 12:
        return f"a tensor of shape {tuple(value.shape)}"
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def plain(value: Any) -> Any:
    """The numbers in a tensor, or in a list of them: where it is all the same which it is."""
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [plain(one) for one in value]
    return value.tolist() if isinstance(value, Tensor) else value


def number(value: Any, what: str) -> float:
    """A number that a learner's code gave back. Raises NotYet if it is none."""
    if value is None:
        raise NotYet(f"{what} is None. A function gives a value back with `return`.")
    if isinstance(value, Tensor) and value.numel() == 1 and not value.requires_grad:
        return float(value)
    if isinstance(value, Tensor):
        raise NotYet(
            f"{what} is a tensor: {brief(value)}. A plain number was expected; `.item()` takes it "
            "out of the tensor."
        )
    if isinstance(value, bool) or not isinstance(value, Real):  # a Fraction is a number, too
        raise NotYet(f"{what} is {brief(value)}, a {type(value).__name__}. Expected: a number.")
    return float(value)


def numbers(value: Any, length: int, what: str) -> list[float]:
    """So many numbers that a learner's code gave back. Raises NotYet if they are not that."""
    if value is None:
        raise NotYet(f"{what}: None was given back. A function gives a value back with `return`.")
    if isinstance(value, Tensor) and value.dim() == 1:
        value = list(value)
    if not isinstance(value, list | tuple) or len(value) != length:
        raise NotYet(f"{what}: expected a list of {length}, saw {brief(value)}.")
    return [number(one, f"{what}: one value") for one in value]


def rows(value: Any, total: int, what: str) -> list[int]:
    """Different rows out of so many, from whatever holds them. Raises NotYet if it is not that."""
    if value is None:
        raise NotYet(f"{what}: None was given back. A function gives a value back with `return`.")
    try:
        found = [_whole(one) for one in value]
    except TypeError:
        raise NotYet(
            f"{what}: expected rows, whole numbers such as [3, 0, 2], saw {brief(value)}."
        ) from None
    for row, count in Counter(found).items():
        if not 0 <= row < total:
            raise NotYet(f"{what}: there is no row {row}. The rows go from 0 to {total - 1}.")
        if count > 1:
            raise NotYet(f"{what}: row {row} stands there {count} times. Expected: once at most.")
    return found


def _whole(value: Any) -> int:
    """A whole number of any kind. Raises TypeError if it is none; True and False are none."""
    if isinstance(value, bool):
        raise TypeError
    return index(value)


def first_fit(seen: Any, ways: Iterable[tuple[Any, str]]) -> str:
    """The sentence of the first way to go wrong that makes what was seen, with a space before it.

    `ways` are pairs of what a mistake makes and what is said of it. Empty if none makes it.
    """
    return next((f" {sentence}" for made, sentence in ways if made == seen), "")


def check_seed(draw: Callable[[int], Any], what: str) -> None:
    """Raise NotYet if one seed gives two results, or if all seeds give the same one."""
    drawn = [draw(seed) for seed in range(10)]
    if draw(0) != drawn[0]:
        raise NotYet(
            f"Called twice with seed 0, it gave two different {what}. Expected: the same seed, the "
            "same result. Does each random number come from a generator that starts at the seed?"
        )
    if all(one == drawn[0] for one in drawn):
        raise NotYet(
            f"All seeds from 0 to 9 gave the same {what}. Expected: another seed, another result. "
            "Does the generator start at the seed that was given?"
        )


@contextmanager
def without(*functions: Callable[..., Any]) -> Iterator[None]:
    """Raise NotYet after the block if one of these functions of ours was called in it."""
    codes = {one.__code__: one.__name__ for one in functions}
    called: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in codes:
            called.append(codes[frame.f_code])

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
    if called:
        raise NotYet(
            f"Your code calls `{called[0]}`. This exercise is about what happens in there: write "
            "it yourself."
        )


def times(count: int) -> str:
    """How often: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def counted(count: int, what: str) -> str:
    """So many of them: 1 epoch, 2 epochs."""
    return f"{count} {what}{'s' * (count != 1)}"


def tensor(value: Any, shape: Sequence[int], what: str) -> Tensor:
    """A tensor of this shape that a learner's code gave back. Raises NotYet if it is not that."""
    if not isinstance(value, Tensor):
        raise NotYet(f"{what} is {brief(value)}. Expected: a tensor of shape {tuple(shape)}.")
    if value.shape != torch.Size(shape):
        raise NotYet(f"{what} has shape {tuple(value.shape)}. Expected: {tuple(shape)}.")
    return value


class Try(NamedTuple):
    """A number that an answer gave back for one example."""

    example: str
    seen: float
    expected: float
    mistakes: Sequence[tuple[float, str]] = ()  # what each mistake gives here, and its name


def judge(tries: Iterable[Try], tolerance: float = 1e-4) -> None:
    """Raise NotYet if a number is not the expected one, and tell the mistake that leads to it.

    A mistake is told only if it explains *every* number seen, and no other one does so as well:
    a single number may be what a mistake gives, and have come about in another way. After a wrong
    number, an answer that breaks on a later example is not asked any more.
    """
    made: list[Try] = []
    try:
        for one in tries:
            made.append(one)
    except Exception:
        if all(close(one.seen, one.expected, tolerance) for one in made):
            raise
    wrong = [one for one in made if not close(one.seen, one.expected, tolerance)]
    if wrong:
        first, reason = wrong[0], the_mistake(made, wrong[0], tolerance)
        raise NotYet(
            f"{first.example}: expected {first.expected:.6g}, saw {first.seen:.6g}."
            + f" {reason}" * bool(reason)
        )


def the_mistake(tries: Sequence[Try], shown: Try, tolerance: float) -> str:
    """The one mistake of a try that gives all numbers seen; nothing if none or several do.

    In a try that does not name it, a mistake makes no difference.
    """

    def fits(reason: str) -> bool:
        given = [(one.seen, [x for x, why in one.mistakes if why == reason]) for one in tries]
        return all(any(close(seen, x, tolerance) for x in xs) for seen, xs in given if xs)

    fitting = {reason for _, reason in shown.mistakes if fits(reason)}
    return fitting.pop() if len(fitting) == 1 else ""


def expect(
    seen: float, expected: float, example: str, mistakes: Sequence[tuple[float, str]] = ()
) -> None:
    """Raise NotYet if a number is not the expected one; see `judge`, which takes several."""
    judge([Try(example, seen, expected, mistakes)])


def close(seen: float, expected: float, tolerance: float = 1e-4) -> bool:
    """Are two numbers equal up to rounding? The tolerance is relative, and absolute near 0."""
    return abs(seen - expected) <= tolerance * max(1.0, abs(expected))


# ------------------------------------------------------------------------ something to try on

VOCAB_SIZE, NUM_CLASSES = 12, 3  # of the little model that answers are tried on


def little_model(seed: int = 0) -> TextClassifier:
    """A model of 12 words and 3 classes; the same one for the same seed."""
    return TextClassifier(VOCAB_SIZE, NUM_CLASSES, 8, torch.Generator().manual_seed(seed))


def little_stories(count: int, seed: int = 0, words: Sequence[int] = ()) -> EncodedStories:
    """So many stories of one to five words each, drawn from `words`, or else from all 12."""
    draw = torch.Generator().manual_seed(seed)
    words = words or range(VOCAB_SIZE)
    lengths = torch.randint(1, 6, (count,), generator=draw).tolist()
    places = [torch.randint(len(words), (one,), generator=draw).tolist() for one in lengths]
    texts = [" ".join(str(words[place]) for place in of_story) for of_story in places]
    labels = torch.randint(NUM_CLASSES, (count,), generator=draw).tolist()
    vocabulary = Vocabulary.of(map(str, range(VOCAB_SIZE)))
    return EncodedStories(Stories(texts, labels, ("A", "B", "C")), vocabulary)


def little_batches(sizes: Sequence[int] = (4, 4, 2), seed: int = 0) -> list[Batch]:
    """Batches of these sizes, of stories that differ in length."""
    stories = little_stories(sum(sizes), seed)
    pairs = zip(sizes, accumulate(sizes), strict=True)
    return [stories.__getitems__([*range(end - size, end)]) for size, end in pairs]


class Counted(DataLoader[Batch]):
    """A loader that counts how often it is opened."""

    opened = 0

    def __iter__(self) -> Any:
        """One epoch."""
        self.opened += 1
        return super().__iter__()


Counted.__name__ = "DataLoader"  # as errors of Python call it in a notebook


def little_loader(stories: EncodedStories, batch_size: int, shuffle: bool = False) -> Counted:
    """A loader as the course makes them, which counts how often it is opened."""
    loader: Any = make_loader(stories, batch_size, shuffle)
    loader.__class__ = Counted
    return loader  # type: ignore[no-any-return]
