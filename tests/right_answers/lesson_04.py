"""Right answers to the exercises of lesson 04."""

from fractions import Fraction
from math import log
from statistics import mean

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from right_answers import right

# ------------------------------------------------------------------------------- 04-price


@right("04-price")
def takes_the_logarithm_of_python(probabilities, labels):
    pairs = zip(probabilities.tolist(), labels.tolist(), strict=True)
    prices = [-log(row[label]) for row, label in pairs]
    return sum(prices) / len(prices)


@right("04-price")
def takes_logarithms_for_logits(probabilities, labels):
    return F.cross_entropy(probabilities.log(), labels).item()


@right("04-price")
def gives_a_tensor_of_one(probabilities, labels):
    right = F.one_hot(labels, probabilities.shape[1])
    return -(right * probabilities.log()).sum(dim=1).mean(dim=0, keepdim=True)


@right("04-price")
def gathers(probabilities, labels):
    return -probabilities.gather(1, labels[:, None]).log().mean().item()


@right("04-price")
def loops(probabilities, labels):
    total = 0
    for row in range(len(labels)):
        total -= torch.log(probabilities[row, labels[row]])
    return total / len(labels)


@right("04-price")
def works_in_numpy(probabilities, labels):
    return np.mean(-np.log(probabilities.numpy()[np.arange(len(labels)), labels.numpy()]))


# ------------------------------------------------------------------------------- 04-slope


@right("04-slope")
def lets_torch_work_it_out(function, x):
    x = torch.tensor(x, requires_grad=True)
    function(x).backward()
    return x.grad.item()


@right("04-slope")
def rounds_the_slope(function, x):
    return round((function(x) - function(x - 1e-5)) / 1e-5, 3)


@right("04-slope")
def takes_the_mean_of_both_sides(function, x):
    nudge, here = 1e-5, function(x)
    return mean([(function(x + nudge) - here) / nudge, (here - function(x - nudge)) / nudge])


@right("04-slope")
def calculates_with_fractions(function, x):
    nudge = Fraction(1, 10**9)
    return (function(Fraction(x) + nudge) - function(Fraction(x) - nudge)) / (2 * nudge)


@right("04-slope")
def divides_by_the_nudge_that_was_made(function, x):
    there = x + 1e-7
    return (function(there) - function(x)) / (there - x)


# -------------------------------------------------------------------------------- 04-sign


@right("04-sign")
def puts_new_weights_in_place(model, batch, rate):
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    loss.backward()
    for weights in model.parameters():
        up, down = weights.grad > 0, weights.grad < 0
        weights.data = weights.data - rate * up.float() + rate * down.float()
        weights.grad = None
    return loss


@right("04-sign")
def asks_for_the_slopes_alone(model, batch, rate):
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    slopes = torch.autograd.grad(loss, list(model.parameters()))
    with torch.no_grad():
        for weights, slope in zip(model.parameters(), slopes, strict=True):
            weights.sub_(rate * slope.sign())


@right("04-sign")
def loads_new_weights(model, batch, rate):
    model.zero_grad()
    token_ids, offsets, labels = batch
    nn.CrossEntropyLoss()(model(token_ids, offsets), labels).backward()
    named = dict(model.named_parameters())
    model.load_state_dict({name: w.data - rate * w.grad.sign() for name, w in named.items()})


@right("04-sign")
def divides_by_the_size(model, batch, rate):
    for weights in model.parameters():
        weights.grad = None
    F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).backward()
    with torch.no_grad():
        for weights in model.parameters():
            size = weights.grad.abs()
            weights -= rate * torch.where(size > 0, weights.grad / size, 0)


@right("04-sign")
def adds_one_after_the_other(model, batch, rate):
    loss = -model(batch.token_ids, batch.offsets).log_softmax(dim=1)
    loss = loss[range(len(batch.labels)), batch.labels].mean()
    model.zero_grad(set_to_none=False)
    loss.backward()
    for weights in model.parameters():
        torch.add(weights.data, torch.sign(weights.grad), alpha=-rate, out=weights.data)
