"""Lesson 02: exercises on words, numbers and batches."""

from collections import Counter
from collections.abc import Callable
from math import ceil
from typing import Any

from torch import Tensor

from lessons.exercises.asserts import (
    Exercise,
    NotYet,
    Wrong,
    brief,
    call,
    check_seed,
    expect,
    number,
    numbers,
    rows,
    same,
)
from lessons.split import Split, Stories
from lessons.text import tokenize

# -------------------------------------------------------------------------------- 02-last


def check_last(answer: Callable[..., Any]) -> None:
    """Try books that leave a rest and books that do not."""
    for stories, size in ((1030, 100), (1000, 100), (5, 8), (7, 1), (8, 8)):
        seen = number(call(answer, stories, size), "The number of stories")
        mistakes = [
            (0, "The last batch is never empty: if nothing is left over, it is a whole one."),
            (ceil(stories / size), "That is how many batches there are."),
            (size, "That would be a whole batch. Are there so many stories left?"),
            (-stories % size, "That is how many stories are missing in it."),
        ]
        example = f"{stories} stories in batches of {size}"
        expect(seen, stories % size or size, example, mistakes)


STARTER = "def my_last_batch(stories, batch_size):\n"
LAST = Exercise(
    "02-last",
    """\
Write `my_last_batch`: how many stories does the last batch of an epoch hold? You are given the
number of stories and the batch size, both at least 1. The rest of a division is `%` in Python:
`1030 % 100` is 30.""",
    f"{STARTER}    ...",
    check_last,
    (
        "When is the last batch short, and when is it not?",
        "If `stories % batch_size` is 0, the last batch is a whole one.",
        "Keep the rest in a name. Give back `batch_size` if the rest is 0, and the rest otherwise.",
    ),
    f"{STARTER}    rest = stories % batch_size\n    return batch_size if rest == 0 else rest",
    "The last batch may be short, and it is never empty.",
    (
        Wrong(
            f"{STARTER}    return stories % batch_size", "expected 100, saw 0. The last batch is"
        ),
        Wrong(f"{STARTER}    return stories // batch_size + 1", "how many batches there are"),
        Wrong(f"{STARTER}    return min(stories, batch_size)", "Are there so many stories left?"),
        Wrong(
            f"{STARTER}    return batch_size - stories % batch_size", "how many stories are missing"
        ),
    ),
)

# ----------------------------------------------------------------------------- 02-lengths


def check_lengths(answer: Callable[..., Any]) -> None:
    """Try flat rows of three stories, of two, and with an empty one."""
    for lengths in ([1, 2, 3], [4, 1], [2, 0, 3]):
        tokens = list(range(10, 10 + sum(lengths)))
        offsets = [sum(lengths[:story]) for story in range(len(lengths))]
        example = f"Tokens {tokens} and offsets {offsets}"
        seen = call(answer, tokens, offsets)
        seen = seen.tolist() if isinstance(seen, Tensor) else seen
        if same(seen, lengths[:-1]):
            raise NotYet(f"{example}: saw {brief(seen)}. The last story is missing.")
        if same(seen, [0, *lengths[:-1]]):
            raise NotYet(
                f"{example}: expected {lengths}, saw {brief(seen)}. An offset is the place where "
                "a story begins, not where it ends."
            )
        for story, value in enumerate(numbers(seen, len(lengths), example)):
            mistakes = [
                (offsets[story], "That is where the story begins. How long is it?"),
                (lengths[story] - 1, "That is one too few. Count the first token as well."),
                (len(tokens) - offsets[story], "Where does the next story begin?"),
            ]
            expect(value, lengths[story], f"{example}, story {story}", mistakes)


