"""Right answers to the exercises of lesson 07."""

from fractions import Fraction
from math import ceil, sqrt

import numpy as np
import torch

from lessons.validation import best, evaluate, predict
from right_answers import right

# ----------------------------------------------------------------------------- 07-stories


@right("07-stories")
def squares_the_root(share, points):
    return ceil((100 * 2 * sqrt(share * (1 - share)) / points) ** 2)


@right("07-stories")
def doubles_and_halves(share, points):
    def margin(stories):
        return 200 * sqrt(share * (1 - share) / stories)

    high = 1
    while margin(high) > points:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if margin(middle) > points else (low, middle)
    return high


@right("07-stories")
def tries_them_in_order(share, points):
    for stories in range(1, 100_000):
        if 2 * sqrt(share * (1 - share) / stories) <= points / 100:
            return stories


@right("07-stories")
def calculates_with_fractions(share, points):
    share, points = Fraction(str(share)), Fraction(str(points))
    return ceil(share * (1 - share) * (200 / points) ** 2)


@right("07-stories")
def searches_with_numpy(share, points):
    stories = np.arange(1, 20_000)
    margins = 200 * np.sqrt(share * (1 - share) / stories)
    return stories[margins <= points][0]


# -------------------------------------------------------------------------- 07-precisions


@right("07-precisions")
def asks_before_it_divides(counts):
    precisions = []
    for place in range(len(counts)):
        guessed = counts[:, place].sum().item()
        precisions.append(counts[place, place].item() / guessed if guessed > 0 else 0)
    return precisions


@right("07-precisions")
def works_in_lists(counts):
    rows = counts.tolist()
    columns = [sum(column) for column in zip(*rows)]
    return [rows[i][i] / (columns[i] or 1) for i in range(len(rows))]


@right("07-precisions")
def catches_the_error(counts):
    precisions = []
    for place, column in enumerate(counts.T.tolist()):
        try:
            precisions.append(column[place] / sum(column))
        except ZeroDivisionError:
            precisions.append(0.0)
    return tuple(precisions)


@right("07-precisions")
def chooses_with_where(counts):
    right, guessed = counts.diag(), counts.sum(0)
    return torch.where(guessed == 0, 0.0, right / guessed)


@right("07-precisions")
def divides_with_numpy(counts):
    counts = counts.numpy()
    guessed = counts.sum(axis=0)
    zeros = np.zeros(len(counts))
    return np.divide(counts.diagonal(), guessed, out=zeros, where=guessed > 0)


# ------------------------------------------------------------------------------ 07-unsure


@right("07-unsure")
def takes_means(probabilities, labels, threshold):
    confidence, guesses = probabilities.max(dim=1)
    sure = confidence >= threshold
    if not sure.any():
        return 0, 0
    return sure.float().mean(), (guesses == labels)[sure].float().mean()


@right("07-unsure")
def goes_story_by_story(probabilities, labels, threshold):
    answered = right = 0
    for row, label in zip(probabilities.tolist(), labels.tolist()):
        if max(row) >= threshold:
            answered += 1
            right += row.index(max(row)) == label
    return [answered / len(labels), right / max(1, answered)]


@right("07-unsure")
def mends_nan_of_a_mean(probabilities, labels, threshold):
    sure = probabilities.amax(dim=1) >= threshold
    right = (probabilities.argmax(dim=1) == labels)[sure].double().mean().nan_to_num()
    return torch.stack([sure.double().mean(), right])


@right("07-unsure")
def throws_unsure_ones_away(probabilities, labels, threshold):
    keep = [row for row in range(len(labels)) if not (probabilities[row] < threshold).all()]
    if keep == []:
        return 0.0, 0.0
    right = sum(probabilities[row].argmax() == labels[row] for row in keep)
    return len(keep) / len(labels), (right / len(keep)).item()


@right("07-unsure")
def uses_numpy(probabilities, labels, threshold):
    table, labels = probabilities.numpy(), labels.numpy()
    sure = table.max(axis=1) >= threshold
    right = table.argmax(axis=1) == labels
    return np.mean(sure), (sure & right).sum() / max(sure.sum(), 1)


