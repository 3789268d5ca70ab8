"""Lesson 09: break a training on purpose, and find out what is broken."""

import html
import math
import re
from collections.abc import Iterator, Sequence
from random import Random
from time import perf_counter
from typing import Any

import ipywidgets as widgets
from matplotlib.figure import Figure

from lessons.figures.html import labelled, svg
from lessons.panels.controls import (
    Dial,
    Panel,
    beside,
    button,
    buttons,
    html_line,
    replace_buttons,
    status_line,
)
from lessons.panels.live_plot import describe_loss
from lessons.panels.worker import Worker
from lessons.silent_bugs.bugs import BUGS, Bug, compare
from lessons.silent_bugs.plots import draw_comparison
from lessons.silent_bugs.recipe import run_events
from lessons.silent_bugs.steps import EpochScores
from lessons.sources import load_split
from lessons.split import Split
from lessons.training import Scores, Step

MYSTERY = "mystery"
SOUND = "sound"  # the mystery in which nothing is wrong
SEEDS = range(10)  # that the slider offers
APART = 100  # between the seeds of the two runs, if nothing is wrong
# Two healthy runs: only the seeds differ.
NOTHING = BUGS["zero_grad"]._replace(
    name="Nothing is wrong",
    see="The two runs differ as two seeds always do, and none of the eight pictures fits.",
    why="There is no bug. A healthy run from another seed never looks exactly the same.",
    find="Train again from other seeds: a bug stays, luck does not.",
    mend="Nothing. To leave well alone is a skill, too.",
    broken=BUGS["zero_grad"].healthy,
)
ALL = {**BUGS, SOUND: NOTHING}
WORDS = {  # what the line under the controls says; a page without a kernel says the same
    "predict": "What will the marked lines do to the curves? Predict, then press Run.",
    "training": "Training the {who} run: epoch {number} of {epochs}.",
    "stopped": "Stopped. Press Run or Mystery to begin anew.",
    "usual": "It usually looks like this: {see}",
    "finished": "Finished. {usual}",
    "asked": "Finished. What is wrong with the mystery run? Or is nothing wrong?",
    "wrong": "Not yet. {name} would look like this: {see} Compare, and try again.",
    "right": "Right: {name}. {usual}",
    "was": "It was: {name}. {usual}",
    "solved": "{solved} of {met} mysteries solved",
    # What is drawn, in words: the plots, and the last epoch of each run.
    "plots": "Validation loss, validation accuracy and test accuracy over the epochs.",
    "empty": "Three empty plots. {plots}",
    "run": "The {name} run after epoch {number}: {loss}, {accuracies}.",
    "accuracies": "accuracy {train:.0%} in training, {validation:.0%} in validation, "
    "{test:.0%} in the test, {new:.0%} on new stories",
}
CAPTION = "The epoch that is kept (★): its losses, and its share of right answers"
HEADS = (
    *("run", "epoch", "training loss", "validation loss"),
    *("training", "validation", "test", "new stories"),
)


