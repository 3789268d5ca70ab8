"""Lesson 02: epoch, batch and iteration, to be moved."""

import math

import ipywidgets as widgets
from matplotlib.figure import Figure

from lessons.figures.html import labelled, svg
from lessons.figures.plots import draw_epoch
from lessons.panels.controls import Dial, Panel, buttons, status_line, words


class BatchPanel(Panel):
    """A strip of batches for any number of stories and any batch size; Play reads it once."""

    title = "Epoch, batch, iteration"

    def __init__(self, stories: int = 1030, batch_size: int = 100) -> None:
        """Begin with so many stories, in batches of this size."""
        self._stories = Dial("stories", range(50, 2001, 50), stories, free=True)
        sizes = [1, 2, 5, 10, 20, 32, 50, 64, 100, 128, 200, 256, 500, 1000]
        self._size = Dial("batch size", sizes, batch_size, unit="stories", free=True)
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

    @property
    def iterations(self) -> int:
        """How many batches an epoch has."""
        return math.ceil(self._stories.value / self._size.value)

    def _cut(self) -> None:
        """Other numbers: begin the epoch again."""
        self._read.value = 0
        self._play.max = self.iterations
        self._read.offer(range(self.iterations + 1))
        self._show()

    def _show(self) -> None:
        stories, size, read = (int(d.value) for d in (self._stories, self._size, self._read))
        figure = Figure(figsize=(10, 1.7), layout="constrained")
        draw_epoch(figure.subplots(), stories, size, read)
        last = stories - (self.iterations - 1) * size
        iterations = f"{self.iterations:,} iterations make"
        if self.iterations == 1:
            iterations = "1 iteration makes"
        told = (
            f"{stories:,} stories in batches of {size:,}: {iterations} one epoch. "
            f"{f'The last batch holds {last:,}.' if last < size else 'All are full.'}"
        )
        if read:
            done = min(read * size, stories)
            told += f" Iteration {read:,}: {done:,} stories are read."
            told += " That was one epoch." if done == stories else ""
        self._strip.value = labelled(svg(figure), told)
        self._status.value = words(told)
