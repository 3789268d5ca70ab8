"""The silent bugs: what is shown is what runs, and a broken run differs in that alone."""

import inspect
from functools import partial

import pytest
import torch
from claims import claim, claim_near
from torch.nn import functional as F

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.panels.runs import make_optimizer
from lessons.silent_bugs import steps
from lessons.silent_bugs.bugs import BUGS, compare, versions
from lessons.silent_bugs.recipe import MOST, Recipe, run, run_events
from lessons.silent_bugs.steps import EpochScores
from lessons.split import Stories
from lessons.text import Vocabulary
from lessons.training import Scores, Step, train_step
from lessons.validation import evaluate, fit

SHORT = Recipe(epochs=1, max_stories=100)

# ------------------------------------------------------------- what is shown is what runs

MARKED = {  # the lines that are only in the healthy version, and those only in the broken one
    "sorted": (
        ["return make_loader(stories, batch_size, shuffle=True, seed=seed)"],
        ["return make_loader(stories, batch_size, seed=seed)"],
    ),
    "zero_grad": (["optimizer.zero_grad()"], []),
    "eval": (["model.eval()"], []),
    "high": (
        ["return SGD(model.parameters(), lr=3.0)"],
        ["return SGD(model.parameters(), lr=100.0)"],
    ),
    "low": (
        ["return SGD(model.parameters(), lr=3.0)"],
        ["return SGD(model.parameters(), lr=0.003)"],
    ),
    "softmax": (["return logits"], ["return logits.softmax(dim=1)"]),
    "leak": (
        ["return parts.train"],
        [
            "train, test = parts.train, parts.test",
            "return Stories(train.texts + test.texts, train.labels + test.labels, train.names)",
        ],
    ),
    "choice": (
        ["return max(epochs, key=lambda epoch: epoch.validation.accuracy)"],
        ["return max(epochs, key=lambda epoch: epoch.test.accuracy)"],
    ),
}


def field_of(bug):
    """The one field in which the two recipes differ."""
    (field,) = (
        field
        for field in Recipe._fields
        if getattr(bug.healthy, field) != getattr(bug.broken, field)
    )
    return field


def function_of(step):
    """What a run calls: a function, or the method `forward` of a model."""
    return step.forward if isinstance(step, type) else step


def source(step):
    """The lines of a step between its docstring and its end."""
    lines, _ = inspect.getsourcelines(function_of(step))
    last = max(i for i, line in enumerate(lines) if line.rstrip().endswith('"""'))
    return [line.rstrip() for line in lines[last + 1 :]]


@pytest.mark.parametrize("key", BUGS)
def test_the_two_versions_differ_in_the_marked_lines_alone(key):
    """The oracle: each source, read here once more, is the lines of both and its own."""
    shown = compare(BUGS[key])
    for kind, version in zip(("healthy", "broken"), versions(BUGS[key]), strict=True):
        lines = [line for only_in, line in shown if only_in in ("", kind)]
        whole = source(version)
        (margin,) = {len(one) - len(other) for one, other in zip(whole, lines, strict=True)}
        assert [" " * margin + line for line in lines] == whole
    marked = [
        [line.strip() for only_in, line in shown if only_in == k] for k in ("healthy", "broken")
    ]
    assert tuple(marked) == MARKED[key]


@pytest.mark.parametrize("key", BUGS)
def test_the_two_versions_take_and_return_the_same(key):
    one, other = (inspect.signature(function_of(version)) for version in versions(BUGS[key]))
    assert one == other


@pytest.mark.parametrize("key", BUGS)
@pytest.mark.parametrize("kind", ["healthy", "broken"])
def test_a_run_calls_the_version_that_is_shown(parts, key, kind, monkeypatch):
    bug = BUGS[key]
    recipe = getattr(bug, kind)._replace(epochs=1, max_stories=100)
    version = versions(bug)[kind == "broken"]
    assert getattr(recipe, field_of(bug)) is version
    called = []

    def spy(*args, **more):
        called.append(args)
        return original(*args, **more)

    original = function_of(version)
    if isinstance(version, type):
        monkeypatch.setattr(version, "forward", spy)
    else:
        recipe = recipe._replace(**{field_of(bug): spy})
    recipe.choose_epoch(run(parts, recipe))
    assert called


