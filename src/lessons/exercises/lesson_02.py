"""Lesson 02: exercises on words, numbers and batches."""

# mypy: allow-untyped-defs

from collections import Counter
from collections.abc import Callable, Iterator
from math import ceil
from typing import Any

import torch
from torch import Tensor

from lessons.exercises.asserts import (
    Exercise,
    NotYet,
    Other,
    Try,
    brief,
    call,
    check_seed,
    counted,
    judge,
    number,
    numbers,
    rows,
    same,
    times,
    without,
)
from lessons.loaders import make_loader
from lessons.split import Split, Stories
from lessons.text import tokenize

# -------------------------------------------------------------------------------- 02-last


def my_last_batch(stories, batch_size):
    rest = stories % batch_size
    return batch_size if rest == 0 else rest


def last_batch_without_a_case(stories, batch_size):
    return (stories - 1) % batch_size + 1


def check_last(answer: Callable[..., Any]) -> None:
    """Try books that leave a rest and books that do not."""
    judge(_last_tries(answer))


def _last_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for stories, size in ((1030, 100), (1000, 100), (5, 8), (7, 1), (8, 8), (101, 100), (29, 10)):
        seen, rest = number(call(answer, stories, size), "The number of stories"), stories % size
        mistakes = [
            (rest, "The last batch is never empty: if nothing is left over, it is a whole one."),
            (ceil(stories / size), "That is how many batches there are."),
            (stories // size + 1, "That is how many batches there are."),
            (size, "That would be a whole batch. Are there so many stories left?"),
            (min(size, stories), "That would be a whole batch. Are there so many stories left?"),
            (-stories % size, "That is how many stories are missing in it."),
            (size - rest, "That is how many stories are missing in it."),
        ]
        yield Try(f"{stories} stories in batches of {size}", seen, rest or size, mistakes)


LAST = Exercise(
    "02-last",
    my_last_batch,
    check_last,
    (
        "When is the last batch short, and when is it not?",
        "If `stories % batch_size` is 0, the last batch is a whole one.",
        "Keep the rest in a name. Give back `batch_size` if the rest is 0, and the rest otherwise.",
    ),
    "The last batch may be short, and it is never empty.",
    (
        Other(
            last_batch_without_a_case,
            "No special case, so none can be forgotten. But a reader must stop and think why it "
            "is right: count the stories from 0, and the last one's place in its batch plus 1 is "
            "the size.",
        ),
    ),
)

# ----------------------------------------------------------------------------- 02-lengths


def my_lengths(token_ids, offsets):
    ends = [*offsets[1:], len(token_ids)]
    return [end - begin for begin, end in zip(offsets, ends)]


def lengths_with_torch(token_ids, offsets):
    return torch.tensor([*offsets, len(token_ids)]).diff()


def check_lengths(answer: Callable[..., Any]) -> None:
    """Try flat rows of three stories, of two, and with an empty one."""
    judge(_length_tries(answer))


def _length_tries(answer: Callable[..., Any]) -> Iterator[Try]:
    for lengths in ([1, 2, 3], [4, 1], [2, 0, 3], [5]):
        token_ids = list(range(10, 10 + sum(lengths)))
        offsets = [sum(lengths[:story]) for story in range(len(lengths))]
        example = f"Token ids {token_ids} and offsets {offsets}"
        seen = call(answer, token_ids, offsets)
        seen = seen.tolist() if isinstance(seen, Tensor) else seen
        if same(seen, lengths[:-1]):
            raise NotYet(f"{example}: saw {brief(seen)}. The last story is missing.")
        if same(seen, [0, *lengths[:-1]]) and len(lengths) > 1:
            raise NotYet(
                f"{example}: expected {lengths}, saw {brief(seen)}. An offset is the place where "
                "a story begins, not where it ends."
            )
        for story, value in enumerate(numbers(seen, len(lengths), example)):
            mistakes = [
                (offsets[story], "That is where the story begins. How long is it?"),
                (lengths[story] - 1, "That is one too few. Count the first token as well."),
                (
                    lengths[story] - (story + 1 == len(lengths)),
                    "The last story goes on to the end of the row: there is one token more.",
                ),
                (len(token_ids) - offsets[story], "Where does the next story begin?"),
            ]
            yield Try(f"{example}, story {story}", value, lengths[story], mistakes)


LENGTHS = Exercise(
    "02-lengths",
    my_lengths,
    check_lengths,
    (
        "A story ends where the next one begins. And where does the last one end?",
        "Make a list of the ends: `[*offsets[1:], len(token_ids)]` has the offsets without the "
        "first one, and then the end of the row.",
        "Go through begins and ends together with `zip`, and subtract.",
    ),
    "Offsets are begins. The end of a story is the beginning of the next one.",
    (
        Other(
            lengths_with_torch,
            "One call, fast for many stories. But it gives a tensor back, and you must know that "
            "`diff` takes each number from the next one.",
        ),
    ),
)

# -------------------------------------------------------------------------------- 02-list


def my_token_to_id(parts, size):
    counts = Counter(token for text in parts.train.texts for token in tokenize(text))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate(["<unk>", *words][:size])}


