"""Two workers of the benchmark of larger data: they end, and what is measured is the clock."""

import sys

from conftest import ROOT
from lessons.loaders import EncodedStories
from lessons.split import Stories
from lessons.text import Vocabulary

sys.path.append(str(ROOT / "benchmarks"))
import larger

TEXTS = [f"{kind}{i} one two end{kind}{i}" for i in range(20) for kind in "xy"]


def test_two_workers_measure_the_clock():
    stories = Stories(TEXTS, [0, 1] * 20, ("x", "y"))
    encoded = EncodedStories(stories, Vocabulary.build(stories.texts, 1))
    processor, clock = larger.together(2, 8, encoded, [100, 2])
    assert processor == clock > 0
