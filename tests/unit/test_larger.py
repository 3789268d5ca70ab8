"""Lesson 11's optimizer and start, against plain loops that count by hand."""

import math
from copy import deepcopy

import pytest
import torch
from claims import claim
from torch.nn import functional as F

from lessons.larger import RowAdagrad, start_from_counts
from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.split import Stories
from lessons.text import Vocabulary
from lessons.validation import Epoch, evaluate, fit

IDS, OFFSETS, LABELS = (torch.tensor(x) for x in ([1, 2, 1, 7, 7, 3], [0, 3], [0, 2]))
BATCHES = [(IDS, OFFSETS, LABELS), (torch.tensor([2, 5, 2]), torch.tensor([0, 1]), LABELS)]


def fresh(sparse):
    model = TextClassifier(9, 3, 4, torch.Generator().manual_seed(0))
    model.embedding.sparse = sparse
    return model


def learn(model, optimizer):
    for token_ids, offsets, labels in BATCHES:
        optimizer.zero_grad()
        F.cross_entropy(model(token_ids, offsets), labels).backward()
        optimizer.step()


def by_hand(model, lr):
    """The same steps number by number: each token of a story is a row of the gradient."""
    past = {}
    for token_ids, offsets, labels in BATCHES:
        means = model.embedding(token_ids, offsets)
        means.retain_grad()
        F.cross_entropy(model.linear(means), labels).backward()
        sizes = torch.tensor([*offsets[1:], len(token_ids)]) - offsets
        story = torch.arange(len(offsets)).repeat_interleave(sizes)
        of_tokens = (means.grad / sizes[:, None])[story]
        rows = zip(token_ids, of_tokens, strict=True)
        steps = [(model.embedding.weight, row, g) for row, g in rows]
        for weight in (model.linear.weight, model.linear.bias):
            steps += [(weight, row, weight.grad[row].clone()) for row in range(len(weight))]
        for weight, row, gradient in steps:
            key = (weight, int(row))
            past[key] = past.get(key, 0.0) + gradient.square().sum().item()
        for weight, row, gradient in steps:
            with torch.no_grad():
                weight[row] -= lr * gradient / math.sqrt(past[weight, int(row)])
        model.zero_grad()


