"""Which recipe to teach: validation accuracy against seconds, on one thread.

    make recipe                                    on Mini-News
    make recipe SOURCE=../shared/data/ag_news      on real rows

Every recipe stops early with patience 2 and keeps its best epoch. The test set is never touched.
"""

import sys
from statistics import mean
from time import perf_counter

import torch
from torch.optim import SGD, AdamW, Optimizer

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.sources import load_split
from lessons.split import Split
from lessons.text import Vocabulary
from lessons.training import Scores
from lessons.validation import Epoch, best, fit, stop_early

SEEDS = range(3)
RECIPES = [  # optimizer, learning rate, batch size, min_count
    (AdamW, 1e-2, 128, 2),  # the default
    (AdamW, 1e-2, 128, 1),
    (AdamW, 5e-3, 64, 2),
    (AdamW, 2e-3, 64, 2),
    (AdamW, 1e-2, 64, 2),
    (AdamW, 2e-2, 256, 2),
    (AdamW, 5e-3, 256, 2),
    (AdamW, 1e-2, 256, 2),
    (SGD, 5.0, 16, 2),
    (SGD, 5.0, 64, 2),
]


def run(
    parts: Split, optimizer: type[Optimizer], rate: float, batch: int, min_count: int, seed: int
) -> tuple[float, Scores]:
    """Seconds from text to best epoch, encoding included, and its validation scores."""
    begun = perf_counter()
    vocabulary = Vocabulary.build(parts.train.texts, min_count)
    train = make_loader(EncodedStories(parts.train, vocabulary), batch, True, seed)
    validation = make_loader(EncodedStories(parts.validation, vocabulary), 256)
    start = torch.Generator().manual_seed(seed)
    model = TextClassifier(len(vocabulary), len(parts.train.names), generator=start)
    update = optimizer(model.parameters(), lr=rate, fused=True)
    events = stop_early(fit(model, train, validation, update, 10), 2)
    history = [event for event in events if isinstance(event, Epoch)]
    return perf_counter() - begun, best(history).validation


def main() -> None:
    """Print a row for each recipe: the mean over the seeds."""
    torch.set_num_threads(1)
    print("| optimizer | rate | batch | min_count | validation accuracy | loss | seconds |")
    print("|---|---|---|---|---|---|---|")
    splits = [load_split(*sys.argv[1:], seed=seed) for seed in SEEDS]
    run(splits[0], *RECIPES[0], 0)  # the first run is slower: torch warms up
    for recipe in RECIPES:
        runs = [run(splits[seed], *recipe, seed) for seed in SEEDS]
        seconds = mean(seconds for seconds, _ in runs)
        loss, accuracy = (mean(column) for column in zip(*(s for _, s in runs), strict=True))
        name, *settings = recipe[0].__name__, *recipe[1:]
        print("|", *(f"{cell} |" for cell in (name, *settings)), end=" ")
        print(f"{accuracy:.3f} | {loss:.3f} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
