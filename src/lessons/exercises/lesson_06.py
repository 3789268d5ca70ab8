"""Lesson 06: exercises on validation and on keeping the best."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lessons.exercises.asserts import (
    CLASSES,
    WORDS,
    Exercise,
    NotYet,
    Wrong,
    brief,
    call,
    close,
    expect,
    little_batches,
    little_model,
    number,
    numbers,
    plain,
)
from lessons.loaders import Batch
from lessons.model import TextClassifier
from lessons.training import Scores, Step
from lessons.validation import Epoch, best

# -------------------------------------------------------------------------------- 06-best


def check_best(answer: Callable[..., Any]) -> None:
    """Try a history with one highest accuracy, and others with a tie."""
    for quiz in (
        [(1.3, 0.3), (0.7, 0.6), (0.9, 0.5), (1.1, 0.7), (1.2, 0.6)],
        [(1.3, 0.3), (0.9, 0.7), (0.8, 0.7), (0.7, 0.6), (1.0, 0.7), (1.1, 0.6)],
        [(0.8, 0.7), (0.7, 0.4), (0.9, 0.7), (1.0, 0.6)],
    ):
        history = [
            Epoch(count, Scores(1 / count, 0.2 * count), Scores(*one), 1.0)
            for count, one in enumerate(quiz, 1)
        ]
        seen = call(answer, history)
        if isinstance(seen, Epoch):
            raise NotYet(f"A whole epoch was given back: {brief(seen)}. Expected: its number.")
        check_number(number(plain(seen), "The number of the epoch"), history)


def check_number(seen: float, history: Sequence[Epoch]) -> None:
    """Is it the epoch with the highest accuracy, and of several the one with the lowest loss?"""
    quiz = [one.validation for one in history]
    top = max(one.accuracy for one in quiz)
    equal = [one for one in history if one.validation.accuracy == top]
    expected = best(equal).number
    tied = [one.number for one in equal]
    tie = f"Epochs {tied} share the highest accuracy. Of these, take the one with the lowest loss."
    mistakes = [(one, tie) for one in tied] if len(tied) > 1 else []
    mistakes += [
        (best(history).number, "That epoch has the lowest loss. Here the accuracy comes first."),
        (len(history), "That epoch did best in the textbook. Look at the quiz."),
        (expected - 1, "Python counts from 0, epochs count from 1."),
    ]
    told = "; ".join(
        f"epoch {one.number}: loss {one.validation.loss}, accuracy {one.validation.accuracy}"
        for one in history
    )
    expect(seen, expected, f"Quizzes with {told}", mistakes)


STARTER = "def my_best(history):\n"
MY_BEST = (
    STARTER
    + """\
    top = max(epoch.validation.accuracy for epoch in history)
    return best([epoch for epoch in history if epoch.validation.accuracy == top]).number"""
)
BEST = Exercise(
    "06-best",
    """\