class BreakPanel(Panel):
    """Choose a bug and see its curves beside those of the healthy run; or diagnose a mystery.

    `healthy` and `broken` (lists of `EpochScores`) are those of the latest run, for the next cell.
    Without a front end, `run("zero_grad")` trains both and prints what the bug is about;
    `run("mystery", seed=3)` and `diagnose("Forgotten zero_grad")` are the guessing game.
    """

    title = "Break it"
    instead = ' In a script: call its method run("zero_grad").'

    def __init__(self, parts: Split | None = None) -> None:
        """Train on these stories; without any, on those of the chosen source."""
        self._parts = parts or load_split()
        self.healthy: list[EpochScores] = []
        self.broken: list[EpochScores] = []
        self._secret: str | None = None  # the key of the mystery, if there is one
        self._solved, self._met, self._open = 0, 0, False
        self._random, self._busy, self._due = Random(), False, 0.0
        self._view, self._facts = widgets.HTML(), widgets.HTML()
        self._status = status_line()
        rows = beside(self._make_controls(), self._make_game())
        super().__init__(rows, self._view, self._facts)
        self._worker: Worker[Step | EpochScores] = Worker(self._handle, self._end)
        self._choose()
        self._enable()

    def page(self) -> dict[str, Any]:
        """The page plays back runs on Mini-News; for other stories it has none."""
        return {"panel": "break-it"} if self._parts == load_split("mini-news") else {}

    def _make_controls(self) -> list[widgets.Widget]:
        self._bug = _dropdown("bug", [(bug.name, key) for key, bug in BUGS.items()])
        self._bug.observe(lambda _: self._choose(), "value")
        self._seed = Dial("seed", SEEDS, 0)
        self._buttons = buttons(*self._make_buttons())
        return [self._bug, self._seed.row, self._buttons]

    def _make_buttons(self) -> tuple[widgets.Widget, ...]:
        self._run = button("Run", "play", self._press_run)
        self._run.button_style = "primary"
        self._stop = button("Stop", "stop", self.stop)
        self._mystery = button("Mystery", "question", self._press_mystery)
        return self._run, self._stop, self._mystery

    def _renew_buttons(self) -> None:
        """Replace the buttons by new ones, so that earlier clicks have no effect.

        A click waits until the running cell ends. It would then start a training, whose curves
        would replace those that the cell has just shown.
        """
        new = self._make_buttons()
        self._enable()
        replace_buttons(self._buttons, new)

    def _make_game(self) -> list[widgets.Widget]:
        names = [(bug.name, key) for key, bug in ALL.items()]
        self._guess = _dropdown("diagnosis", names)
        self._diagnose = button("Diagnose", "check", self._press_diagnose)
        self._reveal = button("Tell me", "eye", self.reveal)
        return [self._status, self._guess, buttons(self._diagnose, self._reveal)]

    # --------------------------------------------------------------------- for a script

    def run(self, bug: str, seed: int = 0) -> None:
        """Train both versions in this cell. For "mystery", the seed decides which bug it is.

        Raises ValueError for an unknown bug.
        """
        if bug not in (*BUGS, MYSTERY):
            known = ", ".join([*BUGS, MYSTERY])
            raise ValueError(f"There is no bug {bug!r}. Use one of: {known}.")
        Worker.stop_any()
        if bug == MYSTERY:
            self._random, self._secret = Random(seed), None
        else:
            self._bug.value = bug
        if seed in self._seed.values:
            self._seed.value = seed
        try:
            self._worker.run(self._begin(bug, seed))
        finally:
            self._renew_buttons()
            self._end(None)
        print(f"{self._name}: {len(self.healthy)} epochs healthy, {len(self.broken)} {self._kind}.")
        if self._secret is None:
            print(as_text(BUGS[bug]))

    def diagnose(self, name: str) -> None:
        """Say what is wrong with the mystery; prints whether that is so, and why.

        Raises ValueError if there is no mystery or no such diagnosis.
        """
        keys = {known.name: key for key, known in ALL.items()} | {key: key for key in ALL}
        if self._secret is None or not self.broken:
            raise ValueError('There is no mystery. Begin one: press Mystery, or run("mystery").')
        if name not in keys:
            raise ValueError(f"There is no diagnosis {name!r}. Use one of: {', '.join(keys)}.")
        print(self._answer(keys[name]))

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the runs to end; False if they have not after so many seconds."""
        return self._worker.wait(seconds)

    # ---------------------------------------------------------------------- the buttons

    def stop(self) -> None:
        """Stop after the current step."""
        self._worker.stop()

    def reveal(self) -> None:
        """Give up, and show what the mystery was."""
        if self._secret is None or not self._open or self._busy:
            return
        self._open = False
        self._set_status(_say("was", ALL[self._secret]))
        self._facts.value = as_html(ALL[self._secret])
        self._enable()

    def _press_run(self) -> None:
        if not self._busy:
            self._worker.start(self._begin(str(self._bug.value), int(self._seed.value)))

    def _press_mystery(self) -> None:
        if not self._busy:
            self._worker.start(self._begin(MYSTERY, int(self._seed.value)))

    def _press_diagnose(self) -> None:
        if self._secret is not None and self._open and not self._busy:
            self._answer(str(self._guess.value))

    def _choose(self) -> None:
        """Show the code of the chosen bug, so that the reader can predict its curves."""
        if self._busy:
            return
        self._forget()
        bug = BUGS[str(self._bug.value)]
        self._set_status(WORDS["predict"])
        self._facts.value = as_html(bug, facts=False)
        self._show()

    def _forget(self) -> None:
        self.healthy, self.broken, self._secret, self._open = [], [], None, False
        self._enable()

    # -------------------------------------------------------------------------- the runs

    def _begin(self, key: str, seed: int) -> Iterator[Step | EpochScores]:
        """Both trainings, one after the other, as events."""
        before = self._secret
        self._forget()
        if key == MYSTERY:
            self._secret = self._random.choice([name for name in ALL if name != before])
            self._met, self._open = self._met + 1, True
        self._bug_now = self._bug_of(self._secret or key)
        self._busy, self._due = True, 0.0
        self._facts.value = "" if self._secret else as_html(self._bug_now, facts=False)
        self._enable()
        return self._train(self._bug_now, seed)

    def _bug_of(self, key: str) -> Bug:
        """The bug of this key. If nothing is wrong, both runs take the same healthy recipe."""
        if key != SOUND:
            return ALL[key]
        recipe = BUGS[self._random.choice(list(BUGS))].healthy
        return NOTHING._replace(healthy=recipe, broken=recipe)

    def _train(self, bug: Bug, seed: int) -> Iterator[Step | EpochScores]:
        other = seed + APART if self._secret == SOUND else seed
        for epochs, recipe, start in (
            (self.healthy, bug.healthy, seed),
            (self.broken, bug.broken, other),
        ):
            for event in run_events(self._parts, recipe, start):
                if isinstance(event, EpochScores):
                    epochs.append(event)
                yield event

    def _handle(self, event: Step | EpochScores) -> bool:
        """Record an event and show it, if due, in the worker's thread."""
        if perf_counter() > self._due:
            who = self._kind if len(self.healthy) == self._bug_now.healthy.epochs else "healthy"
            number = event.epoch if isinstance(event, Step) else event.number
            epochs = self._bug_now.healthy.epochs
            self._set_status(WORDS["training"].format(who=who, number=number, epochs=epochs))
            self._show()
            self._due = perf_counter() + 0.5  # a drawing takes a tenth of a second
        return True

    def _end(self, error: Exception | None) -> None:
        self._busy = False
        self._show()
        if error is not None:
            self._open = False
            self._set_status(f"Training ended with an error. {error}", error=True)
        elif len(self.broken) < self._bug_now.broken.epochs:
            self._open = False
            self._set_status(WORDS["stopped"])
        elif self._secret is not None:
            self._set_status(WORDS["asked"])
        else:
            self._set_status(_say("finished", self._bug_now))
            self._facts.value = as_html(self._bug_now)
        self._enable()

    def _answer(self, key: str) -> str:
        """What to say to a diagnosis of the mystery."""
        assert self._secret is not None
        guess, truth = ALL[key], ALL[self._secret]
        if guess is not truth:
            answer = _say("wrong", guess)
        else:
            answer = _say("right", truth)
            self._solved += self._open
            self._open = False
            self._facts.value = as_html(truth)
        self._set_status(answer)
        self.show_beside_title(WORDS["solved"].format(solved=self._solved, met=self._met))
        self._enable()
        return answer

    # ----------------------------------------------------------------------- what is seen

    @property
    def _kind(self) -> str:
        return "broken" if self._secret is None else MYSTERY

    @property
    def _name(self) -> str:
        return "Mystery" if self._secret else self._bug_now.name

    def _enable(self) -> None:
        self._run.disabled = self._mystery.disabled = self._bug.disabled = self._busy
        self._stop.disabled = not self._busy
        playing = self._open and not self._busy
        self._guess.disabled = self._diagnose.disabled = self._reveal.disabled = not playing

    def _set_status(self, text: str, error: bool = False) -> None:
        self._status.value = html_line(text, error)

    def _show(self) -> None:
        stars = self._stars()
        figure = Figure(figsize=(11, 3.4), layout="constrained")
        draw_comparison(figure, self.healthy, self.broken, stars, self._kind)
        alt = describe_comparison(self.healthy, self.broken, self._kind)
        table = _table(("healthy", self._kind), stars) if len(stars) == 2 else ""
        self._view.value = labelled(svg(figure), alt) + table

    def _stars(self) -> list[EpochScores]:
        """The epochs that were kept, when both runs are complete."""
        if not self.broken or len(self.broken) < self._bug_now.broken.epochs:
            return []
        bug = self._bug_now
        both = (bug.healthy, self.healthy), (bug.broken, self.broken)
        return [recipe.choose_epoch(epochs) for recipe, epochs in both]


