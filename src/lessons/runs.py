"""Lessons 05 to 07: a training as one thing, with its settings, its history and its best model."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from lessons.checkpoint import keep_best, write_whole
from lessons.data import Split
from lessons.loaders import EncodedStories, make_loader
from lessons.model import Classifier, TextClassifier
from lessons.text import Vocabulary
from lessons.training import Epoch, Scores, Step, fit

NO_END = 10**9  # epochs: whoever listens stops asking before


class Settings(NamedTuple):
    """All that decides how a training goes. The same settings give the same history."""

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.01
    optimizer: str = "AdamW"  # or "SGD"
    source: str = "mini-news"  # as for `lessons.data.load`
    seed: int = 0


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
class Run:
    """One training: its settings, its history, and the file of its best model."""

    settings: Settings
    path: Path  # of the checkpoint; settings and history stand beside it, in a .json file
    history: list[Epoch] = field(default_factory=list)

    def begin(self, prepared: Prepared) -> Iterator[Step | Epoch]:
        """The events of the training, as from `fit`. Each epoch joins the history.

        They have no end: `settings.epochs` is for the listener to count. The file always holds
        the best model so far.

        Raises ValueError for an unknown optimizer or a batch size below 1.
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
        self.path.parent.mkdir(parents=True, exist_ok=True)
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
        write_whole(self.path.with_suffix(".json"), lambda file: file.write(contents.encode()))


def make_optimizer(model: nn.Module, name: str, learning_rate: float) -> Optimizer:
    """AdamW or SGD for the weights of this model. Raises ValueError for another name."""
    if name == "AdamW":
        return AdamW(model.parameters(), lr=learning_rate, fused=True)  # fused: only faster
    if name == "SGD":
        return SGD(model.parameters(), lr=learning_rate)
    raise ValueError(f"There is no optimizer {name!r} here. Use 'AdamW' or 'SGD'.")


# ------------------------------------------------------------------- the folder with the runs


def new_run(folder: Path, settings: Settings) -> Run:
    """A run that has not begun. Its file name is later than all others in the folder."""
    return Run(settings, folder / f"{time.time_ns()}.pt")


def kept_runs(folder: Path) -> list[Run]:
    """The runs in a folder, the latest one last. A damaged file is left out and left alone."""
    runs = []
    for path in sorted(folder.glob("*.json")):
        try:
            contents = json.loads(path.read_bytes())
            settings = Settings(*contents["settings"])
            history = [
                Epoch(number, Scores(*train), Scores(*validation), seconds)
                for number, train, validation, seconds in contents["history"]
            ]
        except (KeyError, TypeError, ValueError):
            continue
        runs.append(Run(settings, path.with_suffix(".pt"), history))
    return runs


def delete_run(run: Run) -> None:
    """Delete the files of a run."""
    for path in (run.path, run.path.with_suffix(".json")):
        path.unlink(missing_ok=True)
