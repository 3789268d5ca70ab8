"""Right answers that are not ours pass as well, and other mistakes are named."""

import ast
import inspect
import linecache
import re
from functools import partial, wraps

import numpy as np
import pytest
import torch
from right_answers import RIGHT_ANSWERS
from torch import nn
from torch.nn import functional as F

from lessons.exercises import EXERCISES
from lessons.exercises.asserts import NotYet, call, number, numbers, rows, same
from lessons.exercises.lesson_03 import MyClassifier
from lessons.exercises.runner import NOT_YET, PASSED, examine
from lessons.model import TextClassifier


@pytest.mark.parametrize("right", RIGHT_ANSWERS, ids=lambda r: f"{r.id}: {r.answer.__name__}")
def test_a_right_answer_of_another_kind_passes(right):
    exercise = EXERCISES[right.id]
    assert examine(exercise, right.answer) == (PASSED, exercise.moral)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_it_has_five_right_answers_that_differ(exercise):
    answers = [right.answer for right in RIGHT_ANSWERS if right.id == exercise.id]
    bodies = {body_of(one) for one in (exercise.solution, *answers)}
    assert len(bodies) == len(answers) + 1 > 5


def body_of(answer):
    """What a function or class does, whatever its name is."""
    (node,) = ast.parse(inspect.getsource(answer)).body
    return ast.dump(ast.Module(node.body, []))


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


@broken("01-copies", "What was given back holds itself: [[...]]")
def puts_a_list_into_itself(texts):
    keep = []
    keep.append(keep)
    return keep


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