def _dropdown(name: str, options: Sequence[tuple[str, str]]) -> widgets.Dropdown:
    made = widgets.Dropdown(options=options, description=name)
    made.style.description_width = "96px"
    made.add_class("lessons-wide")
    return made


def describe_comparison(
    healthy: Sequence[EpochScores], broken: Sequence[EpochScores], kind: str
) -> str:
    """The drawing in words and numbers, for those who cannot see it."""
    runs = [(name, epochs[-1]) for name, epochs in (("healthy", healthy), (kind, broken)) if epochs]
    if not runs:
        return WORDS["empty"].format(plots=WORDS["plots"])
    return " ".join([WORDS["plots"], *(_run_in_words(name, last) for name, last in runs)])


def _run_in_words(name: str, last: EpochScores) -> str:
    number, *scores = last
    parts = zip(last._fields[1:], scores, strict=True)
    accuracies = WORDS["accuracies"].format(**{part: one.accuracy for part, one in parts})
    loss = describe_loss("validation", last.validation)
    return WORDS["run"].format(name=name, number=number, loss=loss, accuracies=accuracies)


def _table(names: Sequence[str], kept: Sequence[EpochScores]) -> str:
    """The scores of the epochs that were kept, as HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADS)
    rows = ""
    for name, epoch in zip(names, kept, strict=True):
        measured = (epoch.train, epoch.validation, epoch.test, epoch.new)
        cells = [str(epoch.number), _loss(epoch.train), _loss(epoch.validation)]
        cells += [f"{scores.accuracy:.0%}" for scores in measured]
        rows += f'<tr><th scope="row">{name}</th>'
        rows += "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    return f"<table><caption>{CAPTION}</caption><tr>{head}</tr>{rows}</table>"


def _loss(scores: Scores) -> str:
    return "NaN" if math.isnan(scores.loss) else f"{scores.loss:.2f}"


SENTENCES = (
    ("What it usually looks like", "see"),
    ("Why", "why"),
    ("How to find it", "find"),
    ("How to mend it", "mend"),
)


def _say(what: str, bug: Bug) -> str:
    """A sentence of `WORDS` about a bug. On stories of one's own it need not show as clearly."""
    usual = WORDS["usual"].format(see=bug.see)
    return WORDS[what].format(name=bug.name, see=bug.see, usual=usual)


def as_text(bug: Bug) -> str:
    """The facts about a bug, for a page without HTML."""
    return "\n".join(f"{title}: {getattr(bug, field)}" for title, field in SENTENCES)


def as_html(bug: Bug, facts: bool = True) -> str:
    """The code of both versions of a bug, if there are two; with `facts`, also the rest."""
    code = "" if bug.healthy == bug.broken else _code(bug)
    if not facts:
        return code
    rows = (f"<dt>{title}</dt><dd>{_marked(getattr(bug, name))}</dd>" for title, name in SENTENCES)
    return f"{code}<dl>{''.join(rows)}</dl>"


def _code(bug: Bug) -> str:
    """Both versions as HTML. In a narrow window the keyboard can scroll them as well."""
    lines = [(version, html.escape(f"{version:8} {line}")) for version, line in compare(bug)]
    rows = "\n".join(f"<mark>{line}</mark>" if version else line for version, line in lines)
    return f'<pre tabindex="0">{rows}</pre>'


def _marked(text: str) -> str:
    """Escaped, with what is in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
