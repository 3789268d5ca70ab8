"""Lesson 06: validate after each epoch, find the best one, and stop in time."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from lessons.loaders import Batch, EncodedStories
from lessons.model import TextClassifier, check_fits
from lessons.support.checks import check_whole_number
from lessons.training import Scores, Step, accuracy, average, train_step


class Epoch(NamedTuple):
    """What happened in one epoch: the model has learned once from the whole training set."""

    number: int  # counted from 1
    train: Scores  # measured batch by batch while the model was learning
    validation: Scores  # measured after the epoch
    seconds: float  # spent on training and validation


@contextmanager
def keep_mode(model: nn.Module) -> Iterator[None]:
    """Restore the mode of every layer after a block, also if it is interrupted or fails.

    `model.train(...)` would give all layers the same mode, also one that was switched alone.
    """
    modes = [(layer, layer.training) for layer in model.modules()]
    try:
        yield
    finally:
        for layer, mode in modes:
            layer.training = mode


def evaluate(model: nn.Module, loader: Iterable[Batch]) -> Scores:
    """The mean scores on all stories of the loader, without learning. Restores the mode."""
    scores, sizes = [], []
    with keep_mode(model), torch.no_grad():
        model.eval()
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)  # (stories, classes)
            loss = F.cross_entropy(logits, batch.labels).item()
            scores.append(Scores(loss, accuracy(logits, batch.labels)))
            sizes.append(len(batch.labels))
    return average(scores, sizes)


def predict(model: nn.Module, loader: Iterable[Batch]) -> torch.Tensor:
    """The probability of each class for each story: (stories, classes), in the loader's order.

    Restores the mode of the model.
    """
    with keep_mode(model), torch.no_grad():
        model.eval()
        logits = [model(batch.token_ids, batch.offsets) for batch in loader]
    return torch.cat(logits).softmax(dim=1)


def fit(
    model: nn.Module,
    train_loader: DataLoader[Batch],
    validation_loader: DataLoader[Batch],
    optimizer: Optimizer,
    epochs: int,
) -> Iterator[Step | Epoch]:
    """Train, and yield a `Step` after each batch and an `Epoch` after each epoch.

    It is a generator, so it trains only while its caller asks for the next event. To stop, stop
    asking; to continue, ask again. A plain loop trains to the end:

        history = [event for event in fit(...) if isinstance(event, Epoch)]

    Raises ValueError if `epochs` is not a whole number of at least 1, or if the stories have
    words or classes that the model does not know.
    """
    check_whole_number("number of epochs", epochs)
    for stories in (train_loader.dataset, validation_loader.dataset):
        if isinstance(model, TextClassifier) and isinstance(stories, EncodedStories):
            check_fits(model, stories.token_ids, stories.labels)
    return _fit(model, train_loader, validation_loader, optimizer, epochs)


def _fit(
    model: nn.Module,
    train_loader: DataLoader[Batch],
    validation_loader: DataLoader[Batch],
    optimizer: Optimizer,
    epochs: int,
) -> Iterator[Step | Epoch]:
    for number in range(1, epochs + 1):
        model.train()
        scores, sizes = [], []
        seconds, begun = 0.0, perf_counter()
        for i, batch in enumerate(train_loader, 1):
            scores.append(train_step(model, batch, optimizer))
            sizes.append(len(batch.labels))
            seconds += perf_counter() - begun
            yield Step(number, i, len(train_loader), scores[-1])
            begun = perf_counter()  # what the caller did meanwhile is not training time
        validation = evaluate(model, validation_loader)
        seconds += perf_counter() - begun
        yield Epoch(number, average(scores, sizes), validation, seconds)


def best(history: Iterable[Epoch]) -> Epoch:
    """The epoch with the lowest validation loss, the first of equals.

    Raises ValueError if no epoch has a finite validation loss.
    """
    finite = [epoch for epoch in history if math.isfinite(epoch.validation.loss)]
    if not finite:
        raise ValueError(
            "There is no best epoch: none is finished, or the loss is NaN or infinite. Train for "
            "an epoch, with a smaller learning rate if the loss is NaN."
        )
    return min(finite, key=lambda epoch: epoch.validation.loss)


def stop_early(events: Iterable[Step | Epoch], patience: int) -> Iterator[Step | Epoch]:
    """Yield the events until the validation loss has not improved for `patience` epochs in a row.

    Raises ValueError if `patience` is not a whole number of at least 1.
    """
    check_whole_number("patience", patience)
    return _stop_early(events, patience)


def _stop_early(events: Iterable[Step | Epoch], patience: int) -> Iterator[Step | Epoch]:
    lowest, waited = math.inf, 0
    for event in events:
        yield event
        if isinstance(event, Epoch):
            waited = 0 if event.validation.loss < lowest else waited + 1
            lowest = min(lowest, event.validation.loss)
            if waited == patience:
                return
