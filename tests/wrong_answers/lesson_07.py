"""Wrong answers to the exercises of lesson 07."""

from math import sqrt

import torch
from torch.nn import functional as F

from lessons.exercises.lesson_07 import my_unsure
from lessons.training import accuracy
from lessons.validation import best, evaluate
from wrong_answers import wrong

# ----------------------------------------------------------------------------- 07-stories


@wrong(
    "07-stories",
    "expected 251, saw 250.667. There are no parts of stories.",
    "counts one too many or too few",
)
def gives_parts_of_stories(share, points):
    return 4 * share * (1 - share) / (points / 100) ** 2


@wrong(
    "07-stories", "With that few the margin is a little too big.", "counts one too many or too few"
)
def rounds_down(share, points):
    return int(4 * share * (1 - share) / (points / 100) ** 2)


@wrong(
    "07-stories",
    "The rule of thumb begins with 2 times",
    "misjudges how large a difference must be",
)
def forgets_the_factor_2(share, points):
    stories = 1
    while 100 * sqrt(share * (1 - share) / stories) > points:
        stories += 1
    return stories


@wrong("07-stories", "A point is a hundredth.", "mixes up counts, sums, means and shares")
def takes_points_for_shares(share, points):
    stories = 1
    while 2 * sqrt(share * (1 - share) / stories) > points:
        stories += 1
    return stories


@wrong("07-stories", "to undo it, take the square", "misjudges how large a difference must be")
def forgets_the_square(share, points):
    return int(4 * share * (1 - share) / (points / 100)) + 1


@wrong(
    "07-stories",
    "A share of 0.94, a margin of 3 points: expected 251, saw 27.42",
    "misjudges how large a difference must be",
)
def puts_points_for_stories(share, points):
    return 100 * 2 * sqrt(share * (1 - share) / points)


@wrong("07-stories", "no further story is needed", "misjudges how large a difference must be")
def asks_for_less_than_the_margin(share, points):
    stories = 1
    while 100 * 2 * sqrt(share * (1 - share) / stories) >= points:
        stories += 1
    return stories


# -------------------------------------------------------------------------- 07-precisions


@wrong("07-precisions", "column 1: expected 0, saw 1.", "forgets the empty case")
def gives_1_for_a_class_never_guessed(counts):
    right, guessed = counts.diagonal().tolist(), counts.sum(dim=0).tolist()
    return [a / b if b else 1.0 for a, b in zip(right, guessed)]


@wrong("07-precisions", "That is the recall, by rows.", "misreads rows and columns")
def gives_the_recall(counts):
    return counts.diagonal() / counts.sum(dim=1).clamp(min=1)


@wrong("07-precisions", "expected 0, saw nan.", "forgets the empty case")
def gives_nan_for_an_empty_column(counts):
    return counts.diagonal() / counts.sum(dim=0)


@wrong("07-precisions", "Your code raised ZeroDivisionError", "forgets the empty case")
def divides_by_an_empty_column(counts):
    rows = range(len(counts))
    return [counts[i, i].item() / sum(counts[j, i].item() for j in rows) for i in rows]


@wrong(
    "07-precisions",
    "Divide by the sum of the column, not by all stories.",
    "divides by the wrong total",
)
def divides_by_all_stories(counts):
    return counts.diagonal() / counts.sum()


@wrong(
    "07-precisions",
    "leaves out the part after the point",
    "mixes up counts, sums, means and shares",
)
def divides_without_the_rest(counts):
    return counts.diagonal() // counts.sum(dim=0).clamp(min=1)


@wrong(
    "07-precisions",
    "The precisions for the table [[8, 1, 1], [3, 4, 3], [0, 2, 6]]: expected a list of 3",
    "forgets that classes differ",
)
def gives_the_accuracy(counts):
    return (counts.diagonal().sum() / counts.sum()).item()


@wrong("07-precisions", "input number 1 is not what it was before", "takes another name for a copy")
def fills_up_the_table(counts):
    counts[counts == 0] = 1
    return counts.diagonal() / counts.sum(dim=0)


# ------------------------------------------------------------------------------ 07-unsure


@wrong(
    "07-unsure",
    "Divide by the stories that are answered, not by all of them.",
    "divides by the wrong total",
)
def divides_the_right_ones_by_all(probabilities, labels, threshold):
    confidence, guesses = probabilities.max(dim=1)
    sure = confidence >= threshold
    answered = sure.sum().item()
    if answered == 0:
        return 0.0, 0.0
    right = (guesses[sure] == labels[sure]).sum().item()
    return answered / len(labels), right / len(labels)


@wrong("07-unsure", "expected 0 and 0, saw nan.", "forgets the empty case")
def takes_the_mean_of_no_answers(probabilities, labels, threshold):
    confidence, guesses = probabilities.max(dim=1)
    sure, right = confidence >= threshold, guesses == labels
    return sure.float().mean().item(), right[sure].float().mean().item()


