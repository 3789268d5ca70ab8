"""Lesson 10: exercises on data of one's own, in plain PyTorch."""

# mypy: allow-untyped-defs

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lessons.exercises.asserts import (
    Exercise,
    NotYet,
    Other,
    Try,
    brief,
    call,
    first_fit,
    judge,
    number,
    numbers,
    plain,
    rows,
)

# -------------------------------------------------------------------------------- 10-leak


def my_leak(train, test):
    seen = {" ".join(text.lower().split()) for text in train}
    return [row for row, text in enumerate(test) if " ".join(text.lower().split()) in seen]


# Train, test and the places to be found: one more thing to think of in each.
SPLITS: list[tuple[list[str], list[str], list[int]]] = [
    (["One two", "x"], ["two", "ONE TWO", "one two", "x"], [1, 2, 3]),
    (["y z", "x"], ["x ", "  y z", "yz"], [0, 1]),
    (["a  b", "c"], ["b", "a b"], [1]),
    (["Hello  you"], ["bye", "hello you "], [1]),
    ([" One   two\tthree"], ["one two", "three", "ONE TWO THREE", "one two three four"], [2]),
    (["x"], ["y", "z"], []),
]


def check_leak(answer: Callable[..., Any]) -> None:
    """Try some splits."""
    for train, test, expected in SPLITS:
        what = f"Training set {train}, test set {test}"
        seen = sorted(rows(call(answer, train, test), len(test), what))
        if seen != expected:
            raise NotYet(
                f"{what}: expected {expected}, saw {seen}.{_leak_mistake(train, test, seen)}"
            )


def _leak_mistake(train: list[str], test: list[str], seen: list[int]) -> str:
    """What has most likely been done to find these places."""
    forms: list[tuple[Callable[[str], Any], str]] = [
        (str.split, "Capitals make no difference: bring all texts to small letters."),
        (lambda text: text.lower().strip(), "There may be extra spaces between words, too."),
        (str.lower, "Spaces at the ends make no difference, nor do extra ones between two words."),
        (
            lambda text: "".join(text.lower().split()),
            "Without any spaces, `a b` and `ab` are the same. They are two texts.",
        ),
    ]
    for form, sentence in forms:
        known = [form(text) for text in train]
        if seen == [row for row, text in enumerate(test) if form(text) in known]:
            return f" {sentence}"
    known = [" ".join(text.lower().split()) for text in train]
    same = [" ".join(text.lower().split()) in known for text in test]
    if seen == [row for row, found in enumerate(same) if not found]:
        return " These are the texts that are new. Those that are known were asked."
    return ""


def leak_by_lists_of_words(train, test):
    known = [text.lower().split() for text in train]
    return [row for row, text in enumerate(test) if text.lower().split() in known]


LEAK = Exercise(
    "10-leak",
    my_leak,
    check_leak,
    (
        "First bring all texts to one form, in which capitals and extra spaces are gone.",
        '`" ".join(text.lower().split())` is such a form. Put those of the training set into a '
        "set.",
        "Go through `enumerate(test)`, and keep the places whose form is in the set.",
    ),
    "Ask this of every file before you believe a score.",
    (
        Other(
            leak_by_lists_of_words,
            "Lists of words are compared as they are, so nothing is joined again. But a list is "
            "searched from its beginning for each text, which takes long if there are many.",
        ),
    ),
)

# --------------------------------------------------------------------------------- 10-pad


def my_padding(items):
    longest = max(len(ids) for ids, _ in items)
    table = [ids + [0] * (longest - len(ids)) for ids, _ in items]
    return torch.tensor(table), torch.tensor([label for _, label in items])


BATCHES = (
    [([5, 6, 7], 1), ([8], 0)],
    [([3, 1], 2), ([4, 4, 9, 2], 0), ([7], 1)],
    [([2, 5], 0), ([6, 3], 1)],
    [([9], 4)],
)


def check_padding(answer: Callable[..., Any]) -> None:
    """Try batches of equal and of different lengths."""
    for items in BATCHES:
        result = call(answer, items)
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise NotYet(f"The batch {items}: expected two tensors, saw {brief(result)}.")
        for what, part in zip(("ids", "labels"), result, strict=True):
            if isinstance(part, Tensor) and part.is_floating_point():
                raise NotYet(
                    f"The {what} are numbers with a point. Expected: whole ones, torch.long."
                )
        _check_table(plain(result[0]), items)
        labels = numbers(result[1], len(items), f"The labels of the batch {items}")
        if labels != [label for _, label in items]:
            raise NotYet(
                f"The batch {items}: expected the labels of its texts in their order, saw {labels}."
            )


def _check_table(table: Any, items: list[tuple[list[int], int]]) -> None:
    """Is this the table of ids, with zeros behind the short texts? Raises NotYet otherwise."""
    texts = [ids for ids, _ in items]
    longest = max(map(len, texts))
    if table != _padded(texts, longest):
        raise NotYet(
            f"The batch {items}: expected the ids {_padded(texts, longest)}, saw {brief(table)}."
            + _padding_mistake(table, texts, longest)
        )


def _padding_mistake(table: Any, texts: list[list[int]], longest: int) -> str:
    """What has most likely been done to make this table."""
    shortest = min(map(len, texts))
    ways = [
        ([[0] * (longest - len(ids)) + ids for ids in texts], "The zeros stand in front."),
        ([ids[:shortest] for ids in texts], "The long texts are cut, and their ends are lost."),
        (
            [one for ids in texts for one in ids],
            "That is one row for all texts. A row for each text was asked.",
        ),
        (
            _padded(texts, longest + 1),
            "There is one column too many: the longest text needs no zero.",
        ),
        (
            [list(column) for column in zip(*_padded(texts, longest), strict=True)],
            "Rows and columns stand the wrong way round. A row for each text was asked.",
        ),
    ]
    return first_fit(table, ways)


