"""Lesson 09: silent bugs. A broken run differs from its healthy twin in exactly one thing."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, AdamW, Optimizer

from lessons.loaders import Batch, EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.split import Split, Stories
from lessons.text import Vocabulary
from lessons.training import Scores, Step, accuracy, average
from lessons.validation import evaluate

_OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {"AdamW": partial(AdamW, fused=True), "SGD": SGD}
MOST = 1600  # stories to learn from: a run takes a second
QUESTIONS = 50  # of the exam, at most: a small exam is easily flattered


class Recipe(NamedTuple):
    """How a model is trained and graded. Most of these are switches, and all are healthy."""

    optimizer: str = "AdamW"
    learning_rate: float = 0.01
    batch_size: int = 32
    epochs: int = 10
    stories: int = MOST  # to learn from, at most
    dropout: float = 0.0  # share of the numbers left out while learning
    by_class: bool = False  # the file: first all stories of one class, then those of the next
    shuffle: bool = True
    wipe: bool = True  # zero_grad in each step
    softmax: bool = False  # at the end of the model
    evaluation_mode: bool = True  # while grading
    learn_exam: bool = False  # the stories of the exam are in the textbook
    choose_by_exam: bool = False  # the best epoch, instead of by the validation set


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
    wrong: str  # the broken code, and the same lines as they should be
    right: str
    see: str
    why: str
    find: str
    mend: str
    healthy: Recipe
    broken: Recipe  # differs in one field


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
    logits = model(batch.token_ids, batch.offsets)  # (stories, classes)
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
            logits = model(batch.token_ids, batch.offsets)  # (stories, classes)
            loss = F.cross_entropy(logits, batch.labels).item()
            scores.append(Scores(loss, accuracy(logits, batch.labels)))
            sizes.append(len(batch.labels))
    return average(scores, sizes)


def switched_fit(parts: Split, recipe: Recipe, seed: int = 0) -> Iterator[Step | Look]:
    """Train and grade as the recipe says: a `Step` after each batch, a `Look` after each epoch.

    Some stories of the test set are the exam, which ones the seed decides; the rest are the new
    stories. Like `fit`, it goes on only while somebody asks.
    """
    textbook, *papers = _hand_out(parts, recipe, seed)
    vocabulary = Vocabulary.build(textbook.texts)
    train = EncodedStories(textbook, vocabulary)
    loader = make_loader(train, recipe.batch_size, recipe.shuffle, seed)
    graded = [list(make_loader(EncodedStories(one, vocabulary), 128)) for one in papers]
    chance = torch.Generator().manual_seed(seed)
    names = len(parts.train.names)
    model = Student(len(vocabulary), names, recipe.dropout, recipe.softmax, chance)
    optimizer = _OPTIMIZERS[recipe.optimizer](model.parameters(), lr=recipe.learning_rate)
    for number in range(1, recipe.epochs + 1):
        model.train()
        scores, sizes = [], []
        for i, batch in enumerate(loader, 1):
            scores.append(switched_step(model, batch, optimizer, recipe))
            sizes.append(len(batch.labels))
            yield Step(number, i, len(loader), scores[-1])
        yield Look(number, average(scores, sizes), *(grade(model, p, recipe) for p in graded))


def _hand_out(parts: Split, recipe: Recipe, seed: int) -> list[Stories]:
    """Textbook, quizzes, exam and new stories."""
    test = parts.test
    order = torch.randperm(len(test.texts), generator=torch.Generator().manual_seed(seed))
    rows, cut = order[:MOST].tolist(), min(QUESTIONS, len(test.texts) // 4)
    exam, new = test.pick(rows[:cut]), test.pick(rows[cut:])
    textbook = parts.train.pick(range(min(recipe.stories, len(parts.train.texts))))
    if recipe.learn_exam:
        texts, labels = textbook.texts + exam.texts, textbook.labels + exam.labels
        textbook = Stories(texts, labels, textbook.names)
    if recipe.by_class:
        in_order = sorted(range(len(textbook.labels)), key=textbook.labels.__getitem__)
        textbook = textbook.pick(in_order)
    return [textbook, parts.validation, exam, new]


def chosen(looks: Sequence[Look], recipe: Recipe) -> Look:
    """The epoch with the most right answers, in the quizzes or in the exam; the first of equals."""
    by = "exam" if recipe.choose_by_exam else "validation"
    return max(looks, key=lambda look: getattr(look, by).accuracy)


def run(parts: Split, recipe: Recipe, seed: int = 0) -> list[Look]:
    """Train to the end and give back the scores of all epochs."""
    return [event for event in switched_fit(parts, recipe, seed) if isinstance(event, Look)]


# --------------------------------------------------------------------------------- the bugs

_USUAL = Recipe()
_SGD = Recipe("SGD", 3.0, batch_size=16)
_SORTED = _SGD._replace(by_class=True)
_DROPOUT = Recipe(dropout=0.9)
_THIN = Recipe(batch_size=16, stories=200)
_JUMPY = Recipe(learning_rate=0.3, batch_size=16, epochs=30, stories=100)

BUGS = {
    "sorted": Bug(
        "No shuffling",
        "loader = make_loader(train, 16)",
        "loader = make_loader(train, 16, shuffle=True)",
        "The training scores look good. The validation accuracy stays where one and the same "
        "answer to every question would be, and the validation loss is many times that of the "
        "healthy run.",
        "The file is sorted by class. At the end of each epoch the model has long seen nothing but "
        "the last class, so it gives this answer to every question.",
        "Print the labels of the first batch: are they all the same?",
        "`shuffle=True` for the training loader. AdamW hides this bug: it needs some epochs more, "
        "and then recovers.",
        _SORTED,
        _SORTED._replace(shuffle=False),
    ),
    "wipe": Bug(
        "Forgotten zero_grad",
        "loss.backward()\noptimizer.step()",
        "optimizer.zero_grad()\nloss.backward()\noptimizer.step()",
        "The validation loss climbs to many times that of the healthy run. The accuracy hardly "
        "tells: most answers are still right.",
        "`backward()` adds to the old gradients. Each step repeats all the steps before it, so the "
        "weights run away. The highest logit is often still the right one, but all are huge.",
        "Call `backward()` twice on the same batch: has the gradient doubled?",
        "`optimizer.zero_grad()` before each `loss.backward()`.",
        _USUAL,
        _USUAL._replace(wipe=False),
    ),
    "eval": Bug(
        "Forgotten eval()",
        "with torch.no_grad():\n    logits = model(batch.token_ids, batch.offsets)",
        "model.eval()\nwith torch.no_grad():\n    logits = model(batch.token_ids, batch.offsets)",
        "The validation loss ends above that of the healthy run, and the accuracy below it. The "
        "training scores are about as in the healthy run.",
        "Dropout stays on during the quiz: the model answers with most of its notes covered.",
        "Measure the same model twice. Without learning in between, the scores must be the same.",
        "`model.eval()` before measuring, `model.train()` before learning. With a dropout of 0.5 "
        "you would hardly notice; here it is 0.9.",
        _DROPOUT,
        _DROPOUT._replace(evaluation_mode=False),
    ),
    "high": Bug(
        "Learning rate far too high",
        'optimizer = make_optimizer(model, "SGD", 100.0)',
        'optimizer = make_optimizer(model, "SGD", 3.0)',
        "The loss is nan, not a number any more, so nothing of it is drawn. The accuracy is that "
        "of one and the same answer to every question.",
        "Each step jumps over the valley and lands higher on the other side, until the weights are "
        "too large for the computer.",
        "Look at the losses of the first ten steps, not at those of the epochs.",
        "Divide the rate by ten until the loss falls from the start.",
        _SGD,
        _SGD._replace(learning_rate=100.0),
    ),
    "low": Bug(
        "Learning rate far too low",
        'optimizer = make_optimizer(model, "SGD", 0.003)',
        'optimizer = make_optimizer(model, "SGD", 3.0)',
        "All losses stay about where they begin, at that of a blind guess, in training too.",
        "The steps lead the right way, but they are so short that ten epochs lead nowhere.",
        "Does the training loss fall at all? And can the model learn a single batch by heart?",
        "Multiply the rate by ten until the loss falls.",
        _SGD,
        _SGD._replace(learning_rate=0.003),
    ),
    "softmax": Bug(
        "Softmax before cross-entropy",
        "chances = model(batch.token_ids, batch.offsets).softmax(dim=1)\n"
        "loss = F.cross_entropy(chances, batch.labels)",
        "logits = model(batch.token_ids, batch.offsets)\n"
        "loss = F.cross_entropy(logits, batch.labels)",
        "The accuracy is about as good as ever. The loss stops high above 0, even in training, "
        "where nearly every answer is right.",
        "`cross_entropy` takes the softmax itself. Of probabilities it takes it once more. Even a "
        "perfect answer then costs something: 0.31 with two classes, 0.74 with four, and the more "
        "classes, the more.",
        "Add up a row of what the model gives back. Logits need not add up to 1.",
        "Let the model end with its linear layer, and give `cross_entropy` the logits.",
        _USUAL,
        _USUAL._replace(softmax=True),
    ),
    "leak": Bug(
        "The exam is in the textbook",
        "train = EncodedStories(training_and_exam, vocabulary)",
        "train = EncodedStories(parts.train, vocabulary)",
        "Every answer in the exam is right. With new stories, and in the quizzes, the model does "
        "far worse.",
        "The stories of the exam are among those that the model has learned from. It knows the "
        "answers by heart.",
        "Look for texts that are in both sets: `set(train.texts) & set(test.texts)`.",
        "Split first, and let nothing of the test set near the training.",
        _THIN,
        _THIN._replace(learn_exam=True),
    ),
    "choice": Bug(
        "The best epoch is chosen by the exam",
        "kept = max(epochs, key=lambda epoch: epoch.exam.accuracy)",
        "kept = max(epochs, key=lambda epoch: epoch.validation.accuracy)",
        "The curves are the same to the last digit. Only the star may stand elsewhere: on the peak "
        "of the exam.",
        "Of many scores in a small exam the highest is partly luck. Other questions would have "
        "made another epoch the winner.",
        "No curve shows it. Read the code: which scores decide which epoch is kept?",
        "Choose by the validation set. The exam comes after the choice, once.",
        _JUMPY,
        _JUMPY._replace(choose_by_exam=True),
    ),
}
