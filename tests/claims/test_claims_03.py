"""What lesson 03 says about starts and about words, over five seeds."""

import copy
import math
from functools import cache
from pathlib import Path

import pytest
import torch
from claims import claim, claim_near
from torch import nn
from torch.nn import functional as F

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.panels.word_map import learn, topic_shares
from lessons.sources import load_split
from lessons.text import Vocabulary
from lessons.validation import Epoch, evaluate, fit, predict

ROOT = Path(__file__).parents[2]
SEEDS = range(5)
EPOCHS = 5


@cache
def encoded(seed):
    """Each seed cuts the stories in another way."""
    parts = load_split("mini-news", seed=seed)
    vocabulary = Vocabulary.build(parts.train.texts)
    return *(EncodedStories(part, vocabulary) for part in parts[:2]), len(vocabulary)


def small(model, generator):
    nn.init.uniform_(model.embedding.weight, -0.1, 0.1, generator=generator)


def default(model, generator):
    nn.init.normal_(model.embedding.weight, generator=generator)


def large(model, generator):
    nn.init.uniform_(model.embedding.weight, -10, 10, generator=generator)


def zeros(model, generator):
    nn.init.zeros_(model.embedding.weight)
    nn.init.zeros_(model.linear.weight)


def zero_cards(model, generator):
    nn.init.zeros_(model.embedding.weight)


def copies(model, generator):
    with torch.no_grad():
        for weight in (model.embedding.weight, model.linear.weight):
            weight[:] = weight[:, :1].clone()


@cache
def train_from(start, seed):
    """The model before and after, and its validation scores before and after each epoch."""
    train, validation, vocab_size = encoded(seed)
    generator = torch.Generator().manual_seed(seed)
    model = TextClassifier(vocab_size, 4, generator=generator)
    start(model, generator)
    before = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    validation_loader = make_loader(validation, 128)
    scores = [evaluate(model, validation_loader)]
    loader = make_loader(train, 128, True, seed)
    events = fit(model, loader, validation_loader, optimizer, EPOCHS)
    scores += [event.validation for event in events if isinstance(event, Epoch)]
    return before, model, scores


def accuracies(start, epoch):
    runs = [train_from(start, seed)[2] for seed in SEEDS]
    return torch.tensor([scores[epoch].accuracy for scores in runs])  # (seeds,)


def lowest_losses(start):
    runs = [train_from(start, seed)[2] for seed in SEEDS]
    return torch.tensor([min(s.loss for s in scores) for scores in runs])  # (seeds,)


# ---------------------------------------------------------------------- good and bad starts


def test_all_three_starts_begin_at_the_chance_level():
    for start in (small, default, large):
        claim_near(start.__name__, accuracies(start, 0).mean(), 0.25, within=0.06)


def test_the_small_start_is_far_ahead_after_one_epoch():
    lead = accuracies(small, 1) - accuracies(default, 1)
    claim("least lead", lead.min(), ">", 0.1)
    claim("mean lead", lead.mean(), ">", 0.25)


def test_the_default_start_has_not_caught_up_after_five_epochs():
    lead = accuracies(small, 5) - accuracies(default, 5)
    claim("least lead", lead.min(), ">", 0)
    claim_near("mean lead", lead.mean(), 0.07, within=0.03)
    gain = accuracies(default, 5).mean() - accuracies(small, 1).mean()
    claim("default after five less small after one", gain, ">", 0)  # it needs more epochs


def test_the_large_start_is_far_behind_after_five_epochs():
    lead = accuracies(default, 5) - accuracies(large, 5)
    claim("least lead", lead.min(), ">", 0.1)
    claim("mean lead", lead.mean(), ">", 0.2)


def test_the_lowest_loss_follows_the_size_of_the_start():
    lead = lowest_losses(default) - lowest_losses(small)
    claim("small to default", lead.min(), ">", 0.05)
    lead = lowest_losses(large) - lowest_losses(default)
    claim("default to large", lead.min(), ">", 0.2)


