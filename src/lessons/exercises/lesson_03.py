"""Lesson 03: exercises on the model."""

# mypy: allow-untyped-defs

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lessons.exercises.asserts import (
    NUM_CLASSES,
    VOCAB_SIZE,
    Exercise,
    NotYet,
    Other,
    Try,
    brief,
    call,
    judge,
    little_batches,
    number,
    tensor,
)
from lessons.model import TextClassifier

# -------------------------------------------------------------------------------- 03-count


def my_count(vocab_size, num_classes, embedding_dim):
    return vocab_size * embedding_dim + embedding_dim * num_classes + num_classes


def count_of_a_real_model(vocab_size, num_classes, embedding_dim):
    model = TextClassifier(vocab_size, num_classes, embedding_dim)
    return sum(weights.numel() for weights in model.parameters())


def check_count(answer: Callable[..., Any]) -> None:
    """Try models of several sizes."""
    judge(_count_tries(answer))


def _count_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for vocab_size, num_classes, embedding_dim in ((1000, 4, 8), (10, 2, 3), (7, 7, 1), (5, 3, 9)):
        seen = number(call(answer, vocab_size, num_classes, embedding_dim), "The number of weights")
        embedding, linear = vocab_size * embedding_dim, embedding_dim * num_classes
        mistakes = [
            (embedding + linear, "Each judge also adds a fixed amount of their own: the bias."),
            (linear + num_classes, "The cards of the words hold weights as well."),
            (embedding, "That is the first layer alone."),
            (embedding * num_classes, "The layers stand one after the other, so add them up."),
            (
                embedding + linear + embedding_dim,
                "There is a bias for each class, not for each number.",
            ),
            (embedding + linear + 1, "Each class has a bias of its own."),
        ]
        example = f"{vocab_size} words, {num_classes} classes, embedding_dim {embedding_dim}"
        yield Try(example, seen, embedding + linear + num_classes, mistakes)


COUNT = Exercise(
    "03-count",
    my_count,
    check_count,
    (
        "Count layer by layer. How many rows and columns has the table of the words?",
        "The linear layer has a row of weights and one bias for each class.",
    ),
    "Nearly all that our model knows stands on the cards of its words.",
    (
        Other(
            count_of_a_real_model,
            "It is right for every model, without a formula. But it makes all the weights in "
            "order to count them, and it does not show where they are.",
        ),
    ),
)

# ------------------------------------------------------------------------------ 03-largest


def my_largest(vectors, offsets):
    begins = offsets.tolist()
    ends = [*begins[1:], len(vectors)]
    pairs = zip(begins, ends)
    return torch.stack([vectors[begin:end].amax(dim=0) for begin, end in pairs])


def largest_with_one_call(vectors, offsets):
    return F.embedding_bag(torch.arange(len(vectors)), vectors, offsets, mode="max")


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
        if torch.allclose(seen, expected.clamp(min=0)) and not torch.allclose(seen, expected):
            raise NotYet(
                f"{begins}: all numbers below 0 have become 0. Does your search begin with 0? The "
                "largest number of a column may be below 0."
            )
        if not torch.allclose(seen, expected):
            row = int((seen != expected).any(dim=1).nonzero()[0])
            raise NotYet(
                f"{begins}: row {row} should be {expected[row].tolist()}, the largest number of "
                f"each column in this story, and it is {seen[row].tolist()}."
            )


def _stacked(value: Any) -> Any:
    """A list of rows, or what was an array of numpy, as a tensor; anything else as it is."""
    if not isinstance(value, list | tuple):
        return value
    try:
        return torch.stack([torch.as_tensor(row) for row in value])
    except (TypeError, ValueError, RuntimeError):  # no numbers, or rows of different lengths
        return value


LARGEST = Exercise(
    "03-largest",
    my_largest,
    check_largest,
    (
        "A story begins at its offset and stops where the next one begins.",
        "The last story stops at `len(vectors)`.",
        "Take `.amax(dim=0)` of the rows of each story, and put the results under each other with "
        "`torch.stack`.",
    ),
    '`nn.EmbeddingBag` does this with `mode="max"`.',
    (
        Other(
            largest_with_one_call,
            "One call and no loop of Python, so it is fast. But a story without tokens gets zeros "
            "in silence, where the loop stops with an error.",
        ),
    ),
)

# -------------------------------------------------------------------------------- 03-class


class MyClassifier(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="sum")
        self.linear = nn.Linear(embedding_dim, num_classes, bias=False)
        nn.init.uniform_(self.embedding.weight, -0.01, 0.01)
        nn.init.uniform_(self.linear.weight, -0.01, 0.01)

    def forward(self, token_ids, offsets):
        return self.linear(self.embedding(token_ids, offsets))