@right("07-unsure")
def sorts_by_confidence(probabilities, labels, threshold):
    confidence, guesses = probabilities.topk(1)
    pairs = sorted(zip(confidence[:, 0].tolist(), (guesses[:, 0] == labels).tolist()))
    answers = [right for sure, right in pairs if sure >= threshold]
    share = sum(answers) / len(answers) if answers else 0.0
    return len(answers) / len(pairs), share


# -------------------------------------------------------------------------------- 07-exam


@right("07-exam")
def takes_the_smallest_pair(models, validation_loader, test_loader):
    pairs = [(evaluate(model, validation_loader).loss, i) for i, model in enumerate(models)]
    place = min(pairs)[1]
    return place, evaluate(models[place], test_loader).accuracy


@right("07-exam")
def chooses_by_key(models, validation_loader, test_loader):
    chosen = min(models, key=lambda model: evaluate(model, validation_loader)[0])
    return models.index(chosen), evaluate(chosen, test_loader)[1]


@right("07-exam")
def remembers_the_lowest(models, validation_loader, test_loader):
    lowest, place = float("inf"), None
    for number, model in enumerate(models):
        loss = evaluate(model, validation_loader).loss
        if loss < lowest:
            lowest, place = loss, number
    scores = evaluate(models[place], test_loader)
    return [place, scores.accuracy]


@right("07-exam")
def chooses_with_torch(models, validation_loader, test_loader):
    place = torch.tensor([evaluate(one, validation_loader).loss for one in models]).argmin()
    _, accuracy = evaluate(models[place], test_loader)
    return place, accuracy


@right("07-exam")
def predicts_the_answers(models, validation_loader, test_loader):
    losses = []
    for model in models:
        labels = torch.cat([batch.labels for batch in validation_loader])
        given = predict(model, validation_loader)[range(len(labels)), labels]
        losses.append(-given.log().mean())
    place = min(range(len(models)), key=losses.__getitem__)
    guesses = predict(models[place], test_loader).argmax(dim=1)
    return place, (guesses == test_loader.dataset.labels).double().mean().item()


@right("07-exam")
def sorts_the_places(models, validation_loader, test_loader):
    scores = {place: evaluate(one, validation_loader) for place, one in enumerate(models)}
    first, *_ = sorted(scores, key=lambda place: scores[place].loss)
    return np.array([first, evaluate(models[first], test_loader).accuracy])


# ------------------------------------------------------------------------------- 07-curve


@right("07-curve")
def draws_with_keywords(ax, history):
    top = best(history)
    ax.plot(
        [epoch.number for epoch in history],
        [epoch.validation.accuracy for epoch in history],
        color="tab:blue",
        marker="o",
        label="validation",
    )
    ax.plot(top.number, top.validation.accuracy, marker="*", markersize=14, label="best epoch")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Validation accuracy")
    ax.legend()


@right("07-curve")
def draws_the_star_with_scatter(ax, history):
    ax.plot(range(1, len(history) + 1), [one.validation.accuracy for one in history])
    top = min(history, key=lambda one: one.validation.loss)
    ax.scatter([top.number], [top.validation.accuracy], marker="*")
    ax.set(xlabel="epoch", ylabel="accuracy")


@right("07-curve")
def draws_from_a_dictionary(ax, history):
    heights = {epoch.number: epoch.validation.accuracy for epoch in history}
    number = best(history).number
    ax.plot(list(heights), list(heights.values()), "--")
    ax.plot([number], [heights[number]], "r*")
    ax.set(xlabel="epochs", ylabel="accuracy in validation", title="Which epoch is kept?")


@right("07-curve")
def draws_with_numpy(ax, history):
    accuracies = np.array([one.validation.accuracy for one in history])
    losses = np.array([one.validation.loss for one in history])
    numbers, place = np.arange(1, len(history) + 1), losses.argmin()
    ax.plot(numbers, accuracies, numbers[place], accuracies[place], "*")
    ax.set(xlabel="epoch", ylabel="accuracy")


@right("07-curve")
def draws_the_star_first(ax, history):
    losses = [epoch.validation.loss for epoch in history]
    top = history[losses.index(min(losses))]
    ax.plot(top.number, top.validation.accuracy, "k*")
    points = [(epoch.number, epoch.validation.accuracy) for epoch in history]
    ax.plot(*zip(*points, strict=True))
    ax.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
