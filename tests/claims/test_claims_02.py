"""What lesson 02 claims, over five seeds on Mini-News."""

from collections import Counter

import pytest
import torch
from claims import claim, claim_near

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.split import split
from lessons.text import Vocabulary, tokenize
from lessons.training import train_one_epoch
from lessons.validation import evaluate, predict

SEEDS = range(5)
SGD, ADAMW = (torch.optim.SGD, {"lr": 3}), (torch.optim.AdamW, {"lr": 1e-2, "fused": True})

each_seed = pytest.mark.parametrize("seed", SEEDS)


@pytest.fixture(scope="module")
def vocabulary(parts):
    return Vocabulary.build(parts.train.texts)


@pytest.fixture(scope="module")
def validation_loader(parts, vocabulary):
    return make_loader(EncodedStories(parts.validation, vocabulary), 128)


@pytest.fixture(scope="module")
def by_topic(parts, vocabulary):
    rows = sorted(range(1600), key=lambda row: parts.train.labels[row])
    return EncodedStories(parts.train.pick(rows), vocabulary)


@pytest.fixture(scope="module")
def thousand(parts, vocabulary):
    return EncodedStories(parts.train.pick(range(1000)), vocabulary)


def new_model(vocab_size, seed, optimizer):
    model = TextClassifier(vocab_size, 4, generator=torch.Generator().manual_seed(seed))
    method, settings = optimizer
    return model, method(model.parameters(), **settings)


def learn(stories, validation_loader, seed, optimizer, *, epochs=10, batch_size=32, shuffle=True):
    vocab_size = int(stories.token_ids.max()) + 1
    model, optimizer = new_model(vocab_size, seed, optimizer)
    loader, scores = make_loader(stories, batch_size, shuffle, seed), []
    for _ in range(epochs):
        train_one_epoch(model, loader, optimizer)
        scores.append(evaluate(model, validation_loader).accuracy)
    return model, scores


def unknown_share(stories, vocabulary):
    token_ids = EncodedStories(stories, vocabulary).token_ids
    return (token_ids == 0).float().mean().item()


# ------------------------------------------------------------------------- vocabulary


@each_seed
def test_more_is_unknown_in_validation_than_in_training(stories, seed):
    parts = split(stories, seed=seed)
    vocabulary = Vocabulary.build(parts.train.texts)
    in_training = unknown_share(parts.train, vocabulary)
    claim("in training", in_training, ">", 0.05)  # the model can learn what to make of a 0
    more = unknown_share(parts.validation, vocabulary) - in_training
    claim("more in validation", more, ">", 0.03)


@each_seed
def test_with_peeking_validation_looks_easier_than_new_stories(stories, seed):
    parts = split(stories, seed=seed)
    honest = Vocabulary.build(parts.train.texts)
    peeking = Vocabulary.build(parts.train.texts + parts.validation.texts)
    validation, new = (unknown_share(part, honest) for part in parts[1:])
    claim_near("unknown in validation", validation, new, within=0.03)
    validation, new = (unknown_share(part, peeking) for part in parts[1:])
    claim("fewer after peeking", new - validation, ">", 0.03)


def test_the_words_added_by_peeking_stand_once_or_never_in_training(parts, vocabulary):
    peeking = Vocabulary.build(parts.train.texts + parts.validation.texts)
    counts = Counter(token for text in parts.train.texts for token in tokenize(text))
    added = Counter(counts[token] for token in set(peeking.tokens) - set(vocabulary.tokens))
    assert added == {1: 388, 0: 92}


@each_seed
def test_training_corrects_the_unknown_word_but_no_word_that_it_never_reads(parts, seed):
    peeking = Vocabulary.build(parts.train.texts + parts.validation.texts)
    read = {token for text in parts.train.texts for token in tokenize(text)}
    never = [id for id, token in enumerate(peeking.tokens) if id and token not in read]
    assert len(never) > 50
    model, optimizer = new_model(len(peeking), seed, SGD)
    before = model.embedding.weight.detach().clone()
    loader = make_loader(EncodedStories(parts.train, peeking), 128, shuffle=True, seed=seed)
    train_one_epoch(model, loader, optimizer)
    same = (model.embedding.weight == before).all(dim=1)  # (vocab_size,)
    assert same[never].all()
    assert not same[0]
    assert (~same).sum() == len(peeking) - len(never)


