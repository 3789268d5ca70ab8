"""Lesson 00: what it says about its run, and about such runs from other seeds."""

from functools import cache
from typing import NamedTuple

import pytest
import torch
from claims import claim, claim_near

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.sources import load_split
from lessons.text import Vocabulary
from lessons.training import Step
from lessons.validation import Epoch, best, evaluate, fit

seeds = pytest.mark.parametrize("seed", range(5))
STORIES = 200  # in validation, and in the test set: one is worth half a point


class Course(NamedTuple):
    """Ten epochs in batches of 128, as in the lesson, which has seed 0."""

    before: float  # accuracy in validation
    steps: list[Step]  # of the first epoch
    epochs: list[Epoch]


@cache
def course(seed):
    parts = load_split("mini-news")
    vocabulary = Vocabulary.build(parts.train.texts)
    train, validation = (EncodedStories(part, vocabulary) for part in parts[:2])
    model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(seed))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    loaders = make_loader(train, 128, shuffle=True, seed=seed), make_loader(validation, 128)
    before = evaluate(model, loaders[1]).accuracy
    events = list(fit(model, *loaders, optimizer, epochs=10))
    steps = [event for event in events if isinstance(event, Step) and event.epoch == 1]
    return Course(before, steps, [event for event in events if isinstance(event, Epoch)])


@seeds
def test_before_training_the_model_is_near_the_chance_level(seed):
    claim_near("accuracy", course(seed).before, 0.25, within=0.1)


def test_an_epoch_has_13_batches_and_the_whole_run_130_corrections():
    run = course(0)
    assert len(run.steps) == 13
    assert len(run.epochs) * len(run.steps) == 130


@seeds
def test_two_or_three_epochs_are_enough_for_85_in_a_hundred(seed):
    epochs = course(seed).epochs
    claim("after three", epochs[2].validation.accuracy, ">", 0.83)
    if seed == 0:
        claim("in the lesson after one", epochs[0].validation.accuracy, "<", 0.85)
        claim("in the lesson after two", epochs[1].validation.accuracy, ">", 0.85)


def test_the_best_epoch_has_an_answer_less_right_than_the_one_before():
    *_, ninth, tenth = course(0).epochs
    assert best(course(0).epochs) is tenth
    fewer = (ninth.validation.accuracy - tenth.validation.accuracy) * STORIES
    claim_near("answers", fewer, 1, within=0.5)
    claim("loss", tenth.validation.loss - ninth.validation.loss, "<", 0)


@seeds
def test_in_epoch_1_training_is_far_behind_since_it_is_measured_while_learning(seed):
    run = course(seed)
    train, validation = run.epochs[0].train.accuracy, run.epochs[0].validation.accuracy
    claim("validation ahead by", validation - train, ">", 0.1)
    claim("first batch", run.steps[0].scores.accuracy, "<", 0.45)
    claim("last batch", run.steps[-1].scores.accuracy, ">", 0.5)
    if seed == 0:
        claim_near("in the lesson: about half in training", train, 0.5, within=0.05)
        claim_near("in the lesson: about 80 % in validation", validation, 0.8, within=0.03)


@seeds
def test_in_the_end_the_textbook_is_known_better_than_new_stories(seed):
    last = course(seed).epochs[-1]
    claim("accuracy", last.train.accuracy - last.validation.accuracy, ">", 0.03)
    claim("loss", last.validation.loss / course(seed).epochs[0].validation.loss, "<", 0.5)
