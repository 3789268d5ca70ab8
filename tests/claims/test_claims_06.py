"""What lesson 06 says about measuring, saving, too many epochs and stopping, over five seeds."""

import math
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
import torch
from claims import claim, claim_near
from sketch_room import room
from torch import nn
from torch.nn import functional as F

from lessons.checkpoint import keep_best, load_checkpoint
from lessons.loaders import EncodedStories, make_loader
from lessons.model import Classifier, TextClassifier
from lessons.panels.sketches import closest, moves
from lessons.text import Vocabulary
from lessons.validation import Epoch, best, evaluate, fit, predict, stop_early

SEEDS = range(5)
EPOCHS = 30
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "06_validation.ipynb"
CELLS = {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}

five_seeds = pytest.mark.parametrize("seed", SEEDS)


class Thin(NamedTuple):
    """The thin training set of the lesson, and the validation set."""

    train: EncodedStories
    validation: EncodedStories
    vocabulary: Vocabulary
    names: tuple[str, ...]

    def fresh(self, seed):
        """The function of the lesson, with a seed."""
        start = torch.Generator().manual_seed(seed)
        model = TextClassifier(len(self.vocabulary), len(self.names), generator=start)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
        return (
            model,
            make_loader(self.train, 64, True, seed),
            make_loader(self.validation, 128),
            optimizer,
        )


class Trained(NamedTuple):
    history: list[Epoch]
    last: TextClassifier  # the model in memory
    winner: TextClassifier  # the model in the file


@pytest.fixture(scope="module")
def thin(parts):
    stories = parts.train.pick(range(100))
    vocabulary = Vocabulary.build(stories.texts)
    train, validation = (EncodedStories(part, vocabulary) for part in (stories, parts.validation))
    return Thin(train, validation, vocabulary, stories.names)


@pytest.fixture(scope="module")
def runs(thin, tmp_path_factory):
    torch.set_num_threads(1)
    runs = []
    for seed in SEEDS:
        path = tmp_path_factory.mktemp("runs") / "best.pt"
        model, *rest = thin.fresh(seed)
        keep = Classifier(model, thin.vocabulary, thin.names)
        events = keep_best(fit(model, *rest, epochs=EPOCHS), path, keep)
        history = [event for event in events if isinstance(event, Epoch)]
        runs.append(Trained(history, model, load_checkpoint(path).model))
    return runs


@pytest.fixture
def validation_loader(thin):
    return make_loader(thin.validation, 128)


# ---------------------------------------------------------------------------- measuring


@five_seeds
def test_dropout_is_random_in_training_and_absent_in_evaluation(seed):
    torch.manual_seed(seed)
    layer, ones = nn.Dropout(0.5), torch.ones(1000)
    layer.train()
    assert layer(ones).unique().tolist() == [0.0, 2.0]
    claim_near("share kept", layer(ones).count_nonzero() / 1000, 0.5, within=0.1)
    claim_near("sum", layer(ones).sum(), 1000, within=150)  # it stays about the same
    assert not torch.equal(layer(ones), layer(ones))
    layer.eval()
    assert torch.equal(layer(ones), ones)


def test_each_switch_leaves_the_others_work_undone():
    model = nn.Sequential(nn.Linear(4, 500), nn.Dropout(0.5), nn.Linear(500, 2))
    ones = torch.ones(3, 4)

    def notes():
        """How many tensors a forward pass keeps for the backward step."""
        kept = []
        with torch.autograd.graph.saved_tensors_hooks(kept.append, lambda tensor: tensor):
            model(ones)
        return len(kept)

    model.eval()
    assert torch.equal(model(ones), model(ones))
    assert model(ones).requires_grad
    assert notes()
    model.train()
    with torch.no_grad():
        assert not torch.equal(model(ones), model(ones))
        assert not model(ones).requires_grad
        assert notes() == 0


def test_without_a_record_there_is_no_backward_step(thin, validation_loader):
    model, batch = thin.fresh(0)[0], next(iter(validation_loader))
    recorded = model(batch.token_ids, batch.offsets)
    with torch.no_grad():
        silent = model(batch.token_ids, batch.offsets)
    assert torch.equal(recorded, silent)
    F.cross_entropy(recorded, batch.labels).backward()
    with pytest.raises(RuntimeError, match="does not require grad"):
        F.cross_entropy(silent, batch.labels).backward()


@five_seeds
def test_our_classifier_answers_alike_in_both_modes(runs, validation_loader, seed):
    model, batch = runs[seed].winner, next(iter(validation_loader))
    answers = [model.train(mode)(batch.token_ids, batch.offsets) for mode in (True, False)]
    assert torch.equal(*answers)


# ------------------------------------------------------------------------ keeping the best


@five_seeds
def test_the_file_holds_exactly_the_best_epoch_and_the_last_is_worse(runs, validation_loader, seed):
    history, last, winner = runs[seed]
    assert evaluate(winner, validation_loader) == best(history).validation
    assert evaluate(last, validation_loader) == history[-1].validation
    worse = evaluate(last, validation_loader).loss / evaluate(winner, validation_loader).loss
    claim("loss of the last by that of the best", worse, ">", 1.6)
    if seed == 0:  # that of the lesson
        claim_near("loss of the last by that of the best, in the lesson", worse, 2, within=0.4)


