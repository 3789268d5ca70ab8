"""A headline of your own: what each word that the model knows adds to the logit of each class.

The model is linear in its words: the logits are the bias and the mean of what its words add. So a
table with a row for each word of the vocabulary answers any headline as `classify` does.
"""

from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from lessons.checkpoint import load_checkpoint
from lessons.model import Classifier, classify
from lessons.panels.runs import Settings, TrainingRun
from lessons.text import REPLACEMENTS
from lessons.validation import Epoch, best
from scripts.recordings import facts, stories

MODEL = (
    "Here the model of lessons 07 and 08 answers, recorded: {0.optimizer} with a learning rate of "
    "{0.learning_rate:g}, batches of {0.batch_size} and {0.epochs} epochs, of which epoch {1} was "
    "the best. To ask a model that you have trained yourself, take JupyterLab."
)
STRANGE = "qqqqzzzz"  # a word that no vocabulary knows


def belongs_to() -> dict[str, Any]:
    """What the answers depend on."""
    return {**facts(), "usual": list(Settings()), "replacements": list(map(list, REPLACEMENTS))}


def record() -> dict[str, Any]:
    """Train the usual model. Its table has a column for each class but the first.

    The probabilities stay the same if all logits of a text grow by the same number. So those of the
    first class are taken off, and are 0.
    """
    classifier, number = train()
    table, bias = (numbers - numbers[..., :1] for numbers in logits_of(classifier))
    scale = table.abs().max().item() / 32767
    return {
        "model": MODEL.format(Settings(), number),
        "names": list(classifier.names),
        "replacements": REPLACEMENTS,
        "vocabulary": " ".join(classifier.vocabulary.tokens),
        "scale": scale,
        "table": packed((table[:, 1:] / scale).round(), torch.int16),
        "bias": [round(number, 6) for number in bias[1:].tolist()],
        "nothing_known": nothing_known(classifier),
    }


def train() -> tuple[Classifier, int]:
    """The model of the best epoch, and the number of that epoch."""
    with TemporaryDirectory() as folder:
        run = TrainingRun(Settings(), Path(folder) / "best.pt")
        for event in run.begin(stories()):
            if isinstance(event, Epoch) and event.number == run.settings.epochs:
                break
        return load_checkpoint(run.path), best(run.history).number


def logits_of(classifier: Classifier) -> tuple[Tensor, Tensor]:
    """What each word adds to the logits, (vocab_size, classes), and the bias, (classes,)."""
    linear = classifier.model.linear
    with torch.no_grad():
        return classifier.model.embedding.weight @ linear.weight.T, linear.bias.clone()


def nothing_known(classifier: Classifier) -> str:
    """What `classify` says of a text without a known word, with {0} for the text."""
    try:
        classify(classifier, STRANGE)
    except ValueError as problem:
        return str(problem).replace(repr(STRANGE), "{0}")
    raise AssertionError(f"The vocabulary knows {STRANGE}.")


def packed(numbers: Tensor, dtype: torch.dtype) -> str:
    """Whole numbers of this size, the lowest byte first, in base64."""
    return b64encode(numbers.to(dtype).contiguous().numpy().tobytes()).decode()
