"""Panels with sliders and buttons. They only compose what the lessons teach; none adds to it."""

from lessons.panels.batches import BatchPanel
from lessons.panels.break_it import BreakPanel
from lessons.panels.check_yourself import CheckYourself
from lessons.panels.headline import HeadlinePanel
from lessons.panels.learning_rate import RatePanel
from lessons.panels.parsons import ParsonsPanel
from lessons.panels.prediction import CurvePrediction, NumberPrediction
from lessons.panels.progress import Progress
from lessons.panels.splits import SplitPanel
from lessons.panels.training_lab import Target, TrainingLab
from lessons.panels.word_map import WordMapPanel

__all__ = [
    "BatchPanel",
    "BreakPanel",
    "CheckYourself",
    "CurvePrediction",
    "HeadlinePanel",
    "NumberPrediction",
    "ParsonsPanel",
    "Progress",
    "RatePanel",
    "SplitPanel",
    "Target",
    "TrainingLab",
    "WordMapPanel",
]
