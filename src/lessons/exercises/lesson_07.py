"""Lesson 07: exercises on reading the result."""

from collections.abc import Callable, Sequence
from math import ceil, isnan
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lessons.exercises.asserts import (
    CLASSES,
    WORDS,
    Exercise,
    NotYet,
    Wrong,
    call,
    expect,
    little_batches,
    number,
    numbers,
    plain,
)
from lessons.loaders import Batch
from lessons.model import TextClassifier

# ----------------------------------------------------------------------------- 07-stories


def check_stories(answer: Callable[..., Any]) -> None:
    """Plan some exams."""
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


STARTER = "def my_stories(share, points):\n"
MY_STORIES = (
    STARTER
    + """\
    stories = 1
    while 100 * 2 * sqrt(share * (1 - share) / stories) > points:
        stories += 1
    return stories"""
)
STORIES = Exercise(
    "07-stories",
    """\
How big an exam do you need? Write `my_stories`, which turns the rule of thumb around. You are given
the share of right answers that you expect, from 0 to 1, and a margin in points (hundredths). Give
back the smallest number of stories with which the margin is no bigger than that. For a share of
0.94 and 3 points it is 251.""",
    f"{STARTER}    ...",
    check_stories,
    (
        "Try it out: which margin do 100 stories give, and 200? Where is it small enough?",
        "Let a number of stories grow, in a `while` loop, as long as the margin is too big.",
        "`100 * 2 * sqrt(share * (1 - share) / stories)` is the margin in points.",
    ),
    MY_STORIES,
    "Half the margin costs four times as many stories: certainty is dear.",
    (
        Wrong(
            f"{STARTER}    return 4 * share * (1 - share) / (points / 100) ** 2",
            "expected 251, saw 250.667. There are no parts of stories.",
        ),
        Wrong(
            f"{STARTER}    return int(4 * share * (1 - share) / (points / 100) ** 2)",
            "With that few the margin is a little too big.",
        ),
        Wrong(MY_STORIES.replace("100 * 2 *", "100 *"), "The rule of thumb begins with 2 times"),
        Wrong(MY_STORIES.replace("100 * 2 *", "2 *"), "A point is a hundredth."),
        Wrong(
            f"{STARTER}    return int(4 * share * (1 - share) / (points / 100)) + 1",
            "to undo it, take the square",
        ),
        Wrong(
            f"{STARTER}    return 100 * 2 * sqrt(share * (1 - share) / points)",
            "A share of 0.94, a margin of 3 points: expected 251, saw 27.42",
        ),
    ),
)

