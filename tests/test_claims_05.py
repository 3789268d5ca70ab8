"""Lesson 05: what it says about the loop, over five seeds, and its functions are the library's."""

import ast
import math
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
from torch.nn import functional as F

from lessons import training
from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.text import Vocabulary
from lessons.training import (
    Epoch,
    Scores,
    Step,
    accuracy,
    average,
    evaluate,
    fit,
    train_one_epoch,
    train_step,
)

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "05_training_loop.ipynb"
seeds = pytest.mark.parametrize("seed", range(5))


@pytest.fixture(scope="module")
def encoded(parts):
    vocabulary = Vocabulary.build(parts.train.texts)
    return vocabulary, EncodedStories(parts.train, vocabulary)


@pytest.fixture
def start(encoded):
    """A model and its loaders as in the lesson: one shuffled, one in order."""

    def start(seed, batch_size=128):
        vocabulary, train = encoded
        model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(seed))
        loader = make_loader(train, batch_size, shuffle=True, seed=seed)
        return model, loader, make_loader(train, 128)

    return start


def adamw(model):
    return torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)


# ------------------------------------------------------------ the functions that are shown


def functions(source):
    """The syntax tree of each function, without docstrings and annotations."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            for argument in node.args.args:
                argument.annotation = None
            if ast.get_docstring(node) is not None:
                del node.body[0]
            found[node.name] = ast.dump(node)
    return found


@pytest.mark.parametrize("name", ["train_step", "accuracy", "average", "train_one_epoch"])
def test_a_function_that_is_shown_is_the_one_of_the_library(name):
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    shown = functions("\n".join(cell.source for cell in cells if cell.cell_type == "code"))
    assert shown[name] == functions(Path(training.__file__).read_text())[name]


# -------------------------------------------------------------------------- learning


@seeds
def test_before_training_the_model_is_about_as_good_as_a_die(start, seed):
    model, _, in_order = start(seed)
    before = evaluate(model, in_order)
    assert before.loss == pytest.approx(math.log(4), abs=0.01)
    assert before.accuracy == pytest.approx(0.25, abs=0.05)


@seeds
def test_one_batch_is_learned_by_heart_and_its_loss_falls_every_time(start, seed):
    model, loader, _ = start(seed)
    batch, optimizer = next(iter(loader)), adamw(model)
    page = [train_step(model, batch, optimizer) for _ in range(30)]
    assert all(after.loss < before.loss for before, after in pairwise(page))
    assert page[-1].accuracy > 0.98


@seeds
def test_the_loss_falls_by_epochs_smoothly_and_by_steps_with_a_wobble(start, seed):
    model, loader, in_order = start(seed, batch_size=32)
    events = list(fit(model, loader, in_order, adamw(model), epochs=3))
    epochs = [event.train.loss for event in events if isinstance(event, Epoch)]
    steps = [event.scores.loss for event in events if isinstance(event, Step)]
    assert epochs == sorted(epochs, reverse=True)
    assert len(steps) == 3 * math.ceil(1600 / 32)
    ups = [sum(b > a for a, b in pairwise(steps[i : i + 50])) for i in range(0, 150, 50)]
    assert min(ups) >= 5  # the wobble is there all along
    for end in (50, 100):  # a sudden drop where the stories are met again
        before, after = sum(steps[end - 8 : end]) / 8, sum(steps[end : end + 8]) / 8
        assert after < 0.75 * before


@seeds
def test_four_epochs_of_the_textbook_lead_to_nearly_every_story_right(start, seed):
    model, loader, _ = start(seed)
    optimizer = adamw(model)
    epochs = [train_one_epoch(model, loader, optimizer) for _ in range(4)]
    for before, after in pairwise(epochs):
        assert after.loss < before.loss
        assert after.accuracy > before.accuracy
    assert epochs[0].loss > 1.3
    assert epochs[1].loss > 1  # right without being sure
    assert epochs[1].accuracy > 0.94
    assert epochs[-1].loss < 0.4
    assert epochs[-1].accuracy > 0.97


@seeds
def test_the_last_batch_of_the_first_epoch_costs_less_than_the_first(start, seed):
    model, loader, _ = start(seed)
    optimizer = adamw(model)
    losses = [train_step(model, batch, optimizer).loss for batch in loader]
    assert losses[-1] < losses[0] - 0.05  # of stories that the model had never seen


@seeds
def test_the_training_score_of_the_first_epoch_lags_behind(start, seed):
    model, loader, in_order = start(seed)
    while_learning = train_one_epoch(model, loader, adamw(model))
    afterwards = evaluate(model, in_order)
    assert afterwards.loss < while_learning.loss - 0.05
    assert afterwards.accuracy > while_learning.accuracy + 0.2


@seeds
def test_three_steps_are_enough_to_see_the_loss_fall(start, seed):
    model, loader, in_order = start(seed)
    before = evaluate(model, in_order).loss
    events = fit(model, loader, in_order, adamw(model), epochs=4)
    assert [next(events).number for _ in range(3)] == [1, 2, 3]
    assert evaluate(model, in_order).loss < before - 0.005
    assert next(events).number == 4


# ------------------------------------------------------------------------- the average


@seeds
def test_only_the_weighted_average_does_not_depend_on_the_short_last_batch(start, encoded, seed):
    model, loader, _ = start(seed)
    train_one_epoch(model, loader, adamw(model))
    train = encoded[1]
    scores, sizes = [], []
    for batch in make_loader(train, 533):  # the last batch has a single story
        with torch.no_grad():
            logits = model(batch.tokens, batch.offsets)
        loss = F.cross_entropy(logits, batch.labels).item()
        scores.append(Scores(loss, accuracy(logits, batch.labels)))
        sizes.append(len(batch.labels))
    truth = evaluate(model, make_loader(train, len(train)))
    assert sizes[-1] == 1
    assert average(scores, sizes) == pytest.approx(truth, abs=1e-5)
    mean_of_means = sum(score.loss for score in scores) / len(scores)
    assert abs(mean_of_means - truth.loss) > 0.001


# ----------------------------------------------------------------- zero_grad is forgotten


def forgetful_step(model, batch, optimizer):
    logits = model(batch.tokens, batch.offsets)
    loss = F.cross_entropy(logits, batch.labels)
    loss.backward()
    optimizer.step()
    return Scores(loss.item(), accuracy(logits, batch.labels))


@seeds
def test_a_forgotten_zero_grad_shows_in_the_loss_and_hardly_in_the_accuracy(start, seed):
    def ten_epochs(step):
        model, loader, _ = start(seed, batch_size=64)
        optimizer = torch.optim.SGD(model.parameters(), lr=4.0)
        history = []
        for _ in range(10):
            pairs = [(step(model, batch, optimizer), len(batch.labels)) for batch in loader]
            history.append(average(*zip(*pairs, strict=True)))
        return model, history

    model, correct = ten_epochs(train_step)
    piled, forgetful = ten_epochs(forgetful_step)
    assert correct[-1].loss < 0.75 * correct[0].loss
    assert correct[-1].accuracy > 0.55
    assert forgetful[-1].loss > 200 * forgetful[0].loss
    peak = max(scores.accuracy for scores in forgetful)
    assert 0.55 < forgetful[-1].accuracy < peak - 0.03  # far above a die, but slipping back
    assert forgetful[1].accuracy > correct[1].accuracy + 0.1  # it is even ahead at first
    # Huge weights make huge logits.
    assert piled.linear.weight.abs().max() > 10 * model.linear.weight.abs().max()
