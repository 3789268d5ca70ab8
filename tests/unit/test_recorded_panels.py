"""Recordings of the break-it lab, the pile and the slope: made by the library as it is now."""

import math
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lesson_notebooks import NOTEBOOKS, read

from lessons.panels import BatchPanel, BreakPanel, RatePanel, SplitPanel
from lessons.panels.break_it import ALL, APART, SEEDS, SOUND
from lessons.panels.controls import PAGE
from lessons.panels.learning_rate import loss_along, untrained
from lessons.panels.splits import PERCENT, WORDS, shares, sizes_up_to
from lessons.silent_bugs.bugs import BUGS
from lessons.silent_bugs.recipe import run
from lessons.sources import load
from lessons.split import Stories, split
from scripts.recordings import break_it, rate
from scripts.recordings import read as recording
from scripts.recordings import split as pile

STALE = "It is stale: run make recordings, and look at what has changed."
MODULES = {"split": pile, "rate": rate}
# Of these only the direction is held: they are chaotic, or NaN comes a step sooner or later.
WILD = (*break_it.CHAOTIC, "high")


@pytest.mark.parametrize("name", MODULES)
def test_what_takes_no_training_is_recorded_anew_and_the_same(name):
    stored = recording(name)
    del stored["about"]
    now = as_stored(MODULES[name].record())
    for numbers in ("leads", "share", "constant"):
        if numbers in stored:  # another processor rounds otherwise
            assert stored.pop(numbers) == pytest.approx(now.pop(numbers), abs=1e-5), STALE
    assert stored == now, STALE


def as_stored(value):
    """With texts as keys, as JSON has them."""
    if isinstance(value, dict):
        return {str(key): as_stored(one) for key, one in value.items()}
    return value


def test_what_the_page_says_of_the_bugs_is_what_the_library_says():
    stored = recording("break_it")
    assert {key: stored[key] for key in break_it.told()} == break_it.told(), STALE
    assert list(stored) == ["about", *break_it.told(), "runs"]


# ------------------------------------------------------------------------ the runs of the bugs


def recorded(recipe, seed):
    """What is recorded of a training: the epochs that are kept, and the scores by their names."""
    stored, trainings = recording("break_it"), break_it.trainings()
    recipe = break_it.same_training(recipe)
    runs = stored["runs"][list(trainings).index(recipe)]
    kept, *scores = runs[str(seed)]
    return kept, dict(zip(stored["scores"], scores, strict=True))


def near(stored, measured, digits=2):
    """The largest difference in units of the last digit that is shown."""
    pairs = zip(stored, measured, strict=True)
    apart = [0 if math.isnan(n / 1000) and math.isnan(m) else abs(n / 1000 - m) for n, m in pairs]
    return max(apart) * 10**digits


@pytest.mark.parametrize("key", [key for key in BUGS if key not in WILD])
@pytest.mark.parametrize("version", ["healthy", "broken"])
def test_a_run_is_what_was_recorded(parts, key, version):
    recipe = getattr(BUGS[key], version)
    assert_recorded(parts, recipe, 3)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("key", [key for key in BUGS if key not in WILD])
def test_all_runs_are_what_was_recorded(parts, key, seed):
    bug = BUGS[key]
    for recipe, start in ((bug.healthy, seed), (bug.healthy, seed + APART), (bug.broken, seed)):
        assert_recorded(parts, recipe, start)


def assert_recorded(parts, recipe, seed):
    """Each number within one unit of the last digit that is shown."""
    epochs = run(parts, recipe, seed)
    kept, scores = recorded(recipe, seed)
    for name, stored in scores.items():
        part, _, score = name.partition("_")
        measured = [getattr(getattr(epoch, part), score or "accuracy") for epoch in epochs]
        assert near(stored, measured) <= 1, (name, stored, measured)
    accuracy = [[epoch.validation.accuracy for epoch in epochs], [e.test.accuracy for e in epochs]]
    for number, values in zip(kept, accuracy, strict=True):
        assert max(values) - values[number - 1] < 0.006  # one story: processors may differ in it


@pytest.mark.parametrize("key", WILD)
def test_a_chaotic_run_has_the_direction_and_the_magnitude_of_what_was_recorded(parts, key):
    epochs = run(parts, BUGS[key].broken, 3)
    _, scores = recorded(BUGS[key].broken, 3)
    seen, now = scores["validation_loss"][-1] / 1000, epochs[-1].validation.loss
    assert math.isnan(seen) == math.isnan(now)
    assert math.isnan(seen) or 1 / 3 < seen / now < 3
    assert abs(scores["test"][-1] / 1000 - epochs[-1].test.accuracy) < 0.25
    # Against the healthy run: a loss that climbs, none at all, or the same training.
    _, healthy = recorded(BUGS[key].healthy, 3)
    seen_healthy = healthy["validation_loss"][-1] / 1000
    assert {"zero_grad": seen > 10 * seen_healthy, "high": math.isnan(seen)}.get(
        key, seen == seen_healthy
    )


