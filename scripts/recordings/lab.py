"""The training lab: every run that its sliders can ask for on Mini-News.

A run of fewer epochs is the beginning of a longer one, so each run is recorded once, to the end of
the slider.
"""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lessons.panels.runs import OPTIMIZERS, Settings, TrainingRun
from lessons.panels.training_lab import BATCH_SIZES, EPOCHS, RATES
from lessons.validation import Epoch
from scripts.recordings import facts, stories

DIGITS = 6  # of a loss; two or three are shown, and the best epoch must be the same


def belongs_to() -> dict[str, Any]:
    """What the runs depend on."""
    return {**facts(), **offered(), "usual": list(Settings())}


def offered() -> dict[str, Any]:
    """What the sliders offer."""
    return {
        "optimizers": list(OPTIMIZERS),
        "batch_sizes": list(BATCH_SIZES),
        "rates": list(RATES),
        "epochs": max(EPOCHS),
    }


def record() -> dict[str, Any]:
    """Train with all settings. `runs` are by optimizer, batch size and rate, as `offered`."""
    prepared = stories()
    runs = [
        [[packed(train(prepared, optimizer, size, rate)) for rate in RATES] for size in BATCH_SIZES]
        for optimizer in OPTIMIZERS
    ]
    sizes = {"train": len(prepared.train), "validation": len(prepared.validation)}
    return {"stories": sizes, **offered(), "runs": runs}


def train(prepared, optimizer: str, size: int, rate: float, epochs: int = max(EPOCHS)):
    settings = Settings(epochs, size, rate, optimizer)
    with TemporaryDirectory() as folder:
        run = TrainingRun(settings, Path(folder) / "run.pt")
        epochs_done = (event for event in run.begin(prepared) if isinstance(event, Epoch))
        return list(islice(epochs_done, settings.epochs))
