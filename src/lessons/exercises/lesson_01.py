"""Lesson 01: exercises on splitting the data."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from lessons.exercises.asserts import (
    Exercise,
    NotYet,
    Wrong,
    brief,
    call,
    check_seed,
    expect,
    number,
    rows,
)

# -------------------------------------------------------------------------------- 01-lazy


def check_lazy(answer: Callable[..., Any]) -> None:
    """Try some piles of labels."""
    for labels in ([0, 0, 1, 0], [2, 1, 2, 2, 0], [1, 0, 1, 2, 1, 3, 2, 1], [1, 1]):
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
        expect(seen, share, f"Labels {labels}", mistakes)


STARTER = "def my_lazy_accuracy(labels):\n"
LAZY = Exercise(
    "01-lazy",
    """\
A lazy model reads no word: it says the commonest class in the list every time. Write
`my_lazy_accuracy`: you are given the list of right labels. Give back the share of answers that the
lazy model gets right, as a number between 0 and 1. For `[0, 0, 1, 0]` that is 0.75.""",
    f"{STARTER}    ...",
    check_lazy,
    (
        "How often does each label stand in the list? The lazy model is right at the commonest.",
        "`Counter(labels)` counts them, and `.values()` gives its counts.",
        "Take the largest count with `max`, and divide it by `len(labels)`.",
    ),
    f"{STARTER}    return max(Counter(labels).values()) / len(labels)",
    "An accuracy says little until you know what a lazy model would get.",
    (
        Wrong(f"{STARTER}    return max(Counter(labels).values())", "how many it gets right"),
        Wrong(
            f"{STARTER}    return 100 * max(Counter(labels).values()) / len(labels)",
            "expected 0.75, saw 75. That is in percent.",
        ),
        Wrong(
            f"{STARTER}    return 1 / len(set(labels))",
            "right only if all classes are equally common",
        ),
        Wrong(
            f"{STARTER}    return labels.count(max(labels)) / len(labels)",
            "That is the share of the largest label.",
        ),
        Wrong(f"{STARTER}    return labels.count(0) / len(labels)", "the share of label 0"),
        Wrong(
            f"{STARTER}    labels.sort()\n    return labels.count(labels[0]) / len(labels)",
            "input number 1 is not what it was before",
        ),
    ),
)

# ------------------------------------------------------------------------------ 01-copies


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


STARTER = "def my_rows_to_keep(texts):\n"
MY_ROWS_TO_KEEP = (
    STARTER
    + """\
    seen, keep = set(), []
    for row, text in enumerate(texts):
        if text not in seen:
            keep.append(row)
        seen.add(text)
    return keep"""
)
COPIES = Exercise(
    "01-copies",
    """\