# -------------------------------------------------------------------------- shuffling


@each_seed
def test_sgd_learns_only_when_shuffled(parts, by_topic, validation_loader, seed):
    _, shuffled = learn(by_topic, validation_loader, seed, SGD)
    model, unshuffled = learn(by_topic, validation_loader, seed, SGD, shuffle=False)
    claim("shuffled", shuffled[-1], ">", 0.6)
    claim("best unshuffled", max(unshuffled), "<", 0.3)
    guesses = predict(model, validation_loader).argmax(dim=1)
    assert (guesses == 3).all()  # the topic that was read last
    last = parts.validation.labels.count(3) / len(parts.validation.labels)
    claim_near("from one and the same answer", unshuffled[-1], last, within=1e-6)


@each_seed
def test_adamw_needs_one_epoch_shuffled_and_wastes_three_unshuffled(
    by_topic, validation_loader, seed
):
    _, shuffled = learn(by_topic, validation_loader, seed, ADAMW)
    _, unshuffled = learn(by_topic, validation_loader, seed, ADAMW, shuffle=False)
    claim_near("shuffled after one epoch", shuffled[0], 0.85, within=0.06)
    claim_near("shuffled at the end", shuffled[-1], 0.92, within=0.05)
    claim("unshuffled after three", max(unshuffled[:3]), "<", 0.45)
    claim_near("it comes as far in the fourth", unshuffled[3], shuffled[0], within=0.08)
    claim_near("unshuffled at the end", unshuffled[-1], shuffled[-1], within=0.06)


@each_seed
def test_the_order_in_validation_changes_nothing(
    parts, vocabulary, validation_loader, thousand, seed
):
    model, _ = learn(thousand, validation_loader, seed, ADAMW, epochs=1)
    mixed = make_loader(EncodedStories(parts.validation, vocabulary), 128, True, seed)
    one, other = evaluate(model, validation_loader), evaluate(model, mixed)
    claim_near("accuracy", one.accuracy, other.accuracy, within=1e-6)
    claim_near("loss", one.loss, other.loss, within=1e-4)


# ------------------------------------------------------------------------- batch size


@each_seed
def test_small_batches_learn_more_in_an_epoch(thousand, validation_loader, seed):
    sizes = (4, 16, 250, 1000)
    small, medium, large, whole = (
        learn(thousand, validation_loader, seed, ADAMW, epochs=1, batch_size=size)[1][0]
        for size in sizes
    )
    claim("with small batches", min(small, medium), ">", 0.75)
    claim("lead over large ones", min(small, medium) - max(large, whole), ">", 0.1)
    later = learn(thousand, validation_loader, seed, ADAMW, epochs=20, batch_size=250)[1][-1]
    claim("20 epochs in large batches make up for it", later, ">", 0.8)


@each_seed
def test_after_ten_epochs_128_is_as_good_as_smaller_batches_and_1000_is_not(
    by_topic, validation_loader, seed
):
    *smaller, chosen, large = (
        learn(by_topic, validation_loader, seed, ADAMW, batch_size=size)[1][-1]
        for size in (16, 64, 128, 1000)
    )
    for size, accuracy in zip((16, 64), smaller, strict=True):
        claim_near(f"128 less {size}", chosen, accuracy, within=0.04)
    claim("128 less 1000", chosen - large, ">", 0.02)


@pytest.mark.parametrize("batch_size", [1, 4, 16, 64, 250, 1000])
def test_memory_grows_in_step_and_each_number_takes_8_bytes(thousand, batch_size):
    loader = make_loader(thousand, batch_size)
    memory = sum(tensor.nbytes for batch in loader for tensor in batch)
    assert memory == 8 * (len(thousand.token_ids) + 2 * 1000)  # in all, however it is cut
    share = batch_size / 1000
    # The last batch may be short.
    claim_near("a batch's share", memory / len(loader) / memory / share, 1, within=0.05)
