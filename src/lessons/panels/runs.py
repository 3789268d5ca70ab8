"""Lessons 05 to 07: trainings that are kept on disk: settings, history and the best model of each.

It knows neither threads nor widgets.
"""

import json
import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import NamedTuple

import torch
from filelock import FileLock, Timeout
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from lessons.checkpoint import keep_best
from lessons.loaders import EncodedStories, make_loader
from lessons.model import Classifier, TextClassifier
from lessons.split import Split
from lessons.support.checks import check_whole_number
from lessons.support.device import chosen_device
from lessons.support.files import not_written, write_whole
from lessons.text import Vocabulary
from lessons.training import Scores, Step
from lessons.validation import Epoch, fit

NO_END = 10**9  # epochs; the caller stops earlier
OPTIMIZERS = ("AdamW", "SGD")


class Settings(NamedTuple):
    """All that decides the result of a training. The same settings give the same history."""

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.01
    optimizer: str = "AdamW"  # or "SGD"
    source: str = "mini-news"  # as for `lessons.sources.load`
    seed: int = 0

    def checked(self) -> "Settings":
        """The same settings with plain numbers. Raises ValueError if one of them is not valid."""
        check_whole_number("number of epochs", self.epochs)
        check_whole_number("batch size", self.batch_size)
        check_whole_number("seed", self.seed, least=0)
        rate = self.learning_rate
        if not isinstance(rate, Real) or isinstance(rate, bool) or not 0 <= rate < math.inf:
            raise ValueError(f"The learning rate is {rate!r}; it must be a number such as 0.01.")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(_NO_OPTIMIZER.format(self.optimizer))
        whole = {name: int(getattr(self, name)) for name in ("epochs", "batch_size", "seed")}
        return self._replace(learning_rate=float(rate), **whole)


_NO_OPTIMIZER = "There is no optimizer {!r} here. Use 'AdamW' or 'SGD'."


class Prepared(NamedTuple):
    """Encoded stories, ready for training."""

    train: EncodedStories
    validation: EncodedStories
    vocabulary: Vocabulary
    names: tuple[str, ...]


def prepare(parts: Split) -> Prepared:
    """Encode the training and validation stories with the vocabulary of the training stories."""
    vocabulary = Vocabulary.build(parts.train.texts)
    train, validation = (EncodedStories(part, vocabulary) for part in parts[:2])
    return Prepared(train, validation, vocabulary, parts.train.names)


@dataclass
class TrainingRun:
    """One training: its settings, its history, and the file of its best model."""

    settings: Settings
    path: Path  # of the checkpoint; settings and history are in the .json file beside it
    history: list[Epoch] = field(default_factory=list)

    def begin(self, prepared: Prepared) -> Iterator[Step | Epoch]:
        """Train as `fit` does, and add each epoch to the history and to the file beside `path`.

        The events do not end after `settings.epochs`: the caller counts. The checkpoint is always
        that of the best epoch so far. Model and stories are on `chosen_device()` meanwhile.

        Raises ValueError if that is not here. The iterator raises OSError if a file cannot be
        written.
        """
        wanted, device = self.settings, chosen_device()
        start = torch.Generator().manual_seed(wanted.seed)
        model = TextClassifier(len(prepared.vocabulary), len(prepared.names), generator=start)
        model.to(device)  # only now: the random numbers of the start are those of the CPU
        train, validation = (stories.to(device) for stories in prepared[:2])
        train_loader = make_loader(train, wanted.batch_size, True, wanted.seed)
        validation_loader = make_loader(validation, 128)
        optimizer = make_optimizer(model, wanted.optimizer, wanted.learning_rate)
        events = fit(model, train_loader, validation_loader, optimizer, NO_END)
        return self._record(events, Classifier(model, prepared.vocabulary, prepared.names))

    def _record(
        self, events: Iterator[Step | Epoch], classifier: Classifier
    ) -> Iterator[Step | Epoch]:
        for event in keep_best(events, self.path, classifier):
            if isinstance(event, Epoch):
                self.history.append(event)
                self.keep()
            yield event

    def keep(self) -> None:
        """Write settings and history into the .json file, from which other kernels read them.

        Raises OSError if it cannot be written.
        """
        contents = json.dumps({"settings": self.settings, "history": self.history})
        write_whole(self.path.with_suffix(".json"), contents.encode())


