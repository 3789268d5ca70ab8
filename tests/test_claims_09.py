"""Lesson 09: what each silent bug does, over five seeds or more, with a stated size."""

import math
import re
from statistics import fmean

import nbformat
import pytest
import torch

from conftest import ROOT
from lessons.bugs import BUGS, Recipe, chosen, run

seeds = pytest.mark.parametrize("seed", range(5))
DIE = 0.25
GUESS = math.log(4)  # the loss of a blind guess
CELLS = nbformat.read(ROOT / "notebooks" / "09_break_it.ipynb", as_version=4).cells
PROSE = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")


@pytest.fixture
def twins(parts):
    """Both runs of a bug; `changes` are the same for both."""

    def twins(key, seed, **changes):
        bug = BUGS[key]
        both = (bug.healthy._replace(**changes), bug.broken._replace(**changes))
        return [run(parts, recipe, seed) for recipe in both]

    return twins


@seeds
def test_unshuffled_the_training_looks_good_and_the_quizzes_stay_at_a_die(twins, seed):
    healthy, broken = twins("sorted", seed)
    assert broken[-1].train.accuracy > 0.85
    assert all(look.validation.accuracy < 0.3 for look in broken)
    assert broken[-1].validation.loss > 5 * healthy[-1].validation.loss
    assert healthy[-1].validation.accuracy > 0.75


@seeds
def test_unshuffled_adamw_is_lost_for_three_epochs_and_then_recovers(twins, seed):
    healthy, broken = twins("sorted", seed, optimizer="AdamW", learning_rate=0.01, batch_size=32)
    assert all(look.validation.accuracy < 0.4 for look in broken[:3])
    assert broken[-1].validation.accuracy > healthy[-1].validation.accuracy - 0.03


@seeds
def test_without_zero_grad_the_loss_ends_twenty_times_higher_and_accuracy_hardly_tells(twins, seed):
    healthy, broken = twins("wipe", seed)
    assert broken[-1].validation.loss >= 20 * healthy[-1].validation.loss
    assert broken[-1].validation.accuracy > 0.7
    assert broken[-1].validation.loss > 5 * broken[0].validation.loss  # it climbs


@seeds
def test_without_eval_only_what_is_measured_gets_worse(twins, seed):
    healthy, broken = twins("eval", seed)
    for ours, theirs in zip(healthy[1:], broken[1:], strict=True):  # from the second epoch on
        assert theirs.validation.loss > ours.validation.loss
    assert broken[-1].validation.loss >= 1.4 * healthy[-1].validation.loss
    assert broken[-1].validation.accuracy <= healthy[-1].validation.accuracy - 0.02
    assert 0.8 < broken[-1].train.loss / healthy[-1].train.loss < 1.25


@seeds
def test_with_half_the_dropout_a_forgotten_eval_hardly_shows(twins, seed):
    healthy, broken = twins("eval", seed, dropout=0.5)
    assert abs(broken[-1].validation.accuracy - healthy[-1].validation.accuracy) < 0.0201


@seeds
def test_far_too_high_a_rate_makes_every_loss_no_number(twins, seed):
    healthy, broken = twins("high", seed)
    assert not any(math.isfinite(look.validation.loss) for look in broken)
    assert all(look.validation.accuracy < 0.3 for look in broken)
    assert healthy[-1].validation.loss < 0.7


@seeds
def test_adamw_with_a_rate_of_1_does_not_blow_up_and_looks_like_a_forgotten_zero_grad(parts, seed):
    healthy, broken = (run(parts, Recipe(learning_rate=rate), seed) for rate in (0.01, 1.0))
    assert all(math.isfinite(look.validation.loss) for look in broken)
    assert broken[-1].validation.loss >= 10 * healthy[-1].validation.loss
    assert broken[-1].validation.accuracy > 0.7


@seeds
def test_far_too_low_a_rate_moves_nothing_in_training_either(twins, seed):
    healthy, broken = twins("low", seed)
    for look in broken:
        assert look.train.loss == pytest.approx(GUESS, abs=0.05)
        assert look.validation.loss == pytest.approx(GUESS, abs=0.05)
        assert max(look.train.accuracy, look.validation.accuracy) < DIE + 0.1
    assert healthy[-1].validation.accuracy > 0.75


@seeds
def test_a_second_softmax_keeps_the_loss_above_074_and_the_accuracy_as_it_is(twins, seed):
    healthy, broken = twins("softmax", seed)
    assert broken[-1].train.accuracy > 0.99
    assert all(look.train.loss > 0.74 for look in broken)
    assert healthy[-1].train.loss < 0.01
    assert abs(broken[-1].validation.accuracy - healthy[-1].validation.accuracy) < 0.02


@seeds
def test_a_second_softmax_costs_sgd_twenty_points(twins, seed):
    sgd = {"optimizer": "SGD", "learning_rate": 3.0, "batch_size": 16}
    healthy, broken = twins("softmax", seed, **sgd)
    assert broken[-1].validation.accuracy < healthy[-1].validation.accuracy - 0.2


def test_with_four_classes_a_perfect_answer_costs_074_after_two_softmaxes():
    perfect = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    loss = torch.nn.functional.cross_entropy(perfect, torch.tensor([0])).item()
    assert loss == pytest.approx(0.7437, abs=1e-4)


@seeds
def test_with_the_leak_the_exam_is_perfect_and_new_stories_are_not(twins, seed):
    healthy, broken = twins("leak", seed)
    assert broken[-1].exam.accuracy == 1
    assert broken[-1].new.accuracy <= 0.85
    assert broken[-1].validation.loss < healthy[-1].validation.loss  # it looks healthier still
    assert healthy[-1].exam.accuracy < 0.85


@pytest.fixture(scope="module")
def choices(parts):
    """Of twenty seeds, the epoch that was chosen honestly and the one chosen by the exam."""
    kept = []
    for seed in range(20):
        looks = run(parts, BUGS["choice"].healthy, seed)
        kept.append([chosen(looks, BUGS["choice"].healthy), chosen(looks, BUGS["choice"].broken)])
    return kept


def test_on_average_the_choice_by_the_exam_flatters_by_four_points(choices):
    assert fmean(bad.exam.accuracy - good.exam.accuracy for good, bad in choices) > 0.04
    assert fmean(bad.exam.accuracy - bad.new.accuracy for _, bad in choices) > 0.04
    assert abs(fmean(good.exam.accuracy - good.new.accuracy for good, _ in choices)) < 0.03
    assert fmean(bad.new.accuracy - good.new.accuracy for good, bad in choices) < 0.01


def test_in_a_single_run_the_flattery_may_be_large_or_next_to_nothing(choices):
    flattery = [bad.exam.accuracy - good.exam.accuracy for good, bad in choices]
    assert min(flattery) >= 0
    assert min(flattery) < 0.03
    assert max(flattery) > 0.1


@seeds
def test_the_trainings_of_the_two_choices_are_the_same(twins, seed):
    healthy, broken = twins("choice", seed)
    assert healthy == broken


# ------------------------------------------------------------------- the page and the library


def test_the_page_shows_the_broken_code_of_every_bug():
    shown = re.findall(r"```python\n(.*?)\n```", PROSE, re.S)
    assert shown == [bug.wrong for bug in BUGS.values()]


def test_the_page_says_how_to_find_and_how_to_mend_each():
    assert PROSE.count("*Find it:*") == PROSE.count("*Mend it:*") == len(BUGS)
