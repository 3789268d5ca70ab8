"""Lesson 09: silent bugs. A broken run differs from its healthy twin in exactly one thing."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from lessons.data import Split, Stories
from lessons.loaders import Batch, EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.runs import make_optimizer
from lessons.text import Vocabulary
from lessons.training import Scores, Step, accuracy, average, evaluate

MOST = 1600  # stories to learn from: a run takes a second


class Recipe(NamedTuple):
    """How a model is trained and graded. Most of these are switches, and all are healthy."""

    optimizer: str = "AdamW"
    learning_rate: float = 0.01
    batch_size: int = 64
    epochs: int = 10
    stories: int = MOST  # to learn from, at most
    dropout: float = 0.0  # share of the numbers left out while learning
    by_class: bool = False  # the file: first all stories of one class, then those of the next
    shuffle: bool = True
    wipe: bool = True  # zero_grad in each step
    softmax: bool = False  # at the end of the model
    evaluation_mode: bool = True  # while grading
    learn_exam: bool = False  # the stories of the exam are in the textbook
    choose_by_exam: bool = False  # the best epoch, instead of by the validation loss


class Look(NamedTuple):
    """All scores after an epoch; those of the training were measured during it."""

    number: int  # counted from 1
    train: Scores
    validation: Scores
    exam: Scores
    new: Scores  # on stories that had no part in anything: the truth


class Bug(NamedTuple):
    """A silent bug: no error message, only curves."""

    name: str
    see: str
    why: str
    find: str
    mend: str
    healthy: Recipe
    broken: Recipe  # differs in one field
    graded: str = "validation"  # what one looks at: "validation" or "exam"


# ------------------------------------------------------------------------ a run with switches


class Student(TextClassifier):
    """The course's model with dropout and, if somebody puts it there, a softmax at its end."""

    def __init__(
        self, words: int, classes: int, dropout: float, softmax: bool, chance: torch.Generator
    ) -> None:
        super().__init__(words, classes, generator=chance)
        self.dropout, self.softmax, self.chance = dropout, softmax, chance

    def forward(self, tokens: Tensor, offsets: Tensor) -> Tensor:
        """Guess; with the switch `softmax`, probabilities take the place of the logits."""
        means = self.embedding(tokens, offsets)  # (stories, width)
        if self.training and self.dropout:  # as nn.Dropout, with a seed of its own
            kept = torch.rand(means.shape, generator=self.chance) >= self.dropout
            means = means * kept / (1 - self.dropout)
        logits: Tensor = self.linear(means)  # (stories, classes)
        return logits.softmax(dim=1) if self.softmax else logits


def switched_step(model: nn.Module, batch: Batch, optimizer: Optimizer, recipe: Recipe) -> Scores:
    """Learn from one batch, as `train_step` does; `zero_grad` has a switch."""
    logits = model(batch.tokens, batch.offsets)  # (stories, classes)
    loss = F.cross_entropy(logits, batch.labels)
    if recipe.wipe:
        optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return Scores(loss.item(), accuracy(logits, batch.labels))


def grade(model: nn.Module, loader: Sequence[Batch], recipe: Recipe) -> Scores:
    """Measure as `evaluate` does; without the switch `evaluation_mode`, nobody calls `eval()`."""
    if recipe.evaluation_mode:
        return evaluate(model, loader)
    scores, sizes = [], []
    with torch.no_grad():
        for batch in loader:
            logits = model(batch.tokens, batch.offsets)  # (stories, classes)
            loss = F.cross_entropy(logits, batch.labels).item()
            scores.append(Scores(loss, accuracy(logits, batch.labels)))
            sizes.append(len(batch.labels))
    return average(scores, sizes)


def switched_fit(parts: Split, recipe: Recipe, seed: int = 0) -> Iterator[Step | Look]:
    """Train and grade as the recipe says: a `Step` after each batch, a `Look` after each epoch.

    A quarter of the test set is the exam, the rest are the new stories. Like `fit`, it goes on
    only while somebody asks.
    """
    textbook, *papers = _hand_out(parts, recipe)
    vocabulary = Vocabulary.build(textbook.texts)
    train = EncodedStories(textbook, vocabulary)
    loader = make_loader(train, recipe.batch_size, recipe.shuffle, seed)
    graded = [list(make_loader(EncodedStories(one, vocabulary), 128)) for one in papers]
    chance = torch.Generator().manual_seed(seed)
    names = len(parts.train.names)
    model = Student(len(vocabulary), names, recipe.dropout, recipe.softmax, chance)
    optimizer = make_optimizer(model, recipe.optimizer, recipe.learning_rate)
    for number in range(1, recipe.epochs + 1):
        model.train()
        scores, sizes = [], []
        for i, batch in enumerate(loader, 1):
            scores.append(switched_step(model, batch, optimizer, recipe))
            sizes.append(len(batch.labels))
            yield Step(number, i, len(loader), scores[-1])
        yield Look(number, average(scores, sizes), *(grade(model, p, recipe) for p in graded))