@wrong("07-unsure", "Your code raised ZeroDivisionError", "forgets the empty case")
def divides_by_no_answers(probabilities, labels, threshold):
    confidence, guesses = probabilities.max(dim=1)
    sure = confidence >= threshold
    answered = sure.sum().item()
    right = (guesses[sure] == labels[sure]).sum().item()
    return answered / len(labels), right / answered


@wrong(
    "07-unsure",
    "the share of those that are *not* answered",
    "mixes up guesses, confidence and right answers",
)
def answers_when_unsure(probabilities, labels, threshold):
    confidence, guesses = probabilities.max(dim=1)
    sure = confidence < threshold
    answered = sure.sum().item()
    if answered == 0:
        return 0.0, 0.0
    right = (guesses[sure] == labels[sure]).sum().item()
    return answered / len(labels), right / answered


@wrong("07-unsure", "That is how many are answered.", "mixes up counts, sums, means and shares")
def counts_the_answers(probabilities, labels, threshold):
    answered, right = my_unsure(probabilities, labels, threshold)
    return answered * len(labels), right


@wrong("07-unsure", "That is the accuracy over all stories", "divides by the wrong total")
def grades_every_story(probabilities, labels, threshold):
    confidence, guesses = probabilities.max(dim=1)
    sure = confidence >= threshold
    answered = sure.sum().item()
    if answered == 0:
        return 0.0, 0.0
    right = (guesses == labels).sum().item()
    return answered / len(labels), right / len(labels)


@wrong(
    "07-unsure",
    "The confidence is the *highest* probability of a story.",
    "mixes up guesses, confidence and right answers",
)
def looks_at_the_right_answer(probabilities, labels, threshold):
    rows = range(len(labels))
    sure = [row for row in rows if probabilities[row].max() >= threshold]
    right = [row for row in rows if probabilities[row, labels[row]] >= threshold]
    return len(sure) / len(labels), len(right) / max(len(sure), 1)


@wrong("07-unsure", "two shares: expected a list of 2", "gives back something else than was asked")
def gives_one_share(probabilities, labels, threshold):
    return my_unsure(probabilities, labels, threshold)[1]


@wrong("07-unsure", "is *at least* the threshold", "misjudges how large a difference must be")
def asks_for_more_than_the_threshold(probabilities, labels, threshold):
    confidence, guesses = probabilities.max(dim=1)
    sure = confidence > threshold
    answered = sure.sum().item()
    if answered == 0:
        return 0.0, 0.0
    right = (guesses[sure] == labels[sure]).sum().item()
    return answered / len(labels), right / answered


# -------------------------------------------------------------------------------- 07-exam


@wrong(
    "07-exam",
    "4 models sat the exam. Expected: one, chosen before, by the quizzes.",
    "chooses by the test set, or opens it twice",
)
def tests_every_model(models, validation_loader, test_loader):
    scores = [evaluate(model, test_loader) for model in models]
    losses = [evaluate(model, validation_loader).loss for model in models]
    chosen = losses.index(min(losses))
    return chosen, scores[chosen].accuracy


@wrong(
    "07-exam",
    "And the one that did best there was chosen",
    "chooses by the test set, or opens it twice",
)
def chooses_by_the_test_set(models, validation_loader, test_loader):
    accuracies = [evaluate(model, test_loader).accuracy for model in models]
    return accuracies.index(max(accuracies)), max(accuracies)


@wrong(
    "07-exam",
    "it answered 36 questions, and the exam has 18.",
    "chooses by the test set, or opens it twice",
)
def opens_the_test_set_twice(models, validation_loader, test_loader):
    losses = [evaluate(model, validation_loader).loss for model in models]
    chosen = losses.index(min(losses))
    print(evaluate(models[chosen], test_loader).loss)
    return chosen, evaluate(models[chosen], test_loader).accuracy


@wrong("07-exam", "That one has the highest accuracy.", "mixes up loss and accuracy")
def chooses_by_the_accuracy(models, validation_loader, test_loader):
    accuracies = [evaluate(model, validation_loader).accuracy for model in models]
    chosen = accuracies.index(max(accuracies))
    return chosen, evaluate(models[chosen], test_loader).accuracy


@wrong("07-exam", "That one has the highest loss.", "mixes up loss and accuracy")
def takes_the_highest_loss(models, validation_loader, test_loader):
    losses = [evaluate(model, validation_loader).loss for model in models]
    chosen = losses.index(max(losses))
    return chosen, evaluate(models[chosen], test_loader).accuracy


@wrong(
    "07-exam",
    "No model answered the questions of the exam.",
    "misjudges how honest a validation score is",
)
def never_opens_the_test_set(models, validation_loader, test_loader):
    losses = [evaluate(model, validation_loader).loss for model in models]
    chosen = losses.index(min(losses))
    return chosen, evaluate(models[chosen], validation_loader).accuracy