class ClassifierOfPlainTables(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.vectors = nn.Parameter(torch.rand(vocab_size, embedding_dim) / 50 - 0.01)
        self.weights = nn.Parameter(torch.rand(embedding_dim, num_classes) / 50 - 0.01)

    def forward(self, token_ids, offsets):
        return F.embedding_bag(token_ids, self.vectors, offsets, mode="sum") @ self.weights


def check_class(answer: Callable[..., Any]) -> None:
    """Look at the weights of a model, and at what it makes of a batch."""
    model, batch = answer(VOCAB_SIZE, NUM_CLASSES, 8), little_batches((4,))[0]
    check_model(model)
    logits = model(batch.token_ids, batch.offsets)
    embedding, linear = check_weights(model)
    logits = tensor(logits, (4, NUM_CLASSES), "What the model gives back")
    if not logits.requires_grad:
        raise NotYet("The logits have no way back to the weights, so nothing could be learned.")
    sums = F.embedding_bag(
        batch.token_ids, embedding, batch.offsets, mode="sum"
    )  # (stories, embedding_dim)
    means = F.embedding_bag(batch.token_ids, embedding, batch.offsets, mode="mean")
    check_logits(logits.double(), sums @ linear.T, means @ linear.T)  # as precise
    check_learns(model, logits)


def check_learns(model: nn.Module, logits: Tensor) -> None:
    """Do all weights have a slope? Raises NotYet otherwise."""
    weights = list(model.parameters())
    frozen = [one for one in weights if not one.requires_grad]
    slopes = torch.autograd.grad(logits.sum(), [one for one in weights if one.requires_grad])
    if frozen or not all(slope.any() for slope in slopes):
        raise NotYet(
            f"{len(frozen) or 'Some'} of the {len(weights)} groups of weights get no gradient, so "
            "they would never learn. Expected: every weight learns, those of the words as well."
        )


def check_logits(logits: Tensor, expected: Tensor, of_means: Tensor) -> None:
    """Are these the logits? Raises NotYet, with the likely reason, if they are not."""
    if torch.allclose(logits, expected, atol=1e-8, rtol=1e-4):
        return
    if torch.allclose(logits.sum(dim=1), torch.ones(4).double(), atol=1e-4):
        raise NotYet("Each row adds up to 1: these are probabilities. Logits were expected.")
    if torch.allclose(logits, of_means, atol=1e-7):
        raise NotYet(
            "The longer a story, the smaller are its logits beside those expected: by the number "
            "of its words. Are the vectors added up, or is it still their mean?"
        )
    raise NotYet(
        f"For one story the logits should be {_row(expected)}, and they are {_row(logits)}. Add "
        "the vectors of its words up, then weigh the sum for each class."
    )


def _row(logits: Tensor) -> list[float]:
    return [round(logit, 4) for logit in logits[0].tolist()]


def check_weights(model: Any) -> tuple[Tensor, Tensor]:
    """Those of the embedding and of the linear layer. Raises NotYet if there are others."""
    weights = [one.detach().double() for one in model.parameters()]
    weights = [one.T if one.shape == (8, NUM_CLASSES) else one for one in weights]  # on its side
    shapes = sorted(tuple(one.shape) for one in weights)
    if (NUM_CLASSES,) in shapes:
        raise NotYet("The linear layer has a bias. Leave it out with `bias=False`.")
    if shapes != [(NUM_CLASSES, 8), (VOCAB_SIZE, 8)]:
        raise NotYet(
            f"With {VOCAB_SIZE} words, {NUM_CLASSES} classes and embedding_dim 8 the model has "
            f"weights of the shapes {shapes}. Expected: {[(NUM_CLASSES, 8), (VOCAB_SIZE, 8)]}, one "
            "for each layer."
        )
    embedding, linear = sorted(weights, key=len, reverse=True)
    check_range(embedding, "words")
    check_range(linear, "judges")
    return embedding, linear


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


CLASS = Exercise(
    "03-class",
    MyClassifier,
    check_class,
    (
        "Two layers in `__init__`, and one line in `forward` that hands the data through both.",
        '`nn.EmbeddingBag` knows `mode="sum"` as well as `mode="mean"`.',
        "`nn.init.uniform_(self.linear.weight, -0.01, 0.01)` fills one layer. The embedding needs "
        "such a line, too.",
    ),
    "With sums a long story shouts louder than a short one. That is why our model takes means.",
    (
        Other(
            ClassifierOfPlainTables,
            "It shows that two tables of numbers are all there is. But `print(model)` shows no "
            "layers, and what a layer does for you, such as first weights, you do yourself.",
        ),
    ),
)