If a text stands in the pile twice, one copy may land in the textbook and the other in the exam. So
copies must go before the cut. Write `my_rows_to_keep`: you are given a list of texts. Give back
the rows to keep, one for each different text. Which of the copies you keep does not matter: for
`["a", "b", "a"]` both `[0, 1]` and `[1, 2]` are right.""",
    f"{STARTER}    ...",
    check_copies,
    (
        "Go through the pile row by row. What must you remember of the rows before?",
        "`for row, text in enumerate(texts):` hands out each row with its text.",
        "Keep a set of the texts that you have met. Append the row only if its text is not in it "
        "yet.",
    ),
    MY_ROWS_TO_KEEP,
    "Remove the copies first, then cut: a copy in the exam is a leak.",
    (
        Wrong(f"{STARTER}    return list(set(texts))", "expected rows, whole numbers"),
        Wrong(
            f"{STARTER}    return [i for i, text in enumerate(texts) if texts.count(text) == 1]",
            "no row is left of 'Otters win'. Expected: one of the rows [0, 2, 3].",
        ),
        Wrong(
            f"{STARTER}    return [i for i, text in enumerate(texts) if text != texts[i - 1]]",
            "the rows [0, 2] were kept, and all of them hold 'Otters win'.",
        ),
        Wrong(
            f"{STARTER}    return [texts.index(text) for text in texts]",
            "row 0 stands there 3 times",
        ),
        Wrong(
            f"{STARTER}    texts.sort()\n"
            "    return [i for i, text in enumerate(texts) if text not in texts[:i]]",
            "input number 1 is not what it was before",
        ),
    ),
)


# --------------------------------------------------------------- a cut into textbook and exam


def two_parts(value: Any, total: int) -> tuple[list[int], list[int]]:
    """The rows of a textbook and of an exam, disjoint and complete. Raises NotYet otherwise."""
    if value is None:
        raise NotYet("None was given back. A function gives a value back with `return`.")
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise NotYet(f"Expected two lists of rows, the textbook and the exam. Saw {brief(value)}.")
    textbook, exam = rows(value[0], total, "The textbook"), rows(value[1], total, "The exam")
    if both := sorted(set(textbook) & set(exam)):
        raise NotYet(f"Row {both[0]} is in the textbook and in the exam. Expected: no row is.")
    if lost := sorted(set(range(total)) - set(textbook) - set(exam)):
        raise NotYet(
            f"Row {lost[0]} is in neither of the two lists. Expected: every row from 0 to "
            f"{total - 1} is in one of them."
        )
    return textbook, exam


# -------------------------------------------------------------------------------- 01-even


def check_even(answer: Callable[..., Any]) -> None:
    """Draw exams with ten seeds, from a pile with classes of different sizes."""
    labels, count = [0, 1, 0, 2, 0, 1] * 4, 3

    def draw(seed: int) -> list[int]:
        textbook, exam = two_parts(call(answer, labels, count, seed), len(labels))
        if counts_of(textbook, labels) == [count] * 3:
            raise NotYet("The exam came first. Expected: first the textbook, then the exam.")
        if (seen := counts_of(exam, labels)) != [count] * 3:
            raise NotYet(
                f"Labels [0, 1, 0, 2, 0, 1] four times over, count {count}, seed {seed}: the exam "
                f"has {seen[0]}, {seen[1]} and {seen[2]} stories of the classes 0, 1 and 2. "
                f"Expected: {count} of each."
            )
        return sorted(exam)

    in_order = [[i for i, one in enumerate(labels) if one == label] for label in range(3)]
    first = sorted(row for of_class in in_order for row in of_class[:count])
    if all(draw(seed) == first for seed in range(10)):
        raise NotYet(
            f"With every seed from 0 to 9 the exam holds the first {count} stories of each class, "
            f"the rows {first}. Expected: all stories have the same chance. Shuffle first."
        )
    check_seed(draw, "exams")


def counts_of(part: list[int], labels: list[int]) -> list[int]:
    """How many rows of a part belong to each class."""
    return [[labels[row] for row in part].count(label) for label in sorted(set(labels))]


STARTER = "def my_even_exam(labels, count, seed):\n"
MY_EVEN_EXAM = (
    STARTER
    + """\
    generator = torch.Generator().manual_seed(seed)
    textbook, exam = [], []
    for label in set(labels):
        rows = [row for row, one in enumerate(labels) if one == label]
        order = torch.randperm(len(rows), generator=generator).tolist()
        exam += [rows[place] for place in order[:count]]
        textbook += [rows[place] for place in order[count:]]
    return textbook, exam"""
)
EVEN = Exercise(
    "01-even",
    """\