STARTER = "def my_lengths(tokens, offsets):\n"
MY_LENGTHS = (
    STARTER + "    ends = [*offsets[1:], len(tokens)]\n"
    "    return [end - begin for begin, end in zip(offsets, ends)]"
)
LENGTHS = Exercise(
    "02-lengths",
    """\
The flat row and the offsets together say everything, so they say how long each story is. Write
`my_lengths`: you are given two plain lists, the tokens of a batch and its offsets. Give back the
number of tokens of each story. For `[0, 10, 11, 20, 21, 22]` and `[0, 1, 3]` that is
`[1, 2, 3]`.""",
    f"{STARTER}    ...",
    check_lengths,
    (
        "A story ends where the next one begins. And where does the last one end?",
        "Make a list of the ends: `[*offsets[1:], len(tokens)]` has the offsets without the first "
        "one, and then the end of the row.",
        "Go through begins and ends together with `zip`, and subtract.",
    ),
    MY_LENGTHS,
    "Offsets are begins. The end of a story is the beginning of the next one.",
    (
        Wrong(
            f"{STARTER}    return [b - a for a, b in zip(offsets, offsets[1:])]",
            "saw [1, 2]. The last story is missing.",
        ),
        Wrong(
            f"{STARTER}    return [b - a for a, b in zip([0, *offsets], offsets)]",
            "expected [1, 2, 3], saw [0, 1, 2]. An offset is the place where a story begins",
        ),
        Wrong(
            MY_LENGTHS.replace("len(tokens)", "len(tokens) - 1"),
            "story 2: expected 3, saw 2. That is one too few.",
        ),
        Wrong(
            f"{STARTER}    return [len(tokens[begin:]) for begin in offsets]",
            "Where does the next story begin?",
        ),
        Wrong(
            f"{STARTER}    offsets.append(len(tokens))\n"
            "    return [b - a for a, b in zip(offsets, offsets[1:])]",
            "input number 2 is not what it was before. It was [0, 1, 3]",
        ),
    ),
)

# -------------------------------------------------------------------------------- 02-list

NAMES = ("World", "Sports")


def little_parts() -> Split:
    """A split with one or two stories in each part."""
    train = ["The cup: Otters win the cup!", "The river rises. Otters win."]
    return Split(
        Stories(train, [1, 0], NAMES),
        Stories(["Badgers dig. Badgers eat. Badgers sleep."], [0], NAMES),
        Stories(["Storks land. Storks stay. Storks fly."], [0], NAMES),
    )


def commonest(words: list[str], size: int) -> dict[str, int]:
    """A word list of so many numbers, with the unknown word at 0."""
    counts = Counter(words)
    order = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: place for place, word in enumerate(["<unk>", *order][:size])}


def check_list(answer: Callable[..., Any]) -> None:
    """Try a list of some words, and one with room for more words than there are."""
    texts = little_parts().train.texts
    book = [word for text in texts for word in tokenize(text)]
    for size in (5, 8, 100):
        seen, expected = call(answer, little_parts(), size), commonest(book, size)
        example = f"Textbook {texts}, size {size}"
        if not isinstance(seen, dict):
            raise NotYet(f"{example}: expected a dictionary such as {expected}, saw {brief(seen)}.")
        check_words(seen, set(book))
        if len(seen) != len(expected):
            raise NotYet(
                f"{example}: expected {len(expected)} numbers, with `<unk>`, saw {len(seen)}."
            )
        if not same(seen, expected):
            word = next(word for word in expected if not same(seen.get(word), expected[word]))
            raise NotYet(
                f"{example}: {word!r} stands there {book.count(word)} times. Expected: number "
                f"{expected[word]}, saw {seen.get(word, 'no number')}. The commonest comes first, "
                "and equally common tokens go by the alphabet."
            )


def check_words(seen: dict[Any, Any], book: set[str]) -> None:
    """Is everything on the list a token of the textbook, and the unknown word number 0?"""
    heard = {word for part in little_parts() for text in part.texts for word in tokenize(text)}
    if strange := sorted(seen.keys() & (heard - book)):
        raise NotYet(f"{strange[0]!r} is on the list. It stands nowhere in the textbook.")
    if not same(seen.get("<unk>"), 0):
        raise NotYet(f"`<unk>` has the number {seen.get('<unk>')}. Expected: number 0.")
    if others := sorted(map(repr, seen.keys() - book - {"<unk>"})):
        raise NotYet(f"{others[0]} is on the list. `tokenize` makes no such token of the textbook.")


