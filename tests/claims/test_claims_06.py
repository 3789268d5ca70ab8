"""What lesson 06 says about measuring, saving, too many epochs and stopping, over five seeds."""

from itertools import pairwise
from typing import NamedTuple

import pytest
import torch
from claims import claim, claim_near
from torch import nn
from torch.nn import functional as F

from lessons.checkpoint import keep_best, load_checkpoint
from lessons.loaders import EncodedStories, make_loader
from lessons.model import Classifier, TextClassifier
from lessons.text import Vocabulary
from lessons.validation import Epoch, best, evaluate, fit, predict, stop_early

SEEDS = range(5)
EPOCHS = 40

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
        model = TextClassifier(len(self.vocabulary), len(self.names), 512, start)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
        return (
            model,
            make_loader(self.train, 16, True, seed),
            make_loader(self.validation, 128),
            optimizer,
        )


class Trained(NamedTuple):
    history: list[Epoch]
    last: TextClassifier  # the model in memory
    winner: TextClassifier  # the model in the file


@pytest.fixture(scope="module")
def thin(parts):
    stories = parts.train.pick(range(200))
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
    claim("loss of the last by that of the best", worse, ">", 1)


def test_the_seven_epochs_of_the_lesson_are_not_all_saved(runs):
    losses = [epoch.validation.loss for epoch in runs[0].history[:7]]
    saved = [i for i, loss in enumerate(losses, 1) if loss == min(losses[:i])]
    assert saved == [1, 2, 4, 5]
    gaps = sorted(losses)
    claim("least gap", min(b - a for a, b in pairwise(gaps)), ">", 1e-3)
    later = min(epoch.validation.loss for epoch in runs[0].history[7:])
    claim("later by best", later / min(losses), ">", 1.02)  # both files hold the same model


# --------------------------------------------------------------- too few and too many epochs


@five_seeds
def test_too_few_epochs_underfit(runs, seed):
    first, top = runs[seed].history[0], best(runs[seed].history)
    claim("first by best", first.validation.loss / top.validation.loss, ">", 1.3)
    claim("first in training", first.train.loss, ">", 1.2)  # high even in training


@five_seeds
def test_too_many_epochs_overfit(runs, seed):
    history, top = runs[seed].history, best(runs[seed].history)
    last = history[-1]
    claim_near("best epoch", top.number, 6, within=5)
    claim("last by best", last.validation.loss / top.validation.loss, ">", 1.05)
    claim("last in training", last.train.loss, "<", 0.01)
    assert last.train.accuracy == 1.0
    claim("last by best in training", last.train.loss / top.train.loss, "<", 1)


@five_seeds
def test_the_rise_is_slow_but_not_a_bump(runs, seed):
    losses = [epoch.validation.loss for epoch in runs[seed].history]
    tens = [sum(losses[i : i + 10]) / 10 for i in (10, 20, 30)]  # epochs 11-20, 21-30, 31-40
    claim("from the second ten epochs to the third", tens[1] / tens[0], ">", 1)
    claim("from the third to the fourth", tens[2] / tens[1], ">", 1)


@five_seeds
def test_it_shows_in_the_loss_more_than_in_the_accuracy(runs, seed):
    history, top = runs[seed].history, best(runs[seed].history).validation
    last = history[-1].validation
    claim_near("last accuracy", last.accuracy, top.accuracy, within=0.07)
    worse = last.loss / top.loss - 1, 1 - last.accuracy / top.accuracy
    claim("loss worse than accuracy by", worse[0] - worse[1], ">", 0)
    late = [epoch.validation.accuracy for epoch in history[10:]]
    # It is flat after the first ten epochs.
    claim("highest less lowest accuracy", max(late) - min(late), "<", 0.04)


@five_seeds
def test_the_overfitted_model_is_surer_of_its_wrong_answers(runs, thin, validation_loader, seed):
    def sureness(model):
        surest, guesses = predict(model, validation_loader).max(dim=1)
        return surest[guesses != thin.validation.labels].mean().item()

    gain = sureness(runs[seed].last) - sureness(runs[seed].winner)
    claim("gain", gain, ">", 0.04)


# -------------------------------------------------------------------------- stopping early


@five_seeds
def test_a_patience_of_three_saves_most_epochs_and_keeps_the_best(runs, seed):
    history = runs[seed].history
    seen = list(stop_early(history, patience=3))
    assert best(seen) == best(history)
    assert len(seen) == best(history).number + 3
    claim("saved epochs", EPOCHS - len(seen), ">", 25)


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
