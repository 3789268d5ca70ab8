"""Lesson 09: the steps of a training, and beside each its broken versions.

The healthy versions of some steps are the course's own: `TextClassifier`, `train_step`, `evaluate`.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, AdamW, Optimizer
from torch.utils.data import DataLoader

from lessons.loaders import Batch, EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.split import Split, Stories
from lessons.training import Scores, accuracy, average
from lessons.validation import keep_mode


class EpochScores(NamedTuple):
    """All scores after an epoch; those of the training were measured during it."""

    number: int  # of the epoch, counted from 1
    train: Scores
    validation: Scores
    test: Scores
    new: Scores  # on stories that had no part in anything: the truth


# --------------------------------------------------------------------- make the training set


def train_part(parts: Split) -> Stories:
    """The training stories, and no others."""
    return parts.train


def train_part_by_class(parts: Split) -> Stories:
    """First all stories of one class, then those of the next: as in a file that is sorted."""
    labels = parts.train.labels
    return parts.train.pick(sorted(range(len(labels)), key=labels.__getitem__))


def train_and_test_parts(parts: Split) -> Stories:
    """A bug: the stories of the test set are among those that the model learns from."""
    train, test = parts.train, parts.test
    return Stories(train.texts + test.texts, train.labels + test.labels, train.names)


# -------------------------------------------------------------------------- make the loader


def shuffled_loader(stories: EncodedStories, batch_size: int, seed: int) -> DataLoader[Batch]:
    """The training stories in a new order each epoch."""
    return make_loader(stories, batch_size, shuffle=True, seed=seed)


def unshuffled_loader(stories: EncodedStories, batch_size: int, seed: int) -> DataLoader[Batch]:
    """A bug: the training stories in the order of the file."""
    return make_loader(stories, batch_size, seed=seed)


# --------------------------------------------------------------------------- make the model


class DropoutClassifier(TextClassifier):
    """The course's model with dropout."""

    def __init__(
        self, vocab_size: int, num_classes: int, generator: torch.Generator, dropout: float = 0.9
    ) -> None:
        super().__init__(vocab_size, num_classes, generator=generator)
        self.dropout, self.generator = dropout, generator

    def forward(self, token_ids: Tensor, offsets: Tensor) -> Tensor:
        """Guess; in training mode, a share of the numbers is left out by chance."""
        means = self.embedding(token_ids, offsets)  # (stories, embedding_dim)
        if self.training:  # as nn.Dropout, with a seed of its own
            kept = torch.rand(means.shape, generator=self.generator) >= self.dropout
            means = means * kept / (1 - self.dropout)
        logits: Tensor = self.linear(means)  # (stories, classes)
        return logits


class SoftmaxClassifier(TextClassifier):
    """A bug: the course's model gives back probabilities in the place of logits."""

    def forward(self, token_ids: Tensor, offsets: Tensor) -> Tensor:
        """Guess; `cross_entropy` will take the softmax once more."""
        means = self.embedding(token_ids, offsets)  # (stories, embedding_dim)
        logits: Tensor = self.linear(means)  # (stories, classes)
        return logits.softmax(dim=1)


# ----------------------------------------------------------------------- make the optimizer


def adamw(model: nn.Module, lr: float = 0.01) -> Optimizer:
    """The course's usual optimizer."""
    return AdamW(model.parameters(), lr=lr, fused=True)


def sgd(model: nn.Module) -> Optimizer:
    """Plain SGD with a learning rate that suits it."""
    return SGD(model.parameters(), lr=3.0)


def sgd_far_too_high(model: nn.Module) -> Optimizer:
    """A bug: each step lands higher on the other side of the valley."""
    return SGD(model.parameters(), lr=100.0)


def sgd_far_too_low(model: nn.Module) -> Optimizer:
    """A bug: the steps are too short to lead anywhere."""
    return SGD(model.parameters(), lr=0.003)


# --------------------------------------------------------------------- a step of the training


def train_step_without_zero_grad(model: nn.Module, batch: Batch, optimizer: Optimizer) -> Scores:
    """A bug: each step repeats the gradients of all the steps before it."""
    logits = model(batch.token_ids, batch.offsets)  # (stories, classes)
    loss = F.cross_entropy(logits, batch.labels)
    loss.backward()
    optimizer.step()
    return Scores(loss.item(), accuracy(logits, batch.labels))


# --------------------------------------------------------------------------------- evaluate


def evaluate_without_eval(model: nn.Module, loader: Iterable[Batch]) -> Scores:
    """A bug: the model is measured in the mode that it is in, with dropout after a training."""
    scores, sizes = [], []
    with keep_mode(model), torch.no_grad():
        for batch in loader:
            logits = model(batch.token_ids, batch.offsets)  # (stories, classes)
            loss = F.cross_entropy(logits, batch.labels).item()
            scores.append(Scores(loss, accuracy(logits, batch.labels)))
            sizes.append(len(batch.labels))
    return average(scores, sizes)


# ------------------------------------------------------------- choose the epoch that is kept


def best_on_validation(epochs: Sequence[EpochScores]) -> EpochScores:
    """The epoch with the most right answers in the validation set; the first of equals."""
    return max(epochs, key=lambda epoch: epoch.validation.accuracy)


def best_on_test(epochs: Sequence[EpochScores]) -> EpochScores:
    """A bug: the epoch with the most right answers in the test set; the first of equals."""
    return max(epochs, key=lambda epoch: epoch.test.accuracy)
