"""Lessons 05 to 07: train with sliders, watch the curves, press Stop."""

import html
import json
import math
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any, ClassVar, NamedTuple

import ipywidgets as widgets

from lessons.checkpoint import load_checkpoint
from lessons.model import Classifier
from lessons.panels.controls import (
    Dial,
    Panel,
    beside,
    button,
    buttons,
    html_line,
    on_top,
    replace_buttons,
    status_line,
)
from lessons.panels.live_plot import Curves, describe_loss
from lessons.panels.runs import (
    Prepared,
    Settings,
    TrainingRun,
    delete_run,
    kept_runs,
    new_run,
    prepare,
)
from lessons.panels.worker import Worker
from lessons.sources import SOURCE_VARIABLE, load_split
from lessons.sources.ag_news import download_ag_news
from lessons.support.device import chosen_device
from lessons.training import Step
from lessons.validation import Epoch, best

AG_NEWS = "ag-news"  # the name of the source, as in `lessons.sources.load`
KEPT = 5  # runs; before a sixth one begins, the oldest is deleted
EPOCHS = range(1, 31)
BATCH_SIZES = tuple(2**n for n in range(3, 11))  # 8 to 1024
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
USUAL = {"AdamW": 0.01, "SGD": 3.0}  # learning rates that suit the optimizers
SLOW = 1.0  # seconds an epoch in slow motion
WORDS = {  # what the lab says; a page without a kernel says the same
    "slow": "slow motion: a second an epoch",
    "ready": "Press Train.",
    "epoch": "Epoch {number}: {loss}, {about}{validation:.0%} right.",
    "too high": "The learning rate is too high: choose a smaller one.",
    "saved": "Best so far, saved.",
    "earlier": "The best is epoch {number}.",
    "stopped": "Stopped after {done} of {epochs} epochs.{how}",
    "how": " Press Continue to go on from here.",
    "finished": "Finished. ",
    "forgotten": "All runs are forgotten. Press Train.",
    "reached": "✓ reached in epoch {number}",
    "not reached": "not reached yet",
}
CAPTION = "Runs"
HEADS = (
    *("run", "epochs", "batch size", "optimizer", "learning rate", "stories"),
    *("best epoch", "validation loss", "validation accuracy"),
)

LabEvent = Step | Epoch | str  # of a run; a text while the stories are loaded


class Target(NamedTuple):
    """A goal: more than this validation accuracy (0 to 1) within so many epochs."""

    accuracy: float
    epochs: int

    def reached(self, history: Sequence[Epoch]) -> int | None:
        """The number of the first epoch that reaches it, or None."""
        within = (epoch for epoch in history if epoch.number <= self.epochs)
        return next((e.number for e in within if e.validation.accuracy > self.accuracy), None)

    def __str__(self) -> str:
        epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        return f"Target: validation accuracy above {self.accuracy:.0%} in {epochs}"


