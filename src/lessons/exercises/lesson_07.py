"""Lesson 07: exercises on reading the result."""

# mypy: allow-untyped-defs

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import ceil, isnan, sqrt
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lessons.exercises.asserts import (
    NUM_CLASSES,
    VOCAB_SIZE,
    Counted,
    Exercise,
    NotYet,
    Other,
    Try,
    call,
    close,
    counted,
    expect,
    judge,
    little_loader,
    little_stories,
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


def stories_by_formula(share, points):
    return ceil(share * (1 - share) * (200 / points) ** 2)


def stories_by_halving(share, points):
    low, high = 0, 1_000_000
    while high - low > 1:
        middle = (low + high) // 2
        if 200 * sqrt(share * (1 - share) / middle) > points:
            low = middle
        else:
            high = middle
    return high


def check_stories(answer: Callable[..., Any]) -> None:
    """Plan test sets for some shares and margins."""
    judge(_story_tries(answer))


def _story_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for share, points in ((0.94, 3), (0.7, 1.1), (0.55, 4.5), (0.5, 12.5), (0.5, 100)):
        seen = number(plain(call(answer, share, points)), "The number of stories")
        exact = 4 * share * (1 - share) / (points / 100) ** 2
        mistakes = [
            (exact, "There are no parts of stories. Round up."),
            (exact // 1, "With that few the margin is a little too big. Round up."),
            (
                exact // 1 + 1,
                "If the margin is exactly as big as it may be, no further story is needed.",
            ),
            (ceil(exact / 4), "The rule of thumb begins with 2 times the root."),
            (exact / 4, "The rule of thumb begins with 2 times the root."),
            (ceil(exact / 2), "The 2 stands before the root, so it is squared as well."),
            (ceil(exact / 1e4), "A point is a hundredth. The share is not given in points."),
            (exact / 1e4, "A point is a hundredth. The share is not given in points."),
            (ceil(exact * points / 100), "The margin is a root: to undo it, take the square."),
            (exact * points // 100 + 1, "The margin is a root: to undo it, take the square."),
        ]
        example = f"A share of {share}, a margin of {points} points"
        yield Try(example, seen, ceil(exact), mistakes)


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
    (
        Other(
            stories_by_formula,
            "One step in place of thousands. But the formula must be solved on paper first, and "
            "where the result is whole, the last bit of rounding may add a story.",
        ),
        Other(
            stories_by_halving,
            "Twenty tries in place of thousands, and nothing to solve: more stories never make "
            "the margin wider, so half of them can be ruled out each time. But it needs an upper "
            "limit, and is longer.",
        ),
    ),
)

# -------------------------------------------------------------------------- 07-precisions


def my_precisions(counts):
    return counts.diagonal() / counts.sum(dim=0).clamp(min=1)


def precisions_mended_afterwards(counts):
    return (counts.diagonal() / counts.sum(dim=0)).nan_to_num()


def check_precisions(answer: Callable[..., Any]) -> None:
    """Try a table with all classes guessed, and one with a class that never was."""
    judge(_precision_tries(answer))


def _precision_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for rows in (
        [[8, 1, 1], [3, 4, 3], [0, 2, 6]],
        [[5, 0, 3], [4, 0, 2], [1, 0, 7]],
        [[0, 2], [0, 6]],
        [[6, 0], [3, 1]],
    ):
        counts = torch.tensor(rows)
        result = plain(call(answer, counts))
        seen = numbers(result, len(rows), f"The precisions for the table {rows}")
        for place, value in enumerate(seen):
            yield _precision_try(value, counts, place)


def _precision_try(seen: float, counts: Tensor, place: int) -> Try:
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
    return Try(example, seen, expected, mistakes)


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
    (
        Other(
            precisions_mended_afterwards,
            "It divides first and puts 0 where 0 was divided by 0. But it would also hide a NaN "
            "that is there for another reason.",
        ),
    ),
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


def unsure_story_by_story(probabilities, labels, threshold):
    answered = right = 0
    for row, label in zip(probabilities.tolist(), labels.tolist()):
        if max(row) >= threshold:
            answered += 1
            right += row.index(max(row)) == label
    return answered / len(labels), right / max(1, answered)


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
    judge(_unsure_tries(answer))


def _unsure_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    probabilities, labels = torch.tensor(PROBABILITIES), torch.tensor(LABELS)
    for threshold in (0.45, 0.0, 0.55, 0.95, 0.5):
        result = plain(call(answer, probabilities, labels, threshold))
        example = (
            f"Of 5 stories with the confidences 0.9, 0.7, 0.34, 0.5, 0.6, at least {threshold} sure"
        )
        seen = numbers(result, 2, f"{example}: two shares")
        confidence = probabilities.amax(dim=1)
        right = probabilities.argmax(dim=1) == labels
        truth = probabilities[range(5), labels] >= threshold  # not what confidence means
        more = confidence > threshold  # not what "at least" means
        sure = confidence >= threshold
        counts = [int(one.sum()) for one in (sure, right & sure, right, truth, more, right & more)]
        yield _answered_try(seen[0], counts, example)
        yield _right_try(seen[1], counts, example)


AT_LEAST = "A confidence of exactly the threshold is *at least* the threshold, so it is enough."


def _answered_try(seen: float, counts: Sequence[int], example: str) -> Try:
    """Is this the share of the stories that are answered?"""
    answered, more = counts[0], counts[4]
    mistakes = [
        (answered, "That is how many are answered. Divide by all stories."),
        (1 - answered / 5, "That is the share of those that are *not* answered."),
        (more / 5, AT_LEAST),
    ]
    return Try(f"{example}: the share answered", seen, answered / 5, mistakes)


def _right_try(seen: float, counts: Sequence[int], example: str) -> Try:
    """Is this the share that is right among those answered?"""
    answered, among, right, truth, more, right_more = counts
    if isnan(seen):
        raise NotYet(
            f"{example}: expected 0 and 0, saw nan. No story is answered, and 0 divided by 0 is "
            "not a number."
        )
    mistakes = [
        (right_more / max(more, 1), AT_LEAST),
        (among / 5, "Divide by the stories that are answered, not by all of them."),
        (right / 5, "That is the accuracy over all stories, those not answered included."),
        (
            right / 5 if answered else 0,
            "That is the accuracy over all stories, those not answered included.",
        ),
        (truth / max(answered, 1), "The confidence is the *highest* probability of a story."),
        (among, "That is how many are right. Divide by those answered."),
        (1 - among / max(answered, 1), "That is the share that is wrong."),
    ]
    expected = among / answered if answered else 0.0
    return Try(f"{example}: the share right among those answered", seen, expected, mistakes)


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
    (
        Other(
            unsure_story_by_story,
            "Each line can be read aloud, and there is no mask to get wrong. But a loop of Python "
            "is slow where there are many stories.",
        ),
    ),
)

# -------------------------------------------------------------------------------- 07-exam


def my_test_score(models, validation_loader, test_loader):
    losses = [evaluate(model, validation_loader).loss for model in models]
    chosen = losses.index(min(losses))
    return chosen, evaluate(models[chosen], test_loader).accuracy


class Asked(NamedTuple):
    """A model has been asked about a batch."""

    place: int  # of the model in the list
    stories: int
    of_test: bool  # of the test set, or else of the validation set
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
        of_test = bool((token_ids >= HALF).any())
        self.note(Asked(self.place, len(offsets), of_test, self.training))
        logits: Tensor = self.linear(self.dropout(self.embedding(token_ids, offsets)))
        return logits


def candidates(asked: list[Asked]) -> list[Candidate]:
    """Four models: one has the lowest validation loss, others the highest accuracies."""
    return [Candidate(place, asked) for place in range(4)]


HALF = VOCAB_SIZE // 2  # the words from here on stand in stories of the test set alone
VALIDATION, TEST = (19, 0), (18, 2)  # how many stories, and a seed that sets all mistakes apart


def two_loaders() -> tuple[Counted, Counted]:
    """Loaders of a validation set and of a test set, whose stories have different words."""
    validation = little_stories(*VALIDATION, range(HALF))
    test = little_stories(*TEST, range(HALF, VOCAB_SIZE))
    return little_loader(validation, 8), little_loader(test, 8)


def scores_of(loader: Iterable[Batch]) -> list[Scores]:
    """What should come out, for each of the candidates."""
    return [evaluate(model, loader) for model in candidates([])]


def check_test_score(answer: Callable[..., Any]) -> None:
    """See which models are tested, and how often."""
    asked: list[Asked] = []
    result = plain(call(answer, candidates(asked), *two_loaders()))
    place, accuracy = numbers(result, 2, "The place of the chosen model and its accuracy")
    validation, test = map(scores_of, two_loaders())
    highest = max(range(4), key=lambda one: test[one].accuracy)
    check_tested([one for one in asked if one.of_test], place == highest)
    if any(one.training for one in asked):
        raise NotYet("A model was asked in training mode. Expected: evaluation mode.")
    check_chosen(place, accuracy, validation, test)


def check_tested(tested: list[Asked], luckiest: bool) -> None:
    """Did one model answer each story of the test set once?"""
    if not tested:
        raise NotYet("No model answered the questions of the exam. Expected: the chosen one, once.")
    models = {one.place for one in tested}
    if len(models) > 1:
        why = " And the one that did best there was chosen, so its score is flattered."
        raise NotYet(
            f"{len(models)} models sat the exam. Expected: one, chosen before, by the quizzes."
            + why * luckiest
        )
    if (stories := sum(one.stories for one in tested)) != TEST[0]:
        raise NotYet(
            f"Model {tested[0].place} sat the exam more or less than once: it answered "
            f"{counted(stories, 'question')}, and the exam has {TEST[0]}. Expected: each of them "
            "once."
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
