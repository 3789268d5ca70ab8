"""Wrong answers to the exercises of lesson 01."""

from collections import Counter

import torch

from lessons.exercises.lesson_01 import my_even_test_set, my_event_split
from wrong_answers import wrong

# -------------------------------------------------------------------------------- 01-lazy


@wrong("01-lazy", "how many it gets right", "mixes up counts, sums, means and shares")
def gives_the_count(labels):
    return max(Counter(labels).values())


@wrong(
    "01-lazy",
    "expected 0.75, saw 75. That is in percent.",
    "mixes up counts, sums, means and shares",
)
def gives_percent(labels):
    return 100 * max(Counter(labels).values()) / len(labels)


@wrong("01-lazy", "right only if all classes are equally common", "forgets that classes differ")
def takes_classes_for_equally_common(labels):
    return 1 / len(set(labels))


@wrong("01-lazy", "That is the share of the largest label.", "forgets that classes differ")
def counts_the_largest_label(labels):
    return labels.count(max(labels)) / len(labels)


@wrong("01-lazy", "the share of label 0", "forgets that classes differ")
def counts_label_0(labels):
    return labels.count(0) / len(labels)


@wrong("01-lazy", "input number 1 is not what it was before", "takes another name for a copy")
def sorts_the_labels(labels):
    labels.sort()
    return labels.count(labels[0]) / len(labels)


# ------------------------------------------------------------------------------ 01-copies


@wrong("01-copies", "expected rows, whole numbers", "mixes up an index and the value there")
def gives_the_texts(texts):
    return list(set(texts))


@wrong(
    "01-copies",
    "no row is left of 'Otters win'. Expected: one of the rows [0, 2, 3].",
    "counts one too many or too few",
)
def drops_every_copy(texts):
    return [i for i, text in enumerate(texts) if texts.count(text) == 1]


@wrong(
    "01-copies",
    "the rows [0, 2] were kept, and all of them hold 'Otters win'.",
    "lets the validation or test set into training",
)
def compares_with_the_text_before(texts):
    return [i for i, text in enumerate(texts) if text != texts[i - 1]]


@wrong("01-copies", "row 0 stands there 3 times", "mixes up an index and the value there")
def gives_the_first_row_of_each_text(texts):
    return [texts.index(text) for text in texts]


@wrong("01-copies", "input number 1 is not what it was before", "takes another name for a copy")
def sorts_the_texts(texts):
    texts.sort()
    return [i for i, text in enumerate(texts) if text not in texts[:i]]


# -------------------------------------------------------------------------------- 01-even


@wrong(
    "01-even",
    "stories of the classes 0, 1 and 2. Expected: 3 of each.",
    "forgets that classes differ",
)
def shuffles_all_classes_together(labels, count, seed):
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator).tolist()
    cut = count * len(set(labels))
    return order[cut:], order[:cut]


@wrong(
    "01-even", "the exam holds the first 3 stories of each class", "mixes up what shuffling is for"
)
def takes_the_first_of_each_class(labels, count, seed):
    train, test = [], []
    for label in set(labels):
        rows = [row for row, one in enumerate(labels) if one == label]
        test += rows[:count]
        train += rows[count:]
    return train, test


@wrong("01-even", "row 7 stands there 2 times", "mixes up an index and the value there")
def gives_places_among_a_class(labels, count, seed):
    generator = torch.Generator().manual_seed(seed)
    train, test = [], []
    for label in set(labels):
        rows = [row for row, one in enumerate(labels) if one == label]
        order = torch.randperm(len(rows), generator=generator).tolist()
        test += order[:count]
        train += order[count:]
    return train, test


@wrong(
    "01-even", "is in the textbook and in the exam", "lets the validation or test set into training"
)
def leaves_the_test_rows_in_training(labels, count, seed):
    _, test = my_even_test_set(labels, count, seed)
    return list(range(len(labels))), test


@wrong("01-even", "came first", "gives back something else than was asked")
def gives_the_test_set_first(labels, count, seed):
    train, test = my_even_test_set(labels, count, seed)
    return test, train


@wrong("01-even", "two different exams", "thinks that a seed does not settle chance")
def shuffles_classes_without_the_generator(labels, count, seed):
    train, test = [], []
    for label in set(labels):
        rows = [row for row, one in enumerate(labels) if one == label]
        order = torch.randperm(len(rows)).tolist()
        test += [rows[place] for place in order[:count]]
        train += [rows[place] for place in order[count:]]
    return train, test


@wrong("01-even", "All seeds from 0 to 9", "thinks that a seed does not settle chance")
def shuffles_classes_with_seed_0(labels, count, seed):
    return my_even_test_set(labels, count, 0)


@wrong("01-even", "is in neither of the two lists", "counts one too many or too few")
def loses_a_row_of_each_class(labels, count, seed):
    generator = torch.Generator().manual_seed(seed)
    train, test = [], []
    for label in set(labels):
        rows = [row for row, one in enumerate(labels) if one == label]
        order = torch.randperm(len(rows), generator=generator).tolist()
        test += [rows[place] for place in order[:count]]
        train += [rows[place] for place in order[count + 1 :]]
    return train, test


# ------------------------------------------------------------------------------ 01-events


@wrong(
    "01-events",
    "is in both. Expected: each event is in one of them.",
    "lets the validation or test set into training",
)
def shuffles_the_stories(events, count, seed):
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(events), generator=generator).tolist()
    return order[count:], order[:count]


@wrong("01-events", "All seeds from 0 to 9 gave the same exams", "mixes up what shuffling is for")
def takes_the_first_events(events, count, seed):
    drawn = sorted(set(events))[:count]
    train = [row for row, event in enumerate(events) if event not in drawn]
    test = [row for row, event in enumerate(events) if event in drawn]
    return train, test


@wrong(
    "01-events",
    "about the events []. Expected: 2 different events.",
    "mixes up an index and the value there",
)
def draws_places_of_events(events, count, seed):
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(set(events)), generator=generator).tolist()
    drawn = order[:count]
    train = [row for row, event in enumerate(events) if event not in drawn]
    test = [row for row, event in enumerate(events) if event in drawn]
    return train, test


@wrong(
    "01-events",
    "there is no row 31. The rows go from 0 to 12.",
    "mixes up an index and the value there",
)
def gives_event_numbers(events, count, seed):
    generator = torch.Generator().manual_seed(seed)
    different = torch.tensor(events).unique()
    order = torch.randperm(len(different), generator=generator)
    return different[order[count:]], different[order[:count]]


@wrong(
    "01-events", "the exam is about the events [5]. Expected: 2", "counts one too many or too few"
)
def draws_an_event_twice(events, count, seed):
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(events), generator=generator).tolist()
    drawn = {events[place] for place in order[:count]}
    train = [row for row, event in enumerate(events) if event not in drawn]
    test = [row for row, event in enumerate(events) if event in drawn]
    return train, test


@wrong(
    "01-events",
    "is in the textbook and in the exam",
    "lets the validation or test set into training",
)
def leaves_drawn_events_in_training(events, count, seed):
    _, test = my_event_split(events, count, seed)
    return list(range(len(events))), test
