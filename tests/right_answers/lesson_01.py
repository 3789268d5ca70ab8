"""Right answers to the exercises of lesson 01."""

import random
from collections import Counter, defaultdict
from itertools import groupby
from statistics import mode

import numpy as np
import torch

from right_answers import right

# -------------------------------------------------------------------------------- 01-lazy


@right("01-lazy")
def asks_for_the_commonest(labels):
    return Counter(labels).most_common(1)[0][1] / len(labels)


@right("01-lazy")
def counts_each_label(labels):
    return max(labels.count(label) for label in labels) / len(labels)


@right("01-lazy")
def takes_the_mode(labels):
    commonest = mode(labels)
    return sum(label == commonest for label in labels) / len(labels)


@right("01-lazy")
def counts_in_a_dictionary(labels):
    counts = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    most = 0
    for label in counts:
        most = max(most, counts[label])
    return most / len(labels)


@right("01-lazy")
def counts_with_torch(labels):
    return torch.tensor(labels).bincount().max() / len(labels)


@right("01-lazy")
def counts_with_numpy(labels):
    return np.unique(labels, return_counts=True)[1].max() / len(labels)


# ------------------------------------------------------------------------------ 01-copies


@right("01-copies")
def looks_up_the_first_place(texts):
    return {texts.index(text) for text in texts}


@right("01-copies")
def keeps_the_first_in_a_dictionary(texts):
    first = {}
    for row, text in enumerate(texts):
        first.setdefault(text, row)
    return first.values()


@right("01-copies")
def filters(texts):
    return filter(lambda row: texts[row] not in texts[row + 1 :], range(len(texts)))


@right("01-copies")
def sorts_the_rows_by_text(texts):
    order = sorted(range(len(texts)), key=texts.__getitem__)
    return [next(rows) for _, rows in groupby(order, key=texts.__getitem__)]


# -------------------------------------------------------------------------------- 01-even


@right("01-even")
def draws_with_python(labels, count, seed):
    draw = random.Random(seed)
    test = []
    for label in sorted(set(labels)):
        test += draw.sample([row for row, one in enumerate(labels) if one == label], count)
    return [row for row in range(len(labels)) if row not in test], test


@right("01-even")
def works_with_tensors(labels, count, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.tensor(labels)
    train, test = [], []
    for label in labels.unique():
        rows = (labels == label).nonzero().flatten()
        rows = rows[torch.randperm(len(rows), generator=generator)]
        test.append(rows[:count])
        train.append(rows[count:])
    return torch.cat(train), torch.cat(test)


@right("01-even")
def shuffles_everything_first(labels, count, seed):
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).tolist()
    train, test, drawn = [], [], Counter()
    for row in order:
        (test if drawn[labels[row]] < count else train).append(row)
        drawn[labels[row]] += 1
    return train, test


@right("01-even")
def draws_with_numpy(labels, count, seed):
    draw, labels = np.random.default_rng(seed), np.array(labels)
    classes = np.unique(labels)
    test = [draw.choice((labels == one).nonzero()[0], count, replace=False) for one in classes]
    test = np.concatenate(test)
    return np.setdiff1d(np.arange(len(labels)), test), test


@right("01-even")
def pops_from_piles(labels, count, seed):
    random.seed(seed)
    piles = defaultdict(list)
    for row, label in enumerate(labels):
        piles[label].append(row)
    test = []
    for pile in piles.values():
        random.shuffle(pile)
        test += [pile.pop() for _ in range(count)]
    return sum(piles.values(), []), test


@right("01-even")
def sorts_by_random_numbers(labels, count, seed):
    luck = torch.rand(len(labels), generator=torch.Generator().manual_seed(seed)).tolist()
    test = set()
    for label in set(labels):
        rows = [row for row in range(len(labels)) if labels[row] == label]
        test |= set(sorted(rows, key=luck.__getitem__)[:count])
    return set(range(len(labels))) - test, test


# ------------------------------------------------------------------------------ 01-events


@right("01-events")
def draws_events_with_python(events, count, seed):
    drawn = random.Random(seed).sample(sorted(set(events)), count)
    parts = [], []
    for row, event in enumerate(events):
        parts[event in drawn].append(row)
    return parts


@right("01-events")
def draws_events_with_numpy(events, count, seed):
    drawn = np.random.default_rng(seed).choice(np.unique(events), count, replace=False)
    asked = np.isin(events, drawn)
    return np.flatnonzero(~asked), np.flatnonzero(asked)


@right("01-events")
def shuffles_a_list_of_events(events, count, seed):
    different = list(dict.fromkeys(events))
    random.Random(seed).shuffle(different)
    drawn = set(different[:count])
    test = [row for row in range(len(events)) if events[row] in drawn]
    return sorted(set(range(len(events))) - set(test)), test


@right("01-events")
def gathers_the_rows_of_each_event(events, count, seed):
    rows = {}
    for row, event in enumerate(events):
        rows.setdefault(event, []).append(row)
    piles = list(rows.values())
    order = torch.randperm(len(piles), generator=torch.Generator().manual_seed(seed)).tolist()
    train = [row for place in order[count:] for row in piles[place]]
    test = [row for place in order[:count] for row in piles[place]]
    return train, test
