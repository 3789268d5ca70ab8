"""Lessons 05 to 07: a training as one thing, with its settings, its history and its best model."""

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
from lessons.support.files import not_written, write_whole
from lessons.text import Vocabulary
from lessons.training import Scores, Step
from lessons.validation import Epoch, fit

NO_END = 10**9  # epochs: whoever listens stops asking before
OPTIMIZERS = ("AdamW", "SGD")


class Settings(NamedTuple):
    """All that decides how a training goes. The same settings give the same history."""

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.01
    optimizer: str = "AdamW"  # or "SGD"
    source: str = "mini-news"  # as for `lessons.sources.load`
    seed: int = 0

    def checked(self) -> "Settings":
        """The same, if a training can have such settings; else raises ValueError."""
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
    """Stories as numbers, ready to be trained on."""

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
    path: Path  # of the checkpoint; settings and history stand beside it, in a .json file
    history: list[Epoch] = field(default_factory=list)

    def begin(self, prepared: Prepared) -> Iterator[Step | Epoch]:
        """The events of the training, as from `fit`. Each epoch joins the history.

        They have no end: `settings.epochs` is for the listener to count. The file always holds
        the best model so far.

        Raises OSError, from an event, if a file cannot be written.
        """
        wanted = self.settings
        start = torch.Generator().manual_seed(wanted.seed)
        model = TextClassifier(len(prepared.vocabulary), len(prepared.names), generator=start)
        train_loader = make_loader(prepared.train, wanted.batch_size, True, wanted.seed)
        validation_loader = make_loader(prepared.validation, 128)
        optimizer = make_optimizer(model, wanted.optimizer, wanted.learning_rate)
        events = fit(model, train_loader, validation_loader, optimizer, NO_END)
        return self._note(events, Classifier(model, prepared.vocabulary, prepared.names))

    def _note(
        self, events: Iterator[Step | Epoch], classifier: Classifier
    ) -> Iterator[Step | Epoch]:
        for event in keep_best(events, self.path, classifier):
            if isinstance(event, Epoch):
                self.history.append(event)
                self.keep()
            yield event

    def keep(self) -> None:
        """Write settings and history into a file, for the next kernel to find.

        Raises OSError if that is not possible.
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

# Several kernels may use one folder. Each holds a lock on the runs that are its own: those that it
# has made, and those that it has found and that belonged to nobody. The system lets go of a lock
# when its kernel ends, whatever the end.
_OURS: dict[Path, FileLock] = {}


def new_run(folder: Path, settings: Settings) -> TrainingRun:
    """A run that has not begun. Its file name is later than all others in the folder.

    Raises ValueError for settings that no training can have, and OSError if the folder cannot be
    written.
    """
    run = TrainingRun(settings.checked(), folder / f"{time.time_ns()}.pt")
    _take(run.path)
    return run


def kept_runs(folder: Path) -> list[TrainingRun]:
    """The runs in a folder, the latest one last, and from now on this kernel's.

    Those of another kernel that is still running are left out. So is a damaged file, which is
    left alone.
    """
    runs = []
    for path in sorted(folder.glob("*.json")):
        with suppress(KeyError, TypeError, ValueError, OSError):
            if _is_ours(path):  # first, so that nobody changes or deletes it meanwhile
                runs.append(_read_run(path))
    return runs


def _read_run(path: Path) -> TrainingRun:
    contents = json.loads(path.read_bytes())
    history = [
        Epoch(number, Scores(*train), Scores(*validation), seconds)
        for number, train, validation, seconds in contents["history"]
    ]
    return TrainingRun(Settings(*contents["settings"]).checked(), path.with_suffix(".pt"), history)


def _is_ours(run: Path) -> bool:
    """Take a run if nobody has it. Is it now this kernel's?"""
    try:
        _take(run)
    except Timeout:
        return False
    except OSError:
        return True  # nobody can write here, so nobody can delete it either
    return True


def _take(run: Path) -> None:
    """Make a run this kernel's own.

    Raises Timeout if it is another one's, and OSError if its folder cannot be written.
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
    """Delete the files of a run that is this kernel's own. Raises OSError if that fails."""
    lock = run.path.resolve().with_suffix(".lock")
    for path in (run.path, run.path.with_suffix(".json")):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OSError(f"The file {path} could not be deleted ({error.strerror}).") from error
    if lock in _OURS:
        _OURS.pop(lock).release()
        with suppress(OSError):  # it is no more than a sign
            lock.unlink(missing_ok=True)
