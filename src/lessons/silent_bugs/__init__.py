"""Lesson 09: eight silent bugs, each a step of a training in a healthy and a broken version."""

from lessons.silent_bugs.bugs import BUGS, compare, versions
from lessons.silent_bugs.plots import draw_comparison
from lessons.silent_bugs.recipe import run

__all__ = ["BUGS", "compare", "draw_comparison", "run", "versions"]