def test_the_four_epochs_of_the_lesson_part_the_losses(runs):
    first, *_, last = runs[0].history[:4]
    claim("last training loss", last.train.loss, "<", first.train.loss / 2)
    claim("last validation loss", last.validation.loss, "<", first.validation.loss)
    claim("validation by training", last.validation.loss / last.train.loss, ">", 2)


def test_the_seven_epochs_of_the_lesson_are_not_all_saved(runs):
    losses = [epoch.validation.loss for epoch in runs[0].history[:7]]
    saved = [i for i, loss in enumerate(losses, 1) if loss == min(losses[:i])]
    assert saved == [1, 2, 3, 5, 6]
    gaps = sorted(losses)
    claim("least gap", min(b - a for a, b in pairwise(gaps)), ">", 1e-3)
    later = min(epoch.validation.loss for epoch in runs[0].history[7:])
    claim("later by best", later / min(losses), ">", 1.02)  # both files hold the same model


# --------------------------------------------------------------- too few and too many epochs


@five_seeds
def test_too_few_epochs_underfit(runs, seed):
    first, top = runs[seed].history[0], best(runs[seed].history)
    claim("first by best", first.validation.loss / top.validation.loss, ">", 1.15)
    claim("first in training", first.train.loss, ">", 1.2)  # high even in training


@five_seeds
def test_too_many_epochs_overfit(runs, seed):
    history, top = runs[seed].history, best(runs[seed].history)
    last = history[-1]
    claim_near("best epoch", top.number, 5, within=3)
    claim("last by first", last.validation.loss / history[0].validation.loss, ">", 1.3)
    claim("last by that of a blind guess", last.validation.loss / math.log(4), ">", 1.3)
    claim("training loss right of the star", history[10].train.loss, "<", 0.02)
    claim("last in training", last.train.loss, "<", 0.001)
    assert last.train.accuracy == 1.0


@five_seeds
def test_the_rise_is_no_bump(runs, seed):
    losses = [epoch.validation.loss for epoch in runs[seed].history]
    tens = [sum(losses[i : i + 10]) / 10 for i in (0, 10, 20)]
    claim("from the first ten epochs to the second", tens[1] / tens[0], ">", 1.2)
    claim("from the second to the third", tens[2] / tens[1], ">", 1)


@five_seeds
def test_the_sketch_that_falls_and_then_rises_is_the_one(runs, seed):
    scope = {}
    exec(CELLS["guess"], scope)
    sketches = scope["sketches"]
    assert [moves(one) for one in sketches.values()] == [[-1], [-1, 1], [1]]
    losses = [epoch.validation.loss for epoch in runs[seed].history]
    assert closest(sketches, losses) == "falls, then rises"
    assert moves(losses) == [-1, 1]
    claim("room", room(sketches, losses), ">", 0.004)


@five_seeds
def test_it_shows_in_the_loss_more_than_in_the_accuracy(runs, seed):
    history, top = runs[seed].history, best(runs[seed].history).validation
    last = history[-1].validation
    worse = last.loss / top.loss - 1, 1 - last.accuracy / top.accuracy
    claim("loss worse than accuracy by", worse[0] - worse[1], ">", 0.5)
    if seed == 0:  # that of the lesson: a few more answers may be wrong
        claim_near("last accuracy, in the lesson", last.accuracy, top.accuracy, within=0.1)


@five_seeds
def test_the_overfitted_model_is_surer_of_its_wrong_answers(runs, thin, validation_loader, seed):
    def sureness(model):
        surest, guesses = predict(model, validation_loader).max(dim=1)
        return surest[guesses != thin.validation.labels].mean().item()

    gain = sureness(runs[seed].last) - sureness(runs[seed].winner)
    claim("gain", gain, ">", 0.1)


# -------------------------------------------------------------------------- stopping early


@five_seeds
def test_a_patience_of_three_saves_most_epochs_and_keeps_the_best(runs, seed):
    history = runs[seed].history
    seen = list(stop_early(history, patience=3))
    assert best(seen) == best(history)
    assert len(seen) == best(history).number + 3
    claim("saved epochs", EPOCHS - len(seen), ">", 15)


def test_a_patience_of_one_gives_up_before_the_best_epoch(runs):
    found = [best(stop_early(run.history, 1)) == best(run.history) for run in runs]
    assert not found[0]  # the seed of the lesson
    assert any(found)  # and with another seed it does no harm


@five_seeds
def test_stopping_a_real_training_leaves_the_same_model_in_the_file(thin, runs, tmp_path, seed):
    model, *rest = thin.fresh(seed)
    events = fit(model, *rest, epochs=EPOCHS)
    events = keep_best(events, tmp_path / "best.pt", Classifier(model, thin.vocabulary, thin.names))
    history = [event for event in stop_early(events, 3) if isinstance(event, Epoch)]
    assert len(history) == best(runs[seed].history).number + 3
    stopped = load_checkpoint(tmp_path / "best.pt").model.state_dict()
    for name, weight in runs[seed].winner.state_dict().items():
        assert torch.equal(stopped[name], weight)
    assert not torch.equal(stopped["linear.weight"], model.linear.weight)  # it had gone on
