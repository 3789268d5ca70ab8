"""Right answers that are not ours pass as well, and other mistakes are named."""

import linecache
import re
from functools import partial, wraps
from math import log

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lessons.exercises import EXERCISES
from lessons.exercises.asserts import NotYet, call, number, numbers, rows, same
from lessons.exercises.lesson_03 import MyClassifier
from lessons.exercises.runner import NOT_YET, PASSED, examine
from lessons.model import TextClassifier

RIGHT = []  # pairs of an exercise's id and an answer


def right(id):
    """Note the function or class below as a right answer."""

    def note(answer):
        RIGHT.append(pytest.param(id, answer, id=f"{id}: {answer.__name__}"))
        return answer

    return note


@right("03-count")
def asks_the_layers(vocab_size, num_classes, embedding_dim):
    layers = nn.Embedding(vocab_size, embedding_dim), nn.Linear(embedding_dim, num_classes)
    return sum(one.numel() for layer in layers for one in layer.parameters())


@right("03-count")
def gives_a_float(vocab_size, num_classes, embedding_dim):
    return float((vocab_size + num_classes) * embedding_dim + num_classes)


@right("03-largest")
def takes_the_layer_of_torch(vectors, offsets):
    layer = nn.EmbeddingBag.from_pretrained(vectors, mode="max")
    return layer(torch.arange(len(vectors)), offsets)


@right("03-largest")
def splits_doubles(vectors, offsets):
    stories = torch.tensor_split(vectors.double(), offsets[1:])
    return torch.stack([story.max(dim=0).values for story in stories])


@right("03-largest")
def works_in_lists(vectors, offsets):
    rows = []
    for i in range(len(offsets)):
        end = offsets[i + 1] if i + 1 < len(offsets) else len(vectors)
        columns = zip(*vectors[offsets[i] : end].tolist(), strict=True)
        rows.append([max(column) for column in columns])
    return torch.tensor(rows)


@right("03-largest")
def gives_a_list_of_tensors(vectors, offsets):
    ends = [*offsets.tolist()[1:], len(vectors)]
    return [vectors[a:b].amax(dim=0) for a, b in zip(offsets, ends, strict=True)]


@right("03-class")
class SumsByHand(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.judges = nn.Linear(embedding_dim, num_classes, bias=False)
        self.table = nn.Embedding(vocab_size, embedding_dim)
        for weights in self.parameters():
            nn.init.uniform_(weights, -0.01, 0.01)

    def forward(self, token_ids, offsets):
        ends = [*offsets.tolist()[1:], len(token_ids)]
        vectors = self.table(token_ids)
        pairs = zip(offsets.tolist(), ends, strict=True)
        return self.judges(torch.stack([vectors[a:b].sum(dim=0) for a, b in pairs]))


@right("03-class")
class Inherits(TextClassifier):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__(vocab_size, num_classes, embedding_dim)
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="sum")
        self.linear = nn.Linear(embedding_dim, num_classes, bias=False)
        for layer in (self.embedding, self.linear):
            layer.weight.data.uniform_(-0.01, 0.01)


@right("03-class")
class HoldsPlainParameters(nn.Module):
    def __init__(self, words, classes, width=64):
        super().__init__()
        self.cards = nn.Parameter(torch.rand(words, width) / 50 - 0.01)
        self.judges = nn.Parameter(torch.rand(width, classes) / 50 - 0.01)

    def forward(self, words, begins):
        return F.embedding_bag(words, self.cards, begins, mode="sum") @ self.judges


