"""How much a curve may change before the verdict on its sketches changes."""

import math

from lessons.panels.sketches import SMALL, distance, moves


def room(sketches, actual):
    """How far a curve is from another verdict, as a share of its height: from 0 to SMALL / 2.

    Each of its points may lie higher or lower by less than this, and `closest` and `describe_moves`
    still say the same. Where that must hold on every machine, the curve needs more room than
    machines differ by.
    """
    span, top = max(actual) - min(actual), max(map(abs, actual))
    if not span:
        return SMALL / 2
    level = abs(span - SMALL * top) / ((2 + SMALL) * span)
    steps = [SMALL * i / 50 for i in range(51)]
    turns = max(w for w in steps if moves(actual, SMALL - w) == moves(actual, SMALL + w))
    ranked = sorted(distance(sketch, actual) for sketch in sketches.values())
    between = math.inf
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        between = (ranked[1][1] - ranked[0][1]) / (4 * span * math.sqrt(len(actual)))
    return min(level, turns / (2 + 2 * SMALL), between)
