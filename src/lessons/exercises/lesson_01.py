"""Lesson 01: exercises on splitting the data."""

# mypy: allow-untyped-defs

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import torch

from lessons.exercises.asserts import (
    Exercise,
    NotYet,
    Other,
    Try,
    brief,
    call,
    check_seed,
    judge,
    number,
    rows,
)

# -------------------------------------------------------------------------------- 01-lazy


def my_lazy_accuracy(labels):
    return max(Counter(labels).values()) / len(labels)


def lazy_accuracy_without_counter(labels):
    return max(labels.count(label) for label in set(labels)) / len(labels)


def check_lazy(answer: Callable[..., Any]) -> None:
    """Try some piles of labels."""
    judge(_lazy_tries(answer))


def _lazy_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for labels in ([0, 0, 1, 0], [2, 1, 2, 2, 0], [1, 0, 1, 2, 1, 3, 2, 1], [1, 1], [3, 0, 0, 3]):
        seen = number(call(answer, labels), "The accuracy")
        counts = Counter(labels)
        most = max(counts.values())
        share = most / len(labels)
        mistakes = [
            (most, "That is how many it gets right. What share of all stories is that?"),
            (100 * share, "That is in percent. A share lies between 0 and 1."),
            (1 / len(counts), "That is right only if all classes are equally common."),
            (labels.count(0) / len(labels), "That is the share of label 0. Is it the commonest?"),
            (
                labels.count(max(labels)) / len(labels),
                "That is the share of the largest label. Which label is the commonest?",
            ),
        ]
        yield Try(f"Labels {labels}", seen, share, mistakes)


LAZY = Exercise(
    "01-lazy",
    my_lazy_accuracy,
    check_lazy,
    (
        "How often does each label stand in the list? The lazy model is right at the commonest.",
        "`Counter(labels)` counts them, and `.values()` gives its counts.",
        "Take the largest count with `max`, and divide it by `len(labels)`.",
    ),
    "An accuracy says little until you know what a lazy model would get.",
    (
        Other(
            lazy_accuracy_without_counter,
            "Nothing to import, but it reads all labels once for each class. With four classes "
            "nobody minds; with a thousand it does a thousand times the work.",
        ),
    ),
)

# ------------------------------------------------------------------------------ 01-copies


def my_rows_to_keep(texts):
    seen, keep = set(), []
    for row, text in enumerate(texts):
        if text not in seen:
            keep.append(row)
        seen.add(text)
    return keep


def rows_not_seen_above(texts):
    return [row for row, text in enumerate(texts) if text not in texts[:row]]


def rows_of_the_last_copies(texts):
    return list({text: row for row, text in enumerate(texts)}.values())


def check_copies(answer: Callable[..., Any]) -> None:
    """Try piles with and without repeated texts."""
    piles = (
        ["Otters win", "Rain ends", "Otters win", "Otters win", "Banks merge"],
        ["Rain ends", "Banks merge", "Banks merge", "Rain ends"],
        ["Otters win", "Rain ends"],
    )
    for texts in piles:
        kept = rows(call(answer, texts), len(texts), f"The rows to keep of {texts}")
        for text in texts:
            copies = [row for row, one in enumerate(texts) if one == text]
            left = sorted(set(copies) & set(kept))
            if not left:
                raise NotYet(
                    f"{texts}: no row is left of {text!r}. Expected: one of the rows {copies}."
                )
            if len(left) > 1:
                raise NotYet(
                    f"{texts}: the rows {left} were kept, and all of them hold {text!r}. "
                    "Expected: only one of them."
                )


COPIES = Exercise(
    "01-copies",
    my_rows_to_keep,
    check_copies,
    (
        "Go through the pile row by row. What must you remember of the rows before?",
        "`for row, text in enumerate(texts):` hands out each row with its text.",
        "Keep a set of the texts that you have met. Append the row only if its text is not in it "
        "yet.",
    ),
    "Remove the copies first, then cut: a copy in the exam is a leak.",
    (
        Other(
            rows_not_seen_above,
            "One line, and it says what it means. But each text is compared with all above it: "
            "ten times the rows take a hundred times as long. A set finds a text at once.",
        ),
        Other(
            rows_of_the_last_copies,
            "A dictionary holds each text once. It is short and fast, but it keeps the last copy "
            "of each text, not the first: a reader may overlook that.",
        ),
    ),
)


# -------------------------------------------------------- a cut into training and test set


def two_parts(value: Any, total: int) -> tuple[list[int], list[int]]:
    """The rows of a training and of a test set, disjoint and complete. Raises NotYet otherwise."""
    if value is None:
        raise NotYet("None was given back. A function gives a value back with `return`.")
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise NotYet(f"Expected two lists of rows, the textbook and the exam. Saw {brief(value)}.")
    train, test = rows(value[0], total, "The textbook"), rows(value[1], total, "The exam")
    if both := sorted(set(train) & set(test)):
        raise NotYet(f"Row {both[0]} is in the textbook and in the exam. Expected: no row is.")
    if lost := sorted(set(range(total)) - set(train) - set(test)):
        raise NotYet(
            f"Row {lost[0]} is in neither of the two lists. Expected: every row from 0 to "
            f"{total - 1} is in one of them."
        )
    return train, test


# -------------------------------------------------------------------------------- 01-even


