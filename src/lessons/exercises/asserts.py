"""What an exercise is made of, and what its check says about an answer."""

import copy
import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from numbers import Real
from operator import index
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from lessons.loaders import Batch
from lessons.model import TextClassifier


class Exercise(NamedTuple):
    """A task that checks itself. What is asked, and the code to begin with, are in the notebook."""

    id: str  # such as "05-loop": the lesson and a word
    solution: Callable[..., Any]  # a function or class; every answer has its first lines
    check: Callable[[Any], None]  # gets an answer; raises NotYet if it is not right
    hints: tuple[str, ...]  # from a nudge to nearly all of it
    moral: str  # a sentence to keep, said when it is passed

    @property
    def code(self) -> str:
        """The solution as it is written in this folder."""
        return inspect.getsource(self.solution).rstrip()


class NotYet(Exception):
    """An answer is not right: what was seen, and what was expected."""


# --------------------------------------------------------------------- what a check asks for


def call(answer: Callable[..., Any], *arguments: Any) -> Any:
    """Call a learner's function, and say so if it changes what it was given.

    Models, optimizers and loaders may change; lists, dictionaries and plain tensors may not.
    Numbers and arrays of numpy come back as Python's own: see `without_numpy`.

    Raises NotYet if one of them was changed.
    """
    before = [copy.deepcopy(argument) if is_plain(argument) else None for argument in arguments]
    result = answer(*arguments)
    for number, (old, new) in enumerate(zip(before, arguments, strict=True), 1):
        if old is not None and not same(old, without_numpy(new)):
            raise NotYet(
                f"The answer comes with a side effect: input number {number} is not what it was "
                f"before. It was {brief(old)}, and afterwards it is {brief(new)}. Leave what you "
                "are given as it is, and make a new value."
            )
    return without_numpy(result)


def without_numpy(value: Any) -> Any:
    """Numbers of numpy as Python's, and its arrays as lists, also inside lists and dictionaries."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()  # a 0-d array becomes a number
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(map(without_numpy, value))
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


def tensor(value: Any, shape: Sequence[int], what: str) -> Tensor:
    """A tensor of this shape that a learner's code gave back. Raises NotYet if it is not that."""
    if not isinstance(value, Tensor):
        raise NotYet(f"{what} is {brief(value)}. Expected: a tensor of shape {tuple(shape)}.")
    if value.shape != torch.Size(shape):
        raise NotYet(f"{what} has shape {tuple(value.shape)}. Expected: {tuple(shape)}.")
    return value


def expect(
    seen: float, expected: float, example: str, mistakes: Sequence[tuple[float, str]] = ()
) -> None:
    """Raise NotYet if a number is not the expected one, and tell the mistake that leads to it."""
    if not close(seen, expected):
        why = next((f" {reason}" for value, reason in mistakes if close(seen, value)), "")
        raise NotYet(f"{example}: expected {expected:.6g}, saw {seen:.6g}.{why}")


def close(seen: float, expected: float, tolerance: float = 1e-4) -> bool:
    """Are two numbers equal up to rounding? The tolerance is relative, and absolute near 0."""
    return abs(seen - expected) <= tolerance * max(1.0, abs(expected))


# ------------------------------------------------------------------------ something to try on

VOCAB_SIZE, NUM_CLASSES = 12, 3  # of the little model that answers are tried on


def little_model(seed: int = 0) -> TextClassifier:
    """A model of 12 words and 3 classes; the same one for the same seed."""
    return TextClassifier(VOCAB_SIZE, NUM_CLASSES, 8, torch.Generator().manual_seed(seed))


def little_batches(sizes: Sequence[int] = (4, 4, 2), seed: int = 0) -> list[Batch]:
    """Batches of these sizes, of stories with three words each."""
    draw = torch.Generator().manual_seed(seed)
    return [
        Batch(
            torch.randint(VOCAB_SIZE, (3 * size,), generator=draw),  # (tokens,)
            3 * torch.arange(size),  # (stories,)
            torch.randint(NUM_CLASSES, (size,), generator=draw),  # (stories,)
        )
        for size in sizes
    ]
