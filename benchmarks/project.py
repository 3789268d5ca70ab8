"""Speed and losses of the project that learners copy, against those of the library.

    make bench SOURCE=../shared/data/ag_news

Both train with the course's recipe from the same weights in the same order, an epoch in turn.
"""

import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import torch

from lessons import loaders, training, validation
from lessons.model import TextClassifier
from lessons.sources import load_split
from lessons.text import Vocabulary

sys.path.insert(0, str(Path(__file__).parents[1] / "src" / "lessons" / "project"))
import data
import model
import train

ROUNDS = 40


def library(parts, vocabulary):
    """Train an epoch and validate, again and again: the losses and the seconds of each."""
    encoded = [loaders.EncodedStories(part, vocabulary) for part in parts[:2]]
    learner = TextClassifier(len(vocabulary), len(parts.train.names))
    optimizer = torch.optim.AdamW(learner.parameters(), lr=0.01, fused=True)
    learning, quiz = (
        loaders.make_loader(encoded[0], 128, True),
        loaders.make_loader(encoded[1], 128),
    )
    while True:
        begun = perf_counter()
        loss = training.train_one_epoch(learner, learning, optimizer).loss
        yield loss, validation.evaluate(learner, quiz).loss, perf_counter() - begun


def project(parts, vocabulary):
    """The same with the project."""
    names, even = parts.train.names, torch.ones(len(parts.train.names))
    words = [[names[label] for label in part.labels] for part in parts[:2]]
    encoded = [
        data.TextDataset(part.texts, labels, vocabulary.token_to_id, names)
        for part, labels in zip(parts, words, strict=False)
    ]
    learner = model.TextClassifier(len(vocabulary), len(names))
    optimizer = torch.optim.AdamW(learner.parameters(), lr=0.01, fused=True)
    learning, quiz = data.make_loader(encoded[0], 128, True), data.make_loader(encoded[1], 128)
    while True:
        begun = perf_counter()
        loss = train.train_one_epoch(learner, learning, optimizer, even)
        yield loss, train.evaluate(learner, quiz, even)[0], perf_counter() - begun


def main(source: str = "mini-news") -> None:
    """Print the ratio of speeds and the largest difference of losses."""
    torch.set_num_threads(1)
    parts = load_split(source)
    vocabulary = Vocabulary.build(parts.train.texts)
    runs = []
    for run in (library, project):
        torch.manual_seed(0)
        runs.append(run(parts, vocabulary))
        next(runs[-1])  # the first weights are drawn, and all is warm
    pairs = [(next(runs[0]), next(runs[1])) for _ in range(ROUNDS)]
    ratio = median(ours[2] / theirs[2] for ours, theirs in pairs)
    far = max(
        abs(a - b) for ours, theirs in pairs for a, b in zip(ours[:2], theirs[:2], strict=True)
    )
    print(f"{source}: speed of the project / of the library, {ROUNDS} pairs: {ratio:.2f}")
    print(f"largest difference of losses: {far:.1e}")


if __name__ == "__main__":
    main(*sys.argv[1:])
