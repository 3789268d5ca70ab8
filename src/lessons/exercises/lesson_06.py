"""Lesson 06: exercises on validation and on keeping the best."""

# mypy: allow-untyped-defs

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lessons.exercises.asserts import (
    NUM_CLASSES,
    VOCAB_SIZE,
    Exercise,
    NotYet,
    Other,
    Try,
    brief,
    call,
    judge,
    little_loader,
    little_model,
    little_stories,
    number,
    numbers,
    plain,
)
from lessons.loaders import Batch
from lessons.model import TextClassifier
from lessons.training import Scores, Step
from lessons.validation import Epoch, best, predict

# -------------------------------------------------------------------------------- 06-best


def my_best(history):
    top = max(epoch.validation.accuracy for epoch in history)
    return best([epoch for epoch in history if epoch.validation.accuracy == top]).number


def best_by_a_pair(history):
    return max(history, key=lambda one: (one.validation.accuracy, -one.validation.loss)).number


HISTORIES = (  # validation losses and accuracies
    [(1.3, 0.3), (0.7, 0.6), (0.9, 0.5), (1.1, 0.7), (1.2, 0.6)],
    [(1.3, 0.3), (0.9, 0.7), (0.8, 0.7), (0.7, 0.6), (1.0, 0.7), (1.1, 0.6)],
    [(0.8, 0.7), (0.7, 0.4), (0.9, 0.7), (1.0, 0.6)],
    [(0.1, 0.3), (0.9, 0.7), (0.8, 0.7), (1.0, 0.6)],  # a low loss before the accuracy rises
    [(4e9, 0.0), (2e9, 0.0), (3e9, 0.0)],  # above and below any start that one can guess
    [(1.0, 0.5)],
)


def check_best(answer: Callable[..., Any]) -> None:
    """Try a history with one highest accuracy, and others with a tie."""
    judge(_best_tries(answer))


def _best_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for scores in HISTORIES:
        near = [0.1 * abs(place - 1) for place in range(len(scores))]  # epoch 2 learned best
        history = [
            Epoch(count, Scores(0.2 + far, 0.9 - far), Scores(*one), 1.0)
            for count, (one, far) in enumerate(zip(scores, near, strict=True), 1)
        ]
        seen = call(answer, history)
        if isinstance(seen, Epoch):
            raise NotYet(f"A whole epoch was given back: {brief(seen)}. Expected: its number.")
        yield _best_try(number(plain(seen), "The number of the epoch"), history)


def _best_try(seen: float, history: Sequence[Epoch]) -> Try:
    """Is it the epoch with the highest accuracy, and of several the one with the lowest loss?"""
    top = max(one.validation.accuracy for one in history)
    equal = [one for one in history if one.validation.accuracy == top]
    tied = [one.number for one in equal]
    tie = "Several epochs share the highest accuracy. Take the one of them with the lowest loss."
    learned = max(history, key=lambda one: one.train.accuracy)
    expected = best(equal).number
    mistakes = [
        (tied[0], tie),
        (tied[-1], tie),
        (max(equal, key=lambda one: one.validation.loss).number, tie),
        (best(history).number, "That epoch has the lowest loss. Here the accuracy comes first."),
        (learned.number, "That epoch did best in the textbook. Look at the quiz."),
        (expected - 1, "Python counts from 0, epochs count from 1."),
    ]
    losses = "; ".join(
        f"epoch {one.number}: loss {one.validation.loss:g}, accuracy {one.validation.accuracy}"
        for one in history
    )
    return Try(f"Quizzes with {losses}", seen, expected, mistakes)


BEST = Exercise(
    "06-best",
    my_best,
    check_best,
    (
        "An epoch has a `number` and two scores: `epoch.validation.accuracy` is one half of one.",
        "First find the highest accuracy. Then make a list of the epochs that have it.",
        "In this shorter list, look for the lowest loss. The library's `best` can do that.",
    ),
    "Another rule, another best epoch: settle the rule before you look at the curves.",
    (
        Other(
            best_by_a_pair,
            "Pairs are compared by their first value, and if these are equal by the second: the "
            "whole rule in a line. But the minus sign is easily overlooked.",
        ),
    ),
)

# -------------------------------------------------------------------------------- 06-stop


def my_stop(losses, patience, min_delta):
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        if loss < goal - min_delta:
            goal, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return count
    return len(losses)


def stop_by_the_best_epoch(losses, patience, min_delta):
    better = 0
    for place, loss in enumerate(losses):
        if losses[better] - loss > min_delta:
            better = place
        if place - better == patience:
            return place + 1
    return len(losses)


