"""The loop against torch's own steps, numbers worked by hand, and the classic mistakes."""

import pytest
import torch
from models import training_setup, weights
from torch.nn import functional as F

from lessons.loaders import Batch
from lessons.model import TextClassifier
from lessons.training import Scores, accuracy, average, train_one_epoch, train_step

# ------------------------------------------------------------------------------- a step


def test_a_step_is_plain_gradient_descent():
    model = TextClassifier(5, 2, 3)
    batch = Batch(torch.tensor([1, 2, 2]), torch.tensor([0, 2]), torch.tensor([0, 1]))
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    expected = [p.detach() - 0.5 * g for p, g in zip(model.parameters(), gradients, strict=True)]

    scores = train_step(model, batch, torch.optim.SGD(model.parameters(), lr=0.5))

    assert scores.loss == pytest.approx(loss.item())
    for parameter, value in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.detach(), value)


def test_gradients_do_not_pile_up():
    model = TextClassifier(5, 2, 3)
    batch = Batch(torch.tensor([1, 2]), torch.tensor([0, 1]), torch.tensor([0, 1]))
    still = torch.optim.SGD(model.parameters(), lr=0.0)  # the weights stay where they are
    train_step(model, batch, still)
    once = model.linear.weight.grad.clone()
    train_step(model, batch, still)
    torch.testing.assert_close(model.linear.weight.grad, once)


def test_accuracy_by_hand():
    logits = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 0.0], [0.0, 9.0]])
    assert accuracy(logits, torch.tensor([0, 1, 1, 1])) == 0.75


def test_the_average_counts_stories_not_batches():
    scores = average([Scores(1.0, 0.5), Scores(4.0, 1.0)], [90, 10])
    assert scores.loss == pytest.approx(1.3)  # the mean of the two batches would be 2.5
    assert scores.accuracy == pytest.approx(0.55)


# ----------------------------------------------------------------------------- an epoch


def test_one_epoch_is_one_step_for_each_batch(parts):
    model, train, _, optimizer = training_setup(parts)
    twin, same_train, _, same_optimizer = training_setup(parts)
    scores = train_one_epoch(model, train, optimizer)
    steps = [(train_step(twin, batch, same_optimizer), len(batch.labels)) for batch in same_train]
    assert torch.equal(weights(model), weights(twin))
    assert scores == average(*zip(*steps, strict=True))
