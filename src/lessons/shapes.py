"""Is a curve like a sketch of it? For the predictions in the lessons."""

from collections.abc import Mapping, Sequence

SMALL = 0.05  # of the height of a curve: an up or down that does not count
WORDS = {1: "rose", -1: "fell"}


def closest(sketches: Mapping[str, Sequence[float]], actual: Sequence[float]) -> str:
    """The name of the sketch most like a curve.

    Ups and downs come first: a curve that fell and rose again is not like one that only falls,
    however close they lie. Among sketches with the same ups and downs, the one with the smallest
    squared distance is the closest, when it is stretched to the width and height of the curve.
    """

    def unlikeness(name: str) -> tuple[bool, float]:
        pairs = zip(stretch(sketches[name], actual), actual, strict=True)
        distance = sum((sketched - height) ** 2 for sketched, height in pairs)
        return moves(sketches[name]) != moves(actual), distance

    return min(sketches, key=unlikeness)


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


def moves(heights: Sequence[float]) -> list[int]:
    """The ups (1) and downs (-1) of a curve one after the other; none if it is about level."""
    span = max(heights) - min(heights)
    if span <= SMALL * max(map(abs, heights)):
        return []
    found: list[int] = []
    low = high = heights[0]  # since the last turn
    for height in heights[1:]:
        if found[-1:] != [1] and height - low > SMALL * span:
            found.append(1)
            low = high = height
        elif found[-1:] != [-1] and high - height > SMALL * span:
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