@wrong(
    "07-exam", "That is its accuracy in the quizzes.", "misjudges how honest a validation score is"
)
def reports_the_validation_accuracy(models, validation_loader, test_loader):
    losses = [evaluate(model, validation_loader).loss for model in models]
    chosen = losses.index(min(losses))
    evaluate(models[chosen], test_loader)
    return chosen, evaluate(models[chosen], validation_loader).accuracy


@wrong("07-exam", "A model was asked in training mode.", "misreads what eval() and train() do")
def asks_in_training_mode(models, validation_loader, test_loader):
    def rate(model, loader):
        logits = torch.cat([model(batch.token_ids, batch.offsets) for batch in loader])
        labels = torch.cat([batch.labels for batch in loader])
        return F.cross_entropy(logits, labels).item(), accuracy(logits, labels)

    losses = [rate(model, validation_loader)[0] for model in models]
    chosen = losses.index(min(losses))
    return chosen, rate(models[chosen], test_loader)[1]


# ------------------------------------------------------------------------------- 07-curve


def draw(ax, points, star):
    """A line, a star and the words."""
    ax.plot(*zip(*points, strict=True), "o-")
    ax.plot([star[0]], [star[1]], "k*")
    ax.set(xlabel="epoch", ylabel="accuracy")


@wrong("07-curve", "There is no line on `ax`.", "gives back something else than was asked")
def draws_elsewhere(ax, history):
    from matplotlib.figure import Figure

    points = [(one.number, one.validation.accuracy) for one in history]
    draw(Figure().subplots(), points, points[best(history).number - 1])


@wrong(
    "07-curve",
    "Epochs count from 1: give `ax.plot` their numbers too.",
    "compares with or counts from the wrong epoch",
)
def leaves_out_the_numbers(ax, history):
    ax.plot([one.validation.accuracy for one in history])
    ax.plot([best(history).number], [best(history).validation.accuracy], "k*")
    ax.set(xlabel="epoch", ylabel="accuracy")


@wrong("07-curve", "That is training. Take validation.", "chooses or reports by the training score")
def draws_the_training_accuracy(ax, history):
    points = [(one.number, one.train.accuracy) for one in history]
    draw(ax, points, points[best(history).number - 1])


@wrong("07-curve", "That is the loss.", "mixes up loss and accuracy")
def draws_the_loss(ax, history):
    points = [(one.number, one.validation.loss) for one in history]
    draw(ax, points, points[best(history).number - 1])


@wrong("07-curve", "There are 2 lines on `ax`.", "chooses or reports by the training score")
def draws_the_same_line_twice(ax, history):
    points = [(one.number, one.validation.accuracy) for one in history]
    ax.plot(*zip(*points, strict=True), "r--")
    draw(ax, points, points[best(history).number - 1])


@wrong("07-curve", "there are 0 single points", "gives back something else than was asked")
def draws_no_star(ax, history):
    ax.plot([one.number for one in history], [one.validation.accuracy for one in history])
    ax.set(xlabel="epoch", ylabel="accuracy")


@wrong("07-curve", "That epoch has the highest accuracy.", "mixes up loss and accuracy")
def stars_the_highest_accuracy(ax, history):
    points = [(one.number, one.validation.accuracy) for one in history]
    draw(ax, points, max(points, key=lambda point: point[1]))


@wrong("07-curve", "that is its loss.", "mixes up loss and accuracy")
def stars_at_the_height_of_the_loss(ax, history):
    top = best(history)
    points = [(one.number, one.validation.accuracy) for one in history]
    draw(ax, points, (top.number, top.validation.loss))


@wrong("07-curve", "Yours is at (2, 0.7). Epochs count from 1.", "counts one too many or too few")
def counts_the_best_epoch_from_0(ax, history):
    losses = [one.validation.loss for one in history]
    place = losses.index(min(losses))
    points = [(one.number, one.validation.accuracy) for one in history]
    draw(ax, points, (place, history[place].validation.accuracy))


@wrong(
    "07-curve",
    'Expected at the side: "accuracy", saw: ""',
    "gives back something else than was asked",
)
def forgets_the_words(ax, history):
    points = [(one.number, one.validation.accuracy) for one in history]
    draw(ax, points, points[best(history).number - 1])
    ax.set(ylabel="")


@wrong("07-curve", "First come the numbers to the right", "mixes up an index and the value there")
def swaps_right_and_up(ax, history):
    points = [(one.validation.accuracy, one.number) for one in history]
    draw(ax, points, points[best(history).number - 1])


@wrong("07-curve", "a share from 0 to 1", "mixes up counts, sums, means and shares")
def draws_hundredths(ax, history):
    points = [(one.number, 100 * one.validation.accuracy) for one in history]
    draw(ax, points, points[best(history).number - 1])
