"""Is a curve like a sketch of it? For the predictions in the lessons."""

import math
from collections.abc import Mapping, Sequence

SMALL = 0.05  # of the height of a curve: an up or down that does not count
WORDS = {1: "rose", -1: "fell"}


def closest(sketches: Mapping[str, Sequence[float]], actual: Sequence[float]) -> str:
    """The name of the sketch most like a curve.

    Ups and downs come first: a curve that fell and rose again is not like one that only falls,
    however close they lie. Among sketches with the same ups and downs, the one with the smallest
    squared distance is the closest, when it is stretched to the width and height of the curve.
    """
    return min(sketches, key=lambda name: _unlikeness(sketches[name], actual))


def _unlikeness(sketch: Sequence[float], actual: Sequence[float]) -> tuple[bool, float]:
    """Other ups and downs or not, and the distance: both count, in this order."""
    pairs = zip(stretch(sketch, actual), actual, strict=True)
    distance = math.sqrt(sum((sketched - height) ** 2 for sketched, height in pairs))
    return moves(sketch) != moves(actual), distance


def room(sketches: Mapping[str, Sequence[float]], actual: Sequence[float]) -> float:
    """How far a curve is from another verdict, as a share of its height: from 0 to SMALL / 2.

    Each of its points may lie higher or lower by less than this, and `closest` and `say_moves`
    still say the same. Where that must hold on every machine, the curve needs more room than
    machines differ by.
    """
    span, top = max(actual) - min(actual), max(map(abs, actual))
    if not span:
        return SMALL / 2
    level = abs(span - SMALL * top) / ((2 + SMALL) * span)
    steps = [SMALL * i / 50 for i in range(51)]
    turns = max(w for w in steps if moves(actual, SMALL - w) == moves(actual, SMALL + w))
    ranked = sorted(_unlikeness(sketch, actual) for sketch in sketches.values())
    between = math.inf
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        between = (ranked[1][1] - ranked[0][1]) / (4 * span * math.sqrt(len(actual)))
    return min(level, turns / (2 + 2 * SMALL), between)


def stretch(sketch: Sequence[float], actual: Sequence[float]) -> list[float]:
    """A sketch with as many points as a curve, between its lowest and its highest.

    If one of the two is level, there is no height to stretch to: a level sketch lies where the
    curve begins, and over a level curve a sketch is drawn from zero to the highest point.
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
    """The ups (1) and downs (-1) of a curve one after the other; none if it is about level.

    What does not exceed `small` of the curve's height is neither up nor down.
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


def say_moves(heights: Sequence[float]) -> str:
    """What a curve did, in words."""
    found = moves(heights)
    if not found:
        return "stayed about level"
    return ", then ".join(WORDS[move] for move in found) if len(found) < 4 else "went up and down"