The stratified split keeps rare classes rare, in the exam too. Sometimes one wants an exam with
equally many stories of each class, to see how each is learned. Write `my_even_exam`: you are given
the list of labels. Draw `count` rows of each class at random for the exam, and put all other rows
into the textbook. Give back both lists of rows, the textbook first. The same seed must give the
same exam again.""",
    f"{STARTER}    ...",
    check_even,
    (
        "Go class by class, as in the stratified split. Only the place of the cut is another one.",
        "Find the rows of the class (`torch.tensor(labels)` first, if you do it as the lesson "
        "does), and shuffle them with `torch.randperm` and one generator, made before the loop.",
        "`torch.randperm` gives places among the rows of this class. Look up the row at each "
        "place; the first `count` go to the exam, the others to the textbook.",
    ),
    MY_EVEN_EXAM,
    "You decide what the mix of the exam is; chance decides which stories it asks about.",
    (
        Wrong(
            f"{STARTER}    generator = torch.Generator().manual_seed(seed)\n"
            "    order = torch.randperm(len(labels), generator=generator).tolist()\n"
            "    cut = count * len(set(labels))\n    return order[cut:], order[:cut]",
            "stories of the classes 0, 1 and 2. Expected: 3 of each.",
        ),
        Wrong(
            MY_EVEN_EXAM.replace(
                "torch.randperm(len(rows), generator=generator).tolist()", "range(len(rows))"
            ),
            "the exam holds the first 3 stories of each class",
        ),
        Wrong(
            MY_EVEN_EXAM.replace("rows[place] for place in ", "place for place in "),
            "row 7 stands there 2 times",
        ),
        Wrong(
            MY_EVEN_EXAM.replace("[rows[place] for place in order[count:]]", "rows"),
            "is in the textbook and in the exam",
        ),
        Wrong(MY_EVEN_EXAM.replace("return textbook, exam", "return exam, textbook"), "came first"),
        Wrong(MY_EVEN_EXAM.replace(", generator=generator", ""), "two different exams"),
        Wrong(MY_EVEN_EXAM.replace("manual_seed(seed)", "manual_seed(0)"), "All seeds from 0 to 9"),
        Wrong(
            MY_EVEN_EXAM.replace("order[count:]", "order[count + 1 :]"),
            "is in neither of the two lists",
        ),
    ),
)

# ------------------------------------------------------------------------------ 01-events


def check_events(answer: Callable[..., Any]) -> None:
    """Draw exams with ten seeds, from a pile with events of different sizes."""
    events, count = [7, 3, 7, 5, 31, 3, 5, 5, 12, 7, 31, 12, 5], 2

    def draw(seed: int) -> list[int]:
        textbook, exam = two_parts(call(answer, events, count, seed), len(events))
        learned, asked = ({events[row] for row in part} for part in (textbook, exam))
        if both := sorted(learned & asked):
            raise NotYet(
                f"Events {events}: the textbook got the rows {textbook} and the exam the rows "
                f"{exam}. Event {both[0]} is in both. Expected: each event is in one of them."
            )
        if len(asked) != count and len(learned) == count:
            raise NotYet("The exam came first. Expected: first the textbook, then the exam.")
        if len(asked) != count:
            raise NotYet(
                f"Events {events}, count {count}, seed {seed}: the exam is about the events "
                f"{sorted(asked)}. Expected: {count} different events."
            )
        return sorted(exam)

    check_seed(draw, "exams")


STARTER = "def my_event_split(events, count, seed):\n"
MY_EVENT_SPLIT = (
    STARTER
    + """\
    generator = torch.Generator().manual_seed(seed)
    different = sorted(set(events))
    order = torch.randperm(len(different), generator=generator).tolist()
    drawn = {different[place] for place in order[:count]}
    textbook, exam = [], []
    for row, event in enumerate(events):
        (exam if event in drawn else textbook).append(row)
    return textbook, exam"""
)
EVENTS = Exercise(
    "01-events",
    """\
Three newspapers report the same match. No text is a copy, and still they tell the same: if one
is in the textbook and another in the exam, the exam leaks. `events[row]` is the number of the
event that a story is about, for example `[7, 3, 7, 5]`. Write `my_event_split`: draw `count`
different events at random. All stories about them are the exam, all others are the textbook. Give
back both lists of rows, the textbook first. The same seed must give the same exam again.""",
    f"{STARTER}    ...",
    check_events,
    (
        "What has to be shuffled here: the stories or the events?",
        "`sorted(set(events))` lists every event once. Shuffle the places of this list with "
        "`torch.randperm`, and take the events at the first `count` of them.",
        "Then go through all rows: a row belongs to the exam if its event was drawn.",
    ),
    MY_EVENT_SPLIT,
    "What belongs together must stay together, or the exam asks what the textbook has told.",
    (
        Wrong(
            f"{STARTER}    generator = torch.Generator().manual_seed(seed)\n"
            "    order = torch.randperm(len(events), generator=generator).tolist()\n"
            "    return order[count:], order[:count]",
            "is in both. Expected: each event is in one of them.",
        ),
        Wrong(
            MY_EVENT_SPLIT.replace(
                "torch.randperm(len(different), generator=generator).tolist()",
                "range(len(different))",
            ),
            "All seeds from 0 to 9 gave the same exams",
        ),
        Wrong(
            MY_EVENT_SPLIT.replace("different[place] for", "place for"),
            "Expected: 2 different events.",
        ),
        Wrong(
            f"{STARTER}    generator = torch.Generator().manual_seed(seed)\n"
            "    different = torch.tensor(events).unique()\n"
            "    order = torch.randperm(len(different), generator=generator)\n"
            "    return different[order[count:]], different[order[:count]]",
            "there is no row 31. The rows go from 0 to 12.",
        ),
        Wrong(
            MY_EVENT_SPLIT.replace("sorted(set(events))", "events"),
            "the exam is about the events [5]. Expected: 2",
        ),
        Wrong(
            MY_EVENT_SPLIT.replace("(exam if event in drawn else textbook)", "textbook").replace(
                "    return", "        if event in drawn:\n            exam.append(row)\n    return"
            ),
            "is in the textbook and in the exam",
        ),
    ),
)

EXERCISES = (LAZY, COPIES, EVEN, EVENTS)