@pytest.mark.parametrize(
    ("start", "typical"), [(small, 0.05), (default, math.sqrt(2 / math.pi)), (large, 5.0)]
)
def test_five_epochs_move_a_number_by_a_few_tenths_from_any_start(start, typical):
    for seed in SEEDS:
        before, after, _ = train_from(start, seed)
        first, last = before.embedding.weight.detach(), after.embedding.weight.detach()
        size = first.abs().mean() / typical
        claim_near(f"size at the start, seed {seed}", size, 1, within=0.02)
        claim_near(f"moved, seed {seed}", (last - first).abs().mean(), 0.2, within=0.05)


def test_what_torch_itself_does():
    """N(0, 1) on the cards; in the linear layer small numbers, so that it is not to blame."""
    torch.manual_seed(0)
    cards = nn.EmbeddingBag(2000, 64).weight
    claim_near("mean", cards.mean(), 0, within=0.02)
    claim_near("standard deviation", cards.std(), 1, within=0.02)
    layer = nn.Linear(64, 4)
    largest = max(layer.weight.abs().max(), layer.bias.abs().max())
    claim("largest of the linear layer", largest, "<", 1 / 8 + 1e-6)


def torchs_own(model, generator):
    torch.manual_seed(generator.initial_seed())
    model.embedding.reset_parameters()
    model.linear.reset_parameters()


def linear_from_torch(model, generator):
    torch.manual_seed(generator.initial_seed())
    model.linear.reset_parameters()


def test_the_cards_alone_make_the_difference():
    other = abs(accuracies(torchs_own, 5) - accuracies(default, 5))
    claim("both layers from torch", other.mean(), "<", 0.03)
    other = abs(accuracies(linear_from_torch, 5) - accuracies(small, 5))
    claim("the linear layer from torch", other.mean(), "<", 0.02)


# ---------------------------------------------------------------------- zeros, and symmetry


@pytest.mark.parametrize("seed", SEEDS)
def test_from_zeros_only_the_biases_move(seed):
    _, model, scores = train_from(zeros, seed)
    assert not model.embedding.weight.any()
    assert not model.linear.weight.any()
    assert model.linear.bias.any()
    guesses = predict(model, make_loader(encoded(seed)[1], 128)).argmax(dim=1)
    assert len(guesses.unique()) == 1
    claim_near("accuracy", scores[-1].accuracy, 0.25, within=1e-6)


def test_each_layers_correction_is_multiplied_by_the_other_layer():
    model = TextClassifier(5, 3, 4)
    token_ids, offsets = torch.tensor([1, 2, 2, 3]), torch.tensor([0, 2])
    labels = torch.tensor([0, 2])
    logits = model(token_ids, offsets)
    F.cross_entropy(logits, labels).backward()
    wrong = (logits.softmax(1) - F.one_hot(labels, 3)).detach() / 2  # (stories, classes)
    means = model.embedding(token_ids, offsets).detach()
    torch.testing.assert_close(model.linear.weight.grad, wrong.T @ means)
    card_1 = (wrong @ model.linear.weight.detach())[0] / 2  # one of two words of story 0
    torch.testing.assert_close(model.embedding.weight.grad[1], card_1)


