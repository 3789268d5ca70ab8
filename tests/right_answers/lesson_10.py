"""Right answers to the exercises of lesson 10."""

import math
import re
from collections import Counter

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from right_answers import right

# -------------------------------------------------------------------------------- 10-leak


@right("10-leak")
def goes_through_both(train, test):
    places = []
    for row, text in enumerate(test):
        for other in train:
            if text.lower().split() == other.lower().split():
                places.append(row)
                break
    return places


@right("10-leak")
def compares_with_any(train, test):
    def form(text):
        return tuple(text.casefold().split())

    return [row for row in range(len(test)) if any(form(one) == form(test[row]) for one in train)]


@right("10-leak")
def writes_by_a_pattern(train, test):
    def form(text):
        return re.sub(r"\s+", " ", text.strip()).upper()

    known = {form(text) for text in train}
    return {row for row, text in enumerate(test) if form(text) in known}


@right("10-leak")
def makes_a_dictionary(train, test):
    known = dict.fromkeys((" ".join(text.lower().split()) for text in train), True)
    return [row for row, t in enumerate(test) if known.get(" ".join(t.lower().split()), False)]


@right("10-leak")
def filters_the_places(train, test):
    known = [text.lower().split() for text in train]
    return list(filter(lambda row: test[row].lower().split() in known, range(len(test))))


# --------------------------------------------------------------------------------- 10-pad


@right("10-pad")
def fills_a_table(items):
    table = torch.zeros(len(items), max(len(ids) for ids, _ in items), dtype=torch.long)
    for row, (ids, _) in enumerate(items):
        table[row, : len(ids)] = torch.tensor(ids)
    return table, torch.tensor([label for _, label in items])


@right("10-pad")
def pads_one_by_one(items):
    longest = max(len(ids) for ids, _ in items)
    texts = [F.pad(torch.tensor(ids), (0, longest - len(ids))) for ids, _ in items]
    return torch.stack(texts), torch.tensor([label for _, label in items])


@right("10-pad")
def appends_zeros(items):
    texts, labels = [list(ids) for ids, _ in items], [label for _, label in items]
    while len({len(ids) for ids in texts}) > 1:
        longest = max(map(len, texts))
        for ids in texts:
            if len(ids) < longest:
                ids.append(0)
    return torch.tensor(texts), torch.tensor(labels)


@right("10-pad")
def fills_an_array(items):
    table = np.zeros((len(items), max(len(ids) for ids, _ in items)), dtype=np.int64)
    for row, (ids, _) in enumerate(items):
        table[row, : len(ids)] = ids
    return torch.from_numpy(table), torch.from_numpy(np.array([label for _, label in items]))


# ----------------------------------------------------------------------------- 10-weights


@right("10-weights")
def counts_with_a_counter(labels, num_classes):
    counts = Counter(labels)
    return [
        len(labels) / (len(counts) * counts[label]) if label in counts else 0
        for label in range(num_classes)
    ]


@right("10-weights")
def fills_a_list(labels, num_classes):
    weights = [0.0] * num_classes
    for label in set(labels):
        weights[label] = len(labels) / len(set(labels)) / labels.count(label)
    return weights


@right("10-weights")
def counts_with_numpy(labels, num_classes):
    counts = np.bincount(labels, minlength=num_classes)
    mean = len(labels) / np.count_nonzero(counts)
    return np.divide(mean, counts, out=np.zeros(num_classes), where=counts > 0)


@right("10-weights")
def catches_the_error(labels, num_classes):
    weights = []
    for label in range(num_classes):
        try:
            weights.append(len(labels) / labels.count(label) / len(set(labels)))
        except ZeroDivisionError:
            weights.append(0)
    return weights


# ------------------------------------------------------------------------------ 10-errors


@right("10-errors")
def takes_the_first_column(logits, labels):
    return F.cross_entropy(logits, labels[:, 0].long() - 1).item()


@right("10-errors")
def flattens(logits, labels):
    return float(F.cross_entropy(logits.detach(), (labels.flatten() - 1).to(torch.int64)))


@right("10-errors")
def goes_through_a_list(logits, labels):
    places = [round(label) - 1 for (label,) in labels.tolist()]
    return nn.CrossEntropyLoss()(logits, torch.tensor(places)).item()


@right("10-errors")
def looks_the_probabilities_up(logits, labels):
    probabilities = logits.softmax(dim=1)
    prices = [-math.log(p[int(label) - 1]) for p, label in zip(probabilities.tolist(), labels)]
    return sum(prices) / len(prices)


@right("10-errors")
def gathers(logits, labels):
    places = labels.long() - 1  # (texts, 1)
    return -logits.log_softmax(dim=1).gather(1, places).mean().item()
