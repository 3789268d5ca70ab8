"""A check and a warning that several modules share."""

import warnings
from numbers import Integral
from typing import Any


def check_whole_number(name: str, value: object, least: int = 1) -> None:
    """Raises ValueError if `value` is not a whole number of at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"The {name} is {value!r}; it must be a whole number of at least {least}.")


_GIVEN: dict[Any, Any] = {}  # the warnings given so far


def warn_once(sentence: str, module: str) -> None:
    """Give a UserWarning in this module's name, without its path; the same sentence only once."""
    warnings.warn_explicit(sentence, UserWarning, module, 1, registry=_GIVEN)