The library chooses the best epoch by the loss. Choose it by another rule. Write `my_best`: the
*number* of the epoch with the highest validation *accuracy*. If several epochs share the highest
accuracy, take the one of them with the lowest validation loss. `history` is a list of `Epoch`.""",
    f"{STARTER}    ...",
    check_best,
    (
        "An epoch has a `number` and two scores: `epoch.validation.accuracy` is one half of one.",
        "First find the highest accuracy. Then make a list of the epochs that have it.",
        "In this shorter list, look for the lowest loss. The library's `best` can do that.",
    ),
    MY_BEST,
    "Another rule, another best epoch: settle the rule before you look at the curves.",
    (
        Wrong(f"{STARTER}    return best(history).number", "Here the accuracy comes first."),
        Wrong(
            f"{STARTER}    return max(history, key=lambda epoch: epoch.validation.accuracy).number",
            "expected 3, saw 2. Epochs [2, 3, 5] share the highest accuracy.",
        ),
        Wrong(MY_BEST.replace(".number", ""), "A whole epoch was given back"),
        Wrong(MY_BEST.replace("validation.accuracy", "train.accuracy"), "Look at the quiz."),
        Wrong(MY_BEST.replace(".number", ".number - 1"), "Python counts from 0"),
    ),
)

# -------------------------------------------------------------------------------- 06-stop


class Rule(NamedTuple):
    """A rule to stop by, the right one or a mistaken one."""

    enough: bool = True  # it takes more than `least` to be better
    creeps: bool = False  # the loss to beat creeps down with each little gain
    neighbour: bool = False  # the loss to beat is that of the epoch before
    resets: bool = True  # a better epoch starts the count anew
    late: int = 0  # so many epochs more than the patience


RIGHT = Rule()
MISTAKEN = (
    (Rule(enough=False), "Without `least` it would be so. A gain as small as that does not count."),
    (Rule(resets=False), "A better epoch starts the count of the patience anew."),
    (Rule(neighbour=True), "Compare with the last better epoch, not with the epoch before."),
    (
        Rule(creeps=True),
        "Epochs that were not better by enough must leave the loss that is to be beaten as it is: "
        "small gains add up.",
    ),
    (Rule(late=1), "That is one epoch too late: the last one of the patience is the end."),
)


def epochs_until(losses: Sequence[float], patience: int, least: float, rule: Rule = RIGHT) -> int:
    """How many epochs are trained."""
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        better = loss < goal - (least if rule.enough else 0)
        waited = waited + 1 if not better else 0 if rule.resets else waited
        if better or rule.neighbour:
            goal = loss
        elif rule.creeps:
            goal = min(goal, loss)
        if waited == patience + rule.late:
            return count
    return len(losses)


STOPS: tuple[tuple[list[float], int, float], ...] = (
    ([1.5, 1.0, 0.95, 0.93, 0.91, 0.6], 2, 0.1),
    ([1.0, 0.9, 0.94, 0.8, 0.85, 0.7, 0.5, 0.3], 2, 0.05),
    ([1.0, 0.96, 0.98, 0.91, 0.93, 0.92, 0.95, 0.9], 3, 0.06),
    ([1.0, 0.96, 0.92, 0.88, 0.84, 0.8, 0.9, 0.9, 0.9], 3, 0.06),
    ([1.0, 0.7, 0.9, 0.8, 0.6, 0.6, 0.6], 2, 0.05),
    ([1.0, 0.5, 0.3], 1, 0.1),
    ([1.0, 0.9, 0.8], 5, 0.3),
)


def check_stop(answer: Callable[..., Any]) -> None:
    """Try gains that are too small, bumps, and a training that runs to its end."""
    for losses, patience, least in STOPS:
        seen = number(plain(call(answer, losses, patience, least)), "The number of epochs")
        expected = epochs_until(losses, patience, least)
        mistakes = [
            (epochs_until(losses, patience, least, rule), reason) for rule, reason in MISTAKEN
        ] + [
            (
                expected - 1,
                "One too few. Epochs count from 1, and a better epoch is not waited for.",
            )
        ]
        example = f"Losses {losses}, patience {patience}, least {least}"
        expect(seen, expected, example, mistakes)


STARTER = "def my_stop(losses, patience, least):\n"
MY_STOP = (
    STARTER
    + """\
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        if loss < goal - least:
            goal, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return count
    return len(losses)"""
)
STOP = Exercise(
    "06-stop",
    """\
