"""Wrong answers to the exercises of lesson 02."""

from collections import Counter

import torch

from lessons.exercises.lesson_02 import my_epochs, my_token_to_id
from lessons.loaders import EncodedStories, make_loader
from lessons.split import Stories
from lessons.text import Vocabulary, tokenize
from wrong_answers import wrong

# -------------------------------------------------------------------------------- 02-last


@wrong("02-last", "expected 100, saw 0. The last batch is", "gets the short last batch wrong")
def gives_an_empty_batch(stories, batch_size):
    return stories % batch_size


@wrong("02-last", "how many batches there are", "mixes up steps, batches and epochs")
def counts_the_batches(stories, batch_size):
    return stories // batch_size + 1


@wrong("02-last", "Are there so many stories left?", "gets the short last batch wrong")
def gives_a_whole_batch(stories, batch_size):
    return min(stories, batch_size)


@wrong("02-last", "how many stories are missing", "gets the short last batch wrong")
def counts_what_is_missing(stories, batch_size):
    return batch_size - stories % batch_size


@wrong(
    "02-last",
    "1000 stories in batches of 100: expected 100, saw 10",
    "gets the short last batch wrong",
)
def gives_the_rest_or_the_number_of_batches(stories, batch_size):
    return stories % batch_size or stories // batch_size


# ----------------------------------------------------------------------------- 02-lengths


@wrong("02-lengths", "saw [1, 2]. The last story is missing.", "counts one too many or too few")
def loses_the_last_story(token_ids, offsets):
    return [b - a for a, b in zip(offsets, offsets[1:])]


@wrong(
    "02-lengths",
    "expected [1, 2, 3], saw [0, 1, 2]. An offset is the place where a story begins",
    "takes offsets for ends or lengths",
)
def takes_offsets_for_ends(token_ids, offsets):
    return [b - a for a, b in zip([0, *offsets], offsets)]


@wrong(
    "02-lengths",
    "story 2: expected 3, saw 2. The last story goes on to the end of the row",
    "counts one too many or too few",
)
def loses_the_last_token(token_ids, offsets):
    ends = [*offsets[1:], len(token_ids) - 1]
    return [end - begin for begin, end in zip(offsets, ends)]


@wrong("02-lengths", "Where does the next story begin?", "takes offsets for ends or lengths")
def counts_up_to_the_end_of_the_row(token_ids, offsets):
    return [len(token_ids[begin:]) for begin in offsets]


@wrong(
    "02-lengths",
    "input number 2 is not what it was before. It was [0, 1, 3]",
    "takes another name for a copy",
)
def appends_to_the_offsets(token_ids, offsets):
    offsets.append(len(token_ids))
    return [b - a for a, b in zip(offsets, offsets[1:])]


# -------------------------------------------------------------------------------- 02-list


@wrong(
    "02-list",
    "'badgers' is on the list. It stands nowhere in the textbook.",
    "lets the validation or test set into training",
)
def counts_all_parts(parts, size):
    counts = Counter(token for part in parts for text in part.texts for token in tokenize(text))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate(["<unk>", *words][:size])}


@wrong(
    "02-list",
    "`<unk>` has the number None. Expected: number 0.",
    "builds the vocabulary by other rules",
)
def leaves_out_the_unknown_word(parts, size):
    counts = Counter(token for text in parts.train.texts for token in tokenize(text))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate(words[:size])}


@wrong("02-list", "expected 5 numbers, with `<unk>`, saw 6.", "counts one too many or too few")
def adds_the_unknown_word_to_the_size(parts, size):
    counts = Counter(token for text in parts.train.texts for token in tokenize(text))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate(["<unk>", *words[:size]])}


@wrong("02-list", "makes no such token", "builds the vocabulary by other rules")
def splits_at_spaces(parts, size):
    counts = Counter(token for text in parts.train.texts for token in text.lower().split())
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate(["<unk>", *words][:size])}