def test_zeros_in_one_layer_do_no_harm():
    other = abs(accuracies(zero_cards, 5) - accuracies(small, 5))
    claim("mean difference", other.mean(), "<", 0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_copies_stay_copies(seed):
    for when, model in zip(("before", "after"), train_from(copies, seed)[:2], strict=True):
        for name, weight in (("word", model.embedding.weight), ("linear", model.linear.weight)):
            apart = (weight.amax(dim=1) - weight.amin(dim=1)).max()
            claim(f"farthest from its copies {when}, {name}", apart, "<", 1e-3)
        spread = model.embedding.weight[:, 0].std()
        claim(f"standard deviation {when}", spread, ">", 0.04)  # the words do differ


def test_copies_know_no_more_than_a_single_number():
    train, _, vocab_size = encoded(0)
    _, wide, _ = train_from(copies, 0)
    narrow = TextClassifier(vocab_size, 4, 1)
    with torch.no_grad():
        narrow.embedding.weight[:] = wide.embedding.weight[:, :1]
        narrow.linear.weight[:] = 64 * wide.linear.weight[:, :1]
        narrow.linear.bias[:] = wide.linear.bias
    loader = make_loader(train, 400)
    other = (predict(narrow, loader) - predict(wide, loader)).abs().max()
    claim("largest difference of a probability", other, "<", 0.01)


def test_copies_learn_much_less():
    lead = accuracies(small, 5) - accuracies(copies, 5)
    claim("least lead", lead.min(), ">", 0.2)
    claim("mean lead", lead.mean(), ">", 0.3)


# ------------------------------------------------------------------------ what the words learn


@cache
def nearest_to_goal(seed, when):
    """The five nearest of the 1,000 commonest words: how near, and the shares of their topics."""
    vocabulary = Vocabulary.build(load_split("mini-news", seed=seed).train.texts)
    table = train_from(small, seed)[when].embedding.weight.detach()
    goal = vocabulary.token_to_id["goal"]
    assert goal in range(1000)  # so that it is the first of six
    best = F.cosine_similarity(table[:1000], table[goal], dim=1).topk(6)
    assert best.indices[0] == goal
    shares = topic_shares(encoded(seed)[0], len(vocabulary), 4)
    return best.values[1:], shares[best.indices[1:]]  # (words,) and (words, topics)


@pytest.mark.parametrize("seed", SEEDS)
def test_words_near_goal_are_of_sports_after_training_and_none_is_near_before(seed):
    cosines, shares = nearest_to_goal(seed, 0)
    claim("nearest before", cosines.max(), "<", 0.7)
    cosines, shares = nearest_to_goal(seed, 1)
    claim("least near of five after", cosines.min(), ">", 0.95)
    claim("least share of sports", shares[:, 1].min(), ">", 0.5)


@cache
def word_map(seed):
    return learn(load_split("mini-news", seed=seed), EPOCHS)


def separations(epoch):
    return torch.tensor([word_map(seed).separation(epoch) for seed in SEEDS])  # (seeds, 4)


def test_words_of_a_topic_are_together_after_training_and_by_chance_before():
    near, count, own, other = separations(0).T
    claim("own topic is nearest, before", (near / count).max(), "<", 0.4)  # chance: a quarter
    claim("of one topic before", own.abs().max(), "<", 0.1)
    near, count, own, other = separations(1).T
    claim("own topic is nearest, after one epoch", (near / count).min(), ">", 0.9)
    near, count, own, other = separations(EPOCHS).T
    claim("own topic is nearest, after five epochs", (near / count).min(), ">", 0.9)
    claim("of one topic after five epochs", own.min(), ">", 0.8)
    claim("of two topics after five epochs", other.max(), "<", 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_on_the_map_each_topic_has_a_corner_and_common_words_are_farther_inside(seed):
    made = word_map(seed)
    corners = torch.tensor([[-1.0, 1], [1, 1], [1, -1], [-1, -1]])
    for topic, corner in zip(made.topics, corners, strict=True):
        last = made.places(topic.ids, EPOCHS) * corner  # (words, 2): positive in its corner
        claim(f"{topic.name}: in the corner", (last > 0).all(dim=1).double().mean(), ">", 0.7)
        heap = made.places(topic.ids, 0).norm(dim=1).max() / made.reach
        claim(f"{topic.name}: farthest out before", heap, "<", 0.15)
    outer = torch.cat([made.places(topic.ids, EPOCHS).norm(dim=1) for topic in made.topics])
    inner = made.places(made.plain, EPOCHS).norm(dim=1)
    claim("crosses to points, from the middle", inner.mean() / outer.mean(), "<", 0.75)
    assert {"the", "of"}.issubset(made.vocabulary.tokens[id] for id in made.plain)
