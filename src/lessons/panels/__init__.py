"""Panels to drive and to watch what the lessons teach. They compose the library, no more."""

from lessons.widgets.batches import BatchPanel
from lessons.widgets.break_it import BreakPanel
from lessons.widgets.headline import HeadlinePanel
from lessons.widgets.lab import Target, TrainingLab
from lessons.widgets.prediction import CurvePrediction, NumberPrediction
from lessons.widgets.quiz import QuizPanel
from lessons.widgets.rate import RatePanel
from lessons.widgets.splits import SplitPanel

__all__ = [
    "BatchPanel",
    "BreakPanel",
    "CurvePrediction",
    "HeadlinePanel",
    "NumberPrediction",
    "QuizPanel",
    "RatePanel",
    "SplitPanel",
    "Target",
    "TrainingLab",
]
