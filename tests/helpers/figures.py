"""nbval compares a figure that carries ≈ within one unit of its last digit, all else exactly."""

import json
import re
from decimal import Decimal

UNITS = 1  # of the last digit printed, by which another processor's figure may differ
FIGURE = re.compile(r"≈ *([+\-−]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?)")


class Printed(str):
    """What a cell printed: equal to what is stored if only figures with ≈ differ, and hardly."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        return isinstance(other, str) and alike(str(self), str(other))

    def __ne__(self, other):
        return not self == other


def alike(stored, printed):
    """Are two texts the same, but for figures with ≈ that differ by `UNITS` at most?"""
    pairs = zip(FIGURE.findall(stored), FIGURE.findall(printed), strict=False)
    same_words = FIGURE.sub("≈", stored) == FIGURE.sub("≈", printed)  # so as many figures, too
    return same_words and all(_near(*pair) for pair in pairs)


def _near(stored, printed):
    left, right = (Decimal(text.replace(",", "").replace("−", "-")) for text in (stored, printed))
    last_digit = left.as_tuple().exponent
    same_digits = last_digit == right.as_tuple().exponent
    return same_digits and abs(left - right) <= UNITS * Decimal(1).scaleb(last_digit)


def said(settings):
    """What a cell stores for a page, as text, but for numbers that are drawn: as those of a PNG."""
    kept = {name: value for name, value in settings.items() if name != "drawn"}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def compare_figures(cell_type):
    """Let the cells of nbval compare what they print in this way."""
    sanitize = cell_type.sanitize

    def printed(cell, output):
        cleaned = sanitize(cell, output)
        cleaned = said(cleaned) if isinstance(cleaned, dict) else cleaned
        return Printed(cleaned) if isinstance(cleaned, str) else cleaned

    cell_type.sanitize = printed
