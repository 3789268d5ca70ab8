"""*Cut the pile*: the shuffled labels of Mini-News, which the page cuts and counts."""

from itertools import product
from typing import Any

import torch

from lessons.panels.splits import PERCENT, SEEDS, WORDS, SplitPanel, shares, sizes_up_to
from lessons.sources import load
from lessons.split import Split, Stories, split
from scripts.recordings import digest

AXES = {"parts": "Three parts", "share": "share of the part, in %"}  # as in `lessons.figures.plots`


def belongs_to() -> dict[str, Any]:
    """The pile and the way it is shuffled."""
    pile = load("mini-news")
    return {"labels": digest(list(pile.labels)), "first": shuffled(pile, 100, 0)}


def record() -> dict[str, Any]:
    """For each size of the pile: its labels as each seed shuffles them, and what is refused."""
    pile = load("mini-news")
    sizes = sizes_up_to(len(pile.texts))
    return {
        "words": {"title": SplitPanel.title, **WORDS, **AXES},
        "parts": [*Split._fields],
        "names": list(pile.names),
        "sizes": sizes,
        "percent": [*PERCENT],
        "seeds": [*SEEDS],
        "piles": {size: [shuffled(pile, size, seed) for seed in SEEDS] for size in sizes},
        "refused": {size: refused(pile.pick(range(size))) for size in sizes},
    }


def shuffled(pile: Stories, size: int, seed: int) -> str:
    """The labels of the first stories, a digit each, in the order in which `split` cuts them."""
    order = torch.randperm(size, generator=torch.Generator().manual_seed(seed))
    return "".join(str(pile.labels[i]) for i in order.tolist())


def refused(pile: Stories) -> dict[str, str]:
    """Why some settings are refused, by "training validation stratified"; no seed changes that."""
    reasons = {}
    for train, validation, stratified in product(PERCENT, PERCENT, (True, False)):
        try:
            split(pile, shares(train, validation), stratified=stratified)
        except ValueError as reason:
            if train + validation < 100:
                reasons[f"{train} {validation} {str(stratified).lower()}"] = str(reason)
    return reasons