A loss that falls by a thousandth is no reason to read on. Write `my_stop`, an early stopping that
asks for more: an epoch is better only if its loss is lower than that of the last better epoch by
*more than* `least`. The first epoch always is better. Training ends when `patience` epochs in a row
were not. You are given the list of the validation losses. Give back how many epochs are trained;
all of them, if the patience is never used up. For example, losses `[1.5, 1.0, 0.95, 0.93, 0.6]`
with patience 2 and `least` 0.1: 4 epochs.""",
    f"{STARTER}    ...",
    check_stop,
    (
        "Keep two numbers as you go through the losses: the loss to beat, and the epochs waited.",
        "Only a better epoch changes the loss to beat. It also sets the waiting back to 0.",
        "An epoch is better if `loss < goal - least`, where `goal` begins at `math.inf`. When "
        "`waited == patience`, give back the number of the epoch.",
    ),
    MY_STOP,
    "The smallest gain that counts is one more knob, beside the patience.",
    (
        Wrong(MY_STOP.replace("goal - least", "goal"), "A gain as small as that does not count."),
        Wrong(MY_STOP.replace("loss, 0\n", "loss, waited\n"), "starts the count of the patience"),
        Wrong(
            MY_STOP.replace(
                "            waited += 1\n", "            waited += 1\n            goal = loss\n"
            ),
            "not with the epoch before.",
        ),
        Wrong(
            MY_STOP.replace("waited += 1\n", "goal, waited = min(goal, loss), waited + 1\n"),
            "small gains add up",
        ),
        Wrong(MY_STOP.replace("waited == patience", "waited > patience"), "one epoch too late"),
        Wrong(MY_STOP.replace("(losses, 1)", "(losses)"), "expected 4, saw 3. One too few."),
        Wrong(MY_STOP.replace("\n    return len(losses)", ""), "The number of epochs is None."),
        Wrong(
            MY_STOP.replace(
                "for count, loss in enumerate(losses, 1):",
                "count = 0\n    while losses:\n        loss, count = losses.pop(0), count + 1",
            ),
            "input number 1 is not what it was before",
        ),
    ),
)

# ----------------------------------------------------------------------------- 06-classes


class Borrowed(TextClassifier):
    """A little model with dropout, which notes how it was asked."""

    def __init__(self, asked: list[tuple[bool, bool]]) -> None:
        super().__init__(WORDS, CLASSES, 8, torch.Generator().manual_seed(1))
        self.covers = nn.Dropout(0.5)
        self.note = asked.append  # a copy of the model notes it in the same place
        for one in self.parameters():
            one.data *= 30  # so that it is sure of what it says
            one.grad = torch.ones_like(one)

    def forward(self, tokens: Tensor, offsets: Tensor) -> Tensor:
        """Guess, and note the mode and whether a record is made."""
        self.note((self.training, torch.is_grad_enabled()))
        logits: Tensor = self.linear(self.covers(self.embedding(tokens, offsets)))
        return logits

    def state(self) -> list[Tensor]:
        """A copy of the weights."""
        return [one.detach().clone() for one in self.parameters()]


def check_classes(answer: Callable[..., Any]) -> None:
    """Lend a model in each of the modes, and see how it comes back."""
    batches = little_batches((8, 8, 3), 68)
    for training in (True, False):
        asked: list[tuple[bool, bool]] = []
        model = Borrowed(asked).train(training)
        before = model.state()
        result = plain(call(answer, model, batches, CLASSES))
        check_weights_of(model, before)
        check_asked(asked)
        check_mode(model, training)
        seen = numbers(result, CLASSES, f"The accuracies of {CLASSES} classes")
        check_accuracies(seen, model.eval(), batches)


def check_weights_of(model: Borrowed, before: list[Tensor]) -> None:
    """Are weights and gradients what they were?"""
    if not all(map(torch.equal, before, model.state())):
        raise NotYet("The weights have moved. A model must not learn in a quiz.")
    if any(one.grad is None or bool((one.grad != 1).any()) for one in model.parameters()):
        raise NotYet(
            "The model came with gradients, and they are not what they were. Somebody may be in "
            "the middle of a step: a quiz needs neither `backward()` nor `zero_grad()`."
        )


def check_asked(asked: list[tuple[bool, bool]]) -> None:
    """Was the model asked in the right mode, and without a record?"""
    if not asked:
        raise NotYet("The model was never asked. Expected: a guess for each batch.")
    if any(learning for learning, _ in asked):
        raise NotYet(
            "The model was asked in training mode, with dropout on, so its answers depend on "
            "chance. Expected: evaluation mode."
        )
    if any(recorded for _, recorded in asked):
        raise NotYet(
            "PyTorch kept a record of the model's calculations, as if a backward step were to "
            "come. Expected: no record. That is another switch than the mode."
        )


def check_mode(model: Borrowed, training: bool) -> None:
    """Did the model come back in the mode that it was lent in?"""
    if model.training is not training:
        mode = {True: "training mode", False: "evaluation mode"}
        raise NotYet(
            f"The model came in {mode[training]} and went back in {mode[not training]}. Expected: "
            "the mode that it was found in, whichever that was."
        )


def check_accuracies(seen: list[float], model: Borrowed, batches: list[Batch]) -> None:
    """Is each accuracy a share of the stories of its class?"""
    labels = [batch.labels for batch in batches]
    with torch.no_grad():
        guesses = [model(one.token_ids, one.offsets).argmax(dim=1) for one in batches]
    right = (torch.cat(guesses) == torch.cat(labels)).double()
    for label, value in enumerate(seen):
        rows = torch.cat(labels) == label
        said = torch.cat(guesses) == label
        each = [
            (guess == right_one)[right_one == label].double().mean()
            for guess, right_one in zip(guesses, labels, strict=True)
        ]
        mistakes = [
            (float(torch.stack(each).mean()), "That is the mean of the batches. Count stories."),
            (
                float(right[rows].sum() / len(rows)),
                "Divide by the stories of this class, not by all of them.",
            ),
            (
                float(right[rows].sum() / said.sum()),
                "Divide by the stories that *are* of this class, not by those that were guessed "
                "to be.",
            ),
            (float(right.mean()), "That is the accuracy over all classes."),
            (
                float(right[rows].sum()),
                "That is how many are right. Divide by the stories of the class.",
            ),
            (100 * float(right[rows].mean()), "Give a share from 0 to 1, not one in hundredths."),
        ]
        told = f"Class {label}, {int(right[rows].sum())} of {int(rows.sum())} stories right"
        expect(value, float(right[rows].mean()), told, mistakes)


STARTER = "def my_accuracies(model, loader, classes):\n"
MY_ACCURACIES = (
    STARTER
    + """\
    was_training = model.training
    model.eval()
    right, stories = [0] * classes, [0] * classes
    with torch.no_grad():
        for batch in loader:
            guesses = model(batch.token_ids, batch.offsets).argmax(dim=1)
            for label, guess in zip(batch.labels.tolist(), guesses.tolist()):
                stories[label] += 1
                right[label] += guess == label
    model.train(was_training)
    return [one / all for one, all in zip(right, stories)]"""
)
ACCURACIES = Exercise(
    "06-classes",
    """\
