"""The loss along one weight, and its slope: the weight is put back whatever happens."""

import pytest
import torch
from models import training_setup
from torch.nn import functional as F

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.panels.learning_rate import loss_along, slope_at
from lessons.text import Vocabulary


def test_the_slope_of_one_weight_is_that_of_a_nudge(parts):
    vocabulary = Vocabulary.build(parts.train.texts)
    batch = next(iter(make_loader(EncodedStories(parts.train, vocabulary), 64)))
    model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(0)).double()
    before = model.linear.bias.detach().clone()
    low, high = loss_along(model, batch, model.linear.bias, 1, [2 - 1e-5, 2 + 1e-5])
    slope = slope_at(model, batch, model.linear.bias, 1, 2.0)
    assert slope == pytest.approx((high - low) / 2e-5, rel=1e-4)
    assert torch.equal(model.linear.bias, before)  # put back
    assert model.linear.bias.grad is None
    here = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).item()
    assert loss_along(model, batch, model.linear.bias, 1, [before[1].item()]) == [here]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_to_interrupt_a_walk_along_the_loss_puts_the_weight_back(parts, error):
    model, train, *_ = training_setup(parts)
    batch, bias = next(iter(train)), model.linear.bias
    before = bias.detach().clone()

    def fails(*_):
        raise error

    for walk, value in ((loss_along, [7.0]), (slope_at, 7.0)):
        hook = model.register_forward_hook(fails)
        with pytest.raises(error):
            walk(model, batch, bias, 0, value)
        assert torch.equal(bias, before)
        hook.remove()
        walk(model, batch, bias, 0, value)
        assert torch.equal(bias, before) and bias.grad is None