def test_each_row_has_one_step_size_of_its_own():
    model, same = fresh(sparse=True), fresh(sparse=False)
    learn(model, RowAdagrad(model.parameters(), lr=0.5))
    by_hand(same, lr=0.5)
    for one, other in zip(model.parameters(), same.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_words_that_were_not_seen_stay_as_they_are():
    model, before = fresh(sparse=True), fresh(sparse=True)
    learn(model, RowAdagrad(model.parameters()))
    moved = (model.embedding.weight != before.embedding.weight).any(dim=1)
    assert moved.nonzero().flatten().tolist() == [1, 2, 3, 5, 7]


def test_weights_without_a_gradient_stay_as_they_are():
    model, before = fresh(sparse=True), fresh(sparse=True)
    model.linear.requires_grad_(False)
    learn(model, RowAdagrad(model.parameters()))
    assert torch.equal(model.linear.weight, before.linear.weight)
    assert not torch.equal(model.embedding.weight, before.embedding.weight)


def test_rows_that_were_added_up_first_make_other_steps_and_those_of_a_dense_gradient():
    """Workers add up rows of the same word, so that two do not move as one would."""
    models = [fresh(sparse) for sparse in (True, True, False)]
    for i, model in enumerate(models):
        F.cross_entropy(model(IDS, OFFSETS), LABELS).backward()
        if i == 1:
            model.embedding.weight.grad = model.embedding.weight.grad.coalesce()
        RowAdagrad(model.parameters()).step()
    as_it_is, added_up, dense = (model.embedding.weight.detach() for model in models)
    torch.testing.assert_close(added_up, dense)
    claim("apart", (as_it_is - added_up).abs().max(), ">", 0.01)


def test_where_the_gradient_is_zero_nothing_moves():
    model = fresh(sparse=True)
    torch.nn.init.zeros_(model.linear.weight)  # so the gradient of the embeddings is 0
    before = model.embedding.weight.detach().clone()
    optimizer = RowAdagrad(model.parameters())
    F.cross_entropy(model(IDS, OFFSETS), LABELS).backward()
    optimizer.step()
    assert torch.equal(model.embedding.weight, before)


def test_what_it_remembers_can_be_kept_and_put_back():
    model, other = fresh(sparse=True), fresh(sparse=True)
    one, two = RowAdagrad(model.parameters()), RowAdagrad(other.parameters())
    learn(model, one)
    other.load_state_dict(model.state_dict())
    two.load_state_dict(deepcopy(one.state_dict()))  # a checkpoint is a copy too
    learn(model, one)
    learn(other, two)
    for weight, again in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(weight, again)


# ------------------------------------------------------------------- the start


def test_the_start_is_naive_bayes():
    """The likelier class of each story by counting, as a textbook does it, without logarithms."""
    texts, labels = ["a a b", "a c", "b b c", "c c"], [0, 0, 1, 1]
    stories, words = Stories(texts, labels, ("x", "y")), Vocabulary.of("abc")
    model = TextClassifier(3, 2, 4, torch.Generator().manual_seed(0))
    rest = model.embedding.weight[:, 2:].clone(), model.linear.weight[:, 2:].clone()
    start_from_counts(model, EncodedStories(stories, words))
    found = {"a": (3.5 / 6.5, 0.5 / 6.5), "b": (1.5 / 6.5, 2.5 / 6.5), "c": (1.5 / 6.5, 3.5 / 6.5)}
    for id, (x, y) in enumerate(found.values()):
        logits = model.linear.weight[:, :2] @ model.embedding.weight[id, :2]  # of classes alone
        assert (logits[0] - logits[1]).item() == pytest.approx(5 * math.log(x / y), abs=1e-5)
        assert logits.sum().item() == pytest.approx(0, abs=1e-5)
    assert torch.equal(model.embedding.weight[:, 2:], rest[0])
    assert torch.equal(model.linear.weight[:, 2:], rest[1])


def test_vectors_too_short_for_the_classes():
    stories = EncodedStories(Stories(["a"], [0], ("x", "y", "z")), Vocabulary.of("ab"))
    with pytest.raises(ValueError, match="For 3 classes the vectors need 3 numbers or more"):
        start_from_counts(TextClassifier(2, 3, 2), stories)


def test_stories_that_the_model_is_not_made_for():
    """A label too high would be counted for the next word, and no error would tell."""
    stories = EncodedStories(Stories(["a b"], [2], ("x", "y", "z")), Vocabulary.of("abc"))
    with pytest.raises(ValueError, match="A class in the stories has the id 2, but those of the"):
        start_from_counts(TextClassifier(3, 2, 4), stories)
    with pytest.raises(ValueError, match="A word in the stories has the id 1, but those of the"):
        start_from_counts(TextClassifier(1, 3, 4), stories)


def test_it_knows_much_before_the_first_step_and_learns_on(parts):
    vocabulary = Vocabulary.build(parts.train.texts)
    train, validation = (EncodedStories(part, vocabulary) for part in parts[:2])
    model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(0))
    start_from_counts(model, train)
    model.embedding.sparse = True
    loaders = make_loader(train, 128, shuffle=True), make_loader(validation, 128)
    before = evaluate(model, loaders[1])
    claim("accuracy at the start", before.accuracy, ">", 0.85)
    events = fit(model, *loaders, RowAdagrad(model.parameters(), lr=0.3), epochs=3)
    after = [event for event in events if isinstance(event, Epoch)][-1].validation
    claim("loss after three epochs", after.loss / before.loss, "<", 0.9)
