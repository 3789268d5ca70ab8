"""Lesson 06: keep the best model in a file, and load it back."""

import math
import os
import pickle
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import torch

from lessons.model import Classifier, TextClassifier
from lessons.text import Vocabulary
from lessons.training import Epoch, Step

_FORMAT = "lessons 1"  # to be counted up when the contents change


def save(path: str | Path, classifier: Classifier) -> None:
    """Write a checkpoint: the weights, the vocabulary and the names of the classes.

    The file is written beside its place and moved there when it is whole, so a crash at any
    moment leaves the previous checkpoint as it was.

    Raises OSError if it cannot be written there.
    """
    contents = {
        "format": _FORMAT,
        "weights": classifier.model.state_dict(),
        "tokens": list(classifier.vocabulary.tokens),
        "by_character": classifier.vocabulary.by_character,
        "names": list(classifier.names),
    }
    write_whole(Path(path), lambda file: torch.save(contents, file))


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let `write` fill a file beside `path`, and put it in its place when it is whole.

    Raises OSError if it cannot be written there.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        try:
            with partial.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(
            f"The file {path} could not be written ({error.strerror}). Choose a folder "
            "that exists, that you may write to and that has room."
        ) from error


def load(path: str | Path) -> Classifier:
    """Read a checkpoint that `save` has written. Code in the file is never run.

    Raises ValueError if there is no such file, or if it is damaged or something else.
    """
    path = Path(path)
    contents = _read(path)
    if not isinstance(contents, dict) or contents.get("format") != _FORMAT:
        raise ValueError(_ANOTHER.format(path=path))
    by_character = contents.get("by_character", False)  # older checkpoints do not say
    vocabulary, names = Vocabulary.of(contents["tokens"], by_character), tuple(contents["names"])
    try:
        width = contents["weights"]["embedding.weight"].shape[1]
        model = TextClassifier(len(vocabulary), len(names), width)
        model.load_state_dict(contents["weights"])
    except (KeyError, RuntimeError) as error:
        raise ValueError(_ANOTHER.format(path=path)) from error
    return Classifier(model, vocabulary, names)


_ANOTHER = (
    "The file {path} holds another model than this course's TextClassifier. Load it with the "
    "program that made it, or train and save again."
)


def _read(path: Path) -> Any:
    """The contents of a file, if they are whole and nothing but tensors and plain values."""
    if not path.is_file():
        raise ValueError(f"There is no checkpoint {path}. Train and save first, or check the path.")
    try:
        with zipfile.ZipFile(path) as archive:  # torch itself does not check the sums
            damaged = archive.testzip() is not None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError):
        damaged = True
    if damaged:
        raise ValueError(
            f"The checkpoint {path} is damaged or was never whole. Train and save again; other "
            "checkpoints are not affected."
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"The file {path} holds more than numbers and words, perhaps code, so it was not "
            "opened. Load only checkpoints that you have saved yourself."
        ) from error
    except RuntimeError as error:
        raise ValueError(_ANOTHER.format(path=path)) from error


def keep_best(
    events: Iterable[Step | Epoch], path: str | Path, classifier: Classifier
) -> Iterator[Step | Epoch]:
    """Pass the events of `fit` on, and save a checkpoint whenever the validation loss improves."""
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            lowest = event.validation.loss
            save(path, classifier)
        yield event
