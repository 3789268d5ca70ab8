"""Many stories, made from few real ones, for measurements of size."""

import random

from lessons.split import Stories


def made_stories(real: Stories, rows: int) -> Stories:
    """So many stories: the first half of a real one and the second half of another of its class.

    The same real stories and number always give the same made ones.
    """
    draw, by_class = random.Random(0), [[] for _ in real.names]
    for text, label in zip(real.texts, real.labels, strict=True):
        by_class[label].append(text.split())
    labels = [draw.randrange(len(real.names)) for _ in range(rows)]
    return Stories(
        [_mixed(*draw.choices(by_class[one], k=2)) for one in labels], labels, real.names
    )


def _mixed(one: list[str], other: list[str]) -> str:
    return " ".join(one[: len(one) // 2] + other[len(other) // 2 :])