def test_another_step_makes_another_run(parts):
    def never_learns(model, batch, optimizer):
        return Scores(0.5, 0.25)

    (epoch,) = run(parts, SHORT._replace(take_step=never_learns, measure=lambda *_: Scores(7, 1)))
    assert epoch == EpochScores(1, Scores(0.5, 0.25), *[Scores(7, 1)] * 3)


@pytest.mark.parametrize("changes", [{}, {"take_step": None, "measure": None}])
def test_a_bug_without_exactly_one_difference_is_none(changes):
    bug = BUGS["low"]._replace(broken=BUGS["low"].healthy._replace(**changes))
    with pytest.raises(ValueError, match="to unpack"):
        versions(bug)


@pytest.mark.parametrize("key", BUGS)
def test_each_bug_has_all_its_words(key):
    assert all(BUGS[key])


# ---------------------------------------------------------------------------- the runs


@pytest.fixture(scope="module")
def encoded(parts):
    vocabulary = Vocabulary.build(parts.train.texts)
    return vocabulary, EncodedStories(parts.train, vocabulary)


def made(vocabulary, kind=TextClassifier):
    return kind(len(vocabulary), 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("key", BUGS)
def test_the_same_seed_gives_the_same_run_and_another_one_another(parts, key):
    recipe = BUGS[key].broken._replace(epochs=1)
    first, again, other = (repr(run(parts, recipe, seed)) for seed in (3, 3, 4))
    assert first == again  # as text, since nan is not equal to itself
    assert first != other or key == "high"


def test_a_healthy_run_is_the_course_s_own_fit(parts):
    """The oracle: the library's model, loop and loader, from the same seed."""
    recipe = Recipe(epochs=2, max_stories=200)
    thin = parts.train.pick(range(200))
    vocabulary = Vocabulary.build(thin.texts)
    train, validation = (EncodedStories(part, vocabulary) for part in (thin, parts.validation))
    model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(5))
    optimizer = make_optimizer(model, "AdamW", 0.01)
    loaders = make_loader(train, 32, True, 5), make_loader(validation, 128)
    theirs = [e for e in fit(model, *loaders, optimizer, 2) if not isinstance(e, Step)]
    ours = run(parts, recipe, 5)
    assert [(e.train, e.validation) for e in theirs] == [(o.train, o.validation) for o in ours]


def test_without_zero_grad_gradients_add_up(encoded):
    vocabulary, train = encoded
    batch = next(iter(make_loader(train, 32)))
    grads = []
    for step in (train_step, steps.train_step_without_zero_grad):
        model = made(vocabulary)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)  # stays where it is
        for _ in range(2):
            step(model, batch, optimizer)
        grads.append(model.linear.weight.grad)
    torch.testing.assert_close(grads[1], 2 * grads[0])


def test_the_first_step_without_zero_grad_is_a_healthy_one(encoded):
    vocabulary, train = encoded
    batch = next(iter(make_loader(train, 32)))
    one, other = made(vocabulary), made(vocabulary)
    optimizers = [torch.optim.SGD(model.parameters(), lr=1.0) for model in (one, other)]
    scores = steps.train_step_without_zero_grad(one, batch, optimizers[0])
    assert scores == train_step(other, batch, optimizers[1])
    assert torch.equal(one.linear.weight, other.linear.weight)


def test_dropout_leaves_out_its_share_only_while_learning(encoded):
    vocabulary, train = encoded
    batch = next(iter(make_loader(train, 256)))
    model = made(vocabulary, steps.DropoutClassifier)
    model.linear = torch.nn.Identity()  # shows the means themselves
    covered = model(batch.token_ids, batch.offsets)
    claim_near("share covered", (covered == 0).float().mean(), 0.9, within=0.01)
    model.eval()
    means = model(batch.token_ids, batch.offsets)
    claim("share of zeros without dropout", (means == 0).float().mean(), "<", 0.01)
    kept = covered != 0
    torch.testing.assert_close(covered[kept], 10 * means[kept])