# -------------------------------------------------------------------------- 07-precisions


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
    told = f"The table {counts.tolist()}, column {place}"
    if isnan(seen):
        raise NotYet(
            f"{told}: expected {expected:g}, saw nan. Nothing was guessed to be of this class, and "
            "0 divided by 0 is not a number."
        )
    mistakes = [
        (cell / row, "That is the recall, by rows. Of those *guessed* to be of this class?"),
        (cell / counts.sum().item(), "Divide by the sum of the column, not by all stories."),
        (counts.diagonal().sum().item() / counts.sum().item(), "That is the accuracy."),
        (100 * expected, "Give a share from 0 to 1, not one in hundredths."),
        (cell // max(column, 1), "`//` leaves out the part after the point. Divide with `/`."),
        (1.0 - expected, "That is the share that was wrong."),
    ]
    expect(seen, expected, told, mistakes)


STARTER = "def my_precisions(counts):\n"
MY_PRECISIONS = f"{STARTER}    return counts.diagonal() / counts.sum(dim=0).clamp(min=1)"
PRECISIONS = Exercise(
    "07-precisions",
    """\
A model that has hardly learned anything may never guess one of the classes. Its precision would be
0 divided by 0. Write `my_precisions`: you are given a confusion matrix, a tensor with a row for
each right answer and a column for each guess. Give back the precision of every class, in order;
for a class that was never guessed, 0. For example,
`my_precisions(torch.tensor([[3, 0], [1, 0]]))` gives `[0.75, 0.0]`, as a list or as a tensor.""",
    f"{STARTER}    ...",
    check_precisions,
    (
        "Work out each precision as in the lesson. Which of them goes wrong in the example?",
        "If a column adds up to 0, its cell on the diagonal is 0, too. Then any other divisor "
        "will do.",
        "Of the sums of the columns, `clamp(min=1)` makes those that are 0 to 1. An `if` in a loop "
        "over the classes is as good.",
    ),
    MY_PRECISIONS,
    "Before you divide, ask when the divisor can be 0.",
    (
        Wrong(
            f"{STARTER}    return counts.diagonal() / counts.sum(dim=1).clamp(min=1)",
            "That is the recall, by rows.",
        ),
        Wrong(f"{STARTER}    return counts.diagonal() / counts.sum(dim=0)", "expected 0, saw nan."),
        Wrong(
            f"{STARTER}    rows = range(len(counts))\n    return "
            "[counts[i, i].item() / sum(counts[j, i].item() for j in rows) for i in rows]",
            "Your code raised ZeroDivisionError",
        ),
        Wrong(
            f"{STARTER}    return counts.diagonal() / counts.sum()",
            "Divide by the sum of the column, not by all stories.",
        ),
        Wrong(
            f"{STARTER}    return counts.diagonal() // counts.sum(dim=0).clamp(min=1)",
            "leaves out the part after the point",
        ),
        Wrong(
            f"{STARTER}    return (counts.diagonal().sum() / counts.sum()).item()",
            "The precisions for the table [[8, 1, 1], [3, 4, 3], [0, 2, 6]]: expected a list of 3",
        ),
        Wrong(
            f"{STARTER}    counts[counts == 0] = 1\n"
            "    return counts.diagonal() / counts.sum(dim=0)",
            "input number 1 is not what it was before",
        ),
    ),
)

# ------------------------------------------------------------------------------ 07-unsure

CHANCES = [
    [0.9, 0.06, 0.04],
    [0.1, 0.7, 0.2],
    [0.34, 0.33, 0.33],
    [0.2, 0.3, 0.5],
    [0.25, 0.6, 0.15],
]
LABELS = [0, 1, 0, 1, 1]  # the guesses are 0, 1, 0, 2, 1


def check_unsure(answer: Callable[..., Any]) -> None:
    """Try models that answer some, all and none of the questions."""
    chances, labels = torch.tensor(CHANCES), torch.tensor(LABELS)
    for least in (0.45, 0.0, 0.55, 0.95):
        result = plain(call(answer, chances, labels, least))
        told = f"Of 5 stories with the confidences 0.9, 0.7, 0.34, 0.5, 0.6, at least {least} sure"
        seen = numbers(result, 2, f"{told}: two shares")
        sure = chances.amax(dim=1) >= least
        right = chances.argmax(dim=1) == labels
        truth = chances[range(5), labels] >= least  # not what confidence means
        check_answered(seen[0], int(sure.sum()) / 5, told)
        counts = [int(one.sum()) for one in (sure, right & sure, right, truth)]
        check_right(seen[1], counts, told)


def check_answered(seen: float, expected: float, told: str) -> None:
    """Is this the share of the stories that are answered?"""
    mistakes = [
        (5 * expected, "That is how many are answered. Divide by all stories."),
        (1 - expected, "That is the share of those that are *not* answered."),
    ]
    expect(seen, expected, f"{told}: the share answered", mistakes)


def check_right(seen: float, counts: Sequence[int], told: str) -> None:
    """Is this the share that is right among those answered?"""
    answered, among, right, truth = counts
    if isnan(seen):
        raise NotYet(
            f"{told}: expected 0 and 0, saw nan. No story is answered, and 0 divided by 0 is not a "
            "number."
        )
    mistakes = [
        (among / 5, "Divide by the stories that are answered, not by all of them."),
        (right / 5, "That is the accuracy over all stories, those not answered included."),
        (truth / max(answered, 1), "The confidence is the *highest* probability of a story."),
        (among, "That is how many are right. Divide by those answered."),
        (1 - among / max(answered, 1), "That is the share that is wrong."),
    ]
    expected = among / answered if answered else 0.0
    expect(seen, expected, f"{told}: the share right among those answered", mistakes)


STARTER = "def my_unsure(chances, labels, least):\n"
MY_UNSURE = (
    STARTER
    + """\
    confidence, guesses = chances.max(dim=1)
    sure = confidence >= least
    answered = sure.sum().item()
    if answered == 0:
        return 0.0, 0.0
    right = (guesses[sure] == labels[sure]).sum().item()
    return answered / len(labels), right / answered"""
)
UNSURE = Exercise(
    "07-unsure",
    """\
Let a model say "I don't know": it answers only when its confidence is at least `least`. Write
`my_unsure`. You are given the probabilities that `predict` gives, a tensor of shape (stories,
classes), the labels, a tensor of shape (stories,), and `least`. Give back two shares from 0 to 1:
how many of all stories are answered, and how many of those *answered* are right. If none is
answered, give back 0 and 0.""",
    f"{STARTER}    ...",
    check_unsure,
    (
        "`chances.max(dim=1)` gives the confidence and the guess of each story.",
        "`sure = confidence >= least` says yes or no for each story. `guesses[sure]` holds only "
        "the guesses of those with a yes.",
        "The first share is the sum of `sure` divided by the number of stories. For the second, "
        "compare `guesses[sure]` with `labels[sure]`, and catch the case of no answer before it.",
    ),
    MY_UNSURE,
    "A model that may be silent can be right more often: always tell how many it answered.",
    (
        Wrong(
            MY_UNSURE.replace("right / answered", "right / len(labels)"),
            "Divide by the stories that are answered, not by all of them.",
        ),
        Wrong(
            f"{STARTER}    confidence, guesses = chances.max(dim=1)\n"
            "    sure, right = confidence >= least, guesses == labels\n"
            "    return sure.float().mean().item(), right[sure].float().mean().item()",
            "expected 0 and 0, saw nan.",
        ),
        Wrong(
            MY_UNSURE.replace("    if answered == 0:\n        return 0.0, 0.0\n", ""),
            "Your code raised ZeroDivisionError",
        ),
        Wrong(
            MY_UNSURE.replace(">= least", "< least"), "the share of those that are *not* answered"
        ),
        Wrong(
            MY_UNSURE.replace("answered / len(labels), right", "answered, right"),
            "That is how many are answered.",
        ),
        Wrong(
            MY_UNSURE.replace("(guesses[sure] == labels[sure])", "(guesses == labels)").replace(
                "right / answered", "right / len(labels)"
            ),
            "That is the accuracy over all stories",
        ),
        Wrong(
            f"{STARTER}    rows = range(len(labels))\n"
            "    sure = [row for row in rows if chances[row].max() >= least]\n"
            "    right = [row for row in rows if chances[row, labels[row]] >= least]\n"
            "    return len(sure) / len(labels), len(right) / max(len(sure), 1)",
            "The confidence is the *highest* probability of a story.",
        ),
        Wrong(
            MY_UNSURE.replace("answered / len(labels), right / answered", "right / answered"),
            "two shares: expected a list of 2",
        ),
    ),
)

# -------------------------------------------------------------------------------- 07-exam


class Student(TextClassifier):
    """A little model with dropout, which notes each question in a book that all students share."""

    def __init__(self, place: int, asked: list[tuple[int, Tensor, bool]]) -> None:
        super().__init__(WORDS, CLASSES, 8, torch.Generator().manual_seed(place + 1))
        self.covers = nn.Dropout(0.5)
        self.place, self.note = place, asked.append  # copies note it in the same place
        with torch.no_grad():
            self.embedding.weight.mul_(20)
            self.linear.weight.mul_(3)

    def forward(self, tokens: Tensor, offsets: Tensor) -> Tensor:
        """Guess, and note who was asked what, and in which mode."""
        self.note((self.place, tokens, self.training))
        logits: Tensor = self.linear(self.covers(self.embedding(tokens, offsets)))
        return logits


def school(asked: list[tuple[int, Tensor, bool]]) -> list[Student]:
    """Four students: one is best by the quiz loss, others by the accuracies of quiz and exam."""
    return [Student(place, asked) for place in range(4)]


def scores_of(part: Sequence[Batch]) -> tuple[list[float], list[float]]:
    """What should come out: the losses and the accuracies of all students."""
    labels = torch.cat([one.labels for one in part])
    losses, accuracies = [], []
    with torch.no_grad():
        for student in school([]):
            student.eval()
            logits = torch.cat([student(one.token_ids, one.offsets) for one in part])
            losses.append(F.cross_entropy(logits, labels).item())
            accuracies.append((logits.argmax(dim=1) == labels).double().mean().item())
    return losses, accuracies


def check_exam(answer: Callable[..., Any]) -> None:
    """See who sits the exam, and how often."""
    quizzes, exam = little_batches((8, 8, 3), 291), little_batches((8, 8, 2), 391)
    asked: list[tuple[int, Tensor, bool]] = []
    result = plain(call(answer, school(asked), quizzes, exam))
    place, accuracy = numbers(result, 2, "The place of the chosen model and its accuracy")
    losses, luck = scores_of(quizzes)
    exam_losses, exam_luck = scores_of(exam)
    chosen = losses.index(min(losses))
    sat = [who for who, tokens, _ in asked if any(tokens is one.token_ids for one in exam)]
    check_sittings(sat, place == exam_luck.index(max(exam_luck)), len(exam))
    if any(learning for _, _, learning in asked):
        raise NotYet("A model was asked in training mode. Expected: evaluation mode.")
    told = f"Models with the quiz losses {[round(loss, 2) for loss in losses]}"
    mistakes = [
        (luck.index(max(luck)), "That one has the highest accuracy. Choose by the loss."),
        (losses.index(max(losses)), "That one has the highest loss. A lower loss is better."),
    ]
    expect(place, chosen, f"{told}, the place of the one chosen", mistakes)
    slips = [
        (luck[chosen], "That is its accuracy in the quizzes."),
        (100 * exam_luck[chosen], "Give a share from 0 to 1, not one in hundredths."),
        (exam_losses[chosen], "That is its loss in the exam."),
    ]
    expect(accuracy, exam_luck[chosen], f"{told}, the accuracy of model {chosen}", slips)


def check_sittings(sat: list[int], luckiest: bool, batches: int) -> None:
    """Did one model answer the questions of the exam once?"""
    if not sat:
        raise NotYet("No model answered the questions of the exam. Expected: the chosen one, once.")
    if len(set(sat)) > 1:
        why = " And the one that did best there was chosen, so its score is flattered."
        raise NotYet(
            f"{len(set(sat))} models sat the exam. Expected: one, chosen before, by the quizzes."
            + why * luckiest
        )
    if len(sat) != batches:
        raise NotYet(
            f"Model {sat[0]} sat the exam more or less than once: it answered {len(sat)} batches, "
            f"and the exam has {batches}. Expected: each batch once."
        )


STARTER = "def my_exam(models, validation_loader, test_loader):\n"
MY_EXAM = (
    STARTER
    + """\
    losses = [evaluate(model, validation_loader).loss for model in models]
    chosen = losses.index(min(losses))
    return chosen, evaluate(models[chosen], test_loader).accuracy"""
)
EXAM = Exercise(
    "07-exam",
    """\
You have trained several models and will hand in one of them. Write `my_exam`: you are given the
list of models, the loader of the validation set and that of the test set. Choose the model with the
lowest loss in the quizzes, and let it sit the exam. Give back two numbers: its place in the list,
counted from 0, and its accuracy in the exam. Every question of the exam may be answered only once,
by one model.""",
    f"{STARTER}    ...",
    check_exam,
    (
        "Two parts: first all models and the quizzes, then one model and the exam.",
        "`evaluate(model, loader)` gives a loss and an accuracy together. Call it once for each "
        "model with the quizzes.",
        "Make a list of the losses. `losses.index(min(losses))` is the place of the lowest. Only "
        "`models[place]` meets the test loader, in a single `evaluate`.",
    ),
    MY_EXAM,
    "Choose on the validation set as often as you like; open the test set once.",
    (
        Wrong(
            MY_EXAM.replace(
                "    losses",
                "    exams = [evaluate(one, test_loader) for one in models]\n    losses",
                1,
            ).replace("evaluate(models[chosen], test_loader)", "exams[chosen]"),
            "4 models sat the exam. Expected: one, chosen before, by the quizzes.",
        ),
        Wrong(
            f"{STARTER}    rights = [evaluate(model, test_loader).accuracy for model in models]\n"
            "    return rights.index(max(rights)), max(rights)",
            "And the one that did best there was chosen",
        ),
        Wrong(
            MY_EXAM.replace(
                "    return", "    print(evaluate(models[chosen], test_loader).loss)\n    return"
            ),
            "it answered 6 batches, and the exam has 3.",
        ),
        Wrong(
            MY_EXAM.replace(".loss", ".accuracy").replace("min(", "max("),
            "That one has the highest accuracy.",
        ),
        Wrong(MY_EXAM.replace("min(", "max("), "That one has the highest loss."),
        Wrong(
            MY_EXAM.replace("test_loader).", "validation_loader)."),
            "No model answered the questions of the exam.",
        ),
        Wrong(
            MY_EXAM.replace(
                "    return chosen, evaluate(models[chosen], test_loader).accuracy",
                "    evaluate(models[chosen], test_loader)\n"
                "    return chosen, evaluate(models[chosen], validation_loader).accuracy",
            ),
            "That is its accuracy in the quizzes.",
        ),
        Wrong(
            f"""\
{STARTER}    def rate(model, loader):
        logits = torch.cat([model(batch.token_ids, batch.offsets) for batch in loader])
        labels = torch.cat([batch.labels for batch in loader])
        return F.cross_entropy(logits, labels).item(), accuracy(logits, labels)

    losses = [rate(model, validation_loader)[0] for model in models]
    chosen = losses.index(min(losses))
    return chosen, rate(models[chosen], test_loader)[1]""",
            "A model was asked in training mode.",
        ),
    ),
)

EXERCISES = (STORIES, PRECISIONS, UNSURE, EXAM)
