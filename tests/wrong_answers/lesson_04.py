"""Wrong answers to the exercises of lesson 04."""

import torch
from torch.nn import functional as F

from wrong_answers import wrong

# ------------------------------------------------------------------------------- 04-price


@wrong("04-price", "these are probabilities already", "mixes up logits and probabilities")
def applies_softmax_again(probabilities, labels):
    return F.cross_entropy(probabilities, labels)


@wrong("04-price", "below 1 is above 0", "mixes up loss and accuracy")
def forgets_the_minus(probabilities, labels):
    rows = torch.arange(len(labels))
    return probabilities[rows, labels].log().mean()


@wrong("04-price", "That is the sum of the stories.", "mixes up counts, sums, means and shares")
def adds_the_stories_up(probabilities, labels):
    rows = torch.arange(len(labels))
    return -probabilities[rows, labels].log().sum()


@wrong(
    "04-price",
    "That is the price of the highest probability.",
    "mixes up guesses, confidence and right answers",
)
def prices_the_guesses(probabilities, labels):
    return -probabilities.max(dim=1).values.log().mean()


@wrong("04-price", "not all classes", "mixes up guesses, confidence and right answers")
def prices_all_classes(probabilities, labels):
    return -probabilities.log().mean()


# ------------------------------------------------------------------------------- 04-slope


@wrong(
    "04-slope", "Divide the rise of the function by the rise of x.", "misreads what a slope says"
)
def gives_the_rise(function, x):
    return function(x + 1e-4) - function(x)


@wrong("04-slope", "Twice too steep", "misreads what a slope says")
def divides_by_one_of_two_nudges(function, x):
    return (function(x + 1e-4) - function(x - 1e-4)) / 1e-4


@wrong("04-slope", "The sign is the wrong way round.", "misreads what a slope says")
def turns_the_slope_around(function, x):
    return (function(x) - function(x + 1e-4)) / 1e-4


@wrong(
    "04-slope",
    "The slope of x * x at 2: expected 4, saw 5. So far from x the ground bends.",
    "misreads what a slope says",
)
def nudges_by_1(function, x):
    return function(x + 1) - function(x)


@wrong(
    "04-slope", "expected 4, saw 2. That is the height divided by x.", "misreads what a slope says"
)
def divides_the_height(function, x):
    return function(x) / x


@wrong("04-slope", "is still x.", "misreads what a slope says")
def nudges_by_next_to_nothing(function, x):
    return (function(x + 1e-20) - function(x)) / 1e-20


@wrong("04-slope", "x * x - 2 * x at 0: expected -2, saw 0", "misreads what a slope says")
def nudges_by_a_part_of_x(function, x):
    nudge = x * 1e-4
    return (function(x + nudge) - function(x)) / nudge if nudge else 0.0


@wrong("04-slope", "at -1: expected -2, saw 1.9999.", "misreads what a slope says")
def loses_the_sign(function, x):
    return abs(function(x + 1e-4) - function(x)) / 1e-4


# -------------------------------------------------------------------------------- 04-sign


@wrong("04-sign", "Every weight moved uphill.", "misreads what a slope says")
def steps_uphill(model, batch, rate):
    logits = model(batch.token_ids, batch.offsets)
    loss = F.cross_entropy(logits, batch.labels)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights += rate * weights.grad.sign()


@wrong("04-sign", "Only the sign of the slope counts", "misreads what a slope says")
def steps_further_where_it_is_steep(model, batch, rate):
    logits = model(batch.token_ids, batch.offsets)
    loss = F.cross_entropy(logits, batch.labels)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights -= rate * weights.grad


@wrong("04-sign", "still on the board", "mixes up what zero_grad(), backward() and step() do")
def forgets_zero_grad(model, batch, rate):
    logits = model(batch.token_ids, batch.offsets)
    loss = F.cross_entropy(logits, batch.labels)
    loss.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights -= rate * weights.grad.sign()


@wrong("04-sign", "1 of 3 groups of weights has not moved", "loses track of some of the weights")
def moves_the_linear_layer_alone(model, batch, rate):
    logits = model(batch.token_ids, batch.offsets)
    loss = F.cross_entropy(logits, batch.labels)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weights in model.linear.parameters():
            weights -= rate * weights.grad.sign()


@wrong("04-sign", "No weight has moved.", "takes another name for a copy")
def moves_a_copy(model, batch, rate):
    logits = model(batch.token_ids, batch.offsets)
    loss = F.cross_entropy(logits, batch.labels)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights = weights - rate * weights.grad.sign()


@wrong("04-sign", "Does the rate decide how far?", "misreads what a slope says")
def forgets_the_rate(model, batch, rate):
    logits = model(batch.token_ids, batch.offsets)
    loss = F.cross_entropy(logits, batch.labels)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights -= weights.grad.sign()