def test_a_forgotten_eval_is_measured_in_the_mode_that_is_found(encoded):
    vocabulary, train = encoded
    loader = list(make_loader(train, 256))
    model = made(vocabulary, steps.DropoutClassifier)
    forgetful = steps.evaluate_without_eval
    assert forgetful(model, loader) != forgetful(model, loader)
    model.eval()
    assert forgetful(model, loader) == evaluate(model, loader)


def test_the_softmax_is_applied_once_more(encoded):
    vocabulary, train = encoded
    batch = next(iter(make_loader(train, 32)))
    plain, soft = made(vocabulary), made(vocabulary, steps.SoftmaxClassifier)
    logits = plain(batch.token_ids, batch.offsets)
    torch.testing.assert_close(soft(batch.token_ids, batch.offsets), F.softmax(logits, dim=1))


@pytest.mark.parametrize(
    ("make", "kind", "rate"),
    [
        (steps.adamw, "AdamW", 0.01),
        (partial(steps.adamw, lr=1.0), "AdamW", 1.0),
        (steps.sgd, "SGD", 3.0),
        (steps.sgd_far_too_high, "SGD", 100.0),
        (steps.sgd_far_too_low, "SGD", 0.003),
    ],
)
def test_the_optimizers_are_those_of_the_lab(encoded, make, kind, rate):
    model = made(encoded[0])
    ours, theirs = make(model), make_optimizer(model, kind, rate)
    assert type(ours) is type(theirs)
    assert ours.defaults == theirs.defaults


def handed_out(parts, recipe, seed, monkeypatch):
    """The stories that a run encodes: those of training, validation and test, and new ones."""
    seen = []

    def note(stories, vocabulary):
        seen.append(stories)
        return EncodedStories(stories, vocabulary)

    monkeypatch.setattr("lessons.silent_bugs.recipe.EncodedStories", note)
    next(run_events(parts, recipe, seed))
    return seen


def test_no_part_shares_a_story_with_another_one(parts, monkeypatch):
    pieces = handed_out(parts, SHORT, 0, monkeypatch)
    assert [len(piece.texts) for piece in pieces] == [100, 200, 50, 150]
    texts = [text for piece in pieces for text in piece.texts]
    assert len(set(texts)) == len(texts)


def test_the_leak_is_the_whole_test_set_and_nothing_else(parts, monkeypatch):
    leaky = SHORT._replace(make_train_set=steps.train_and_test_parts)
    train, _, test, new = handed_out(parts, leaky, 0, monkeypatch)
    assert train.texts[100:] == test.texts
    assert train.labels[100:] == test.labels
    assert not set(train.texts) & set(new.texts)


def test_another_seed_makes_another_test_set(parts, monkeypatch):
    first, other = (set(handed_out(parts, SHORT, s, monkeypatch)[2].texts) for s in (0, 1))
    assert first != other


def test_by_class_means_one_class_after_the_other(parts, monkeypatch):
    by_class = SHORT._replace(make_train_set=steps.train_part_by_class)
    train = handed_out(parts, by_class, 0, monkeypatch)[0]
    assert train.labels == sorted(train.labels)
    assert len(set(train.labels)) == 4


def test_a_large_source_is_cut_down(parts, monkeypatch):
    many = Stories(parts.train.texts * 3, parts.train.labels * 3, parts.train.names)
    large = parts._replace(train=many, test=many)
    train, _, test, new = handed_out(large, Recipe(epochs=1), 0, monkeypatch)
    assert len(train.texts) == len(test.texts) + len(new.texts) == MOST


def test_the_guard_of_the_test_set_stays_silent(parts, capsys, recwarn):
    for _ in range(2):
        run(parts, SHORT)
    assert capsys.readouterr() == ("", "")
    assert not recwarn.list


def test_the_best_epoch_is_that_of_the_validation_or_of_the_test_set():
    def epoch(number, validation, test):
        return EpochScores(number, *(Scores(1.0, share) for share in (0.5, validation, test, 0.5)))

    epochs = [epoch(1, 0.6, 0.6), epoch(2, 0.8, 0.5), epoch(3, 0.8, 0.9)]
    assert steps.best_on_validation(epochs).number == 2  # the first of equals
    assert steps.best_on_test(epochs).number == 3
