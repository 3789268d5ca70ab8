"""Lesson 03: exercises on the model."""

from collections.abc import Callable
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
    brief,
    call,
    expect,
    little_batches,
    number,
    tensor,
)

# -------------------------------------------------------------------------------- 03-count


def check_count(answer: Callable[..., Any]) -> None:
    """Try models of several sizes."""
    for words, classes, width in ((1000, 4, 8), (10, 2, 3), (7, 7, 1)):
        seen = number(call(answer, words, classes, width), "The number of weights")
        table, judges = words * width, width * classes
        mistakes = [
            (table + judges, "Each judge also adds a fixed amount of their own: the bias."),
            (judges + classes, "The cards of the words hold weights as well."),
            (table, "That is the first layer alone."),
            (words * width * classes, "The layers stand one after the other, so add them up."),
            (table + judges + width, "There is a bias for each class, not for each number."),
            (table + judges + 1, "Each class has a bias of its own."),
        ]
        example = f"{words} words, {classes} classes, width {width}"
        expect(seen, table + judges + classes, example, mistakes)


COUNT_STARTER = "def my_count(words, classes, width):\n"
COUNT = Exercise(
    "03-count",
    """\
Write `my_count`: how many numbers does our model learn? You are given the number of words, the
number of classes and the width. Count the biases as well.""",
    f"{COUNT_STARTER}    ...",
    check_count,
    (
        "Count layer by layer. How many rows and columns has the table of the words?",
        "The linear layer has a row of weights and one bias for each class.",
    ),
    COUNT_STARTER + "    return words * width + width * classes + classes",
    "Nearly all that our model knows stands on the cards of its words.",
    (
        Wrong(
            COUNT_STARTER + "    return words * width + width * classes",
            "expected 8036, saw 8032. Each judge also adds a fixed amount",
        ),
        Wrong(COUNT_STARTER + "    return width * classes + classes", "The cards of the words"),
        Wrong(COUNT_STARTER + "    return words * width * classes", "so add them up"),
        Wrong(
            COUNT_STARTER + "    return words * width + width * classes + width",
            "There is a bias for each class",
        ),
    ),
)

# ------------------------------------------------------------------------------ 03-largest


def check_largest(answer: Callable[..., Any]) -> None:
    """Try stories of different lengths, against torch's own layer."""
    vectors = torch.tensor(
        [[1.0, -1.0], [3.0, -5.0], [2.0, -2.0], [0.5, 4.0], [0.0, 6.0], [7.0, -8.0]]
    )
    for offsets in (torch.tensor([0, 2, 3]), torch.tensor([0]), torch.tensor([0, 1, 2, 3, 4, 5])):
        stories = len(offsets)
        seen = _stacked(call(answer, vectors, offsets))
        begins = f"Stories that begin at {offsets.tolist()}"
        if isinstance(seen, Tensor) and seen.shape == (stories - 1, 2):
            raise NotYet(f"{begins}: one row is missing. Where does the last story stop?")
        seen = tensor(seen, (stories, 2), f"{begins}: the result").float()
        expected = F.embedding_bag(torch.arange(6), vectors, offsets, mode="max")
        mean = F.embedding_bag(torch.arange(6), vectors, offsets, mode="mean")
        if torch.allclose(seen, mean) and not torch.allclose(mean, expected):
            raise NotYet(f"{begins}: these are the means, not the largest numbers.")
        if not torch.allclose(seen, expected):
            row = int((seen != expected).any(dim=1).nonzero()[0])
            raise NotYet(
                f"{begins}: row {row} should be {expected[row].tolist()}, the largest number of "
                f"each column in this story, and it is {seen[row].tolist()}."
            )


def _stacked(value: Any) -> Any:
    """A list of rows, or what was an array of numpy, as a tensor; anything else as it is."""
    if not isinstance(value, list):
        return value
    try:
        return torch.stack([torch.as_tensor(row) for row in value])
    except (TypeError, ValueError, RuntimeError):  # no numbers, or rows of different lengths
        return value


