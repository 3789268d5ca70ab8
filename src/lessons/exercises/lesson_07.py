"""Lesson 07: exercises on reading the result."""

# mypy: allow-untyped-defs

from collections.abc import Callable, Sequence
from math import ceil, isnan, sqrt
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lessons.exercises.asserts import (
    NUM_CLASSES,
    VOCAB_SIZE,
    Exercise,
    NotYet,
    call,
    close,
    expect,
    little_batches,
    number,
    numbers,
    plain,
)
from lessons.loaders import Batch
from lessons.model import TextClassifier
from lessons.training import Scores
from lessons.validation import Epoch, best, evaluate

# ----------------------------------------------------------------------------- 07-stories


def my_stories(share, points):
    stories = 1
    while 100 * 2 * sqrt(share * (1 - share) / stories) > points:
        stories += 1
    return stories


def check_stories(answer: Callable[..., Any]) -> None:
    """Plan test sets for some shares and margins."""
    for share, points in ((0.94, 3), (0.7, 1.1), (0.55, 4.5)):
        seen = number(plain(call(answer, share, points)), "The number of stories")
        exact = 4 * share * (1 - share) / (points / 100) ** 2
        mistakes = [
            (exact, "There are no parts of stories. Round up."),
            (exact // 1, "With that few the margin is a little too big. Round up."),
            (ceil(exact / 4), "The rule of thumb begins with 2 times the root."),
            (exact / 4, "The rule of thumb begins with 2 times the root."),
            (ceil(exact / 2), "The 2 stands before the root, so it is squared as well."),
            (ceil(exact / 1e4), "A point is a hundredth. The share is not given in points."),
            (exact / 1e4, "A point is a hundredth. The share is not given in points."),
            (ceil(exact * points / 100), "The margin is a root: to undo it, take the square."),
        ]
        example = f"A share of {share}, a margin of {points} points"
        expect(seen, ceil(exact), example, mistakes)


STORIES = Exercise(
    "07-stories",
    my_stories,
    check_stories,
    (
        "Try it out: which margin do 100 stories give, and 200? Where is it small enough?",
        "Let a number of stories grow, in a `while` loop, as long as the margin is too big.",
        "`100 * 2 * sqrt(share * (1 - share) / stories)` is the margin in points.",
    ),
    "Half the margin costs four times as many stories: certainty is dear.",
)

# -------------------------------------------------------------------------- 07-precisions


def my_precisions(counts):
    return counts.diagonal() / counts.sum(dim=0).clamp(min=1)


def check_precisions(answer: Callable[..., Any]) -> None:
    """Try a table with all classes guessed, and one with a class that never was."""
    for rows in ([[8, 1, 1], [3, 4, 3], [0, 2, 6]], [[5, 0, 3], [4, 0, 2], [1, 0, 7]]):
        counts = torch.tensor(rows)
        result = plain(call(answer, counts))
        seen = numbers(result, len(rows), f"The precisions for the table {rows}")
        for place, value in enumerate(seen):
            check_precision(value, counts, place)


def check_precision(seen: float, counts: Tensor, place: int) -> None:
    """Is this the precision of a class?"""
    cell, column, row = (
        one.item() for one in (counts[place, place], counts[:, place].sum(), counts[place].sum())
    )
    expected = cell / column if column else 0.0
    example = f"The table {counts.tolist()}, column {place}"
    if isnan(seen):
        raise NotYet(
            f"{example}: expected {expected:g}, saw nan. Nothing was guessed to be of this class, "
            "and 0 divided by 0 is not a number."
        )
    mistakes = [
        (cell / row, "That is the recall, by rows. Of those *guessed* to be of this class?"),
        (cell / counts.sum().item(), "Divide by the sum of the column, not by all stories."),
        (counts.diagonal().sum().item() / counts.sum().item(), "That is the accuracy."),
        (100 * expected, "Give a share from 0 to 1, not one in hundredths."),
        (cell // max(column, 1), "`//` leaves out the part after the point. Divide with `/`."),
        (1.0 - expected, "That is the share that was wrong."),
    ]
    expect(seen, expected, example, mistakes)


PRECISIONS = Exercise(
    "07-precisions",
    my_precisions,
    check_precisions,
    (
        "Work out each precision as in the lesson. Which of them goes wrong in the example?",
        "If a column adds up to 0, its cell on the diagonal is 0, too. Then any other divisor "
        "will do.",
        "Of the sums of the columns, `clamp(min=1)` makes those that are 0 to 1. An `if` in a loop "
        "over the classes is as good.",
    ),
    "Before you divide, ask when the divisor can be 0.",
)

# ------------------------------------------------------------------------------ 07-unsure


def my_unsure(probabilities, labels, threshold):
    confidence, guesses = probabilities.max(dim=1)
    sure = confidence >= threshold
    answered = sure.sum().item()
    if answered == 0:
        return 0.0, 0.0
    right = (guesses[sure] == labels[sure]).sum().item()
    return answered / len(labels), right / answered


PROBABILITIES = [
    [0.9, 0.06, 0.04],
    [0.1, 0.7, 0.2],
    [0.34, 0.33, 0.33],
    [0.2, 0.3, 0.5],
    [0.25, 0.6, 0.15],
]
LABELS = [0, 1, 0, 1, 1]  # the guesses are 0, 1, 0, 2, 1


def check_unsure(answer: Callable[..., Any]) -> None:
    """Try models that answer some, all and none of the questions."""
    probabilities, labels = torch.tensor(PROBABILITIES), torch.tensor(LABELS)
    for threshold in (0.45, 0.0, 0.55, 0.95):
        result = plain(call(answer, probabilities, labels, threshold))
        example = (
            f"Of 5 stories with the confidences 0.9, 0.7, 0.34, 0.5, 0.6, at least {threshold} sure"
        )
        seen = numbers(result, 2, f"{example}: two shares")
        sure = probabilities.amax(dim=1) >= threshold
        right = probabilities.argmax(dim=1) == labels
        truth = probabilities[range(5), labels] >= threshold  # not what confidence means
        check_answered(seen[0], int(sure.sum()) / 5, example)
        counts = [int(one.sum()) for one in (sure, right & sure, right, truth)]
        check_right(seen[1], counts, example)


def check_answered(seen: float, expected: float, example: str) -> None:
    """Is this the share of the stories that are answered?"""
    mistakes = [
        (5 * expected, "That is how many are answered. Divide by all stories."),
        (1 - expected, "That is the share of those that are *not* answered."),
    ]
    expect(seen, expected, f"{example}: the share answered", mistakes)


def check_right(seen: float, counts: Sequence[int], example: str) -> None:
    """Is this the share that is right among those answered?"""
    answered, among, right, truth = counts
    if isnan(seen):
        raise NotYet(
            f"{example}: expected 0 and 0, saw nan. No story is answered, and 0 divided by 0 is "
            "not a number."
        )
    mistakes = [
        (among / 5, "Divide by the stories that are answered, not by all of them."),
        (right / 5, "That is the accuracy over all stories, those not answered included."),
        (truth / max(answered, 1), "The confidence is the *highest* probability of a story."),
        (among, "That is how many are right. Divide by those answered."),
        (1 - among / max(answered, 1), "That is the share that is wrong."),
    ]
    expected = among / answered if answered else 0.0
    expect(seen, expected, f"{example}: the share right among those answered", mistakes)


UNSURE = Exercise(
    "07-unsure",
    my_unsure,
    check_unsure,
    (
        "`probabilities.max(dim=1)` gives the confidence and the guess of each story.",
        "`sure = confidence >= threshold` says yes or no for each story. `guesses[sure]` holds "
        "only the guesses of those with a yes.",
        "The first share is the sum of `sure` divided by the number of stories. For the second, "
        "compare `guesses[sure]` with `labels[sure]`, and catch the case of no answer before it.",
    ),
    "A model that may be silent can be right more often: always tell how many it answered.",
)

# -------------------------------------------------------------------------------- 07-exam


def my_test_score(models, validation_loader, test_loader):
    losses = [evaluate(model, validation_loader).loss for model in models]
    chosen = losses.index(min(losses))
    return chosen, evaluate(models[chosen], test_loader).accuracy


class Asked(NamedTuple):
    """A model has been asked about a batch."""

    place: int  # of the model in the list
    token_ids: Tensor
    training: bool  # its mode


class Candidate(TextClassifier):
    """A little model with dropout, which notes all that it and the others are asked."""

    def __init__(self, place: int, asked: list[Asked]) -> None:
        super().__init__(VOCAB_SIZE, NUM_CLASSES, 8, torch.Generator().manual_seed(place + 1))
        self.dropout = nn.Dropout(0.5)
        self.place, self.note = place, asked.append  # copies note it in the same place
        with torch.no_grad():
            self.embedding.weight.mul_(20)
            self.linear.weight.mul_(3)

    def forward(self, token_ids: Tensor, offsets: Tensor) -> Tensor:
        """Guess, and note who was asked what, and in which mode."""
        self.note(Asked(self.place, token_ids, self.training))
        logits: Tensor = self.linear(self.dropout(self.embedding(token_ids, offsets)))
        return logits


def candidates(asked: list[Asked]) -> list[Candidate]:
    """Four models: one has the lowest validation loss, others the highest accuracies."""
    return [Candidate(place, asked) for place in range(4)]


def scores_of(batches: Sequence[Batch]) -> list[Scores]:
    """What should come out, for each of the candidates."""
    labels = torch.cat([one.labels for one in batches])
    scores = []
    with torch.no_grad():
        for model in candidates([]):
            model.eval()
            logits = torch.cat([model(one.token_ids, one.offsets) for one in batches])
            right = (logits.argmax(dim=1) == labels).double().mean().item()
            scores.append(Scores(F.cross_entropy(logits, labels).item(), right))
    return scores


def check_test_score(answer: Callable[..., Any]) -> None:
    """See which models are tested, and how often."""
    validation, test = little_batches((8, 8, 3), 291), little_batches((8, 8, 2), 391)
    asked: list[Asked] = []
    result = plain(call(answer, candidates(asked), validation, test))
    place, accuracy = numbers(result, 2, "The place of the chosen model and its accuracy")
    scores = scores_of(validation), scores_of(test)
    of_test = [batch.token_ids for batch in test]
    tested = [one.place for one in asked if any(one.token_ids is part for part in of_test)]
    highest = max(range(4), key=lambda one: scores[1][one].accuracy)
    check_tested(tested, place == highest, len(test))
    if any(one.training for one in asked):
        raise NotYet("A model was asked in training mode. Expected: evaluation mode.")
    check_chosen(place, accuracy, *scores)


def check_tested(tested: list[int], luckiest: bool, batches: int) -> None:
    """Did one model answer each batch of the test set once?"""
    if not tested:
        raise NotYet("No model answered the questions of the exam. Expected: the chosen one, once.")
    if len(set(tested)) > 1:
        why = " And the one that did best there was chosen, so its score is flattered."
        raise NotYet(
            f"{len(set(tested))} models sat the exam. Expected: one, chosen before, by the quizzes."
            + why * luckiest
        )
    if len(tested) != batches:
        raise NotYet(
            f"Model {tested[0]} sat the exam more or less than once: it answered {len(tested)} "
            f"batches, and the exam has {batches}. Expected: each batch once."
        )


def check_chosen(
    place: float, accuracy: float, validation: list[Scores], test: list[Scores]
) -> None:
    """Is it the model with the lowest validation loss, and its accuracy in the test?"""
    losses, accuracies = ([one[half] for one in validation] for half in (0, 1))
    chosen = losses.index(min(losses))
    example = f"Models with the quiz losses {[round(loss, 2) for loss in losses]}"
    wrong_models = [
        (
            accuracies.index(max(accuracies)),
            "That one has the highest accuracy. Choose by the loss.",
        ),
        (losses.index(max(losses)), "That one has the highest loss. A lower loss is better."),
    ]
    expect(place, chosen, f"{example}, the place of the one chosen", wrong_models)
    wrong_scores = [
        (accuracies[chosen], "That is its accuracy in the quizzes."),
        (100 * test[chosen].accuracy, "Give a share from 0 to 1, not one in hundredths."),
        (test[chosen].loss, "That is its loss in the exam."),
    ]
    what = f"{example}, the accuracy of model {chosen}"
    expect(accuracy, test[chosen].accuracy, what, wrong_scores)


TEST_SCORE = Exercise(
    "07-exam",
    my_test_score,
    check_test_score,
    (
        "Two parts: first all models and the quizzes, then one model and the exam.",
        "`evaluate(model, loader)` gives a loss and an accuracy together. Call it once for each "
        "model with the quizzes.",
        "Make a list of the losses. `losses.index(min(losses))` is the place of the lowest. Only "
        "`models[place]` meets the test loader, in a single `evaluate`.",
    ),
    "Choose on the validation set as often as you like; open the test set once.",
)

# ------------------------------------------------------------------------------- 07-curve


def my_curve(ax, history):
    numbers = [epoch.number for epoch in history]
    accuracies = [epoch.validation.accuracy for epoch in history]
    top = best(history)
    ax.plot(numbers, accuracies, "o-")
    ax.plot([top.number], [top.validation.accuracy], "k*")
    ax.set(xlabel="epoch", ylabel="accuracy")


Points = Sequence[tuple[float, float]]  # each to the right and up

CURVES = (  # loss and accuracy in validation; the lowest loss is not where the accuracy is highest
    ((1.2, 0.4), (0.8, 0.6), (0.5, 0.7), (0.6, 0.8), (0.9, 0.75)),
    ((1.1, 0.5), (0.7, 0.65), (0.75, 0.9), (1.3, 0.8)),
)


def check_curve(answer: Callable[..., Any]) -> None:
    """Look at what is on the axes afterwards."""
    from matplotlib.figure import Figure  # a third of a second

    for scores in CURVES:
        history = [
            Epoch(count, Scores(0.4 / count, 1 - 0.3 / count), Scores(*one), 1.0)
            for count, one in enumerate(scores, 1)
        ]
        ax = Figure().subplots()
        call(answer, ax, history)
        drawn = [points_of(line.get_xydata()) for line in ax.lines]
        marks = [points for points in drawn if len(points) == 1]
        marks += [[point] for dots in ax.collections for point in points_of(dots.get_offsets())]
        check_line([points for points in drawn if len(points) > 1], history)
        check_star(marks, history)
        check_words(ax.get_xlabel(), ax.get_ylabel())


def points_of(array: Any) -> Points:
    """The points in an array of shape (points, 2)."""
    return [(float(x), float(y)) for x, y in array]


def alike(seen: Points, expected: Points) -> bool:
    """Are these the same points, in the same order?"""
    return len(seen) == len(expected) and all(
        close(x, other_x) and close(y, other_y)
        for (x, y), (other_x, other_y) in zip(seen, expected, strict=True)
    )


def check_line(lines: Sequence[Points], history: Sequence[Epoch]) -> None:
    """Is there one line, and is it that of the validation accuracy?"""
    if not lines:
        raise NotYet(
            "There is no line on `ax`. Expected: a line with a point for each epoch. Draw it with "
            "`ax.plot(...)`, from two lists."
        )
    right = [(one.number, one.validation.accuracy) for one in history]
    if not any(alike(line, right) for line in lines):
        mistakes = mistaken_lines(history)
        why = next((f" {reason}" for points, reason in mistakes if alike(lines[0], points)), "")
        raise NotYet(
            f"The line of the validation accuracy goes through {told(right)}. Yours goes through "
            f"{told(lines[0])}.{why}"
        )
    if len(lines) > 1:
        raise NotYet(
            f"There are {len(lines)} lines on `ax`. Expected: one, and as the star a single point."
        )


def mistaken_lines(history: Sequence[Epoch]) -> list[tuple[Points, str]]:
    """Other lines that could be drawn of a training, and what is wrong with each."""
    train, validation = [one.train for one in history], [one.validation for one in history]
    numbers = [one.number for one in history]

    def line(heights: Sequence[float], right: Sequence[float] = numbers) -> Points:
        return list(zip(right, heights, strict=True))

    accuracies = [one.accuracy for one in validation]
    return [
        (
            line(accuracies, range(len(history))),
            "Epochs count from 1: give `ax.plot` their numbers too.",
        ),
        (line(numbers, accuracies), "First come the numbers to the right, then the heights."),
        (line([one.accuracy for one in train]), "That is training. Take validation."),
        (line([100 * one for one in accuracies]), "Leave the accuracy a share from 0 to 1."),
        (line([one.loss for one in validation]), "That is the loss."),
        (line([one.loss for one in train]), "That is the training loss."),
    ]


def check_star(marks: Sequence[Points], history: Sequence[Epoch]) -> None:
    """Is there one star, and is it at the epoch with the lowest validation loss?"""
    top, highest = best(history), max(history, key=lambda one: one.validation.accuracy)
    if len(marks) != 1:
        raise NotYet(
            f"The line is right, and on `ax` there are {len(marks)} single points. Expected: one, "
            "the star. Draw it with a second `ax.plot`, from two lists of one number each."
        )
    right = [(top.number, top.validation.accuracy)]
    mistakes: list[tuple[Points, str]] = [
        ([(highest.number, highest.validation.accuracy)], "That epoch has the highest accuracy."),
        (
            [(top.number, top.validation.loss)],
            "The star must lie on the line, and that is its loss.",
        ),
        ([(top.number - 1, top.validation.accuracy)], "Epochs count from 1."),
        ([(top.number, top.train.accuracy)], "That is its accuracy in training."),
    ]
    if not alike(marks[0], right):
        why = next((f" {reason}" for points, reason in mistakes if alike(marks[0], points)), "")
        losses = [one.validation.loss for one in history]
        raise NotYet(
            f"With the validation losses {losses} the star belongs at {told(right)}. Yours is at "
            f"{told(marks[0])}.{why}"
        )


def check_words(below: str, beside: str) -> None:
    """Do the axes say what they mean?"""
    for where, word, seen in (("below", "epoch", below), ("at the side", "accuracy", beside)):
        if word not in seen.lower():
            raise NotYet(
                f'The line and the star are right. Expected {where}: "{word}", saw: "{seen}". '
                "`ax.set` has `xlabel` and `ylabel`."
            )


def told(points: Points) -> str:
    """Points in words: (1, 0.4), (2, 0.6)."""
    return ", ".join(f"({x:g}, {y:g})" for x, y in points)


CURVE = Exercise(
    "07-curve",
    my_curve,
    check_curve,
    (
        "The line is one `ax.plot`, as in the lesson. For the star you need the epoch that "
        "`best(history)` gives.",
        "First make two lists, as the lesson does: `epoch.number` and `epoch.validation.accuracy`. "
        "Then `ax.plot` them.",
        "The best epoch has a `number` and a `validation.accuracy`: there the star belongs. The "
        "words are set with `ax.set(xlabel=..., ylabel=...)`.",
    ),
    "The best epoch is chosen by the loss, so the star need not be at the top of the accuracy.",
)
