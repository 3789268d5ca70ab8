"""Lesson 09: what each silent bug does, over five seeds or more, with a stated size."""

import math
import re
from functools import cache, partial
from statistics import fmean

import nbformat
import pytest
import torch
from claims import claim, claim_near

from conftest import ROOT
from lessons.silent_bugs import steps
from lessons.silent_bugs.bugs import BUGS
from lessons.silent_bugs.recipe import Recipe, run
from lessons.sources import load_split

seeds = pytest.mark.parametrize("seed", range(5))
every_seed = pytest.mark.parametrize("seed", range(10))  # all that the panel offers
CHANCE_LEVEL = math.log(4)  # the loss of a blind guess
CELLS = nbformat.read(ROOT / "notebooks" / "09_break_it.ipynb", as_version=4).cells
PROSE = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")


HALF = partial(steps.DropoutClassifier, dropout=0.5)
HUGE_STEPS = Recipe(make_optimizer=partial(steps.adamw, lr=1.0))


@cache
def trained(recipe, seed):
    """A run of the panel's stories. Several tests ask for the same."""
    return run(load_split("mini-news"), recipe, seed)


def twins(key, seed, **changes):
    """Both runs of a bug; `changes` are made in both recipes."""
    bug = BUGS[key]
    return [trained(recipe._replace(**changes), seed) for recipe in (bug.healthy, bug.broken)]


def times(healthy, broken, part="validation"):
    """How many times as high the loss of the broken run is in the end."""
    return getattr(broken[-1], part).loss / getattr(healthy[-1], part).loss


def points(healthy, broken):
    """What is gained in the validation accuracy by the bug; it may be negative."""
    return broken[-1].validation.accuracy - healthy[-1].validation.accuracy


@seeds
def test_unshuffled_the_training_looks_good_and_the_validation_stays_at_one_answer(seed):
    healthy, broken = twins("sorted", seed)
    claim("training accuracy", broken[-1].train.accuracy, ">", 0.85)
    claim("validation, at most", max(epoch.validation.accuracy for epoch in broken), "<", 0.3)
    claim("times the loss", times(healthy, broken), ">", 5)
    claim("healthy accuracy", healthy[-1].validation.accuracy, ">", 0.75)


@seeds
def test_unshuffled_adamw_is_lost_for_three_epochs_and_then_recovers(seed):
    healthy, broken = twins("sorted", seed, make_optimizer=steps.adamw, batch_size=32)
    claim("at most, at first", max(epoch.validation.accuracy for epoch in broken[:3]), "<", 0.4)
    claim("in the end", points(healthy, broken), ">", -0.03)


@seeds
def test_without_zero_grad_the_loss_ends_twenty_times_higher_and_accuracy_hardly_tells(seed):
    healthy, broken = twins("zero_grad", seed)
    claim("times the loss", times(healthy, broken), ">", 20)
    claim("accuracy", broken[-1].validation.accuracy, ">", 0.7)
    climb = broken[-1].validation.loss / broken[0].validation.loss
    claim("times the first loss", climb, ">", 5)


@seeds
def test_without_eval_only_what_is_measured_gets_worse(seed):
    healthy, broken = twins("eval", seed)
    both = zip(healthy[1:], broken[1:], strict=True)  # from the second epoch on
    claim("least", min(b.validation.loss / h.validation.loss for h, b in both), ">", 1)
    claim("times the loss", times(healthy, broken), ">", 1.4)
    claim("accuracy", points(healthy, broken), "<", -0.02)
    claim_near("training", times(healthy, broken, "train"), 1, within=0.2)


@seeds
def test_with_half_the_dropout_a_forgotten_eval_hardly_shows(seed):
    healthy, broken = twins("eval", seed, make_model=HALF)
    claim_near("accuracy", points(healthy, broken), 0, within=0.0201)


@every_seed
def test_far_too_high_a_rate_makes_every_loss_nan(seed):
    _, broken = twins("high", seed)
    assert not any(math.isfinite(epoch.validation.loss) for epoch in broken)
    first = [epoch.validation.accuracy for epoch in broken]
    claim("accuracy, at most", max(first), "<", 0.3)


@seeds
def test_a_good_rate_learns(seed):
    claim("loss", trained(BUGS["high"].healthy, seed)[-1].validation.loss, "<", 0.7)


@seeds
def test_adamw_with_a_rate_of_1_does_not_blow_up_and_looks_like_a_forgotten_zero_grad(seed):
    healthy, broken = (trained(recipe, seed) for recipe in (Recipe(), HUGE_STEPS))
    assert all(math.isfinite(epoch.validation.loss) for epoch in broken)
    # Single epochs differ from machine to machine, their average hardly.
    both = zip(healthy, broken, strict=True)
    powers = fmean(math.log10(b.validation.loss / h.validation.loss) for h, b in both)
    claim("powers of ten in the loss", powers, ">", 1)
    tenfold = [
        b.validation.loss > 10 * h.validation.loss for h, b in zip(healthy, broken, strict=True)
    ]
    claim("epochs with ten times the loss", sum(tenfold), ">", 7)
    claim("accuracy", fmean(epoch.validation.accuracy for epoch in broken), ">", 0.6)