@right("03-class")
class HoldsDoubles(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.bag = nn.EmbeddingBag(vocab_size, embedding_dim, mode="sum").double()
        self.linear = nn.Linear(embedding_dim, num_classes, bias=False).double()
        nn.init.uniform_(self.bag.weight, -0.01, 0.01)
        nn.init.uniform_(self.linear.weight, -0.01, 0.01)

    def forward(self, token_ids, offsets):
        return self.linear(self.bag(token_ids, offsets))


@right("04-price")
def takes_another_loss_of_torch(probabilities, labels):
    return F.nll_loss(probabilities.log(), labels)


@right("04-price")
def takes_the_logarithm_of_python(probabilities, labels):
    pairs = zip(probabilities.tolist(), labels.tolist(), strict=True)
    prices = [-log(row[label]) for row, label in pairs]
    return sum(prices) / len(prices)


@right("04-price")
def takes_logarithms_for_logits(probabilities, labels):
    return F.cross_entropy(probabilities.log(), labels).item()


@right("04-price")
def gives_a_tensor_of_one(probabilities, labels):
    right = F.one_hot(labels, probabilities.shape[1])
    return -(right * probabilities.log()).sum(dim=1).mean(dim=0, keepdim=True)


@right("04-slope")
def lets_torch_work_it_out(function, x):
    x = torch.tensor(x, requires_grad=True)
    function(x).backward()
    return x.grad.item()


@right("04-slope")
def nudges_to_one_side(function, x):
    return (function(x + 1e-6) - function(x)) / 1e-6


@right("04-slope")
def rounds_the_slope(function, x):
    return round((function(x) - function(x - 1e-5)) / 1e-5, 3)


@right("04-sign")
def changes_the_gradients(model, batch, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    optimizer.zero_grad()
    F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).backward()
    for weights in model.parameters():
        weights.grad = weights.grad.sign()
    optimizer.step()


@right("04-sign")
def puts_new_weights_in_place(model, batch, rate):
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    loss.backward()
    for weights in model.parameters():
        up, down = weights.grad > 0, weights.grad < 0
        weights.data = weights.data - rate * up.float() + rate * down.float()
        weights.grad = None
    return loss


@right("04-sign")
def asks_for_the_slopes_alone(model, batch, rate):
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    slopes = torch.autograd.grad(loss, list(model.parameters()))
    with torch.no_grad():
        for weights, slope in zip(model.parameters(), slopes, strict=True):
            weights.sub_(rate * slope.sign())


@pytest.mark.parametrize(("id", "answer"), RIGHT)
def test_a_right_answer_of_another_kind_passes(id, answer):
    exercise = EXERCISES[id]
    assert examine(exercise, answer) == (PASSED, exercise.moral)


# ------------------------------------------------------------------------ numbers of numpy


def in_numpy(value, scalar=np.asarray):
    """A right answer as somebody who works with numpy gives it; `scalar` makes a number one."""
    if isinstance(value, int | float):
        return scalar(value)
    if isinstance(value, torch.Tensor):
        return value.detach().numpy()
    if isinstance(value, dict):
        return {np.str_(key): scalar(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        try:
            return np.array(value)
        except ValueError:  # rows of different lengths
            return [in_numpy(one, scalar) for one in value]
    return value


def in_lists(value):
    """The same with its numbers one by one in Python's lists."""
    if isinstance(value, list | tuple):
        return [in_lists(one) for one in value]
    return in_numpy(value, lambda one: np.array([one])[0])


FUNCTIONS = [id for id, one in EXERCISES.items() if not isinstance(one.solution, type)]
KINDS = {"arrays": in_numpy, "lists": in_lists}
KINDS["single"] = partial(in_numpy, scalar=np.float32)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("id", FUNCTIONS)
def test_a_right_answer_of_numpy_passes(id, kind):
    solution = EXERCISES[id].solution

    @wraps(solution)
    def answer(*arguments):
        return kind(solution(*arguments))

    assert examine(EXERCISES[id], answer) == (PASSED, EXERCISES[id].moral)


@pytest.mark.parametrize("truth", [True, np.True_, np.array(True)])
def test_true_and_false_are_no_numbers(truth):
    seen = call(lambda: truth)
    with pytest.raises(NotYet, match="It is True, a bool. Expected: a number."):
        number(seen, "It")
    with pytest.raises(NotYet, match="one value is True, a bool."):
        numbers(call(lambda: [truth]), 1, "Them")
    with pytest.raises(NotYet, match=r"expected rows, whole numbers such as .*, saw \[True\]"):
        rows(call(lambda: [truth]), 2, "Them")


@pytest.mark.parametrize("value", [np.array([0.5, 0.5]), np.array(["a"]), np.array([])])
def test_an_array_in_the_place_of_a_number_is_reported(value):
    with pytest.raises(NotYet, match="a list. Expected: a number."):
        number(call(lambda: value), "It")
    assert not same(call(lambda: {"a": value}), {"a": 1})


# ----------------------------------------------------------------------------- other mistakes

BROKEN = []  # an exercise's id, an answer and a part of what is said about it


def broken(id, words):
    """Note the function or class below as an answer that breaks."""

    def note(answer):
        BROKEN.append(pytest.param(id, answer, words, id=f"{id}: {answer.__name__}"))
        return answer

    return note


@broken("03-largest", "has shape ()")
def gives_one_number(vectors, offsets):
    return vectors.max()


@broken("03-largest", "Expected: a tensor")
def gives_an_empty_list(vectors, offsets):
    return []


@broken("03-class", "a model, an `nn.Module`")
class NoModel:
    def __init__(self, vocab_size, num_classes, embedding_dim): ...

    def forward(self, token_ids, offsets):
        return 1


@broken("03-class", "begin with `super().__init__()`?")
class NotSetUp(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim): ...

    def forward(self, token_ids, offsets):
        return 1


@broken("03-class", "Your class has no `forward`.")
class Mistyped(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()

    def forword(self, token_ids, offsets):
        return 1


@broken("03-class", "takes (self, vocab_size, num_classes), and")
class TakesTwo(nn.Module):
    def __init__(self, vocab_size, num_classes):
        super().__init__()

    def forward(self, token_ids, offsets):
        return 1


@broken("03-class", "Your `forward` takes (self, token_ids), and")
class TakesNoOffsets(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()

    def forward(self, token_ids):
        return 1


@broken("03-class", "Your class has no `__init__`.")
class HoldsNothing(nn.Module): ...


@broken("03-class", "The linear layer has a bias.")
class InheritsAll(TextClassifier): ...


@broken("03-class", "What your class inherits raised")
class InheritsTheWrongForward(TextClassifier):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        nn.Module.__init__(self)
        self.a = nn.Parameter(torch.rand(vocab_size, embedding_dim) / 50 - 0.01)
        self.b = nn.Parameter(torch.rand(num_classes, embedding_dim) / 50 - 0.01)


@broken("03-class", "from -0.01 to 0.01")
class StartsAboveZero(MyClassifier):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__(vocab_size, num_classes, embedding_dim)
        for weights in self.parameters():
            nn.init.uniform_(weights, 0, 0.01)


@broken("03-class", "from -0.01")
class StartsEqual(MyClassifier):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__(vocab_size, num_classes, embedding_dim)
        for weights in self.parameters():
            nn.init.constant_(weights, 0.01)


@broken("03-class", "from -0.01 to 0.01")
class StartsWithZeros(MyClassifier):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__(vocab_size, num_classes, embedding_dim)
        nn.init.zeros_(self.linear.weight)


@broken("03-class", "nothing could be learned")
class LosesTheRecord(MyClassifier):
    def forward(self, token_ids, offsets):
        return super().forward(token_ids, offsets).detach()


@broken("04-sign", "A weight is NaN")
def divides_by_slopes_of_0(model, batch, rate):
    model.zero_grad()
    F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).backward()
    with torch.no_grad():
        for weights in model.parameters():
            weights -= rate * weights.grad / weights.grad.abs()  # noqa: PLW2901


@broken("04-sign", "such as weight decay?")
def takes_adamw(model, batch, rate):
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).backward()
    optimizer.step()


@pytest.mark.parametrize(("id", "answer", "words"), BROKEN)
def test_an_answer_that_breaks_in_another_way_is_reported_why(id, answer, words):
    state, text = examine(EXERCISES[id], answer)
    assert state == NOT_YET, text
    assert words in text


class NamesTheNumber(TextClassifier):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__(vocab_size, "num_classes", embedding_dim)  # here


class MultipliesShapes(MyClassifier):
    def forward(self, token_ids, offsets):
        return self.linear(token_ids @ self.embedding(token_ids, offsets))  # here


@pytest.mark.parametrize("answer", [NamesTheNumber, MultipliesShapes])
def test_an_error_in_torch_is_shown_with_the_line_of_the_class(answer):
    state, text = examine(EXERCISES["03-class"], answer)
    assert state == NOT_YET
    number = int(re.search(r"\nin line (\d+) of your cell: ", text)[1])
    assert linecache.getline(__file__, number).endswith("# here\n")


def test_a_model_in_place_of_its_class_is_reported():
    state, text = examine(EXERCISES["03-class"], MyClassifier(5, 2, 3))
    assert state == NOT_YET
    assert text.startswith("Expected a class, saw MyClassifier(")
