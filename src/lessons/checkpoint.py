"""Lesson 06: keep the best model in a file, and load it back."""

import io
import math
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch

from lessons.model import Classifier, TextClassifier
from lessons.support.files import not_written, read_tensors, write_whole
from lessons.text import Vocabulary
from lessons.training import Step
from lessons.validation import Epoch

_FORMAT = "lessons 1"  # increase the number when the contents change
_KERNEL = secrets.token_hex(8)  # written into each checkpoint of this process
_SAVED: dict[Path, bool] = {}  # paths this process trains with: is there a checkpoint yet?


def save_checkpoint(path: str | Path, classifier: Classifier) -> None:
    """Write a checkpoint: the weights, the vocabulary and the names of the classes.

    The file is written under another name and renamed when it is complete, so a crash at any
    moment leaves the previous checkpoint as it was.

    Raises OSError if it cannot be written.
    """
    contents = {
        "format": _FORMAT,
        "kernel": _KERNEL,
        "weights": classifier.model.state_dict(),
        "tokens": list(classifier.vocabulary.tokens),
        "by_character": classifier.vocabulary.by_character,
        "pairs": classifier.vocabulary.pairs,
        "names": list(classifier.names),
    }
    buffer = io.BytesIO()  # torch.save into a file on a full disk does not raise OSError
    torch.save(contents, buffer)
    write_whole(Path(path), buffer.getvalue())
    _SAVED[Path(path).resolve()] = True


def load_checkpoint(path: str | Path) -> Classifier:
    """Read a checkpoint that `save_checkpoint` has written. Code in the file is never run.

    Raises ValueError if there is no such file, if it is damaged or no checkpoint of this course,
    or if this program trained under this name and another program has replaced the file.
    """
    path = Path(path)
    if not os.path.isfile(path):
        raise ValueError(_missing(path))
    contents = read_tensors(path)
    if not isinstance(contents, dict) or contents.get("format") != _FORMAT:
        raise ValueError(_OTHER_MODEL.format(path=path))
    if path.resolve() in _SAVED and contents.get("kernel") != _KERNEL:
        raise ValueError(_REPLACED.format(path=path))
    # Older checkpoints do not have the two.
    cut = (contents.get("by_character", False), contents.get("pairs", False))
    vocabulary, names = Vocabulary.of(contents["tokens"], *cut), tuple(contents["names"])
    try:
        embedding_dim = contents["weights"]["embedding.weight"].shape[1]
        model = TextClassifier(len(vocabulary), len(names), embedding_dim)
        model.load_state_dict(contents["weights"])
    except (KeyError, RuntimeError) as error:
        raise ValueError(_OTHER_MODEL.format(path=path)) from error
    return Classifier(model, vocabulary, names)


_OTHER_MODEL = (
    "The file {path} holds another model than this course's TextClassifier. Load it with the "
    "program that made it, or train and save again."
)
_REPLACED = (
    "The checkpoint {path} is not of this training: another program, perhaps a second notebook, "
    "saved its model under the same name. Give each its own name and train again."
)
_MISSING = "There is no checkpoint {path}. Train and save first, or check the path."
_NONE_YET = (
    "There is no checkpoint {path}: since the training began no epoch was finished, or its "
    "validation loss was NaN. Train for an epoch, with a smaller learning rate if the loss is "
    "NaN.{before}"
)
_MOVED = (
    "The checkpoint {path} was saved and has been deleted or moved since, perhaps by a second "
    "notebook that trains under the same name. Give each its own name and train again.{before}"
)


def _missing(path: Path) -> str:
    """Why there is no such checkpoint."""
    saved = _SAVED.get(path.resolve())
    text = _MISSING if saved is None else _MOVED if saved else _NONE_YET
    older = previous(path)
    before = f" An older one is in {older}." if older.is_file() else ""
    return text.format(path=path, before=before)


def keep_best(
    events: Iterable[Step | Epoch], path: str | Path, classifier: Classifier
) -> Iterator[Step | Epoch]:
    """Yield the events of `fit`, and save a checkpoint whenever the validation loss improves.

    A file of this name from an earlier training is renamed first: `best.pt` becomes
    `best.previous.pt`. If no epoch is finished, or the loss is NaN from the start, there is no
    checkpoint afterwards.

    Raises OSError if it cannot be written.
    """
    _make_way(Path(path))
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            lowest = event.validation.loss
            save_checkpoint(path, classifier)
        yield event


def previous(path: Path) -> Path:
    """The path to which `keep_best` moves an earlier checkpoint of this name."""
    return path.with_stem(f"{path.stem}.previous")


def _make_way(path: Path) -> None:
    _SAVED[path.resolve()] = False
    if path.is_file():
        try:
            os.replace(path, previous(path))
        except OSError as error:
            raise not_written(path, error) from error
