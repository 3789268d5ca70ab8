"""Errors of Python and torch are translated into the likely slip."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lessons.exercises import EXERCISES
from lessons.exercises.errors import SLIPS, likely_slip
from lessons.exercises.lesson_03 import MyClassifier
from lessons.exercises.runner import NOT_YET, examine
from lessons.loaders import Batch
from lessons.training import Scores, Step
from lessons.validation import Epoch

TOLD = []  # an exercise's id, an answer that breaks, and words of what it is told


def told(id, words):
    """Note the function or class below."""

    def note(answer):
        TOLD.append(pytest.param(id, answer, words, id=f"{id}: {answer.__name__}"))
        return answer

    return note


@told("02-lengths", "the last one has no next one")
def asks_for_the_next_offset(token_ids, offsets):
    return [offsets[i + 1] - offsets[i] for i in range(len(offsets))]


@told("02-lengths", "Python calculates with numbers, not with a whole list")
def subtracts_lists(token_ids, offsets):
    return offsets[1:] - offsets[:-1]


@told("01-copies", "A function without `return` gives None")
def sorts_into_nothing(texts):
    rows = sorted(range(len(texts))).sort()
    return rows[0]


@told("02-epochs", "A whole number is wanted here")
def divides_into_a_range(stories, batch_size, epochs, seed):
    return [list(range(stories / batch_size)) for _ in range(epochs)]


@told("02-last", "Nothing is called `batchsize` here.")
def misspells(stories, batch_size):
    return stories % batchsize  # noqa: F821


@told("05-steps", "A single number has no parts.")
def loops_over_a_number(stories, batch_size, epochs):
    return sum(1 for _ in epochs)


@told("01-even", "cannot be put into a set")
def makes_a_set_of_lists(labels, count, seed):
    return {labels}


@told("04-sign", "A gradient is None until `backward()` has been called")
def forgets_backward(model, batch, rate):
    with torch.no_grad():
        for weights in model.parameters():
            weights -= rate * weights.grad.sign()  # noqa: PLW2901


@told("04-sign", "A gradient is None until `backward()` has been called")
def multiplies_no_gradient(model, batch, rate):
    with torch.no_grad():
        for weights in model.parameters():
            weights -= rate * weights.grad  # noqa: PLW2901


@told("04-sign", "`with torch.no_grad():`")
def steps_on_the_record(model, batch, rate):
    F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).backward()
    for weights in model.parameters():
        weights -= rate * weights.grad.sign()  # noqa: PLW2901


@told("04-sign", "before `.item()`")
def goes_back_from_a_number(model, batch, rate):
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).item()
    loss.backward()


@told("04-sign", "There is no record to go back through.")
def makes_no_record(model, batch, rate):
    with torch.no_grad():
        F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).backward()


@told("04-sign", "`backward()` uses up the record.")
def goes_back_twice(model, batch, rate):
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    loss.backward()
    loss.backward()


@told("04-sign", "starts from a single number")
def goes_back_from_many(model, batch, rate):
    logits = model(batch.token_ids, batch.offsets)
    F.cross_entropy(logits, batch.labels, reduction="none").backward()


@told("04-price", "Python wants one yes or no, and a tensor has many.")
def asks_many_at_once(probabilities, labels):
    return 0.0 if probabilities == 1 else 1.0


@told("04-price", "Only a single number can be taken out.")
def takes_many_out(probabilities, labels):
    return -probabilities.log().item()


@told("04-price", "A method is only called with brackets")
def forgets_the_brackets(probabilities, labels):
    return -probabilities.log().mean * 1


@told("03-class", "Rows of 8 numbers came to a layer made for rows of 12.")
class MixesUpTheSizes(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="sum")
        self.linear = nn.Linear(vocab_size, num_classes, bias=False)

    def forward(self, token_ids, offsets):
        return self.linear(self.embedding(token_ids, offsets))


@told("03-class", "Write `self.linear`")
class ForgetsSelf(MyClassifier):
    def forward(self, token_ids, offsets):
        return linear(self.embedding(token_ids, offsets))  # noqa: F821


@told("03-class", "The model has no `self.linear`.")
class ForgetsSelfInInit(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="sum")
        linear = nn.Linear(embedding_dim, num_classes, bias=False)  # noqa: F841

    def forward(self, token_ids, offsets):
        return self.linear(self.embedding(token_ids, offsets))


@told("03-class", "must be `super().__init__()`")
class IsNotSetUp(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        self.linear = nn.Linear(embedding_dim, num_classes, bias=False)

    def forward(self, token_ids, offsets):
        return self.linear(token_ids)


@told("05-loop", "The loss wants the logits")
def measures_the_guesses(model, loader, optimizer, epochs):
    for batch in loader:
        F.cross_entropy(model(batch.token_ids, batch.offsets).argmax(dim=1), batch.labels)


@told("05-loop", "The loss wants the logits")
def swaps_logits_and_labels(model, loader, optimizer, epochs):
    for batch in loader:
        F.cross_entropy(batch.labels, model(batch.token_ids, batch.offsets))


@told("05-loop", "must be the labels: one whole number for each story")
def measures_against_the_tokens(model, loader, optimizer, epochs):
    for batch in loader:
        F.cross_entropy(model(batch.token_ids, batch.offsets), batch.token_ids)


@told("05-loop", "This tensor still has its record.")
def takes_an_array_out(model, loader, optimizer, epochs):
    for batch in loader:
        F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).numpy()


@told("05-loop", "`model(batch.token_ids, batch.offsets)`")
def hands_over_the_whole_batch(model, loader, optimizer, epochs):
    for batch in loader:
        model(batch)


@told("05-loop", "and no `text`")
def asks_for_the_text(model, loader, optimizer, epochs):
    for batch in loader:
        model(batch.text, batch.offsets)


@told("05-loop", "in a loop: `for batch in loader:`")
def takes_a_batch_by_its_place(model, loader, optimizer, epochs):
    return loader[0]


@told("05-running", "The divisor was 0.")
def begins_with_no_stories(losses, sizes):
    total = stories = 0
    means = []
    for loss, size in zip(losses, sizes, strict=True):
        means.append(total / stories)
        total += loss * size
        stories += size
    return means


@told("06-best", "write `epoch.train.accuracy` or `epoch.validation.accuracy`")
def leaves_out_the_half(history):
    return max(history, key=lambda epoch: epoch.accuracy).number


@told("06-memory", "`fit` hands out steps as well as epochs.")
def takes_steps_for_epochs(events, model):
    return min(events, key=lambda event: event.validation.loss).number


@told("06-memory", "`number` gets its value in a line that was not run.")
def begins_too_low(events, model):
    for event in events:
        if isinstance(event, Epoch) and event.validation.loss < -math.inf:
            number = event.number
    return number


@told("07-unsure", "wants `.float()` before `.mean()`")
def takes_the_mean_of_yes_and_no(probabilities, labels, threshold):
    sure = probabilities.amax(dim=1) >= threshold
    return sure.mean().item(), 0.5


@told("07-precisions", "Places count from 0, so the last of 3 is at place 3 - 1.")
def counts_from_1(counts):
    return [counts[place, place].item() for place in range(1, len(counts) + 1)]


@told("07-precisions", "A place is asked for in square ones")
def asks_in_round_brackets(counts):
    return [counts(place, place) for place in range(len(counts))]


@told("07-precisions", "Print the `.shape` of both.")
def leaves_a_row_out(counts):
    return counts.diagonal() / counts[1:].sum(dim=1)


@pytest.mark.parametrize(("id", "answer", "words"), TOLD)
def test_an_error_is_told_with_the_line_and_the_likely_slip(id, answer, words):
    state, text = examine(EXERCISES[id], answer)
    assert state == NOT_YET
    error, line, slip = text.split("\n")[0], text.split("\n")[-2], text.split("\n")[-1]
    assert error.startswith("Your code raised ")
    assert line.startswith("in line ")
    assert words in slip


def test_what_is_not_known_is_not_guessed():
    assert likely_slip("KeyError: 'mine'", "counts['mine']") == ""
    assert "gradient" not in likely_slip(
        "TypeError: 'NoneType' object is not iterable", "for a in b:"
    )


def test_every_sentence_is_told_somewhere():
    texts = [examine(EXERCISES[id], answer).text for id, answer, _ in (one.values for one in TOLD)]
    starts = {slip.sentence.split("{")[0][:40] for slip in SLIPS}
    assert {one for one in starts if not any(f"\n{one}" in text for text in texts)} == set()


def test_the_names_in_the_table_are_those_of_the_library():
    assert {"token_ids", "offsets", "labels"} == set(Batch._fields)
    assert {"train", "validation"} < set(Epoch._fields) and "validation" not in Step._fields
    assert {"loss", "accuracy"} == set(Scores._fields)