class Rule(NamedTuple):
    """A rule to stop by, the right one or a mistaken one."""

    enough: bool = True  # it takes more than `min_delta` to be better
    creeps: bool = False  # the loss to beat creeps down with each little gain
    neighbour: bool = False  # the loss to beat is that of the epoch before
    resets: bool = True  # a better epoch starts the count anew
    equal: bool = False  # a gain of exactly `min_delta` is enough
    late: int = 0  # so many epochs more than the patience
    first: int = 1  # the number of the first epoch


RIGHT = Rule()
MISTAKEN = (
    (
        Rule(enough=False),
        "Without `min_delta` it would be so. A gain as small as that does not count.",
    ),
    (Rule(resets=False), "A better epoch starts the count of the patience anew."),
    (Rule(neighbour=True), "Compare with the last better epoch, not with the epoch before."),
    (
        Rule(creeps=True),
        "Epochs that were not better by enough must leave the loss that is to be beaten as it is: "
        "small gains add up.",
    ),
    (
        Rule(equal=True),
        "A gain of exactly `min_delta` is not *more than* `min_delta`, so it does not count.",
    ),
    (Rule(first=0), "One too few. Epochs count from 1, and a better epoch is not waited for."),
    (Rule(late=-1), "One too few. Epochs count from 1, and a better epoch is not waited for."),
    (Rule(late=1), "That is one epoch too late: the last one of the patience is the end."),
)


def epochs_until(
    losses: Sequence[float], patience: int, min_delta: float, rule: Rule = RIGHT
) -> int:
    """How many epochs are trained."""
    goal, waited = math.inf, 0
    for count, loss in enumerate(losses, 1):
        asked = min_delta if rule.enough else 0
        better = loss < goal - asked or (rule.equal and loss == goal - asked)
        waited = waited + 1 if not better else 0 if rule.resets else waited
        if better or rule.neighbour:
            goal = loss
        elif rule.creeps:
            goal = min(goal, loss)
        if waited == patience + rule.late:
            return count - 1 + rule.first
    return len(losses)


STOPS: tuple[tuple[list[float], int, float], ...] = (
    ([1.5, 1.0, 0.95, 0.93, 0.91, 0.6], 2, 0.1),
    ([1.0, 0.9, 0.94, 0.8, 0.85, 0.7, 0.5, 0.3], 2, 0.05),
    ([1.0, 0.96, 0.98, 0.91, 0.93, 0.92, 0.95, 0.9], 3, 0.06),
    ([1.0, 0.96, 0.92, 0.88, 0.84, 0.8, 0.9, 0.9, 0.9], 3, 0.06),
    ([1.0, 0.7, 0.9, 0.8, 0.6, 0.6, 0.6], 2, 0.05),
    ([1.0, 0.5, 0.3], 1, 0.1),
    ([1.0, 0.9, 0.8], 5, 0.3),
    ([1.0, 0.75, 0.75, 0.25], 2, 0.25),  # a gain of exactly min_delta, without rounding
    ([1.0, 1.0, 0.5, 0.5], 1, 0.0),
    ([4e9, 3e9, 2e9, 1e9], 2, 0.5),  # above any start that one can guess
    ([0.5], 1, 0.1),
)


def check_stop(answer: Callable[..., Any]) -> None:
    """Try gains that are too small, bumps, and a training that runs to its end."""
    judge(_stop_tries(answer))


def _stop_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for losses, patience, min_delta in STOPS:
        seen = number(plain(call(answer, losses, patience, min_delta)), "The number of epochs")
        expected = epochs_until(losses, patience, min_delta)
        mistakes = [
            (epochs_until(losses, patience, min_delta, rule), reason) for rule, reason in MISTAKEN
        ]
        example = f"Losses {losses}, patience {patience}, min_delta {min_delta}"
        yield Try(example, seen, expected, mistakes)


STOP = Exercise(
    "06-stop",
    my_stop,
    check_stop,
    (
        "Keep two numbers as you go through the losses: the loss to beat, and the epochs waited.",
        "Only a better epoch changes the loss to beat. It also sets the waiting back to 0.",
        "An epoch is better if `loss < goal - min_delta`, where `goal` begins at `math.inf`. When "
        "`waited == patience`, give back the number of the epoch.",
    ),
    "The smallest gain that counts is one more knob, beside the patience.",
    (
        Other(
            stop_by_the_best_epoch,
            "It remembers which epoch was the best, so no counter has to be set back, and you "
            "could give that epoch back as well. But it must keep all losses.",
        ),
    ),
)

# ----------------------------------------------------------------------------- 06-classes


