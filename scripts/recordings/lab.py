"""The training lab: every run that its sliders can ask for on Mini-News.

A run of fewer epochs is the beginning of a longer one, so each run is recorded once, up to the end
of the slider.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import islice, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lessons.panels import live_plot, training_lab
from lessons.panels.runs import Prepared, Settings, TrainingRun
from lessons.panels.training_lab import BATCH_SIZES, EPOCHS, KEPT, RATES, USUAL, TrainingLab
from lessons.training import Scores
from lessons.validation import Epoch
from scripts.recordings import facts, stories

DIGITS = 5  # of a loss, two of which are shown, or three of a small one
# Above these rates a run amplifies the last bit, in which processors differ.
CALM = {"AdamW": 0.03, "SGD": 3.0}
NOTES = {  # what the page alone says
    "chaotic": "{optimizer} with a learning rate above {calm} is chaotic: another machine would "
    "draw another curve.",
    "recorded": "It plays real runs on Mini-News, recorded. In JupyterLab you train yourself: on "
    "AG News or stories of your own, at any learning rate, batch by batch.",
}


def belongs_to() -> dict[str, Any]:
    """What the runs depend on, and what the sliders offer."""
    return {**facts(), **offered()}


def offered() -> dict[str, Any]:
    """What the lab offers, and how it begins."""
    return {
        "optimizers": list(USUAL),
        "batch_sizes": list(BATCH_SIZES),
        "rates": list(RATES),
        "epochs": list(EPOCHS),
        "usual": USUAL,
        "begin": Settings()._asdict(),
        "kept": KEPT,
    }


def all_settings() -> list[Settings]:
    """Those of all runs, in the order in which they are recorded."""
    every = product(USUAL, BATCH_SIZES, RATES)
    return [Settings(max(EPOCHS), size, rate, optimizer) for optimizer, size, rate in every]


def record() -> dict[str, Any]:
    """Train with all settings; `runs` are in the order of `all_settings`."""
    prepared = stories()
    sizes = {"train": len(prepared.train), "validation": len(prepared.validation)}
    runs = [packed(train(prepared, settings), sizes) for settings in all_settings()]
    return {**offered(), "calm": CALM, "words": words(), "stories": sizes, "runs": runs}


def words() -> dict[str, Any]:
    """The sentences of the lab, and the heads of its table."""
    lab = {"title": TrainingLab.title, "caption": training_lab.CAPTION}
    lab |= {"heads": [*training_lab.HEADS], **training_lab.WORDS}
    return {**lab, **live_plot.WORDS, **NOTES}


def train(prepared: Prepared, settings: Settings) -> list[Epoch]:
    """The history of a run, as the lab makes it."""
    with TemporaryDirectory() as folder:
        run = TrainingRun(settings, Path(folder) / "run.pt")
        epochs = (event for event in run.begin(prepared) if isinstance(event, Epoch))
        return list(islice(epochs, settings.epochs))


def packed(history: Sequence[Epoch], sizes: dict[str, int]) -> list[list[float]]:
    """Four lists: losses in training and validation, and how many answers were right in each."""
    losses = [[getattr(epoch, part).loss for epoch in history] for part in sizes]
    right = [
        [counted(getattr(epoch, part).accuracy, size) for epoch in history]
        for part, size in sizes.items()
    ]
    return [rounded(losses[0], DIGITS), shortened(losses[1]), *right]


def unpacked(run: Sequence[Sequence[float]], sizes: dict[str, int]) -> list[Epoch]:
    """The history again, without seconds."""
    train, validation, train_right, right = run
    first = map(Scores, train, (count / sizes["train"] for count in train_right))
    second = map(Scores, validation, (count / sizes["validation"] for count in right))
    return [
        Epoch(number, *both, 0.0) for number, both in enumerate(zip(first, second, strict=True), 1)
    ]


def counted(accuracy: float, size: int) -> float:
    """How many of `size` answers are right: a whole number.

    Where half a percent is rounded, the last bit of the accuracy decides: the count then keeps it.
    """
    tries = (round(accuracy * size, digits) for digits in range(13))
    return next(one for one in tries if shown(one / size) == shown(accuracy))


def shown(accuracy: float) -> str:
    """An accuracy as the lab shows it, in the status and in the table."""
    return f"{accuracy:.0%} {accuracy:.1%}"


def shortened(losses: Sequence[float]) -> list[float]:
    """The losses, with as many digits as it takes to have the same best epochs as before."""
    wanted = list(best_so_far(losses))
    tries = (rounded(losses, digits) for digits in range(DIGITS, 18))
    return next(one for one in tries if list(best_so_far(one)) == wanted)


def best_so_far(losses: Sequence[float]) -> Iterator[int]:
    """The place of the lowest loss after each epoch, as `lessons.validation.best` finds it."""
    lowest, place = math.inf, -1
    for number, loss in enumerate(losses):
        if loss < lowest:  # NaN is not
            lowest, place = loss, number
        yield place


def rounded(losses: Sequence[float], digits: int) -> list[float]:
    """The losses with so many digits that count; NaN and infinite ones as they are."""
    return [float(f"{loss:.{digits}g}") for loss in losses]