One accuracy can hide a class that goes badly. Write `my_accuracies`: like `evaluate`, but for each
class the share of right answers among the stories whose *label* is this class. Give back a list
with one number from 0 to 1 for each class, in order; `classes` says how many there are, and each
has at least one story. The batches may differ in size. As in `evaluate`, the model is only
borrowed: measure in the right mode, make no record, and hand it back as you found it.""",
    f"{STARTER}    ...",
    check_classes,
    (
        "The frame is that of `evaluate`: note the mode, `eval()`, `no_grad`, all batches, put the "
        "mode back.",
        "Keep two counts for each class, over all batches: its stories, and those guessed right.",
        "`guesses = logits.argmax(dim=1)`. Then go through `batch.labels.tolist()` and "
        "`guesses.tolist()` together with `zip`. Divide only at the end.",
    ),
    MY_ACCURACIES,
    "Whoever borrows a model gives it back as it was: same mode, same weights, same gradients.",
    (
        Wrong(MY_ACCURACIES.replace("    model.eval()\n", ""), "asked in training mode"),
        Wrong(MY_ACCURACIES.replace("    model.train(was_training)\n", ""), "in evaluation mode."),
        Wrong(
            MY_ACCURACIES.replace("model.train(was_training)", "model.train()"),
            "The model came in evaluation mode and went back in training mode.",
        ),
        Wrong(
            MY_ACCURACIES.replace("with torch.no_grad():", "if True:"),
            "PyTorch kept a record of the model's calculations",
        ),
        Wrong(
            MY_ACCURACIES.replace(
                "    model.train(was", "    model.zero_grad()\n    model.train(was"
            ),
            "The model came with gradients, and they are not what they were.",
        ),
        Wrong(
            f"{STARTER}    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
            "    for batch in loader:\n        train_step(model, batch, optimizer)\n"
            "    return [evaluate(model, loader).accuracy] * classes",
            "The weights have moved.",
        ),
        Wrong(
            f"{STARTER}    return [evaluate(model, loader).accuracy] * classes",
            "That is the accuracy over all classes.",
        ),
        Wrong(
            MY_ACCURACIES.replace("stories[label] += 1", "stories[guess] += 1"),
            "not by those that were guessed",
        ),
        Wrong(
            MY_ACCURACIES.replace("one / all for", "one / sum(stories) for"),
            "Divide by the stories of this class, not by all of them.",
        ),
        Wrong(
            f"{STARTER}    was_training = model.training\n    model.eval()\n    shares = []\n"
            "    with torch.no_grad():\n        for batch in loader:\n"
            "            right = (model(batch.token_ids, batch.offsets).argmax(dim=1)\n"
            "                     == batch.labels)\n"
            "            shares.append([right[batch.labels == one].float().mean()\n"
            "                           for one in range(classes)])\n"
            "    model.train(was_training)\n"
            "    return torch.tensor(shares).nanmean(dim=0).tolist()",
            "That is the mean of the batches. Count stories.",
        ),
        Wrong(f"{STARTER}    return [1.0] * classes", "The model was never asked."),
    ),
)

# ------------------------------------------------------------------------------ 06-memory

QUIZ_LOSSES = (1.0, 0.7, 0.5, 0.8, 0.6, 0.9)  # best in epoch 3
BOOK_LOSSES = (0.9, 0.6, 0.4, 0.2, 0.1, 0.3)  # lowest in epoch 5


def training_of(model: nn.Module, heard: list[int]) -> Iterator[Step | Epoch]:
    """Events of a training in which every weight is the number of the epoch.

    `heard` gets the number of each epoch once the listener comes back for more.
    """
    for count, (book, quiz) in enumerate(zip(BOOK_LOSSES, QUIZ_LOSSES, strict=True), 1):
        with torch.no_grad():
            for one in model.parameters():
                one.fill_(count)
        yield Step(count, 1, 1, Scores(book, 0.5))
        yield Epoch(count, Scores(book, 0.5), Scores(quiz, 0.1 * count), 1.0)
        heard.append(count)


def check_memory(answer: Callable[..., Any]) -> None:
    """Let it listen to a training, and see which weights the model has then."""
    model, heard = little_model(), list[int]()
    result = plain(call(answer, training_of(model, heard), model))
    epochs = len(QUIZ_LOSSES)
    if len(heard) < epochs:
        raise NotYet(
            f"The training has {epochs} epochs, and it was heard up to epoch {len(heard) + 1} "
            "only. Expected: go on to the last event."
        )
    told = f"The losses of the quizzes were {list(QUIZ_LOSSES)}, so epoch 3 was the best"
    check_weights(model, f"{told}. Every weight of epoch 3 was 3.0")
    expect(number(result, "The number of the best epoch"), 3, told)


def check_weights(model: nn.Module, told: str) -> None:
    """Are all of the weights those of epoch 3?"""
    values = sorted({one for weights in model.parameters() for one in weights.unique().tolist()})
    if len(values) > 1:
        raise NotYet(
            f"{told}; afterwards some weights of the model are {values[0]:g} and others "
            f"{values[-1]:g}. Expected: all weights from the same epoch."
        )
    why = {
        6: "That is the last epoch. Was something put back after the last event? Was it copied "
        "when the best epoch came, not later? Or are they the model's own tensors, and these went "
        "on learning: a name for a tensor is no copy.",
        5: "That epoch was only better than the one before it, or it did best in the textbook.",
    }
    if not close(values[0], 3):
        raise NotYet(
            f"{told}; afterwards every weight of the model is {values[0]:g}. "
            + why.get(round(values[0]), "Only a better epoch must take the place of the one kept.")
        )


STARTER = "def my_keep(events, model):\n"
MY_KEEP = (
    STARTER
    + """\
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            lowest, number = event.validation.loss, event.number
            kept = {name: one.clone() for name, one in model.state_dict().items()}
    model.load_state_dict(kept)
    return number"""
)
MEMORY = Exercise(
    "06-memory",
    """\
