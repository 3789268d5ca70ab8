"""The break-it lab: each bug beside its healthy twin, and nothing wrong at all, from ten seeds."""

import math
from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any

from lessons.panels.break_it import (
    ALL,
    APART,
    CAPTION,
    HEADS,
    SEEDS,
    SOUND,
    WORDS,
    BreakPanel,
    as_html,
)
from lessons.silent_bugs.bugs import BUGS
from lessons.silent_bugs.plots import LOST, MOST, PLOTS, POWERS
from lessons.silent_bugs.recipe import Recipe, cut_down, run
from lessons.silent_bugs.steps import EpochScores, best_on_test, best_on_validation
from lessons.sources import load_split
from scripts.recordings import facts

# What is drawn or in the table: a part of `EpochScores`, and the score.
SHOWN = (
    *(("train", "loss"), ("validation", "loss"), ("train", "accuracy")),
    *(("validation", "accuracy"), ("test", "accuracy"), ("new", "accuracy")),
)
HOW = {"loss": ".2f", "accuracy": ".0%"}  # they are written
CHOICES = (best_on_validation, best_on_test)
# One runs away, and the steps of the other jump about: the last bits decide what is drawn.
CHAOTIC = ("zero_grad", "choice")
MYSTERIES = 111 * len(ALL)  # each of the bugs, and that nothing is wrong, equally often
NOTES = {  # what only the page says
    "recorded": "It plays back real runs on Mini-News, recorded. In JupyterLab you train yourself, "
    "also on AG News or stories of your own.",
    "chaotic": "A training like this amplifies the last digits of its numbers: on another machine "
    "the curves would be others, of the same kind.",
}


def belongs_to() -> dict[str, Any]:
    """What the runs depend on. What is said of the bugs, `told`, is compared as it is."""
    recipes = [[*map(described, recipe)] for recipe in trainings()]
    return {**facts(), "trainings": recipes, "stories used": sizes()}


def described(step: Any) -> str:
    """A setting, or the name of a step with what is set beforehand."""
    if isinstance(step, partial):
        return f"{step.func.__name__} {step.keywords}"
    return getattr(step, "__name__", repr(step))


def record() -> dict[str, Any]:
    """Train everything: `runs[i][seed]` is the training i of `trainings` from this seed."""
    parts = load_split("mini-news")
    runs = [
        {seed: packed(run(parts, recipe, seed)) for seed in seeds}
        for recipe, seeds in trainings().items()
    ]
    return {**told(), "runs": runs}


def trainings() -> dict[Recipe, list[int]]:
    """The trainings that differ in more than the choice of an epoch, and from which seeds.

    Those that are healthy also run from seeds that are `APART`: nothing may be wrong.
    """
    healthy = {
        same_training(bug.healthy): [*SEEDS, *(n + APART for n in SEEDS)] for bug in BUGS.values()
    }
    broken = {same_training(bug.broken): [*SEEDS] for bug in BUGS.values()}
    return {**broken, **healthy}


def same_training(recipe: Recipe) -> Recipe:
    """The recipe with the usual choice of an epoch, which comes after the training."""
    return recipe._replace(choose_epoch=best_on_validation)


def told() -> dict[str, Any]:
    """All that is no measurement: the words, and each bug with its trainings and its choices."""
    words = {"title": BreakPanel.title, "caption": CAPTION, "heads": [*HEADS], **WORDS, **NOTES}
    words |= {"lost": LOST, "powers": POWERS, "empty": WORDS["empty"].format(**WORDS)}
    words["run"] = WORDS["run"].format(
        name="{name}",
        number="{number}",
        loss="validation loss {validation_loss:.2f}",
        accuracies=WORDS["accuracies"],
    )
    return {
        "words": words,
        "plots": [[title, name(thick, of), name(thin, of)] for title, thick, thin, of in PLOTS],
        "most": MOST,
        "bugs": bugs(),
        "secrets": secrets(len(ALL)),
        "seeds": [*SEEDS],
        "scores": [name(*shown) for shown in SHOWN],
        "cells": [f"{{{name(*shown)}:{HOW[shown[1]]}}}" for shown in SHOWN],
    }


def bugs() -> list[dict[str, Any]]:
    """Each bug, and at the end that nothing is wrong.

    `runs` are pairs of trainings, one pair if there is a bug: of the second one the seed is `apart`
    from that of the first one. `usual` is what is said when all is told.
    """
    number = {recipe: i for i, recipe in enumerate(trainings())}
    pairs = {
        key: [number[same_training(recipe)] for recipe in (bug.healthy, bug.broken)]
        for key, bug in BUGS.items()
    }
    healthy = [[first, first] for first, _ in pairs.values()]
    return [
        {
            "key": key,
            "name": bug.name,
            "see": bug.see,
            "usual": WORDS["usual"].format(see=bug.see)
            + (f" {NOTES['chaotic']}" if key in CHAOTIC else ""),
            "code": as_html(bug, facts=False),
            "facts": as_html(bug),
            "runs": healthy if key == SOUND else [pairs[key]],
            "apart": APART if key == SOUND else 0,
            "choices": [CHOICES.index(recipe.choose_epoch) for recipe in (bug.healthy, bug.broken)],
        }
        for key, bug in ALL.items()
    ]


def secrets(kinds: int) -> list[int]:
    """What is wrong in mystery 1, 2, ...: the place of a bug, each equally often."""
    return Random(0).sample([number % kinds for number in range(MYSTERIES)], MYSTERIES)


def name(part: str, score: str) -> str:
    """What the page calls a score: "train_loss", or "train" for the accuracy in training."""
    return part if score == "accuracy" else f"{part}_{score}"


def packed(epochs: Sequence[EpochScores]) -> list[list[float]]:
    """The epochs that each of `CHOICES` would keep; then of each of `SHOWN` all epochs."""
    kept = [choose(epochs).number for choose in CHOICES]
    measured = [[getattr(getattr(epoch, part), score) for epoch in epochs] for part, score in SHOWN]
    return [kept, *([thousandths(value) for value in values] for values in measured)]


def thousandths(value: float) -> float:
    """A number in thousandths, which rounded to hundredths is what Python writes of the number.

    So it never ends in 5. NaN and infinity remain.
    """
    if not math.isfinite(value):
        return value
    near, shown = round(1000 * value), round(100 * float(f"{value:.2f}"))
    return next(n for n in (near, near - 1, near + 1) if n % 10 != 5 and (n + 5) // 10 == shown)


def sizes() -> list[int]:
    """How many stories each part of the usual training has, and how many are new to it."""
    parts, new = cut_down(load_split("mini-news"), Recipe().max_stories, seed=0)
    return [len(part.texts) for part in (*parts, new)]
