"""Right answers to the exercises of lesson 02."""

import random
from collections import Counter
from itertools import pairwise
from math import ceil

import numpy as np
import torch

from lessons.text import Vocabulary, tokenize
from right_answers import right

# -------------------------------------------------------------------------------- 02-last


@right("02-last")
def takes_the_rest_or_all(stories, batch_size):
    return stories % batch_size or batch_size


@right("02-last")
def counts_the_full_batches_before(stories, batch_size):
    return stories - (ceil(stories / batch_size) - 1) * batch_size


@right("02-last")
def takes_batches_away(stories, batch_size):
    while stories > batch_size:
        stories -= batch_size
    return stories


@right("02-last")
def cuts_a_list(stories, batch_size):
    rows = list(range(stories))
    for begin in range(0, stories, batch_size):
        batch = rows[begin : begin + batch_size]
    return len(batch)


@right("02-last")
def splits_a_tensor(stories, batch_size):
    return len(torch.arange(stories).split(batch_size)[-1])


# ----------------------------------------------------------------------------- 02-lengths


@right("02-lengths")
def goes_by_pairs(token_ids, offsets):
    return [b - a for a, b in pairwise([*offsets, len(token_ids)])]


@right("02-lengths")
def treats_the_last_one_apart(token_ids, offsets):
    lengths = []
    for i in range(len(offsets) - 1):
        lengths.append(offsets[i + 1] - offsets[i])
    lengths.append(len(token_ids) - offsets[-1])
    return lengths


@right("02-lengths")
def takes_differences_with_torch(token_ids, offsets):
    return torch.tensor(offsets + [len(token_ids)]).diff()


@right("02-lengths")
def takes_differences_with_numpy(token_ids, offsets):
    return np.diff(offsets, append=len(token_ids))


@right("02-lengths")
def cuts_the_row(token_ids, offsets):
    return [len(part) for part in torch.tensor(token_ids).tensor_split(offsets[1:])]


@right("02-lengths")
def goes_backwards(token_ids, offsets):
    end, lengths = len(token_ids), []
    for begin in reversed(offsets):
        lengths.insert(0, end - begin)
        end = begin
    return lengths


# -------------------------------------------------------------------------------- 02-list


@right("02-list")
def builds_it_with_the_library(parts, size):
    tokens = Vocabulary.build(parts.train.texts, min_count=1).tokens
    return {token: number for number, token in enumerate(tokens[:size])}


@right("02-list")
def sorts_twice(parts, size):
    counts = Counter()
    for text in parts.train.texts:
        counts.update(tokenize(text))
    words = sorted(sorted(counts), key=counts.get, reverse=True)
    return dict(zip(["<unk>"] + words[: size - 1], range(size)))


@right("02-list")
def takes_the_commonest_of_a_sorted_list(parts, size):
    words = sorted(token for text in parts.train.texts for token in tokenize(text))
    token_to_id = {"<unk>": 0}
    for word, _ in Counter(words).most_common(size - 1):
        token_to_id[word] = len(token_to_id)
    return token_to_id


@right("02-list")
def counts_by_hand(parts, size):
    counts = {}
    for text in parts.train.texts:
        for token in tokenize(text):
            counts[token] = counts.get(token, 0) + 1
    token_to_id = {"<unk>": 0}
    while counts and len(token_to_id) < size:
        most = max(counts.values())
        word = min(word for word in counts if counts[word] == most)
        del counts[word]
        token_to_id[word] = len(token_to_id)
    return token_to_id


@right("02-list")
def reads_the_whole_book_as_one_text(parts, size):
    counts = Counter(tokenize(" ".join(parts.train.texts)))
    pairs = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    words = [word for word, _ in pairs]
    return {word: i for i, word in enumerate((["<unk>"] + words)[:size])}


# ------------------------------------------------------------------------------ 02-epochs


@right("02-epochs")
def splits_tensors(stories, batch_size, epochs, seed):
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(stories, generator=generator) for _ in range(epochs)]
    return [order.split(batch_size) for order in orders]


@right("02-epochs")
def shuffles_with_python(stories, batch_size, epochs, seed):
    draw, book = random.Random(seed), []
    for _ in range(epochs):
        rows = list(range(stories))
        draw.shuffle(rows)
        batches = []
        while rows:
            batches.append(rows[:batch_size])
            rows = rows[batch_size:]
        book.append(batches)
    return book


@right("02-epochs")
def permutes_with_numpy(stories, batch_size, epochs, seed):
    draw = np.random.default_rng(seed)
    places = range(batch_size, stories, batch_size)
    return [np.split(draw.permutation(stories), places) for _ in range(epochs)]


@right("02-epochs")
def fills_batch_after_batch(stories, batch_size, epochs, seed):
    generator = torch.Generator().manual_seed(seed)
    book = []
    for _ in range(epochs):
        epoch = []
        for turn, row in enumerate(torch.randperm(stories, generator=generator).tolist()):
            if turn % batch_size == 0:
                epoch.append([])
            epoch[-1].append(row)
        book.append(epoch)
    return book


@right("02-epochs")
def hands_out_epochs_one_by_one(stories, batch_size, epochs, seed):
    torch.manual_seed(seed)
    for _ in range(epochs):
        order = torch.randperm(stories).tolist()
        yield [order[a : a + batch_size] for a in range(0, stories, batch_size)]