class TrainingLab(Panel):
    """Sliders that drive a real training, with live curves, Stop and Continue.

    `history` (a list of `Epoch`), `best` (the best `Epoch`) and `classifier` (its model) are
    those of the latest run, for the next cell. Without a front end, `run(epochs=5)` trains with
    plain arguments and prints.

    Runs are kept in `folder`/`name`, so running the cell again or restarting the kernel loses
    nothing. A lab shows and deletes its own runs, and takes over those of kernels that have ended.
    It does not touch those of another kernel that is still running. In one kernel only one training
    runs at a time.
    """

    title = "Training lab"
    instead = " In a script: call its method run(epochs=5)."
    _labs: ClassVar[dict[str, "TrainingLab"]] = {}

    def __init__(
        self, name: str = "lab", target: Target | None = None, folder: str | Path = ".lessons"
    ) -> None:
        """Take over the runs of an earlier lab of this name, or those in the folder."""
        self._name, self._target, self._folder = name, target, Path(folder) / name
        self._frame, self._lines, self._code = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._progress, self._table = widgets.HTML(), widgets.HTML()
        self._status = status_line()
        self._buttons = buttons(*self._make_buttons())
        left = [*self._make_controls(), self._buttons, self._code, self._progress, self._status]
        super().__init__(beside(left, [on_top(self._frame, self._lines)]), self._table)
        self._worker: Worker[LabEvent] = Worker(self._handle, self._end)
        self._busy, self._claiming, self._enabling = False, threading.Lock(), threading.Lock()
        self._times_shown = 0  # of the code
        self._steps: list[Step] = []  # of the epoch that is not yet complete
        self._due = 0.0  # when the next painting may begin
        # Of the latest run, if it can be continued: a generator that has failed cannot.
        self._events: Iterator[LabEvent] | None = None
        self._prepared: dict[str, Prepared] = {}  # by source
        self._adopt(TrainingLab._labs.get(str(self._folder)))
        TrainingLab._labs[str(self._folder)] = self
        self._new_plot()
        self._enable()

    def _make_controls(self) -> list[widgets.Widget]:
        self._source = widgets.Dropdown(options=sources(), description="stories")
        self._optimizer = widgets.Dropdown(options=list(USUAL), description="optimizer")
        for dropdown in (self._source, self._optimizer):
            dropdown.style.description_width = "96px"
        self._epochs = Dial("epochs", EPOCHS, 10)
        self._batch_size = Dial("batch size", BATCH_SIZES, 128, unit="stories")
        self._rate = Dial("learning rate", RATES, USUAL["AdamW"], free=True)
        self._slow = widgets.Checkbox(description=WORDS["slow"], indent=False)
        self._epochs.listen(self._enable)
        self._optimizer.observe(self._suit_rate, "value")
        dials = (self._epochs.row, self._batch_size.row, self._optimizer, self._rate.row)
        return [self._source, *dials, self._slow]

    def _make_buttons(self) -> tuple[widgets.Widget, ...]:
        self._train = button("Train", "play", self.train)
        self._train.button_style = "primary"
        self._stop = button("Stop", "stop", self.stop)
        self._continue = button("Continue", "step-forward", self.go_on)
        self._reset = button("Reset", "undo", self.reset)
        copy = button("Copy as code", "copy", self.show_code)
        copy.add_class("lessons-copy")
        return self._train, self._stop, self._continue, self._reset, copy

    def _renew_buttons(self) -> None:
        """Replace the buttons by new ones, so that earlier clicks have no effect.

        Most front ends send a click to the thread in which cells run. There it waits until the cell
        ends, and would then delete runs that did not exist when the button was clicked.
        """
        new = self._make_buttons()
        self._enable()
        replace_buttons(self._buttons, new)

    def _suit_rate(self, change: dict[str, str]) -> None:
        """Set the usual learning rate of the new optimizer, unless the user has chosen a rate."""
        if self._rate.value == USUAL[change["old"]]:
            self._rate.value = USUAL[change["new"]]

    def _adopt(self, earlier: "TrainingLab | None") -> None:
        if earlier is None:
            self.runs = kept_runs(self._folder)
            self._set_status("Here are your earlier runs." if self.runs else WORDS["ready"])
            return
        earlier.stop()
        earlier.wait(5)  # only the preparation of many stories takes longer; then it ends by itself
        earlier.close()
        self.runs, self._events = earlier.runs, earlier._events
        self._prepared = earlier._prepared
        self._set_status(earlier._status_text)

    # ------------------------------------------------------------------- for the next cell

    @property
    def history(self) -> list[Epoch]:
        """The epochs of the latest run."""
        return self.runs[-1].history if self.runs else []

    @property
    def best(self) -> Epoch:
        """The best epoch of the latest run. Raises ValueError if there is none."""
        return best(self.history)

    @property
    def classifier(self) -> Classifier:
        """The model of the best epoch of the latest run. Raises ValueError if there is none."""
        return load_checkpoint(self.runs[-1].path if self.runs else self._folder)

    def run(
        self,
        epochs: int = 10,
        batch_size: int = 128,
        learning_rate: float = 0.01,
        optimizer: str = "AdamW",
        source: str | None = None,
        seed: int = 0,
    ) -> None:
        """Train in this cell, without sliders, and print a line for each epoch.

        Meanwhile only the button Stop is enabled.

        Raises ValueError for settings that are not valid, or if the device of LESSONS_DEVICE is
        not here, without stopping a training that runs; OSError if the folder cannot be written.
        """
        source = str(source or sources()[0][1])
        settings = Settings(epochs, batch_size, learning_rate, optimizer, source, seed).checked()
        chosen_device()
        Worker.stop_any()
        while not self._claim():  # a button was faster
            Worker.stop_any()
        events = self._printed(self._begin(settings))
        try:
            self._worker.run(events)
        except BaseException:
            self._events = None
            raise
        finally:
            self._renew_buttons()
            self._end(None)

    def _printed(self, events: Iterator[LabEvent]) -> Iterator[LabEvent]:
        for event in events:
            if isinstance(event, Epoch):
                print(describe_epoch(self.history, digits=1, approximate=True))
            yield event

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the training to end. False if it has not after so many seconds."""
        return self._worker.wait(seconds)

    # ------------------------------------------------------------------------- the buttons

    def train(self) -> None:
        """Begin a new run with the settings of the sliders."""
        if not self._claim():
            return
        try:
            self._begin(self._wanted())
        except (OSError, ValueError):
            return  # the panel shows the error
        self._set_status("Training.")
        self._start()

    def _wanted(self) -> Settings:
        epochs, batch_size = int(self._epochs.value), int(self._batch_size.value)
        optimizer, source = str(self._optimizer.value), str(self._source.value)
        return Settings(epochs, batch_size, self._rate.value, optimizer, source)

    def stop(self) -> None:
        """Stop after the current step."""
        self._worker.stop()

    def go_on(self) -> None:
        """Continue the latest run, up to the number of epochs on the slider."""
        if self._continue.disabled or not self._claim():
            return
        run = self.runs[-1]
        run.settings = run.settings._replace(epochs=int(self._epochs.value))
        self._start()

    def reset(self) -> None:
        """Delete all runs of this lab with their files, and reset the sliders."""
        if not self._claim():
            return
        try:
            while self.runs:
                delete_run(self.runs[-1])
                del self.runs[-1]
        except OSError as error:
            self._release(str(error))
            return
        self._events = None
        self._optimizer.value, self._rate.value = "AdamW", USUAL["AdamW"]
        self._epochs.value, self._batch_size.value, self._slow.value = 10, 128, False
        self._set_status(WORDS["forgotten"])
        self._new_plot()
        self._release()

    def show_code(self) -> None:
        """Show the cell that trains with the settings of the sliders; the page copies it."""
        self._times_shown += 1  # in the HTML: the page knows by it that the cell is new
        wanted = self._wanted()
        values = {"epochs": str(wanted.epochs), "batch_size": str(wanted.batch_size)}
        values |= {"learning_rate": f"{wanted.learning_rate:g}"}
        values |= {"optimizer": json.dumps(wanted.optimizer)}
        if wanted.source != sources()[0][1]:
            values |= {"source": json.dumps(wanted.source, ensure_ascii=False)}
        code = html.escape(as_code(self._name, self._target, values), quote=False)
        shown = f'<pre class="lessons-code" tabindex="0" data-times="{self._times_shown}">'
        self._code.value = f'{shown}{code}</pre><div role="status"></div>'

    def page(self) -> dict[str, Any]:
        """What the website's lab needs; what the sliders offer is in its recording."""
        names = ("epochs", "batch_size", "learning_rate")
        places = {name: f"{{{name}}}" for name in names} | {"optimizer": '"{optimizer}"'}
        page: dict[str, Any] = {"panel": "training-lab"}
        page |= {"code": as_code(self._name, self._target, places)}
        if self._target is not None:
            page["target"] = {**self._target._asdict(), "text": str(self._target)}
        return page

    def _claim(self) -> bool:
        """Reserve the runs for a change by this thread. False if another one has them.

        Some front ends run the callback of a button in another thread while a cell trains.
        """
        with self._claiming:
            if self._busy:
                return False
            self._busy = True
        self._enable()
        return True

    def _release(self, trouble: str = "") -> None:
        """Undo `_claim`, and show what went wrong, if anything."""
        self._busy = False
        self._enable()
        if trouble:
            self._set_status(trouble, error=True)

    def _begin(self, settings: Settings) -> Iterator[LabEvent]:
        """The events of a new run. If there is an error, show it and release the runs."""
        try:
            run = new_run(self._folder, settings)
            self.runs.append(run)
            self._events = self._all_events(run)
            self._new_plot()
        except BaseException as error:
            self._release(f"No training has begun. {error}")
            raise
        return self._events

    def _all_events(self, run: TrainingRun) -> Iterator[LabEvent]:
        """The events of a run, including the loading of its stories."""
        source = run.settings.source
        if source not in self._prepared:
            yield "Loading the stories."
            if source == AG_NEWS:  # event by event, so that Stop takes effect while it downloads
                for done, total in download_ag_news():
                    known = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if total else "asking"
                    yield f"Downloading AG News: {known}."
            self._prepared[source] = prepare(load_split(source))
        while len(self.runs) > KEPT:  # only now: a source that cannot be read costs no run
            delete_run(self.runs[0])
            del self.runs[0]
        yield from run.begin(self._prepared[source])

    def _start(self) -> None:
        assert self._events is not None
        self._clock, self._steps_made, self._due = perf_counter(), 0, 0.0
        self._worker.start(self._events)

    # ----------------------------------------------------------------- in the worker's thread

    def _handle(self, event: LabEvent) -> bool:
        """Record an event and show it, if due. False when the run has all its epochs."""
        if isinstance(event, str):
            self._set_status(event)
            self._clock = perf_counter()
            return True
        if isinstance(event, Step):
            self._steps.append(event)
            self._steps_made += 1
        else:
            self._steps = []
        if perf_counter() > self._due:
            self._paint()
        if self._slow.value and isinstance(event, Step):
            self._worker.pause(SLOW / event.of)
        return isinstance(event, Step) or event.number < self.runs[-1].settings.epochs

    def _paint(self) -> None:
        """Show the state of the run, and decide when to do so again.

        Painting takes a twentieth of the time at most, but is seen once a second or more often,
        up to two and a half times. The browser then works several times as long, which slows the
        training on a small machine. Only the time of this thread counts, not what other processes
        did meanwhile.
        """
        begun = thread_time()
        if self.history:
            self._set_status(f"{describe_epoch(self.history)} {judge(self.history)}")
        self._show()
        self._due = perf_counter() + min(max(0.4, 19 * (thread_time() - begun)), 1.0)

    def _end(self, error: Exception | None) -> None:
        """Show how the run ended, and release the runs."""
        if error is not None:
            self._events = None
        try:
            self._show_end(error)
        finally:  # also if the drawing fails
            self._release()

    def _show_end(self, error: Exception | None) -> None:
        settings, done = self.runs[-1].settings, len(self.history)
        if self._events is None and not done:  # it has no epoch and cannot be continued
            delete_run(self.runs.pop())
            self._new_plot()
        self._show()
        if error is not None:
            self._set_status(f"Training ended with an error. {error}", error=True)
        elif done < settings.epochs:
            how = "" if self._events is None else WORDS["how"]
            self._set_status(WORDS["stopped"].format(done=done, epochs=settings.epochs, how=how))
        else:
            summary = f"{describe_epoch(self.history)} {judge(self.history)}"
            self._set_status(WORDS["finished"] + summary)

    # ------------------------------------------------------------------------ what is seen

    def _enable(self) -> None:
        with self._enabling:  # a slider may call it in the main thread at the same time
            left = len(self.history) < self._epochs.value
            self._train.disabled = self._reset.disabled = self._busy
            self._stop.disabled = not self._busy
            self._continue.disabled = self._busy or self._events is None or not left

    def _set_status(self, text: str, error: bool = False) -> None:
        self._status_text = text
        self._status.value = html_line(text, error)

    def _new_plot(self) -> None:
        epochs = self.runs[-1].settings.epochs if self.runs else 10
        self._curves = Curves([run.history for run in self.runs[:-1]], epochs)
        self._steps = []
        self._clock, self._steps_made, self._due = perf_counter(), 0, 0.0
        self._show()

    def _show(self) -> None:
        # Only what has changed is sent, and the frame seldom changes.
        self._frame.value, self._lines.value = self._curves.draw(self.history, self._steps)
        self._progress.value = self._progress_bar()
        self._table.value = table(self.runs)
        if self._target is not None:
            reached = self._target.reached(self.history)
            state = WORDS["reached" if reached else "not reached"].format(number=reached)
            self.show_beside_title(f"{self._target}: <b>{state}</b>")

    def _progress_bar(self) -> str:
        epochs = self.runs[-1].settings.epochs if self.runs else 1
        done, where = float(len(self.history)), "&nbsp;"
        if self._steps:
            step = self._steps[-1]
            done += step.number / step.of
            steps_left = (epochs - done) * step.of
            seconds = steps_left * (perf_counter() - self._clock) / max(self._steps_made, 1)
            where = (
                f"epoch {step.epoch} of {epochs}, batch {step.number} of {step.of}, "
                f"about {math.ceil(seconds)} s left"
            )
        bar = f'<progress aria-label="progress" max="{epochs}" value="{done:.3f}"></progress>'
        return f"{bar}<div>{where}</div>"