LARGEST_STARTER = "def my_largest(vectors, offsets):\n"
MY_LARGEST = (
    LARGEST_STARTER
    + """\
    begins = offsets.tolist()
    ends = [*begins[1:], len(vectors)]
    pairs = zip(begins, ends)
    return torch.stack([vectors[begin:end].amax(dim=0) for begin, end in pairs])"""
)
LARGEST = Exercise(
    "03-largest",
    """\
Our model takes the mean of the vectors of a story. Others take the *largest* number of each column.
Write `my_largest`: you are given `vectors`, of shape (tokens, width), and `offsets`, of shape
(stories,). Give back a tensor of shape (stories, width). `vectors[0:2].amax(dim=0)` is the largest
number of each column in the first two rows.""",
    f"{LARGEST_STARTER}    ...",
    check_largest,
    (
        "A story begins at its offset and stops where the next one begins.",
        "The last story stops at `len(vectors)`.",
        "Take `.amax(dim=0)` of the rows of each story, and put the results under each other with "
        "`torch.stack`.",
    ),
    MY_LARGEST,
    '`nn.EmbeddingBag` does this with `mode="max"`.',
    (
        Wrong(
            MY_LARGEST.replace("zip(begins, ends)", "zip(begins, begins[1:])"),
            "one row is missing. Where does the last story stop?",
        ),
        Wrong(MY_LARGEST.replace("amax", "mean"), "these are the means"),
        Wrong(
            MY_LARGEST.replace("dim=0", "dim=1").replace("stack", "cat"),
            "the result has shape (6,)",
        ),
        Wrong(
            LARGEST_STARTER + "    return torch.stack([vectors[i] for i in offsets])",
            "row 0 should be [3.0, -1.0]",
        ),
        Wrong(MY_LARGEST.replace("len(vectors)", "-1"), "row 2 should be [7.0, 6.0]"),
    ),
)

# -------------------------------------------------------------------------------- 03-class


def check_class(answer: Callable[..., Any]) -> None:
    """Look at the weights of a model, and at what it makes of a batch."""
    model = answer(WORDS, CLASSES, 8)
    table, judges = check_weights(model)
    batch = little_batches((4,))[0]
    logits = tensor(
        model(batch.token_ids, batch.offsets), (4, CLASSES), "What the model gives back"
    )
    if not logits.requires_grad:
        raise NotYet("The logits have no way back to the weights, so nothing could be learned.")
    logits = logits.double()  # as precise as the expected ones
    sums = F.embedding_bag(batch.token_ids, table, batch.offsets, mode="sum")  # (stories, width)
    expected = sums @ judges.T
    if torch.allclose(logits, expected, atol=1e-6):
        return
    if torch.allclose(logits.sum(dim=1), torch.ones(4).double(), atol=1e-4):
        raise NotYet("Each row adds up to 1: these are probabilities. Logits were expected.")
    if torch.allclose(logits, expected / 3, atol=1e-6):
        raise NotYet(
            "A story of three words has a third of the logits that it should have. Are the vectors "
            "added up, or is it still their mean?"
        )
    raise NotYet(
        f"For one story the logits should be {_row(expected)}, and they are {_row(logits)}. Add "
        "the vectors of its words up, then weigh the sum for each class."
    )


def _row(logits: Tensor) -> list[float]:
    return [round(logit, 4) for logit in logits[0].tolist()]


