"""Which sketch of a curve is closest to it, and what a curve does in words.

It knows nothing of panels and drawings: a curve or a sketch is a list of heights.
"""

import math
from collections.abc import Mapping, Sequence

SMALL = 0.05  # ups and downs below this share of a curve's height do not count
VERBS = {1: "rose", -1: "fell"}


def closest(sketches: Mapping[str, Sequence[float]], actual: Sequence[float]) -> str:
    """The name of the sketch that is closest to a curve.

    Sketches with the same ups and downs as the curve come before all others. Among them the one
    with the smallest Euclidean distance is the closest, after it was stretched to the width and
    height of the curve.
    """
    return min(sketches, key=lambda name: distance(sketches[name], actual))


def distance(sketch: Sequence[float], actual: Sequence[float]) -> tuple[bool, float]:
    """Are the ups and downs different, and the Euclidean distance: compared in this order."""
    pairs = zip(stretch(sketch, actual), actual, strict=True)
    euclidean = math.sqrt(sum((sketched - height) ** 2 for sketched, height in pairs))
    return moves(sketch) != moves(actual), euclidean


def stretch(sketch: Sequence[float], actual: Sequence[float]) -> list[float]:
    """The sketch with as many points as the curve, and the same lowest and highest height.

    A level sketch gets the first height of the curve. If the curve is level, the sketch is
    stretched from 0 to its highest point.
    """
    if not moves(sketch):
        return [actual[0]] * len(actual)
    seen = [*actual] if moves(actual) else [0.0, *actual]
    low, high = min(seen), max(seen)
    bottom, height = min(sketch), max(sketch) - min(sketch)
    places = [i * (len(sketch) - 1) / max(len(actual) - 1, 1) for i in range(len(actual))]
    lefts = [min(int(place), len(sketch) - 2) for place in places]
    between = [
        sketch[left] + (place - left) * (sketch[left + 1] - sketch[left])
        for place, left in zip(places, lefts, strict=True)
    ]
    return [low + (value - bottom) / height * (high - low) for value in between]


def moves(heights: Sequence[float], small: float = SMALL) -> list[int]:
    """The ups (1) and downs (-1) of a curve in their order; empty if it is about level.

    Changes of at most `small` times the curve's height do not count.
    """
    span = max(heights) - min(heights)
    if span <= SMALL * max(map(abs, heights)):
        return []
    found: list[int] = []
    low = high = heights[0]  # since the last turn
    for height in heights[1:]:
        if found[-1:] != [1] and height - low > small * span:
            found.append(1)
            low = high = height
        elif found[-1:] != [-1] and high - height > small * span:
            found.append(-1)
            low = high = height
        low, high = min(low, height), max(high, height)
    return found


def describe_moves(heights: Sequence[float]) -> str:
    """What a curve did, as the end of a sentence: "fell, then rose"."""
    found = moves(heights)
    if not found:
        return "stayed about level"
    return ", then ".join(VERBS[move] for move in found) if len(found) < 4 else "went up and down"