def token_to_id_by_most_common(parts, size):
    words = sorted(token for text in parts.train.texts for token in tokenize(text))
    common = [word for word, _ in Counter(words).most_common(size - 1)]
    return {word: number for number, word in enumerate(["<unk>", *common])}


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
                f"{example}: {word!r} stands there {times(book.count(word))}. Expected: number "
                f"{expected[word]}, saw {seen.get(word, 'no number')}. The commonest comes first, "
                "and equally common tokens go by the alphabet."
            )


def check_words(seen: dict[Any, Any], book: set[str]) -> None:
    """Is everything on the list a token of the textbook, and the unknown word number 0?"""
    known = {word for part in little_parts() for text in part.texts for word in tokenize(text)}
    if strange := sorted(seen.keys() & (known - book)):
        raise NotYet(f"{strange[0]!r} is on the list. It stands nowhere in the textbook.")
    if not same(seen.get("<unk>"), 0):
        raise NotYet(f"`<unk>` has the number {seen.get('<unk>')}. Expected: number 0.")
    if others := sorted(map(repr, seen.keys() - book - {"<unk>"})):
        raise NotYet(f"{others[0]} is on the list. `tokenize` makes no such token of the textbook.")


TOKEN_TO_ID = Exercise(
    "02-list",
    my_token_to_id,
    check_list,
    (
        "Which part is the textbook? Only its words may be counted.",
        "Count and sort as the lesson does with `headlines`. Put `<unk>` before the sorted words.",
        "`[:size]` takes the first `size` of a list. Take them when `<unk>` is already in front.",
    ),
    "A word list may be as short as you like, and it knows nothing but the textbook.",
    (
        Other(
            token_to_id_by_most_common,
            "`most_common` says what is meant. But ties are in the right order only because the "
            "words were sorted before: it keeps equal counts in the order in which they came.",
        ),
    ),
)

# ------------------------------------------------------------------------------ 02-epochs


def my_epochs(stories, batch_size, epochs, seed):
    generator = torch.Generator().manual_seed(seed)
    book = []
    for _ in range(epochs):
        order = torch.randperm(stories, generator=generator).tolist()
        begins = range(0, stories, batch_size)
        book.append([order[begin : begin + batch_size] for begin in begins])
    return book


def epochs_with_samplers(stories, batch_size, epochs, seed):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.utils.data.RandomSampler(range(stories), generator=generator)
    sampler = torch.utils.data.BatchSampler(rows, batch_size, drop_last=False)
    return [list(sampler) for _ in range(epochs)]


def epochs_one_by_one(stories, batch_size, epochs, seed):
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        yield torch.randperm(stories, generator=generator).split(batch_size)


def check_epochs(answer: Callable[..., Any]) -> None:
    """Make the batches of some epochs with ten seeds."""
    for stories, size, count in ((11, 4, 3), (12, 4, 2), (3, 5, 1)):
        what = f"{stories} stories in batches of {size}, {counted(count, 'epoch')}"
        for seed in range(3):
            with without(make_loader):
                result = call(answer, stories, size, count, seed)
            epochs = epochs_of(result, stories, count, what)
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


EPOCHS = Exercise(
    "02-epochs",
    my_epochs,
    check_epochs,
    (
        "First write one epoch: `torch.randperm(stories, generator=generator).tolist()` is an "
        "order of the rows. Then cut it into batches.",
        "`range(0, stories, batch_size)` counts the places where the batches begin. A slice "
        "`order[begin : begin + batch_size]` that goes beyond the end is just shorter.",
        "Make the generator once, before the loop over the epochs. In the loop draw a new order, "
        "cut it, and append the list of batches.",
    ),
    "A loader is no magic: a new order in each epoch, cut into batches.",
    (
        Other(
            epochs_with_samplers,
            "These are the parts that a `DataLoader` is made of: tested, and ready for other ways "
            "to draw. But there are two new classes to look up, and nothing to see.",
        ),
        Other(
            epochs_one_by_one,
            "With `yield` it hands out one epoch when it is asked for, so only one is in memory. "
            "But it can be gone through only once: whoever needs the epochs again makes a list of "
            "it.",
        ),
    ),
)