def my_accuracies(model, loader, num_classes):
    was_training = model.training
    model.eval()
    right, stories = [0] * num_classes, [0] * num_classes
    with torch.no_grad():
        for batch in loader:
            guesses = model(batch.token_ids, batch.offsets).argmax(dim=1)
            for label, guess in zip(batch.labels.tolist(), guesses.tolist()):
                stories[label] += 1
                right[label] += guess == label
    model.train(was_training)
    return [one / of for one, of in zip(right, stories)]


def accuracies_from_all_answers(model, loader, num_classes):
    guesses = predict(model, loader).argmax(dim=1)
    labels = torch.cat([batch.labels for batch in loader])
    return [(guesses[labels == one] == one).float().mean().item() for one in range(num_classes)]


class Borrowed(TextClassifier):
    """A little model with dropout, which notes how it was asked."""

    def __init__(self, asked: list[tuple[bool, bool]]) -> None:
        super().__init__(VOCAB_SIZE, NUM_CLASSES, 8, torch.Generator().manual_seed(1))
        self.dropout = nn.Dropout(0.5)
        self.note = asked.append  # a copy of the model notes it in the same place
        for one in self.parameters():
            one.data *= 30  # so that it is sure of what it says
            one.grad = torch.ones_like(one)

    def forward(self, token_ids: Tensor, offsets: Tensor) -> Tensor:
        """Guess, and note the mode and whether a record is made."""
        logits: Tensor = self.linear(self.dropout(self.embedding(token_ids, offsets)))
        self.note((self.training, logits.requires_grad))
        return logits

    def state(self) -> list[Tensor]:
        """A copy of the weights."""
        return [one.detach().clone() for one in self.parameters()]


SEED = 8  # of stories in which each mistake gives other numbers


def check_classes(answer: Callable[..., Any]) -> None:
    """Lend a model in each of the modes, and see how it comes back."""
    loader = little_loader(little_stories(19, SEED), 8)
    for training in (True, False):
        asked: list[tuple[bool, bool]] = []
        model = Borrowed(asked).train(training)
        before = model.state()
        result = plain(call(answer, model, loader, NUM_CLASSES))
        check_weights_of(model, before)
        check_asked(asked)
        check_mode(model, training)
        seen = numbers(result, NUM_CLASSES, f"The accuracies of {NUM_CLASSES} classes")
        judge(_accuracy_tries(seen, model.eval(), list(loader)))


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


def _accuracy_tries(seen: list[float], model: Borrowed, batches: list[Batch]) -> Iterator[Try]:
    """Is each accuracy a share of the stories of its class?"""
    with torch.no_grad():
        guesses = [model(one.token_ids, one.offsets).argmax(dim=1) for one in batches]
    for label, value in enumerate(seen):
        of_class = [batch.labels == label for batch in batches]
        right = [guess == batch.labels for guess, batch in zip(guesses, batches, strict=True)]
        each = [one[rows].double().mean() for one, rows in zip(right, of_class, strict=True)]
        means = float(torch.stack(each).mean())  # of the batches
        guessed = int((torch.cat(guesses) == label).sum())
        yield _accuracy_try(value, label, torch.cat(right), torch.cat(of_class), guessed, means)


def _accuracy_try(
    seen: float, label: int, right: Tensor, of_class: Tensor, guessed: int, means: float
) -> Try:
    """Is it the share of right answers among the stories of a class?"""
    hits, stories = int(right[of_class].sum()), int(of_class.sum())
    mistakes = [
        (means, "That is the mean of the batches. Count stories."),
        (hits / len(right), "Divide by the stories of this class, not by all of them."),
        (
            hits / max(guessed, 1),
            "Divide by the stories that *are* of this class, not by those that were guessed to be.",
        ),
        (float(right.double().mean()), "That is the accuracy over all classes."),
        (hits, "That is how many are right. Divide by the stories of the class."),
        (100 * hits / stories, "Give a share from 0 to 1, not one in hundredths."),
    ]
    example = f"Class {label}, {hits} of {stories} stories right"
    return Try(example, seen, hits / stories, mistakes)


ACCURACIES = Exercise(
    "06-classes",
    my_accuracies,
    check_classes,
    (
        "The frame is that of `evaluate`: note the mode, `eval()`, `no_grad`, all batches, put the "
        "mode back.",
        "Keep two counts for each class, over all batches: its stories, and those guessed right.",
        "`guesses = logits.argmax(dim=1)`. Then go through `batch.labels.tolist()` and "
        "`guesses.tolist()` together with `zip`. Divide only at the end.",
    ),
    "Whoever borrows a model gives it back as it was: same mode, same weights, same gradients.",
    (
        Other(
            accuracies_from_all_answers,
            "`predict` of `lessons.validation` sets the mode and puts it back even after an "
            "error. But it keeps the answers to all stories in memory and reads the loader twice, "
            "so the loader must not shuffle.",
        ),
    ),
)

