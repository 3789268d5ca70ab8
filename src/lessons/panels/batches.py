"""Lesson 02: epoch, batch and iteration, set by sliders."""

import math
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets
from matplotlib.figure import Figure

from lessons.figures.html import labelled, svg
from lessons.figures.plots import draw_epoch
from lessons.panels.controls import Dial, Panel, buttons, html_line, status_line
from lessons.support.checks import check_whole_number

WORDS = {  # what the panel says; a page without a kernel says the same
    "cut": "{stories:,} stories in batches of {size:,}: {make} one epoch. {last}",
    "one": "1 iteration makes",
    "many": "{iterations:,} iterations make",
    "full": "All are full.",
    "rest": "The last batch holds {rest:,}.",
    "read": " Iteration {read:,}: {done:,} stories are read.",
    "end": " That was one epoch.",
}
COUNTS = range(50, 2001, 50)  # of stories
SIZES = (1, 2, 5, 10, 20, 32, 50, 64, 100, 128, 200, 256, 500, 1000)  # of a batch


class BatchPanel(Panel):
    """An epoch as a strip of batches; Play reads them one after the other, once."""

    title = "Epoch, batch, iteration"

    def __init__(self, stories: int = 1030, batch_size: int = 100) -> None:
        """Begin with this number of stories, in batches of this size.

        Both sliders reach as far as these numbers, if they are larger than usual.

        Raises ValueError if one of them is not a whole number of at least 1.
        """
        check_whole_number("number of stories", stories)
        check_whole_number("batch size", batch_size)
        counts, sizes = _range_with(COUNTS, stories), _range_with(SIZES, batch_size)
        self._stories = Dial("stories", counts, int(stories), free=True)
        self._size = Dial("batch size", sizes, int(batch_size), unit="stories", free=True)
        self._read = Dial("iteration", [0, 1], 0, live=True)
        self._play = widgets.Play(min=0, interval=400, tooltip="Read the stories once")
        widgets.link((self._play, "value"), (self._read.box, "value"))
        self._strip, self._status = widgets.HTML(), status_line()
        rows = [self._stories.row, self._size.row, self._read.row, buttons(self._play)]
        super().__init__(*rows, self._strip, self._status)
        self._stories.listen(self._cut)
        self._size.listen(self._cut)
        self._read.listen(self._show)
        self._cut()

    def page(self) -> dict[str, Any]:
        """What the sliders offer, where they begin, and the words."""
        stories, size = int(self._stories.value), int(self._size.value)
        return {
            "panel": "batches",
            "title": self.title,
            "stories": stories,
            "batch_size": size,
            "counts": sorted({*self._stories.values, stories}),
            "sizes": sorted({*self._size.values, size}),
            "words": WORDS,
        }

    @property
    def iterations(self) -> int:
        """How many batches an epoch has."""
        return math.ceil(self._stories.value / self._size.value)

    def _cut(self) -> None:
        """Begin the epoch again, with new numbers."""
        self._read.value = 0
        self._play.max = self.iterations
        self._read.offer(range(self.iterations + 1))
        self._show()

    def _show(self) -> None:
        stories, size, read = (int(d.value) for d in (self._stories, self._size, self._read))
        figure = Figure(figsize=(10, 1.7), layout="constrained")
        draw_epoch(figure.subplots(), stories, size, read)
        summary = _describe(stories, size, self.iterations, read)
        self._strip.value = labelled(svg(figure), summary)
        self._status.value = html_line(summary)


def _range_with(usual: Sequence[int], value: int) -> list[int]:
    """The usual values of a slider, and this one too if it is outside of their range."""
    value = int(value)
    inside = min(usual) <= value <= max(usual)
    return sorted(usual) if inside else sorted([*usual, value])


def _describe(stories: int, size: int, iterations: int, read: int) -> str:
    """The strip in words and numbers."""
    last = stories - (iterations - 1) * size
    make = WORDS["one" if iterations == 1 else "many"].format(iterations=iterations)
    rest = WORDS["rest" if last < size else "full"].format(rest=last)
    summary = WORDS["cut"].format(stories=stories, size=size, make=make, last=rest)
    if read:
        done = min(read * size, stories)
        summary += WORDS["read"].format(read=read, done=done)
        summary += WORDS["end"] if done == stories else ""
    return summary
