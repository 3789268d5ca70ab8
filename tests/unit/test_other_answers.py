"""Right answers that are not ours pass as well, and other mistakes are told."""

from functools import partial, wraps

import numpy as np
import pytest
import torch

from lessons.exercises import EXERCISES
from lessons.exercises.asserts import NotYet, call, number, numbers, rows, same
from lessons.exercises.runner import NOT_YET, PASSED, examine, handed_in

RIGHT = {
    "03-count": [
        """
def my_count(words, classes, width):
    layers = nn.Embedding(words, width), nn.Linear(width, classes)
    return sum(one.numel() for layer in layers for one in layer.parameters())""",
        """
def my_count(words, classes, width):
    return float((words + classes) * width + classes)""",
    ],
    "03-largest": [
        """
def my_largest(vectors, offsets):
    return nn.EmbeddingBag.from_pretrained(vectors, mode="max")(torch.arange(len(vectors)), offsets)
""",
        """
def my_largest(vectors, offsets):
    stories = torch.tensor_split(vectors.double(), offsets[1:])
    return torch.stack([story.max(dim=0).values for story in stories])""",
        """
def my_largest(vectors, offsets):
    rows = []
    for i in range(len(offsets)):
        end = offsets[i + 1] if i + 1 < len(offsets) else len(vectors)
        rows.append([max(column) for column in zip(*vectors[offsets[i]:end].tolist())])
    return torch.tensor(rows)""",
        """
def my_largest(vectors, offsets):
    ends = offsets.tolist()[1:] + [len(vectors)]
    return [vectors[begin:end].amax(dim=0) for begin, end in zip(offsets, ends)]""",
    ],
    "03-class": [
        """
class MyClassifier(nn.Module):
    def __init__(self, words, classes, width):
        super().__init__()
        self.judges = nn.Linear(width, classes, bias=False)
        self.table = nn.Embedding(words, width)
        for weights in self.parameters():
            nn.init.uniform_(weights, -0.01, 0.01)

    def forward(self, tokens, offsets):
        ends = [*offsets.tolist()[1:], len(tokens)]
        vectors = self.table(tokens)
        sums = [vectors[a:b].sum(dim=0) for a, b in zip(offsets.tolist(), ends)]
        return self.judges(torch.stack(sums))""",
        """
class MyClassifier(TextClassifier):
    def __init__(self, words, classes, width):
        super().__init__(words, classes, width)
        self.embedding = nn.EmbeddingBag(words, width, mode="sum")
        self.linear = nn.Linear(width, classes, bias=False)
        for layer in (self.embedding, self.linear):
            layer.weight.data.uniform_(-0.01, 0.01)""",
        """
class MyClassifier(nn.Module):
    def __init__(self, words, classes, width=64):
        super().__init__()
        self.cards = nn.Parameter(torch.rand(words, width) / 50 - 0.01)
        self.judges = nn.Parameter(torch.rand(width, classes) / 50 - 0.01)

    def forward(self, words, begins):
        return F.embedding_bag(words, self.cards, begins, mode="sum") @ self.judges""",
        """
class MyClassifier(nn.Module):
    def __init__(self, words, classes, width):
        super().__init__()
        self.bag = nn.EmbeddingBag(words, width, mode="sum").double()
        self.linear = nn.Linear(width, classes, bias=False).double()
        nn.init.uniform_(self.bag.weight, -0.01, 0.01)
        nn.init.uniform_(self.linear.weight, -0.01, 0.01)

    def forward(self, tokens, offsets):
        return self.linear(self.bag(tokens, offsets))""",
    ],
    "04-price": [
        """
def my_price(probabilities, labels):
    return F.nll_loss(probabilities.log(), labels)""",
        """
def my_price(probabilities, labels):
    prices = [-math.log(row[label]) for row, label in zip(probabilities.tolist(), labels.tolist())]
    return sum(prices) / len(prices)""".replace("math.log", "log"),
        """
def my_price(probabilities, labels):
    return F.cross_entropy(probabilities.log(), labels).item()""",
        """
def my_price(probabilities, labels):
    right = F.one_hot(labels, probabilities.shape[1])
    return -(right * probabilities.log()).sum(dim=1).mean(dim=0, keepdim=True)""",
    ],
    "04-slope": [
        """
def my_slope(function, x):
    x = torch.tensor(x, requires_grad=True)
    function(x).backward()
    return x.grad.item()""",
        """
def my_slope(function, x):
    return (function(x + 1e-6) - function(x)) / 1e-6""",
        """
def my_slope(function, x):
    return round((function(x) - function(x - 1e-5)) / 1e-5, 3)""",
    ],
    "04-sign": [
        """
def my_sign_step(model, batch, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    optimizer.zero_grad()
    F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).backward()
    for weights in model.parameters():
        weights.grad = weights.grad.sign()
    optimizer.step()""",
        """
def my_sign_step(model, batch, rate):
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    loss.backward()
    for weights in model.parameters():
        up, down = weights.grad > 0, weights.grad < 0
        weights.data = weights.data - rate * up.float() + rate * down.float()
        weights.grad = None
    return loss""",
        """
def my_sign_step(model, batch, rate):
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    slopes = torch.autograd.grad(loss, list(model.parameters()))
    with torch.no_grad():
        for weights, slope in zip(model.parameters(), slopes):
            weights.sub_(rate * slope.sign())""",
    ],
}
CASES = [(id, code) for id, codes in RIGHT.items() for code in codes]