def sources() -> list[tuple[str, str]]:
    """The sources of stories: label and name for `lessons.sources.load`; the default first."""
    known = {"mini-news": "Mini-News, built in", AG_NEWS: "AG News, downloaded once"}
    chosen = os.environ.get(SOURCE_VARIABLE) or "mini-news"
    known = {chosen: known.get(chosen, Path(chosen).name or chosen)} | known
    return [(name, source) for source, name in known.items()]


def as_code(name: str, target: Target | None, settings: Mapping[str, str]) -> str:
    """A cell that makes this lab and trains with these settings, which are pieces of code."""
    imported, goal = ("Target, TrainingLab", f", {target!r}") if target else ("TrainingLab", "")
    made = f"lab = TrainingLab({json.dumps(name, ensure_ascii=False)}{goal})"
    arguments = ", ".join(f"{setting}={value}" for setting, value in settings.items())
    return f"from lessons.panels import {imported}\n\n{made}\nlab.run({arguments})"


def describe_epoch(history: Sequence[Epoch], digits: int = 2, approximate: bool = False) -> str:
    """The latest epoch in words; `approximate` puts ≈ before loss and accuracy."""
    number, _, scores, _ = history[-1]
    loss = describe_loss("validation", scores, digits, approximate)
    about, validation = "≈ " * approximate, scores.accuracy
    return WORDS["epoch"].format(number=number, loss=loss, about=about, validation=validation)


