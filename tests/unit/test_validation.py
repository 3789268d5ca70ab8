"""Measuring without learning, the loop over epochs, the best epoch, and stopping early."""

import itertools
import math
from functools import partial

import pytest
import torch
from claims import claim, claim_near
from models import training_setup, weights
from torch.nn import functional as F

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.text import Vocabulary
from lessons.training import Scores, Step, accuracy, train_one_epoch
from lessons.validation import Epoch, best, evaluate, fit, predict, stop_early


@pytest.fixture
def setup(parts):
    return partial(training_setup, parts)


def epoch(number, loss):
    return Epoch(number, Scores(1.0, 0.5), Scores(loss, 0.5), 1.0)


class Dropped(TextClassifier):
    """Half of the word vectors' numbers are left out at random while training."""

    def forward(self, token_ids, offsets):
        means = F.dropout(self.embedding(token_ids, offsets), 0.5, self.training)
        return self.linear(means)


def test_evaluate_does_not_depend_on_the_batch_size(setup, parts):
    model, train, *_ = setup()
    whole = evaluate(model, make_loader(train.dataset, len(train.dataset)))
    uneven = evaluate(model, make_loader(train.dataset, 333))  # the last batch has 268
    assert uneven == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_evaluate_neither_learns_nor_changes_the_mode(setup, training):
    model, _, validation, _ = setup()
    model.train(training)
    before, recording = weights(model), []
    model.register_forward_hook(lambda *_: recording.append(torch.is_grad_enabled()))
    evaluate(model, validation)
    assert recording == [False] * len(validation)
    assert model.training is training
    assert torch.equal(weights(model), before)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_predict_agrees_with_evaluate_and_keeps_the_order(setup, parts):
    model, _, validation, _ = setup()
    model.train()
    probabilities = predict(model, validation)
    labels = torch.tensor(parts.validation.labels)
    scores = evaluate(model, validation)
    assert probabilities.shape == (200, 4)
    assert accuracy(probabilities, labels) == pytest.approx(scores.accuracy)
    assert F.nll_loss(probabilities.log(), labels).item() == pytest.approx(scores.loss, abs=1e-6)
    assert model.training


def test_evaluate_switches_dropout_off_and_training_on(setup):
    _, train, validation, _ = setup()
    model = Dropped(6000, 4)
    model.train()
    assert evaluate(model, validation) == evaluate(model, validation)
    modes = []
    model.register_forward_hook(lambda module, *_: modes.append(module.training))
    model.eval()
    train_one_epoch(model, train, torch.optim.SGD(model.parameters(), lr=0.1))
    assert modes == [True] * 25


def modes_of(model):
    return [layer.training for layer in model.modules()]


@pytest.mark.parametrize("measure", [evaluate, predict])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_to_interrupt_a_measurement_changes_no_mode(setup, measure, training, error):
    model, _, validation, _ = setup()
    model.train(training)

    def breaks_off():
        yield next(iter(validation))
        raise error

    before = modes_of(model)
    with pytest.raises(error):
        measure(model, breaks_off())
    assert modes_of(model) == before
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("measure", [evaluate, predict])
def test_a_layer_that_was_switched_by_itself_keeps_its_mode(setup, measure):
    model, _, validation, _ = setup()
    model.train()
    model.embedding.eval()  # somebody has frozen it
    before, seen = modes_of(model), []
    model.register_forward_hook(lambda *_: seen.append(modes_of(model)))
    measure(model, validation)
    assert modes_of(model) == before
    assert not any(map(any, seen))  # while it was measured, all were in evaluation mode


# ------------------------------------------------------------------------- many epochs


def test_fit_learns_in_training_mode_whatever_the_listener_does(setup):
    _, train, validation, _ = setup(batch_size=800)
    model = Dropped(6000, 4)
    modes = []
    model.register_forward_hook(lambda module, *_: modes.append(module.training))
    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for event in fit(model, train, validation, optimizer, epochs=2):
        if isinstance(event, Epoch):
            model.eval()
    one_epoch = [True] * 2 + [False] * len(validation)
    assert modes == one_epoch * 2


def test_fit_is_train_one_epoch_and_evaluate_in_turn(setup):
    model, *rest = setup()
    events = list(fit(model, *rest, epochs=2))
    twin, train, validation, optimizer = setup()
    for event in (event for event in events if isinstance(event, Epoch)):
        assert event.train == train_one_epoch(twin, train, optimizer)
        assert event.validation == evaluate(twin, validation)
    assert torch.equal(weights(model), weights(twin))


