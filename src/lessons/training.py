"""Lesson 05: the training loop, one step and one epoch."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import Optimizer

from lessons.loaders import Batch


class Scores(NamedTuple):
    """Loss (mean cross-entropy, in nats) and accuracy (0 to 1) on some stories."""

    loss: float
    accuracy: float


class Step(NamedTuple):
    """What happened in one step: the model has learned from one batch."""

    epoch: int  # counted from 1
    number: int  # of the batch in this epoch, counted from 1
    of: int  # batches in the epoch
    scores: Scores  # on this batch, before the step


def train_step(model: nn.Module, batch: Batch, optimizer: Optimizer) -> Scores:
    """Learn from one batch: forward, loss, backward, update. The scores are from before it."""
    logits = model(batch.token_ids, batch.offsets)  # (stories, classes)
    loss = F.cross_entropy(logits, batch.labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return Scores(loss.item(), accuracy(logits, batch.labels))


def accuracy(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of stories whose highest logit is that of the right class.

    `logits` has the shape (stories, classes) and `labels` (stories,).
    """
    return (logits.argmax(dim=1) == labels).float().mean().item()


def average(scores: Sequence[Scores], sizes: Sequence[int]) -> Scores:
    """The mean over all stories of scores that were measured batch by batch.

    Batches are weighted by their sizes, so that every story counts the same: the last batch may
    be shorter than the others.
    """
    weighted = [(s.loss * size, s.accuracy * size) for s, size in zip(scores, sizes, strict=True)]
    loss, right = (sum(column) for column in zip(*weighted, strict=True))
    return Scores(loss / sum(sizes), right / sum(sizes))


def train_one_epoch(model: nn.Module, loader: Iterable[Batch], optimizer: Optimizer) -> Scores:
    """Learn from every batch once. Returns the mean scores; the model stays in training mode."""
    model.train()
    scores, sizes = [], []
    for batch in loader:
        scores.append(train_step(model, batch, optimizer))
        sizes.append(len(batch.labels))
    return average(scores, sizes)