def check_weights(model: Any) -> tuple[Tensor, Tensor]:
    """The table of words and the weights of the judges. Raises NotYet if there are others."""
    check_model(model)
    weights = [one.detach().double() for one in model.parameters()]
    weights = [one.T if one.shape == (8, CLASSES) else one for one in weights]  # on its side
    shapes = sorted(tuple(one.shape) for one in weights)
    if (CLASSES,) in shapes:
        raise NotYet("The linear layer has a bias. Leave it out with `bias=False`.")
    if shapes != [(CLASSES, 8), (WORDS, 8)]:
        raise NotYet(
            f"With {WORDS} words, {CLASSES} classes and width 8 the model has weights of the "
            f"shapes {shapes}. Expected: {[(CLASSES, 8), (WORDS, 8)]}, one for each layer."
        )
    table, judges = sorted(weights, key=len, reverse=True)
    check_range(table, "words")
    check_range(judges, "judges")
    return table, judges


def check_model(model: Any) -> None:
    """Is it a model, and set up? Raises NotYet otherwise."""
    if not isinstance(model, nn.Module):
        raise NotYet(f"The class makes {brief(model)}. Expected: a model, an `nn.Module`.")
    if "training" not in vars(model):
        raise NotYet("The model is not set up. Does `__init__` begin with `super().__init__()`?")


def check_range(weights: Tensor, whose: str) -> None:
    """Are they random numbers from -0.01 to 0.01, below zero and above?"""
    low, high = weights.min().item(), weights.max().item()
    if not (-0.01 <= round(low, 6) < -0.002 and 0.002 < round(high, 6) <= 0.01):
        raise NotYet(
            f"The first weights of the {whose} go from {low:.3f} to {high:.3f}. Expected: random "
            "numbers from -0.01 to 0.01 in both layers."
        )


CLASS_STARTER = """\
class MyClassifier(nn.Module):
    def __init__(self, words, classes, width):
        super().__init__()
        ...

    def forward(self, tokens, offsets):
        ..."""
MY_CLASSIFIER = """\
class MyClassifier(nn.Module):
    def __init__(self, words, classes, width):
        super().__init__()
        self.embedding = nn.EmbeddingBag(words, width, mode="sum")
        self.linear = nn.Linear(width, classes, bias=False)
        nn.init.uniform_(self.embedding.weight, -0.01, 0.01)
        nn.init.uniform_(self.linear.weight, -0.01, 0.01)

    def forward(self, tokens, offsets):
        return self.linear(self.embedding(tokens, offsets))"""
CLASS = Exercise(
    "03-class",
    """\
Write a model of your own, `MyClassifier`. It adds the vectors of the words *up* instead of taking
their mean. Its judges have no bias: `nn.Linear(..., bias=False)`. All its weights start as random
numbers from -0.01 to 0.01. Called with `tokens` and `offsets` it gives back the logits, of shape
(stories, classes).""",
    CLASS_STARTER,
    check_class,
    (
        "Two layers in `__init__`, and one line in `forward` that hands the data through both.",
        '`nn.EmbeddingBag` knows `mode="sum"` as well as `mode="mean"`.',
        "`nn.init.uniform_(self.linear.weight, -0.01, 0.01)` fills one layer. The embedding needs "
        "such a line, too.",
    ),
    MY_CLASSIFIER,
    "With sums a long story shouts louder than a short one. That is why our model takes means.",
    (
        Wrong(MY_CLASSIFIER.replace('"sum"', '"mean"'), "or is it still their mean?"),
        Wrong(MY_CLASSIFIER.replace(", bias=False", ""), "The linear layer has a bias."),
        Wrong(
            MY_CLASSIFIER.replace(
                "        nn.init.uniform_(self.embedding.weight, -0.01, 0.01)\n", ""
            ),
            "The first weights of the words go from",
        ),
        Wrong(
            MY_CLASSIFIER.replace("offsets))", "offsets)).softmax(dim=1)"),
            "these are probabilities. Logits were expected.",
        ),
        Wrong(
            MY_CLASSIFIER.replace("return self", "self"),
            "What the model gives back is None. Expected: a tensor",
        ),
        Wrong(
            MY_CLASSIFIER.replace("        super().__init__()\n", ""),
            "cannot assign module before Module.__init__() call",
        ),
    ),
)

EXERCISES = (COUNT, LARGEST, CLASS)