def test_fit_tells_of_every_step_and_epoch(setup):
    events = list(fit(*setup(batch_size=500), epochs=2))
    seen = [
        (event.epoch, event.number, event.of) if isinstance(event, Step) else event.number
        for event in events
    ]
    first = [(1, 1, 4), (1, 2, 4), (1, 3, 4), (1, 4, 4), 1]
    second = [(2, 1, 4), (2, 2, 4), (2, 3, 4), (2, 4, 4), 2]
    assert seen == first + second


def test_training_learns(setup):
    model, train, validation, optimizer = setup()
    before = evaluate(model, validation)
    last = [*fit(model, train, validation, optimizer, epochs=10)][-1]
    claim_near("before", before.loss, math.log(4), within=0.02)  # as good as rolling a die
    claim("loss", last.validation.loss, "<", 0.7)
    claim("accuracy", last.validation.accuracy, ">", 0.85)


def test_to_stop_is_not_to_ask_and_to_continue_is_to_ask_again(setup):
    model, *rest = setup()
    events = fit(model, *rest, epochs=2)
    begun = [next(events) for _ in range(30)]  # into the second epoch
    whole, *same = setup()
    expected = list(fit(whole, *same, epochs=2))
    for event, other in zip(begun + list(events), expected, strict=True):
        assert event[:3] == other[:3]
    assert torch.equal(weights(model), weights(whole))


def test_a_break_is_not_counted_as_training_time(setup, monkeypatch):
    clock = itertools.count()  # a second for every look at it
    skipped = 0
    monkeypatch.setattr("lessons.validation.perf_counter", lambda: next(clock) + skipped)
    events = fit(*setup(batch_size=400), epochs=1)
    for event in events:
        skipped += 1000  # the listener takes its time
        last = event
    assert last.seconds == 5  # four steps and the validation


@pytest.mark.parametrize("epochs", [0, -1, 2.5, "3", None, True])
def test_a_number_of_epochs_that_cannot_be(setup, epochs):
    with pytest.raises(ValueError, match="number of epochs is .* whole number of at least 1"):
        fit(*setup(), epochs=epochs)


def test_real_news_is_learned(real_parts):
    """The default recipe on real AG News: how the course's library is meant to be used."""
    vocabulary = Vocabulary.build(real_parts.train.texts)
    train, validation, test = (EncodedStories(part, vocabulary) for part in real_parts)
    model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    events = fit(model, make_loader(train, 128, True), make_loader(validation, 128), optimizer, 10)
    history = [event for event in stop_early(events, 2) if isinstance(event, Epoch)]
    claim("validation accuracy", best(history).validation.accuracy, ">", 0.86)
    claim("test accuracy", evaluate(model, make_loader(test, 128)).accuracy, ">", 0.86)


# ------------------------------------------------------------------------- the best one


def test_the_best_epoch_has_the_lowest_validation_loss():
    history = [epoch(1, 0.9), epoch(2, 0.4), epoch(3, math.nan), epoch(4, 0.4), epoch(5, math.inf)]
    assert best(history).number == 2


@pytest.mark.parametrize("history", [[], [epoch(1, math.nan)]])
def test_no_best_epoch(history):
    with pytest.raises(ValueError, match="no best epoch.*smaller learning rate"):
        best(history)


@pytest.mark.parametrize(
    ("losses", "patience", "epochs"),
    [
        ([5, 4, 3, 2, 1], 1, 5),  # better every time
        ([5, 4, 4, 3], 1, 3),  # as good is not better
        ([5, 6, 4, 5, 6, 1], 2, 5),  # the count begins again after a better one
        ([math.nan, math.nan, 1], 2, 2),
    ],
)
def test_early_stopping(losses, patience, epochs):
    events = iter([epoch(number, loss) for number, loss in enumerate(losses, 1)])
    passed = list(stop_early(events, patience))
    assert [event.number for event in passed] == list(range(1, epochs + 1))
    assert len(list(events)) == len(losses) - epochs  # and no more was asked for


@pytest.mark.parametrize("patience", [0, -1, 1.5, True, "2", None])
def test_a_patience_that_is_none_is_reported_at_once(patience):
    with pytest.raises(ValueError, match=f"patience is {patience!r}; it must be a whole number"):
        stop_early([], patience)