def judge(history: Sequence[Epoch]) -> str:
    """Is the latest epoch the best one? In words."""
    if not math.isfinite(history[-1].validation.loss):
        return WORDS["too high"]
    number = best(history).number
    return WORDS["saved" if number == history[-1].number else "earlier"].format(number=number)


def table(runs: Sequence[TrainingRun]) -> str:
    """The settings and the best scores of the runs, as HTML."""
    if not runs:
        return ""
    rows = [_row(number, run) for number, run in enumerate(runs, 1)]
    marked = [f"<tr>{row}</tr>" for row in rows[:-1]] + [f'<tr class="lessons-now">{rows[-1]}</tr>']
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADS)
    return f"<table><caption>{CAPTION}</caption><tr>{head}</tr>{''.join(marked)}</table>"


def _row(number: int, run: TrainingRun) -> str:
    settings = run.settings
    cells = [str(number), f"{len(run.history)} of {settings.epochs}", str(settings.batch_size)]
    cells += [settings.optimizer, f"{settings.learning_rate:g}", Path(settings.source).name]
    if any(math.isfinite(epoch.validation.loss) for epoch in run.history):
        top = best(run.history)
        cells += [str(top.number), f"{top.validation.loss:.2f}", f"{top.validation.accuracy:.1%}"]
    else:
        cells += ["–"] * 3
    return "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
