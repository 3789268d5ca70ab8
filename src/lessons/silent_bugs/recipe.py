"""Lesson 09: a training whose steps can be replaced one by one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from lessons.loaders import Batch, EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.silent_bugs import steps
from lessons.silent_bugs.steps import EpochScores
from lessons.split import Split, Stories
from lessons.text import Vocabulary
from lessons.training import Scores, Step, average, train_step
from lessons.validation import evaluate

MOST = 1600  # stories to learn from: a run takes a second
TEST_STORIES = 50  # at most: a small test set is easily flattered


class Recipe(NamedTuple):
    """How a model is trained and evaluated: a few settings, and a function for each step.

    A run calls these functions and no others in their place. All are healthy here.
    """

    batch_size: int = 32
    epochs: int = 10
    max_stories: int = MOST  # to learn from
    make_train_set: Callable[[Split], Stories] = steps.train_part
    make_loader: Callable[[EncodedStories, int, int], DataLoader[Batch]] = steps.shuffled_loader
    make_model: Callable[..., nn.Module] = TextClassifier
    make_optimizer: Callable[[nn.Module], Optimizer] = steps.adamw
    take_step: Callable[[nn.Module, Batch, Optimizer], Scores] = train_step
    measure: Callable[[nn.Module, Iterable[Batch]], Scores] = evaluate
    choose_epoch: Callable[[Sequence[EpochScores]], EpochScores] = steps.best_on_validation


def run(parts: Split, recipe: Recipe, seed: int = 0) -> list[EpochScores]:
    """Train to the end and give back the scores of all epochs."""
    return [event for event in run_events(parts, recipe, seed) if isinstance(event, EpochScores)]


def run_events(parts: Split, recipe: Recipe, seed: int = 0) -> Iterator[Step | EpochScores]:
    """Train and measure: a `Step` after each batch, an `EpochScores` after each epoch.

    Like `fit`, it trains only while its caller asks for the next event.
    """
    parts, new = cut_down(parts, recipe.max_stories, seed)
    train_set = recipe.make_train_set(parts)
    vocabulary = Vocabulary.build(train_set.texts)
    loader = recipe.make_loader(EncodedStories(train_set, vocabulary), recipe.batch_size, seed)
    measured = (parts.validation, parts.test, new)
    batches = [list(make_loader(EncodedStories(part, vocabulary), 128)) for part in measured]
    generator = torch.Generator().manual_seed(seed)
    model = recipe.make_model(len(vocabulary), len(train_set.names), generator=generator)
    optimizer = recipe.make_optimizer(model)
    for number in range(1, recipe.epochs + 1):
        model.train()
        scores, sizes = [], []
        for i, batch in enumerate(loader, 1):
            scores.append(recipe.take_step(model, batch, optimizer))
            sizes.append(len(batch.labels))
            yield Step(number, i, len(loader), scores[-1])
        others = (recipe.measure(model, part) for part in batches)
        yield EpochScores(number, average(scores, sizes), *others)


def cut_down(parts: Split, max_stories: int, seed: int) -> tuple[Split, Stories]:
    """A smaller split, and new stories.

    A few stories of the test set remain the test set, which ones the seed decides; the rest are
    the new stories.
    """
    train, validation, test = parts
    order = torch.randperm(len(test.texts), generator=torch.Generator().manual_seed(seed))
    rows, cut = order[:MOST].tolist(), min(TEST_STORIES, len(test.texts) // 4)
    first = train.pick(range(min(max_stories, len(train.texts))))
    return Split(first, validation, test.pick(rows[:cut])), test.pick(rows[cut:])
