"""Drawings (`draw_*`), and figures as HTML (`picture`)."""

from lessons.figures.html import picture
from lessons.figures.plots import (
    TRAIN,
    VALIDATION,
    draw_accuracy,
    draw_confusion,
    draw_epoch,
    draw_line,
    draw_loss,
    draw_shares,
    draw_sizes,
)

__all__ = [
    "TRAIN",
    "VALIDATION",
    "draw_accuracy",
    "draw_confusion",
    "draw_epoch",
    "draw_line",
    "draw_loss",
    "draw_shares",
    "draw_sizes",
    "picture",
]