@wrong(
    "02-list",
    "Expected: number 2, saw no number. The commonest comes first",
    "builds the vocabulary by other rules",
)
def forgets_the_alphabet(parts, size):
    counts = Counter(token for text in parts.train.texts for token in tokenize(text))
    words = sorted(counts, key=lambda word: -counts[word])
    return {word: number for number, word in enumerate(["<unk>", *words][:size])}


@wrong("02-list", "'the' stands there 3 times", "builds the vocabulary by other rules")
def puts_the_rarest_first(parts, size):
    counts = Counter(token for text in parts.train.texts for token in tokenize(text))
    words = sorted(counts, key=lambda word: (counts[word], word))
    return {word: number for number, word in enumerate(["<unk>", *words][:size])}


@wrong("02-list", "input number 1 is not what it was before", "takes another name for a copy")
def adds_the_test_set(parts, size):
    texts = parts.train.texts
    texts += parts.test.texts
    return my_token_to_id(parts, size)


# ------------------------------------------------------------------------------ 02-epochs


@wrong("02-epochs", "the stories come in the order 0, 1, 2, ...", "mixes up what shuffling is for")
def keeps_the_order(stories, batch_size, epochs, seed):
    order = list(range(stories))
    begins = range(0, stories, batch_size)
    return [[order[begin : begin + batch_size] for begin in begins] for _ in range(epochs)]


@wrong("02-epochs", "the last batch may be short", "gets the short last batch wrong")
def drops_the_short_batch(stories, batch_size, epochs, seed):
    book = my_epochs(stories, batch_size, epochs, seed)
    return [[batch for batch in epoch if len(batch) == batch_size] for epoch in book]


@wrong(
    "02-epochs", "epoch 2 has the same order as an epoch before", "mixes up what shuffling is for"
)
def begins_each_epoch_with_the_seed(stories, batch_size, epochs, seed):
    return [my_epochs(stories, batch_size, 1, seed)[0] for _ in range(epochs)]


@wrong("02-epochs", "times. Expected: once at most.", "mixes up what shuffling is for")
def draws_rows_twice(stories, batch_size, epochs, seed):
    generator = torch.Generator().manual_seed(seed)
    book = []
    for _ in range(epochs):
        order = torch.randint(stories, (stories,), generator=generator).tolist()
        begins = range(0, stories, batch_size)
        book.append([order[begin : begin + batch_size] for begin in begins])
    return book


@wrong("02-epochs", "two different orders", "thinks that a seed does not settle chance")
def shuffles_without_the_generator(stories, batch_size, epochs, seed):
    book = []
    for _ in range(epochs):
        order = torch.randperm(stories).tolist()
        begins = range(0, stories, batch_size)
        book.append([order[begin : begin + batch_size] for begin in begins])
    return book


@wrong("02-epochs", "All seeds from 0 to 9", "thinks that a seed does not settle chance")
def shuffles_with_seed_0(stories, batch_size, epochs, seed):
    return my_epochs(stories, batch_size, epochs, 0)


@wrong(
    "02-epochs",
    "[], []]. Expected: each epoch holds every story once",
    "takes offsets for ends or lengths",
)
def ends_each_batch_at_the_batch_size(stories, batch_size, epochs, seed):
    generator = torch.Generator().manual_seed(seed)
    book = []
    for _ in range(epochs):
        order = torch.randperm(stories, generator=generator).tolist()
        begins = range(0, stories, batch_size)
        book.append([order[begin:batch_size] for begin in begins])
    return book


@wrong("02-epochs", "Your code calls `make_loader`.", "gives back something else than was asked")
def asks_the_loader(stories, batch_size, epochs, seed):
    numbers = Vocabulary.of(map(str, range(stories)))
    book = EncodedStories(Stories(list(numbers.tokens), [0] * stories, ("A",)), numbers)
    loader = make_loader(book, batch_size, shuffle=True, seed=seed)
    return [[batch.token_ids.tolist() for batch in loader] for _ in range(epochs)]


@wrong(
    "02-epochs",
    "expected a list with one list for each epoch",
    "mixes up steps, batches and epochs",
)
def joins_the_epochs(stories, batch_size, epochs, seed):
    return [batch for epoch in my_epochs(stories, batch_size, epochs, seed) for batch in epoch]