@seeds
def test_far_too_low_a_rate_moves_nothing_in_training_either(seed):
    healthy, broken = twins("low", seed)
    for part in ("train", "validation"):
        scores = [getattr(epoch, part) for epoch in broken]
        claim(f"{part} loss", max(abs(each.loss - CHANCE_LEVEL) for each in scores), "<", 0.05)
        claim(f"{part} accuracy", max(each.accuracy for each in scores), "<", 0.35)
    claim("healthy accuracy", healthy[-1].validation.accuracy, ">", 0.75)


@seeds
def test_a_second_softmax_keeps_the_loss_above_074_and_the_accuracy_as_it_is(seed):
    healthy, broken = twins("softmax", seed)
    claim("training accuracy", broken[-1].train.accuracy, ">", 0.99)
    claim("training loss, at least", min(epoch.train.loss for epoch in broken), ">", 0.74)
    claim("healthy training loss", healthy[-1].train.loss, "<", 0.01)
    claim_near("accuracy", points(healthy, broken), 0, within=0.02)


@seeds
def test_a_second_softmax_costs_sgd_twenty_points(seed):
    sgd = {"make_optimizer": steps.sgd, "batch_size": 16}
    claim("accuracy", points(*twins("softmax", seed, **sgd)), "<", -0.2)


@pytest.mark.parametrize(("classes", "cost"), [(2, 0.3133), (4, 0.7437)])
def test_a_perfect_answer_costs_something_after_two_softmaxes(classes, cost):
    perfect = torch.eye(classes)[:1]
    loss = torch.nn.functional.cross_entropy(perfect, torch.tensor([0])).item()
    claim_near("cost", loss, cost, within=1e-4)
    assert f"{cost:.2f} with" in BUGS["softmax"].why


@every_seed
def test_with_the_leak_the_exam_is_perfect_and_new_stories_are_not(seed):
    healthy, broken = twins("leak", seed)
    assert broken[-1].test.accuracy == 1
    claim("new stories", broken[-1].new.accuracy, "<", 0.85)
    change = broken[-1].validation.loss - healthy[-1].validation.loss
    claim("validation loss", change, "<", 0)  # it looks healthier still
    claim("healthy test", healthy[-1].test.accuracy, "<", 0.85)


@pytest.fixture(scope="module")
def choices():
    """Of twenty seeds, the epoch that was chosen honestly and the one chosen by the test set."""
    kept = []
    for seed in range(20):
        epochs = trained(BUGS["choice"].healthy, seed)
        both = BUGS["choice"].healthy, BUGS["choice"].broken
        kept.append([recipe.choose_epoch(epochs) for recipe in both])
    return kept


def test_on_average_the_choice_by_the_exam_flatters_by_four_points(choices):
    flattery = fmean(bad.test.accuracy - good.test.accuracy for good, bad in choices)
    claim("above the honest choice", flattery, ">", 0.04)
    beyond = fmean(bad.test.accuracy - bad.new.accuracy for _, bad in choices)
    claim("above the truth", beyond, ">", 0.04)
    honest = fmean(good.test.accuracy - good.new.accuracy for good, _ in choices)
    claim_near("the honest choice", honest, 0, within=0.03)
    better = fmean(bad.new.accuracy - good.new.accuracy for good, bad in choices)
    claim("better with new stories", better, "<", 0.01)


def test_in_a_single_run_the_flattery_may_be_large_or_next_to_nothing(choices):
    flattery = [bad.test.accuracy - good.test.accuracy for good, bad in choices]
    claim("never below the honest choice", min(flattery), ">", -1e-9)
    claim("least", min(flattery), "<", 0.03)
    claim("most", max(flattery), ">", 0.1)


@every_seed
def test_the_trainings_of_the_two_choices_are_the_same(parts, seed):
    bug = BUGS["choice"]
    recipes = (recipe._replace(epochs=2) for recipe in (bug.healthy, bug.broken))
    healthy, broken = (run(parts, recipe, seed) for recipe in recipes)
    assert healthy == broken


# ------------------------------------------------------------------- the page and the library


def test_the_page_prints_the_code_of_every_bug_from_its_source_alone():
    code = "\n".join(cell.source for cell in CELLS if cell.cell_type == "code")
    assert re.findall(r'^show_code\("(\w+)"\)$', code, re.M) == list(BUGS)
    assert "```" not in PROSE  # code that nobody runs


def test_the_page_prints_each_code_before_it_trains():
    code = "\n".join(cell.source for cell in CELLS if cell.cell_type == "code")
    for key in BUGS:
        places = [code.index(f'{call}("{key}")') for call in ("show_code", "twins")]
        assert places == sorted(places)


def test_the_page_says_how_to_find_and_how_to_mend_each():
    assert PROSE.count("*Find it:*") == PROSE.count("*Mend it:*") == len(BUGS)
