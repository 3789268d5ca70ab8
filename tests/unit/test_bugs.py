"""The silent bugs: a broken run differs from its twin in one thing, and its parts are exact."""

import pytest
import torch
from claims import claim, claim_near
from torch.nn import functional as F

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.panels.runs import make_optimizer
from lessons.silent_bugs.bugs import (
    BUGS,
    MOST,
    Look,
    Recipe,
    Student,
    chosen,
    grade,
    run,
    switched_fit,
    switched_step,
)
from lessons.split import Stories
from lessons.text import Vocabulary
from lessons.training import Scores, Step, train_step
from lessons.validation import evaluate, fit

SHORT = Recipe(epochs=1, stories=100)


@pytest.fixture(scope="module")
def encoded(parts):
    vocabulary = Vocabulary.build(parts.train.texts)
    return vocabulary, EncodedStories(parts.train, vocabulary)


def student(vocabulary, dropout=0.0, softmax=False):
    chance = torch.Generator().manual_seed(0)
    return Student(len(vocabulary), 4, dropout, softmax, chance)


@pytest.mark.parametrize("key", BUGS)
def test_exactly_one_thing_differs(key):
    bug = BUGS[key]
    assert sum(a != b for a, b in zip(bug.healthy, bug.broken, strict=True)) == 1
    assert all([bug.name, bug.wrong, bug.right, bug.see, bug.why, bug.find, bug.mend])
    assert bug.wrong != bug.right


@pytest.mark.parametrize("key", BUGS)
def test_the_same_seed_gives_the_same_run_and_another_one_another(parts, key):
    recipe = BUGS[key].broken._replace(epochs=1)
    first, again, other = (repr(run(parts, recipe, seed)) for seed in (3, 3, 4))
    assert first == again  # as text, since nan is not equal to itself
    assert first != other or key == "high"


def test_a_healthy_run_is_the_course_s_own_fit(parts):
    """The oracle: the library's model, loop and loader, from the same seed."""
    recipe = Recipe(epochs=2, stories=200)
    thin = parts.train.pick(range(200))
    vocabulary = Vocabulary.build(thin.texts)
    train, quizzes = (EncodedStories(part, vocabulary) for part in (thin, parts.validation))
    model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(5))
    optimizer = make_optimizer(model, "AdamW", 0.01)
    loaders = make_loader(train, 32, True, 5), make_loader(quizzes, 128)
    theirs = [e for e in fit(model, *loaders, optimizer, 2) if not isinstance(e, Step)]
    ours = run(parts, recipe, 5)
    assert [(e.train, e.validation) for e in theirs] == [(o.train, o.validation) for o in ours]


def test_the_step_wipes_or_does_not(encoded):
    vocabulary, train = encoded
    batch = next(iter(make_loader(train, 32)))
    grads = []
    for wipe in (True, False):
        model = student(vocabulary)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)  # stays where it is
        for _ in range(2):
            switched_step(model, batch, optimizer, Recipe(wipe=wipe))
        grads.append(model.linear.weight.grad)
    torch.testing.assert_close(grads[1], 2 * grads[0])


def test_the_healthy_step_is_train_step(encoded):
    vocabulary, train = encoded
    batch = next(iter(make_loader(train, 32)))
    one, two = student(vocabulary), student(vocabulary)
    ours = switched_step(one, batch, torch.optim.SGD(one.parameters(), lr=1.0), Recipe())
    assert ours == train_step(two, batch, torch.optim.SGD(two.parameters(), lr=1.0))
    assert torch.equal(one.linear.weight, two.linear.weight)


def test_dropout_leaves_out_its_share_only_while_learning(encoded):
    vocabulary, train = encoded
    batch = next(iter(make_loader(train, 256)))
    model = student(vocabulary, dropout=0.9)
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
    model = student(vocabulary, dropout=0.9)
    forgetful = Recipe(evaluation_mode=False)
    assert grade(model, loader, forgetful) != grade(model, loader, forgetful)
    assert grade(model, loader, Recipe()) == evaluate(model, loader)
    model.eval()
    assert grade(model, loader, forgetful) == evaluate(model, loader)


def test_the_softmax_is_applied_once_more(encoded):
    vocabulary, train = encoded
    batch = next(iter(make_loader(train, 32)))
    plain, soft = student(vocabulary), student(vocabulary, softmax=True)
    logits = plain(batch.token_ids, batch.offsets)
    torch.testing.assert_close(soft(batch.token_ids, batch.offsets), F.softmax(logits, dim=1))


def handed_out(parts, recipe, seed, monkeypatch):
    """The stories that a run encodes: textbook, quizzes, exam and new ones."""
    seen = []

    def note(stories, vocabulary):
        seen.append(stories)
        return EncodedStories(stories, vocabulary)

    monkeypatch.setattr("lessons.silent_bugs.bugs.EncodedStories", note)
    next(switched_fit(parts, recipe, seed))
    return seen


def test_no_part_shares_a_story_with_another_one(parts, monkeypatch):
    pieces = handed_out(parts, SHORT, 0, monkeypatch)
    assert [len(piece.texts) for piece in pieces] == [100, 200, 50, 150]
    texts = [text for piece in pieces for text in piece.texts]
    assert len(set(texts)) == len(texts)


def test_the_leak_is_the_whole_exam_and_nothing_else(parts, monkeypatch):
    book, _, exam, new = handed_out(parts, SHORT._replace(learn_exam=True), 0, monkeypatch)
    assert book.texts[100:] == exam.texts
    assert book.labels[100:] == exam.labels
    assert not set(book.texts) & set(new.texts)


def test_another_seed_sets_another_exam(parts, monkeypatch):
    first, other = (set(handed_out(parts, SHORT, s, monkeypatch)[2].texts) for s in (0, 1))
    assert first != other


def test_by_class_means_one_class_after_the_other(parts, monkeypatch):
    book = handed_out(parts, SHORT._replace(by_class=True), 0, monkeypatch)[0]
    assert book.labels == sorted(book.labels)
    assert len(set(book.labels)) == 4


def test_a_large_source_is_cut_down(parts, monkeypatch):
    many = Stories(parts.train.texts * 3, parts.train.labels * 3, parts.train.names)
    large = parts._replace(train=many, test=many)
    book, _, exam, new = handed_out(large, Recipe(epochs=1), 0, monkeypatch)
    assert len(book.texts) == len(exam.texts) + len(new.texts) == MOST


def test_the_guard_of_the_exam_stays_silent(parts, capsys, recwarn):
    for _ in range(2):
        run(parts, SHORT)
    assert capsys.readouterr() == ("", "")
    assert not recwarn.list


def test_the_best_epoch_is_that_of_the_quizzes_or_of_the_exam():
    def look(number, quiz, exam):
        return Look(number, *(Scores(1.0, share) for share in (0.5, quiz, exam, 0.5)))

    looks = [look(1, 0.6, 0.6), look(2, 0.8, 0.5), look(3, 0.8, 0.9)]
    assert chosen(looks, Recipe()).number == 2  # the first of equals
    assert chosen(looks, Recipe(choose_by_exam=True)).number == 3