def _hand_out(parts: Split, recipe: Recipe) -> list[Stories]:
    """Textbook, quizzes, exam and new stories."""
    test = Stories(*parts.test)  # without the note about a second use: here it is the subject
    cut = len(test.texts) // 4
    exam, new = test.pick(range(cut)), test.pick(range(cut, min(len(test.texts), MOST)))
    textbook = parts.train.pick(range(min(recipe.stories, len(parts.train.texts))))
    if recipe.learn_exam:
        textbook = Stories(
            textbook.texts + exam.texts, textbook.labels + exam.labels, textbook.names
        )
    if recipe.by_class:
        textbook = textbook.pick(
            sorted(range(len(textbook.labels)), key=textbook.labels.__getitem__)
        )
    return [textbook, parts.validation, exam, new]


def chosen(looks: Sequence[Look], recipe: Recipe) -> Look:
    """The best epoch, by the quizzes or by the exam; the first of equals."""
    if recipe.choose_by_exam:
        return max(looks, key=lambda look: look.exam.accuracy)
    return min(looks, key=lambda look: look.validation.loss)


def run(parts: Split, recipe: Recipe, seed: int = 0) -> list[Look]:
    """Train to the end and give back the scores of all epochs."""
    return [event for event in switched_fit(parts, recipe, seed) if isinstance(event, Look)]


# --------------------------------------------------------------------------------- the bugs

_USUAL = Recipe()
_SORTED = Recipe("SGD", 3.0, batch_size=16, by_class=True)
_SGD = Recipe("SGD", 3.0, batch_size=16)
_DROPOUT = Recipe(dropout=0.8)
_SMALL = Recipe(learning_rate=0.03, batch_size=16, epochs=30, stories=300)

BUGS = {
    "sorted": Bug(
        "No shuffling",
        "The training scores look good. The validation accuracy stays at that of a die roll, and "
        "its loss rises far above it.",
        "The file is sorted by class. At the end of each epoch the model sees only stories of the "
        "last class, and learns to answer with that class, whatever the question.",
        "Print the labels of the first batches: are they all the same?",
        "`make_loader(..., shuffle=True)` for training. AdamW hides this bug: its steps are too "
        "small to forget so fast.",
        _SORTED,
        _SORTED._replace(shuffle=False),
    ),
    "wipe": Bug(
        "Forgotten zero_grad",
        "The validation loss rises epoch after epoch. The accuracy hardly tells.",
        "`backward()` adds to the old gradients. Each step repeats all steps before it, so the "
        "weights run away. The order of the logits stays about right, their size does not.",
        "After `optimizer.step()`, call `backward()` twice on the same batch and look at a "
        "gradient: has it doubled?",
        "`optimizer.zero_grad()` before each `loss.backward()`.",
        _USUAL,
        _USUAL._replace(wipe=False),
    ),
    "eval": Bug(
        "Forgotten eval()",
        "The validation scores are worse than they should be, and they wobble.",
        "In training mode dropout leaves numbers out at random. Graded like this, the model "
        "answers with most of its knowledge hidden.",
        "Grade the same model twice. In evaluation mode the two scores are the same.",
        "`model.eval()` before grading, `model.train()` before learning. With a dropout of 0.5 or "
        "less you would hardly notice.",
        _DROPOUT,
        _DROPOUT._replace(evaluation_mode=False),
    ),
    "high": Bug(
        "Learning rate far too high",
        "The loss leaps up in the first epoch, and soon it is no number any more (nan).",
        "Each step jumps over the valley and lands higher on the other side.",
        "Look at the losses of the first ten steps instead of those of the epochs.",
        "Divide the rate by ten until the loss falls from the start.",
        _SGD,
        _SGD._replace(learning_rate=100.0),
    ),
    "low": Bug(
        "Learning rate far too low",
        "The loss stays at that of a die roll, and the accuracy too.",
        "The steps lead the right way, but they are so short that ten epochs lead nowhere.",
        "Does the loss fall at all, from step to step? Then it only needs longer steps.",
        "Multiply the rate by ten until the loss falls.",
        _SGD,
        _SGD._replace(learning_rate=0.003),
    ),
    "softmax": Bug(
        "Softmax before cross-entropy",
        "The accuracy is as good as ever. The loss stops high above 0 and falls no further.",
        "`cross_entropy` takes the softmax itself. Of probabilities it takes it once more, and "
        "with four classes even a perfect answer then costs 0.74.",
        "Add up a row of what the model gives back. Logits don't add up to 1.",
        "Let the model end with its linear layer, and give `cross_entropy` the logits.",
        _USUAL,
        _USUAL._replace(softmax=True),
    ),
    "leak": Bug(
        "The exam is in the textbook",
        "The exam goes perfectly.",
        "The stories of the test set are among those that the model learned from. It knows the "
        "answers by heart.",
        "Look for texts that are in both sets. And be suspicious of a perfect score.",
        "Split first, by story, and let nothing of the test set near the training.",
        _USUAL,
        _USUAL._replace(learn_exam=True),
        graded="exam",
    ),
    "choice": Bug(
        "The best epoch is chosen by the exam",
        "The reported score is a little better than that of an honest choice. The curves are the "
        "same.",
        "Of thirty scores on a small exam the highest one is partly luck. With other questions it "
        "would have been another epoch.",
        "Read the code: which scores decide which epoch is kept?",
        "Choose by the validation set. The exam comes after the choice.",
        _SMALL,
        _SMALL._replace(choose_by_exam=True),
        graded="exam",
    ),
}