Keep the best without a file. `my_keep` gets the events of `fit` and the model that is being
trained. It listens to all events. In the end the model itself must have the weights of its best
epoch again, the one with the lowest validation loss. Give back the number of that epoch. Two
methods that are new to you: `model.state_dict()` gives a dictionary with the model's weights, a
tensor for each name, and `model.load_state_dict(weights)` puts such a dictionary back. Mind that
training changes these tensors in place.""",
    f"{STARTER}    ...",
    check_memory,
    (
        "Take the loop of *Save it when it is better than ever*. What takes the place of `save`?",
        "`state_dict()` hands out the tensors that the model learns with, not copies. A tensor "
        "is copied with `.clone()`.",
        "When an epoch is better, make a new dictionary: each name with the clone of its tensor. "
        "After the loop, `load_state_dict` puts it back.",
    ),
    MY_KEEP,
    "To keep something that changes, copy it: another name for it changes along.",
    (
        Wrong(
            MY_KEEP.replace(
                "{name: one.clone() for name, one in model.state_dict().items()}",
                "model.state_dict()",
            ),
            "a name for a tensor is no copy",
        ),
        Wrong(
            MY_KEEP.replace(
                "            lowest, number = event.validation.loss, event.number\n",
                "            number = event.number\n",
            ).replace(
                "    model.load",
                "        if isinstance(event, Epoch):\n"
                "            lowest = event.validation.loss\n    model.load",
            ),
            "every weight of the model is 5. That epoch was only better than the one before it",
        ),
        Wrong(
            MY_KEEP.replace("isinstance(event, Epoch) and ", ""),
            "Your code raised AttributeError: 'Step' object has no attribute 'validation'",
        ),
        Wrong(
            MY_KEEP.replace(
                "            kept =",
                "        elif isinstance(event, Epoch):\n            break\n        kept =",
            ),
            "The training has 6 epochs, and it was heard up to epoch 4 only.",
        ),
        Wrong(
            MY_KEEP.replace("event.validation.loss < lowest", "event.number == 1"),
            "every weight of the model is 1. Only a better epoch",
        ),
        Wrong(
            MY_KEEP.replace(
                "    model.load_state_dict(kept)",
                "    model.linear.load_state_dict(\n"
                "        {'weight': kept['linear.weight'],"
                " 'bias': kept['linear.bias']})",
            ),
            "some weights of the model are 3 and others 6",
        ),
        Wrong(
            MY_KEEP.replace("    return number", "    return lowest"),
            "so epoch 3 was the best: expected 3, saw 0.5",
        ),
    ),
)

EXERCISES = (BEST, STOP, ACCURACIES, MEMORY)