STARTER = "def my_word_list(parts, size):\n"
MY_WORD_LIST = (
    STARTER
    + """\
    counts = Counter(token for text in parts.train.texts for token in tokenize(text))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate(["<unk>", *words][:size])}"""
)
LIST = Exercise(
    "02-list",
    """\
A small device has room for few words. Write `my_word_list`: you are given the three `parts` of a
split and a `size`. Give back a dictionary from word to number, as `numbers` was above, with `size`
numbers in all: `<unk>` with number 0, and then the commonest tokens. Equally common ones go by the
alphabet. If there are fewer tokens than the size, take them all. From which part may the words
come?""",
    f"{STARTER}    ...",
    check_list,
    (
        "Which part is the textbook? Only its words may be counted.",
        "Count and sort as the lesson does with `book`. Put `<unk>` before the sorted words.",
        "`[:size]` takes the first `size` of a list. Take them when `<unk>` is already in front.",
    ),
    MY_WORD_LIST,
    "A word list may be as short as you like, and it knows nothing but the textbook.",
    (
        Wrong(
            MY_WORD_LIST.replace(
                "for text in parts.train.texts",
                "for part in parts for text in part.texts",
            ),
            "'badgers' is on the list. It stands nowhere in the textbook.",
        ),
        Wrong(
            MY_WORD_LIST.replace('["<unk>", *words][:size]', "words[:size]"),
            "`<unk>` has the number None. Expected: number 0.",
        ),
        Wrong(
            MY_WORD_LIST.replace('["<unk>", *words][:size]', '["<unk>", *words[:size]]'),
            "expected 5 numbers, with `<unk>`, saw 6.",
        ),
        Wrong(
            MY_WORD_LIST.replace("tokenize(text)", "text.lower().split()"),
            "makes no such token",
        ),
        Wrong(
            MY_WORD_LIST.replace("(-counts[word], word)", "-counts[word]"),
            "Expected: number 2, saw no number. The commonest comes first",
        ),
        Wrong(
            MY_WORD_LIST.replace("(-counts[word], word)", "(counts[word], word)"),
            "'the' stands there 3 times",
        ),
        Wrong(
            MY_WORD_LIST.replace(
                "    counts",
                "    texts = parts.train.texts\n    texts += parts.test.texts\n    counts",
            ),
            "input number 1 is not what it was before",
        ),
    ),
)

# ------------------------------------------------------------------------------ 02-epochs


def check_epochs(answer: Callable[..., Any]) -> None:
    """Make the batches of some epochs with ten seeds."""
    for stories, size, count in ((11, 4, 3), (12, 4, 2), (3, 5, 1)):
        what = f"{stories} stories in batches of {size}, {count} epoch{'s' * (count > 1)}"
        for seed in range(3):
            epochs = epochs_of(call(answer, stories, size, count, seed), stories, count, what)
            check_sizes(epochs, stories, size, what)
            check_shuffled(epochs, what)
    check_seed(lambda seed: epochs_of(call(answer, 11, 4, 3, seed), 11, 3, "11 stories"), "orders")


def epochs_of(value: Any, stories: int, count: int, what: str) -> list[list[list[int]]]:
    """The rows of each batch of each epoch. Raises NotYet if a row is lost or comes twice."""
    if value is None:
        raise NotYet(f"{what}: None was given back. A function gives a value back with `return`.")
    if not isinstance(value, list | tuple) or len(value) != count:
        raise NotYet(f"{what}: expected a list with one list for each epoch, saw {brief(value)}.")
    epochs = []
    for turn, batches in enumerate(value, 1):
        where = f"{what}: epoch {turn}"
        if not isinstance(batches, list | tuple):
            raise NotYet(f"{where} is {brief(batches)}. Expected: a list of batches.")
        epochs.append([rows(batch, stories, f"{where}, a batch") for batch in batches])
        read = rows([row for batch in epochs[-1] for row in batch], stories, where)
        if lost := sorted(set(range(stories)) - set(read)):
            raise NotYet(
                f"{where}: nobody reads story {lost[0]}; the batches are {epochs[-1]}. Expected: "
                "each epoch holds every story once, and the last batch may be short."
            )
    return epochs