def test_each_bug_and_each_mystery_finds_its_runs():
    stored = recording("break_it")
    assert stored["seeds"] == list(SEEDS)
    assert [bug["key"] for bug in stored["bugs"]] == list(ALL)
    for bug in stored["bugs"]:
        assert bug["apart"] == (APART if bug["key"] == SOUND else 0)
        for healthy, broken in bug["runs"]:
            assert (healthy == broken) >= (bug["key"] == SOUND)
            for seed in SEEDS:
                first = stored["runs"][healthy][str(seed)]
                second = stored["runs"][broken][str(seed + bug["apart"])]
                assert len(first) == len(second) == 1 + len(stored["scores"])
    *one_bug, sound = [bug["runs"] for bug in stored["bugs"]]
    assert [len(pairs) for pairs in one_bug] == [1] * len(BUGS)
    assert [first for first, _ in sound] == [healthy for ((healthy, _),) in one_bug]


def test_each_mystery_is_as_likely_as_any_other():
    secrets = recording("break_it")["secrets"]
    assert len(secrets) == break_it.MYSTERIES
    often = break_it.MYSTERIES // len(ALL)
    assert [secrets.count(place) for place in range(len(ALL))] == [often] * len(ALL)


@given(st.floats(0, 50) | st.integers(0, 2000).map(lambda n: n / 400))
def test_thousandths_are_shown_as_python_shows_the_number(value):
    kept = break_it.thousandths(value)
    assert f"{kept / 1000:.2f}" == f"{value:.2f}"
    assert abs(kept / 1000 - value) < 0.00151
    assert kept % 10 != 5


def test_what_is_no_number_remains_so():
    assert math.isnan(break_it.thousandths(math.nan))
    assert break_it.thousandths(math.inf) == math.inf


# ------------------------------------------------------------------------------------ the pile


def test_a_pile_is_shuffled_as_split_shuffles_it():
    stories, stored = load("mini-news"), recording("split")
    for size, seed in product((50, 500, 2000), (0, 7)):
        parts = split(stories.pick(range(size)), (0.5, 0.2, 0.3), seed, stratified=False)
        order = stored["piles"][str(size)][seed]
        for part, labels in zip(parts, cut(order, size // 2, size * 7 // 10), strict=True):
            assert sorted(map(str, part.labels)) == sorted(labels)


def cut(order, *ends):
    first, second = ends
    return order[:first], order[first:second], order[second:]


def test_what_is_refused_is_refused_with_every_seed_in_the_same_words():
    stories, stored = load("mini-news"), recording("split")
    assert sum(map(len, stored["refused"].values())) > 5
    for size, reasons in stored["refused"].items():
        for asked, reason in reasons.items():
            train, validation, stratified = asked.split()
            fractions = shares(int(train), int(validation))
            for seed in (0, 9):
                with pytest.raises(ValueError) as told:
                    pick = stories.pick(range(int(size)))
                    split(pick, fractions, seed, stratified=stratified == "true")
                assert str(told.value) == reason


def test_shares_are_round_and_leave_something_for_the_test():
    for train, validation in product(PERCENT, PERCENT):
        if train + validation < 100:
            assert shares(train, validation)[2] == (100 - train - validation) / 100
        else:
            with pytest.raises(ValueError, match=WORDS["nothing"]):
                shares(train, validation)
    assert sizes_up_to(120) == [50, 100, 120]
    assert sizes_up_to(50) == [50]


# ----------------------------------------------------------------------------------- the slope


def test_the_formula_is_the_loss_of_the_batch(parts):
    model, batch = untrained(parts)
    model.linear.bias.data[:] = torch.tensor([5.0, 0.3, -1.0, 0.2])  # others count, the first not
    formula = rate.formula(model, batch)
    weights = [-40.0, -3.0, 0.0, 2.0, 7.5, 60.0]
    expected = loss_along(model, batch, model.linear.bias, 0, weights)
    for weight, loss in zip(weights, expected, strict=True):
        leads = torch.tensor(formula["leads"], dtype=torch.float64)
        mean = torch.logaddexp(torch.zeros(()).double(), leads + weight).mean().item()
        assert mean - formula["share"] * weight + formula["constant"] == pytest.approx(
            loss, abs=1e-5
        )


# ----------------------------------------------------------------------- what a notebook stores


def test_a_page_is_only_promised_what_was_recorded(parts):
    other = Stories([f"story {i}" for i in range(80)], [0, 1] * 40, ("A", "B"))
    assert BreakPanel(parts).page() == {"panel": "break-it"}
    assert BreakPanel(split(other)).page() == {}
    assert SplitPanel(load("mini-news")).page() == {"panel": "split"}
    assert SplitPanel(other).page() == {}


def test_a_slope_of_other_stories_is_not_promised(monkeypatch, parts):
    assert RatePanel().page() == {"panel": "rate"}
    other = parts._replace(test=parts.validation)
    monkeypatch.setattr(
        "lessons.panels.learning_rate.load_split", lambda *source: parts if source else other
    )
    assert RatePanel().page() == {}


def test_a_page_offers_where_a_panel_begins():
    page = BatchPanel(stories=1030, batch_size=3000).page()
    assert page["stories"] == 1030 and 1030 in page["counts"]
    assert page["batch_size"] == 3000 and page["sizes"][-1] == 3000
    assert page["counts"] == sorted(page["counts"])


def test_notebooks_store_what_their_panels_say_now():
    stored = [
        output.data[PAGE]
        for path in NOTEBOOKS
        for cell in read(path).cells
        for output in cell.get("outputs", ())
        if PAGE in output.get("data", {})
    ]
    batches = [BatchPanel(1030, 100).page(), BatchPanel(2000, 64).page()]
    pages = [{"panel": "break-it"}, {"panel": "split"}, {"panel": "rate"}, *batches]
    for page in pages:
        assert page in stored