def my_even_test_set(labels, count, seed):
    generator = torch.Generator().manual_seed(seed)
    train, test = [], []
    for label in set(labels):
        rows = [row for row, one in enumerate(labels) if one == label]
        order = torch.randperm(len(rows), generator=generator).tolist()
        test += [rows[place] for place in order[:count]]
        train += [rows[place] for place in order[count:]]
    return train, test


def even_test_set_from_one_shuffle(labels, count, seed):
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).tolist()
    train, test, left = [], [], dict.fromkeys(labels, count)
    for row in order:
        if left[labels[row]] > 0:
            test.append(row)
            left[labels[row]] -= 1
        else:
            train.append(row)
    return train, test


def check_even(answer: Callable[..., Any]) -> None:
    """Draw exams with ten seeds, from a pile with classes of different sizes."""
    labels, count = [0, 1, 0, 2, 0, 1] * 4, 3

    def draw(seed: int) -> list[int]:
        train, test = two_parts(call(answer, labels, count, seed), len(labels))
        what = f"Labels [0, 1, 0, 2, 0, 1] four times over, count {count}, seed {seed}"
        check_counts(counts_of(train, labels), counts_of(test, labels), count, what)
        return sorted(test)

    in_order = [[i for i, one in enumerate(labels) if one == label] for label in range(3)]
    first = sorted(row for of_class in in_order for row in of_class[:count])
    if all(draw(seed) == first for seed in range(10)):
        raise NotYet(
            f"With every seed from 0 to 9 the exam holds the first {count} stories of each class, "
            f"the rows {first}. Expected: all stories have the same chance. Shuffle first."
        )
    check_seed(draw, "exams")


def check_counts(train: list[int], test: list[int], count: int, what: str) -> None:
    """Has the test set so many stories of each class? Raises NotYet otherwise."""
    if train == [count] * 3:
        raise NotYet("The exam came first. Expected: first the textbook, then the exam.")
    if test != [count] * 3:
        raise NotYet(
            f"{what}: the exam has {test[0]}, {test[1]} and {test[2]} stories of the classes 0, 1 "
            f"and 2. Expected: {count} of each."
        )


def counts_of(part: list[int], labels: list[int]) -> list[int]:
    """How many rows of a part belong to each class."""
    return [[labels[row] for row in part].count(label) for label in sorted(set(labels))]


EVEN = Exercise(
    "01-even",
    my_even_test_set,
    check_even,
    (
        "Go class by class, as in the stratified split. Only the place of the cut is another one.",
        "Find the rows of the class (`torch.tensor(labels)` first, if you do it as the lesson "
        "does), and shuffle them with `torch.randperm` and one generator, made before the loop.",
        "`torch.randperm` gives places among the rows of this class. Look up the row at each "
        "place; the first `count` go to the exam, the others to the textbook.",
    ),
    "You decide what the mix of the exam is; chance decides which stories it asks about.",
    (
        Other(
            even_test_set_from_one_shuffle,
            "One shuffle and one pass, however many classes there are, and both parts come out "
            "well mixed. But it takes a moment to see that each class gets its share.",
        ),
    ),
)

# ------------------------------------------------------------------------------ 01-events


def my_event_split(events, count, seed):
    generator = torch.Generator().manual_seed(seed)
    different = sorted(set(events))
    order = torch.randperm(len(different), generator=generator).tolist()
    drawn = {different[place] for place in order[:count]}
    train = [row for row, event in enumerate(events) if event not in drawn]
    test = [row for row, event in enumerate(events) if event in drawn]
    return train, test


def event_split_with_masks(events, count, seed):
    events = torch.tensor(events)
    different = events.unique()
    order = torch.randperm(len(different), generator=torch.Generator().manual_seed(seed))
    asked = torch.isin(events, different[order[:count]])
    return (~asked).nonzero().flatten(), asked.nonzero().flatten()


def check_events(answer: Callable[..., Any]) -> None:
    """Draw exams with ten seeds, from a pile with events of different sizes."""
    events, count = [7, 3, 7, 5, 31, 3, 5, 5, 12, 7, 31, 12, 5], 2

    def draw(seed: int) -> list[int]:
        train, test = two_parts(call(answer, events, count, seed), len(events))
        learned, asked = ({events[row] for row in part} for part in (train, test))
        if both := sorted(learned & asked):
            raise NotYet(
                f"Events {events}: the textbook got the rows {train} and the exam the rows "
                f"{test}. Event {both[0]} is in both. Expected: each event is in one of them."
            )
        if len(asked) != count and len(learned) == count:
            raise NotYet("The exam came first. Expected: first the textbook, then the exam.")
        if len(asked) != count:
            raise NotYet(
                f"Events {events}, count {count}, seed {seed}: the exam is about the events "
                f"{sorted(asked)}. Expected: {count} different events."
            )
        return sorted(test)

    check_seed(draw, "exams")


EVENTS = Exercise(
    "01-events",
    my_event_split,
    check_events,
    (
        "What has to be shuffled here: the stories or the events?",
        "`sorted(set(events))` lists every event once. Shuffle the places of this list with "
        "`torch.randperm`, and take the events at the first `count` of them.",
        "Then go through all rows: a row belongs to the exam if its event was drawn.",
    ),
    "What belongs together must stay together, or the exam asks what the textbook has told.",
    (
        Other(
            event_split_with_masks,
            "Torch goes through the rows without a loop of Python, which is faster for millions "
            "of them. But the events must be numbers; a set takes names as well.",
        ),
    ),
)