@pytest.mark.parametrize(("id", "code"), CASES, ids=[id for id, _ in CASES])
def test_a_right_answer_of_another_kind_passes(id, code):
    exercise = EXERCISES[id]
    assert examine(exercise, handed_in(code)) == (PASSED, exercise.moral)


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


FUNCTIONS = [id for id, one in EXERCISES.items() if one.starter.startswith("def ")]
KINDS = {"arrays": in_numpy, "lists": in_lists}
KINDS["single"] = partial(in_numpy, scalar=np.float32)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("id", FUNCTIONS)
def test_a_right_answer_of_numpy_passes(id, kind):
    solution = handed_in(EXERCISES[id].solution)

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
def test_an_array_in_the_place_of_a_number_is_told(value):
    with pytest.raises(NotYet, match="a list. Expected: a number."):
        number(call(lambda: value), "It")
    assert not same(call(lambda: {"a": value}), {"a": 1})


CLASS = EXERCISES["03-class"]
MADE = "nn.init.uniform_(self.{}.weight, -0.01, 0.01)"
WRONG = {
    "03-largest": {
        "def my(vectors, offsets): return vectors.max()": "has shape ()",
        "def my(vectors, offsets): return []": "Expected: a tensor",
    },
    "03-class": {
        "class My:\n"
        "    def __init__(self, words, classes, width): pass\n"
        "    def forward(self, tokens, offsets): return 1": "a model, an `nn.Module`",
        "class My(nn.Module):\n"
        "    def __init__(self, words, classes, width): pass\n"
        "    def forward(self, tokens, offsets): return 1": "begin with `super().__init__()`?",
        "class My(nn.Module):\n"
        "    def __init__(self, words, classes, width): super().__init__()\n"
        "    def forword(self, tokens, offsets): return 1": "Your class has no `forward`.",
        "class My(nn.Module):\n"
        "    def __init__(self, words, classes): super().__init__()\n"
        "    def forward(self, tokens, offsets): return 1": "takes (self, words, classes), and",
        "class My(nn.Module):\n"
        "    def __init__(self, words, classes, width): super().__init__()\n"
        "    def forward(self, tokens): return 1": "Your `forward` takes (self, tokens), and",
        "class My(nn.Module): pass": "Your class has no `__init__`.",
        "class My(TextClassifier): pass": "The linear layer has a bias.",
        "class My(TextClassifier):\n"
        "    def __init__(self, words, classes, width):\n"
        "        super().__init__(words, 'classes', width)": "in line 3 of your cell",
        "class My(TextClassifier):\n"
        "    def __init__(self, words, classes, width):\n"
        "        nn.Module.__init__(self)\n"
        "        self.a = nn.Parameter(torch.rand(words, width) / 50 - 0.01)\n"
        "        self.b = nn.Parameter(torch.rand(classes, width) / 50 - 0.01)": "inherits raised",
        CLASS.solution.replace("-0.01", "0"): "from -0.01 to 0.01",
        CLASS.solution.replace("uniform_", "constant_").replace(", -0.01", ""): "from -0.01",
        CLASS.solution.replace(
            MADE.format("linear"), "nn.init.zeros_(self.linear.weight)"
        ): "from -0.01 to 0.01",
        CLASS.solution.replace("offsets))", "offsets)).detach()"): "nothing could be learned",
        CLASS.solution.replace("linear(self", "linear(tokens @ self"): "in line 10 of your cell",
    },
    "04-sign": {
        EXERCISES["04-sign"].solution.replace(
            "weights.grad.sign()", "weights.grad / weights.grad.abs()"
        ): "no number any more",
        """
def my_sign_step(model, batch, rate):
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels).backward()
    optimizer.step()""": "such as weight decay?",
    },
}
TOLD = [(id, code, told) for id, codes in WRONG.items() for code, told in codes.items()]


@pytest.mark.parametrize(("id", "code", "told"), TOLD, ids=[f"{id}: {t}" for id, _, t in TOLD])
def test_an_answer_that_breaks_in_another_way_is_told_why(id, code, told):
    state, text = examine(EXERCISES[id], handed_in(code))
    assert state == NOT_YET, text
    assert told in text


def test_a_model_in_place_of_its_class_is_told():
    state, text = examine(CLASS, handed_in(CLASS.solution)(5, 2, 3))
    assert state == NOT_YET
    assert text.startswith("Expected a class, saw MyClassifier(")