def check_sizes(epochs: list[list[list[int]]], stories: int, size: int, what: str) -> None:
    """Are all batches full, except the last one of an epoch?"""
    expected = [len(range(stories)[begin : begin + size]) for begin in range(0, stories, size)]
    for turn, batches in enumerate(epochs, 1):
        if (seen := [len(batch) for batch in batches]) != expected:
            raise NotYet(
                f"{what}: in epoch {turn} the batches hold {seen} stories. Expected: {expected}."
            )


def check_shuffled(epochs: list[list[list[int]]], what: str) -> None:
    """Has each epoch an order of its own?"""
    orders = [[row for batch in batches for row in batch] for batches in epochs]
    if len(orders) == 1:
        return
    if any(order == sorted(order) for order in orders):
        raise NotYet(f"{what}: the stories come in the order 0, 1, 2, ... Expected: shuffled.")
    for turn, order in enumerate(orders[1:], 2):
        if order in orders[: turn - 1]:
            raise NotYet(
                f"{what}: epoch {turn} has the same order as an epoch before, {order}. Expected: "
                "a new order in each epoch."
            )


STARTER = "def my_epochs(stories, batch_size, epochs, seed):\n"
MY_EPOCHS = (
    STARTER
    + """\
    generator = torch.Generator().manual_seed(seed)
    book = []
    for epoch in range(epochs):
        order = torch.randperm(stories, generator=generator).tolist()
        begins = range(0, stories, batch_size)
        book.append([order[begin : begin + batch_size] for begin in begins])
    return book"""
)
EPOCHS = Exercise(
    "02-epochs",
    """\
Do the work of a loader yourself, without `make_loader`. Write `my_epochs`: you are given the number
of stories, the batch size, the number of epochs and a seed. Give back a list of epochs. An epoch is
a list of batches, and a batch is a list of rows: `[[[3, 1], [0, 4], [2]]]` is one epoch of five
stories in batches of two. Shuffle in each epoch. The same seed must give the same orders again.""",
    f"{STARTER}    ...",
    check_epochs,
    (
        "First write one epoch: `torch.randperm(stories, generator=generator).tolist()` is an "
        "order of the rows. Then cut it into batches.",
        "`range(0, stories, batch_size)` counts the places where the batches begin. A slice "
        "`order[begin : begin + batch_size]` that goes beyond the end is just shorter.",
        "Make the generator once, before the loop over the epochs. In the loop draw a new order, "
        "cut it, and append the list of batches.",
    ),
    MY_EPOCHS,
    "A loader is no magic: a new order in each epoch, cut into batches.",
    (
        Wrong(
            MY_EPOCHS.replace(
                "torch.randperm(stories, generator=generator).tolist()", "list(range(stories))"
            ),
            "the stories come in the order 0, 1, 2, ...",
        ),
        Wrong(
            MY_EPOCHS.replace(
                "range(0, stories, batch_size)", "range(0, stories - batch_size + 1, batch_size)"
            ),
            "the last batch may be short",
        ),
        Wrong(
            MY_EPOCHS.replace(
                "        order", "        generator.manual_seed(seed)\n        order"
            ),
            "epoch 2 has the same order as an epoch before",
        ),
        Wrong(
            MY_EPOCHS.replace(
                "torch.randperm(stories, generator=generator)",
                "torch.randint(stories, (stories,), generator=generator)",
            ),
            "times. Expected: once at most.",
        ),
        Wrong(MY_EPOCHS.replace(", generator=generator", ""), "two different orders"),
        Wrong(MY_EPOCHS.replace("manual_seed(seed)", "manual_seed(0)"), "All seeds from 0 to 9"),
        Wrong(
            MY_EPOCHS.replace("begin + batch_size]", "batch_size]"),
            "nobody reads story",
        ),
        Wrong(
            MY_EPOCHS.replace("book.append([", "book.extend([").replace("begins])", "begins])"),
            "expected a list with one list for each epoch",
        ),
    ),
)

EXERCISES = (LAST, LENGTHS, LIST, EPOCHS)
