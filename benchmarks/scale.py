"""Seconds and memory against the number of stories, on rows made from real ones.

    make bench SOURCE=../shared/data/ag_news

Made rows: see `made.py`. Each size runs in a process of its own, with one thread.
"""

import resource
import subprocess
import sys
from statistics import median
from time import perf_counter

SIZES = (10_000, 30_000, 120_000)


def measure(source: str, rows: int) -> None:
    """Print a row of the table: read, encode, one epoch, peak memory of the process."""
    import torch
    from made import made_stories

    from lessons.loaders import EncodedStories, make_loader
    from lessons.model import TextClassifier
    from lessons.sources import load
    from lessons.text import Vocabulary
    from lessons.training import train_one_epoch

    torch.set_num_threads(1)
    stories = made_stories(load(source), rows)
    made = stories.texts

    begun = perf_counter()
    vocabulary = Vocabulary.build(stories.texts)
    encoded = EncodedStories(stories, vocabulary)
    encoding = perf_counter() - begun

    model = TextClassifier(len(vocabulary), len(stories.names))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    loader, seconds = make_loader(encoded, 128, shuffle=True), []
    for _ in range(3):
        begun = perf_counter()
        train_one_epoch(model, loader, optimizer)
        seconds.append(perf_counter() - begun)
    epoch = median(seconds)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux

    from compare import basic_english  # brings large packages along, so only now

    ours, theirs = [], []  # taking turns, on the same texts
    for _ in range(3):
        for tokens_of, seconds in ((vocabulary.encode, ours), (None, theirs)):
            begun = perf_counter()
            if tokens_of:
                _ = [tokens_of(text) for text in made[:10_000]]
            else:
                numbers = vocabulary.token_to_id
                _ = [[numbers.get(token, 0) for token in basic_english(t)] for t in made[:10_000]]
            seconds.append(perf_counter() - begun)
    ratio = median(theirs) / median(ours)
    cells = f"{rows:,}", f"{len(vocabulary):,}", f"{encoding:.2f}", f"{epoch:.2f}"
    print("|", " | ".join([*cells, f"{memory:.0f}", f"{ratio:.1f}"]), "|")


def main(source: str) -> None:
    """Print the table."""
    print(
        "| rows | words | encoding, s | an epoch, s | peak memory, MiB | torchtext's way / ours |"
    )
    print("|---|---|---|---|---|---|", flush=True)
    for rows in SIZES:
        subprocess.run([sys.executable, __file__, source, str(rows)], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(sys.argv[1], int(sys.argv[2]))
    else:
        main(*sys.argv[1:])