# ------------------------------------------------------------------------------ 06-memory


def my_keep(events, model):
    lowest = math.inf
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            lowest, number = event.validation.loss, event.number
            kept = {name: one.clone() for name, one in model.state_dict().items()}
    model.load_state_dict(kept)
    return number


def keep_every_epoch(events, model):
    history, kept = [], {}
    for event in events:
        if isinstance(event, Epoch):
            history.append(event)
            weights = {name: one.clone() for name, one in model.state_dict().items()}
            kept[event.number] = weights
    number = best(history).number
    model.load_state_dict(kept[number])
    return number


class Course(NamedTuple):
    """The losses of a training, epoch by epoch."""

    train: tuple[float, ...]
    validation: tuple[float, ...]


COURSES = (
    Course((0.9, 0.6, 0.4, 0.1, 0.2, 0.3), (1.0, 0.7, 0.5, 0.8, 0.6, 0.9)),  # best in epoch 3
    Course((0.5, 0.3, 0.6), (0.8, 0.9, 0.7)),  # in the last one
    Course((0.9, 0.6, 0.3, 0.4), (2e9, 4e9, 3e9, 5e9)),  # in the first, above any guessed start
)


def training_of(model: nn.Module, course: Course, finished: list[int]) -> Iterator[Step | Epoch]:
    """Events of a training in which every weight is the number of the epoch.

    `finished` gets the number of each epoch once the listener comes back for more.
    """
    for count, (train, validation) in enumerate(zip(*course, strict=True), 1):
        with torch.no_grad():
            for one in model.parameters():
                one.fill_(count)
        yield Step(count, 1, 1, Scores(train, 0.5))
        yield Epoch(count, Scores(train, 0.5), Scores(validation, 0.1 * count), 1.0)
        finished.append(count)


def check_memory(answer: Callable[..., Any]) -> None:
    """Let it listen to three trainings, and see which weights the model has then."""
    judge(_memory_tries(answer))


def _memory_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for course in COURSES:
        model, finished, epochs = little_model(), list[int](), len(course.train)
        result = plain(call(answer, training_of(model, course, finished), model))
        if len(finished) < epochs:
            raise NotYet(
                f"The training has {epochs} epochs, and it was heard up to epoch "
                f"{len(finished) + 1} only. Expected: go on to the last event."
            )
        losses = course.validation
        top = losses.index(min(losses)) + 1
        example = f"The losses of the quizzes were {list(losses)}, so epoch {top} was the best"
        where = (
            f"{example}. Every weight of epoch {top} was {top}; afterwards it should be so again"
        )
        yield Try(where, _only_weight(model, where), top, _mistaken_epochs(course))
        yield Try(example, number(result, "The number of the best epoch"), top)


def _only_weight(model: nn.Module, example: str) -> float:
    """What all weights are. Raises NotYet if they differ."""
    values = sorted({one for weights in model.parameters() for one in weights.unique().tolist()})
    if len(values) > 1:
        raise NotYet(
            f"{example}, but some weights of the model are {values[0]:g} and others "
            f"{values[-1]:g}. Expected: all weights from the same epoch."
        )
    return float(values[0])


def _mistaken_epochs(course: Course) -> list[tuple[float, str]]:
    """Which epochs are kept by mistake."""
    train, validation = course
    epochs = range(1, len(train) + 1)
    better = [one for one in epochs if one == 1 or validation[one - 1] < validation[one - 2]]
    last = (
        "That is the last epoch. Was something put back after the last event? Was it copied when "
        "the best epoch came, not later? Or are they the model's own tensors, and these went on "
        "learning: a name for a tensor is no copy."
    )
    return [
        (epochs[-1], last),
        (
            better[-1],
            "That epoch was only better than the one before it. Remember the best so far.",
        ),
        (train.index(min(train)) + 1, "That epoch did best in the textbook. Look at the quizzes."),
        (1, "That is the first epoch. A better one must take the place of the one kept."),
    ]


MEMORY = Exercise(
    "06-memory",
    my_keep,
    check_memory,
    (
        "Take the loop of *Save it when it is better than ever*. What takes the place of "
        "`save_checkpoint`?",
        "`state_dict()` hands out the tensors that the model learns with, not copies. A tensor "
        "is copied with `.clone()`.",
        "When an epoch is better, make a new dictionary: each name with the clone of its tensor. "
        "After the loop, `load_state_dict` puts it back.",
    ),
    "To keep something that changes, copy it: another name for it changes along.",
    (
        Other(
            keep_every_epoch,
            "With all epochs kept you can change the rule afterwards, or go back to any of them. "
            "But each epoch takes as much memory as the whole model.",
        ),
    ),
)