def make_optimizer(model: nn.Module, name: str, learning_rate: float) -> Optimizer:
    """AdamW or SGD for the weights of this model. Raises ValueError for another name."""
    if name == "AdamW":
        return AdamW(model.parameters(), lr=learning_rate, fused=True)  # fused: only faster
    if name == "SGD":
        return SGD(model.parameters(), lr=learning_rate)
    raise ValueError(_NO_OPTIMIZER.format(name))


# ------------------------------------------------------------------- the folder with the runs

# Several kernels may use one folder. Each kernel owns the runs that it has made, and those without
# an owner that it has found, and holds a lock on each of them. The operating system releases a lock
# when its kernel ends, also when it is killed.
_OURS: dict[Path, FileLock] = {}
_STALE = 60  # seconds, after which a lock without a run is removed; to take one needs far less


def new_run(folder: Path, settings: Settings) -> TrainingRun:
    """A run that has not begun. Its file name is the last of the folder.

    Raises ValueError for settings that are not valid or a device that is not here, and OSError if
    the folder cannot be written.
    """
    chosen_device()
    run = TrainingRun(settings.checked(), folder / f"{time.time_ns()}.pt")
    _take(run.path)
    return run


def kept_runs(folder: Path) -> list[TrainingRun]:
    """The runs in a folder, the latest one last. From now on this kernel owns them.

    Runs of other kernels that are still running are left out, and so are damaged files. Locks that
    killed kernels have left without a run are removed.
    """
    runs = []
    for path in sorted(folder.glob("*.json")):
        with suppress(KeyError, TypeError, ValueError, OSError):
            if _is_ours(path):  # first, so that no other kernel changes or deletes it meanwhile
                runs.append(_read_run(path))
    _remove_stale_locks(folder)
    return runs


def _remove_stale_locks(folder: Path) -> None:
    """Remove locks without a run whose kernel has ended. A new lock may be about to be taken."""
    for path in folder.glob("*.lock"):
        with suppress(OSError):  # also Timeout: another kernel has it, and its run has no epoch yet
            old = time.time() - path.stat().st_mtime > _STALE
            if old and path.resolve() not in _OURS and not path.with_suffix(".json").exists():
                with FileLock(path, timeout=0):
                    path.unlink()


def _read_run(path: Path) -> TrainingRun:
    contents = json.loads(path.read_bytes())
    history = [
        Epoch(number, Scores(*train), Scores(*validation), seconds)
        for number, train, validation, seconds in contents["history"]
    ]
    return TrainingRun(Settings(*contents["settings"]).checked(), path.with_suffix(".pt"), history)


def _is_ours(run: Path) -> bool:
    """Take a run if no other kernel owns it. Does this kernel own it now?"""
    try:
        _take(run)
    except Timeout:
        return False
    except OSError:
        return True  # no kernel can write here, so none can delete it either
    return True


def _take(run: Path) -> None:
    """Make this kernel the owner of a run.

    Raises Timeout if another kernel owns it, and OSError if its folder cannot be written.
    """
    path = run.resolve().with_suffix(".lock")
    if path in _OURS:
        return
    lock = FileLock(path, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise
    except OSError as error:
        raise not_written(run, error) from error
    _OURS[path] = lock


def delete_run(run: TrainingRun) -> None:
    """Delete the files of a run that this kernel owns. Raises OSError if that fails."""
    lock = run.path.resolve().with_suffix(".lock")
    for path in (run.path, run.path.with_suffix(".json")):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OSError(f"The file {path} could not be deleted ({error.strerror}).") from error
    if lock in _OURS:
        _OURS.pop(lock).release()
        with suppress(OSError):  # without its run it does no harm
            lock.unlink(missing_ok=True)