def _padded(texts: list[list[int]], longest: int) -> list[list[int]]:
    """Each text with zeros behind it."""
    return [ids + [0] * (longest - len(ids)) for ids in texts]


def padding_by_torch(items):
    texts, labels = zip(*items)
    table = nn.utils.rnn.pad_sequence([torch.tensor(ids) for ids in texts], batch_first=True)
    return table, torch.tensor(labels)


PAD = Exercise(
    "10-pad",
    my_padding,
    check_padding,
    (
        "How long is the longest text of this batch?",
        "`[5, 6] + [0] * 3` is a list with three zeros behind it.",
        "`torch.tensor` makes a table of a list of lists that are equally long.",
    ),
    "With padding a model must be told which ids are none; offsets need no such thing.",
    (
        Other(
            padding_by_torch,
            "PyTorch's own function is tested, and pads tensors of any kind. But without "
            "`batch_first=True` rows and columns stand the wrong way round, and no error says so.",
        ),
    ),
)

# ----------------------------------------------------------------------------- 10-weights


def my_weights(labels, num_classes):
    occurring = len(set(labels))
    counts = [labels.count(label) for label in range(num_classes)]
    return [len(labels) / (occurring * count) if count else 0.0 for count in counts]


def check_weights(answer: Callable[..., Any]) -> None:
    """Try labels with and without classes that do not occur."""
    judge(_weight_tries(answer))


def _weight_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for labels, classes in (
        *(([0, 0, 0, 2], 3), ([0, 0, 0, 0, 1, 1, 2, 2], 3), ([1, 3, 3, 3, 3, 3, 1, 1], 5)),
        ([0, 1], 2),
    ):
        what = f"The weights for the labels {labels} and {classes} classes"
        seen = numbers(plain(call(answer, labels, classes)), classes, what)
        occurring = len(set(labels))
        for place, value in enumerate(seen):
            count, total = labels.count(place), len(labels)
            expected = total / (occurring * count) if count else 0.0
            yield Try(
                f"{what}, class {place}",
                value,
                expected,
                _weight_mistakes(count, total, classes, occurring),
            )


def _weight_mistakes(
    count: int, total: int, classes: int, occurring: int
) -> list[tuple[float, str]]:
    """What the usual mistakes give for a class of so many texts."""
    if not count:
        why = "No text is of this class, so its weight must be 0."
        return [(total / occurring, why), (total / classes, why)]
    return [
        (total / (classes * count), "Divide by the number of classes that occur, not by all."),
        (total / count, "The weights must also be divided by the number of classes that occur."),
        (1 / count, "That is 1 for the class. Begin with the number of all texts."),
        (count / total, "That is the share of the class: a common class would weigh most."),
        (occurring * count / total, "The fraction stands upside down: common classes weigh most."),
    ]


def weights_by_bincount(labels, num_classes):
    counts = torch.bincount(torch.tensor(labels), minlength=num_classes)
    weights = len(labels) / ((counts > 0).sum() * counts)
    return torch.where(counts > 0, weights, 0)


WEIGHTS = Exercise(
    "10-weights",
    my_weights,
    check_weights,
    (
        "How many texts has each class, and how many classes have any?",
        "`labels.count(label)` counts one class, and `len(set(labels))` the classes that occur.",
        "Only if the count is not 0: all texts, divided by both numbers.",
    ),
    "With these weights, the weights of all texts add up to the number of texts.",
    (
        Other(
            weights_by_bincount,
            "All classes are counted in one go, which pays if there are many. But the division "
            "by 0 is done all the same and gives inf, which must be replaced afterwards.",
        ),
    ),
)

# ------------------------------------------------------------------------------ 10-errors


def my_loss(logits, labels):
    places = labels.squeeze(dim=1).long() - 1
    return F.cross_entropy(logits, places).item()


def check_errors(answer: Callable[..., Any]) -> None:
    """Try batches with all classes, with the last ones missing, and with a single text."""
    judge(_error_tries(answer))


def _error_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    draw = torch.Generator().manual_seed(0)
    for written in ([1, 2, 3, 2], [1, 2, 2], [2, 1, 1, 2, 1], [3], [1]):
        logits = torch.randn(len(written), 3, generator=draw).requires_grad_()
        labels = torch.tensor(written, dtype=torch.float).unsqueeze(dim=1)  # (texts, 1)
        seen = number(call(answer, logits, labels), "The loss")
        places = torch.tensor(written)
        price = F.cross_entropy(logits, places - 1, reduction="sum").item()
        first = F.cross_entropy(logits, (places[:1] - 1).expand(len(places))).item()
        late = F.cross_entropy(logits, places.clamp(max=2)).item()
        mistakes = [
            (late, "No error, and wrong: the labels still count from 1."),
            (price, "That is the sum over the texts. A loss is their mean."),
            (first, "All texts got the label of the first."),
            (
                F.cross_entropy(logits, (places - 2).clamp(min=0)).item(),
                "That is one taken off twice.",
            ),
        ]
        expected = F.cross_entropy(logits, places - 1).item()
        yield Try(f"The loss of the labels {written}, in a column", seen, expected, mistakes)


ERRORS = Exercise(
    "10-errors",
    my_loss,
    check_errors,
    (
        "Which shape does the loss want for the labels? `labels.squeeze(dim=1)` takes a column "
        "apart.",
        "`.long()` makes whole numbers.",
        "Where do places begin to count? Take 1 off.",
    ),
    "Errors are kind: the fault without an error, labels from 1, is the one to fear.",
)
