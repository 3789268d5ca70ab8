"""Wrong answers to the exercises of lesson 10."""

import torch
from torch.nn import functional as F

from wrong_answers import wrong

# -------------------------------------------------------------------------------- 10-leak


@wrong(
    "10-leak",
    "nor do extra ones between two words.",
    "lets the validation or test set into training",
)
def only_lowers(train, test):
    known = [text.lower() for text in train]
    return [row for row, text in enumerate(test) if text.lower() in known]


@wrong("10-leak", "Capitals make no difference", "lets the validation or test set into training")
def only_splits(train, test):
    known = [text.split() for text in train]
    return [row for row, text in enumerate(test) if text.split() in known]


@wrong(
    "10-leak", "extra spaces between words, too.", "lets the validation or test set into training"
)
def only_strips(train, test):
    known = [text.lower().strip() for text in train]
    return [row for row, text in enumerate(test) if text.lower().strip() in known]


@wrong("10-leak", "`a b` and `ab` are the same.", "builds the vocabulary by other rules")
def leaves_all_spaces_out(train, test):
    known = ["".join(text.lower().split()) for text in train]
    return [row for row, text in enumerate(test) if "".join(text.lower().split()) in known]


@wrong("10-leak", "These are the texts that are new.", "gives back something else than was asked")
def gives_the_new_ones(train, test):
    known = [" ".join(text.lower().split()) for text in train]
    return [row for row, text in enumerate(test) if " ".join(text.lower().split()) not in known]


@wrong("10-leak", "expected rows, whole numbers", "mixes up an index and the value there")
def gives_the_texts(train, test):
    known = [" ".join(text.lower().split()) for text in train]
    return [text for text in test if " ".join(text.lower().split()) in known]


# --------------------------------------------------------------------------------- 10-pad


@wrong("10-pad", "The zeros stand in front.", "misreads rows and columns")
def pads_in_front(items):
    longest = max(len(ids) for ids, _ in items)
    table = [[0] * (longest - len(ids)) + ids for ids, _ in items]
    return torch.tensor(table), torch.tensor([label for _, label in items])


@wrong("10-pad", "The long texts are cut", "gives back something else than was asked")
def cuts_to_the_shortest(items):
    shortest = min(len(ids) for ids, _ in items)
    table = [ids[:shortest] for ids, _ in items]
    return torch.tensor(table), torch.tensor([label for _, label in items])


@wrong("10-pad", "Your code raised ValueError", "gives back something else than was asked")
def stacks_as_they_are(items):
    return torch.tensor([ids for ids, _ in items]), torch.tensor([label for _, label in items])


@wrong("10-pad", "That is one row for all texts.", "gives back something else than was asked")
def makes_one_row(items):
    ids = [one for ids, _ in items for one in ids]
    return torch.tensor(ids), torch.tensor([label for _, label in items])


@wrong("10-pad", "The ids are numbers with a point.", "mixes up an index and the value there")
def makes_a_table_of_zeros(items):
    table = torch.zeros(len(items), max(len(ids) for ids, _ in items))
    for row, (ids, _) in enumerate(items):
        table[row, : len(ids)] = torch.tensor(ids)
    return table, torch.tensor([label for _, label in items])


@wrong(
    "10-pad",
    "expected two tensors, saw tensor([[5, 6, 7]",
    "gives back something else than was asked",
)
def forgets_the_labels(items):
    longest = max(len(ids) for ids, _ in items)
    return torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in items])


@wrong("10-pad", "one column too many", "counts one too many or too few")
def pads_one_too_many(items):
    longest = max(len(ids) for ids, _ in items)
    table = [ids + [0] * (longest + 1 - len(ids)) for ids, _ in items]
    return torch.tensor(table), torch.tensor([label for _, label in items])


@wrong("10-pad", "stand the wrong way round", "misreads rows and columns")
def swaps_rows_and_columns(items):
    texts = [torch.tensor(ids) for ids, _ in items]
    padded = torch.nn.utils.rnn.pad_sequence(texts)  # (tokens, texts)
    return padded, torch.tensor([label for _, label in items])


@wrong(
    "10-pad",
    "expected the labels of its texts in their order",
    "gives back something else than was asked",
)
def sorts_the_labels(items):
    longest = max(len(ids) for ids, _ in items)
    table = [ids + [0] * (longest - len(ids)) for ids, _ in items]
    return torch.tensor(table), torch.tensor(sorted(label for _, label in items))


# ----------------------------------------------------------------------------- 10-weights


@wrong("10-weights", "Your code raised ZeroDivisionError", "forgets the empty case")
def divides_by_0(labels, num_classes):
    used = len(set(labels))
    return [len(labels) / (used * labels.count(label)) for label in range(num_classes)]


@wrong("10-weights", "Divide by the number of classes that occur", "divides by the wrong total")
def divides_by_all_classes(labels, num_classes):
    counts = [labels.count(label) for label in range(num_classes)]
    return [len(labels) / (num_classes * count) if count else 0 for count in counts]


@wrong("10-weights", "must also be divided by the number of classes", "divides by the wrong total")
def forgets_the_classes(labels, num_classes):
    counts = [labels.count(label) for label in range(num_classes)]
    return [len(labels) / count if count else 0 for count in counts]


@wrong("10-weights", "a common class would weigh most", "mixes up counts, sums, means and shares")
def gives_shares(labels, num_classes):
    return [labels.count(label) / len(labels) for label in range(num_classes)]


@wrong("10-weights", "The fraction stands upside down", "mixes up counts, sums, means and shares")
def turns_it_upside_down(labels, num_classes):
    used = len(set(labels))
    return [used * labels.count(label) / len(labels) for label in range(num_classes)]


@wrong("10-weights", "so its weight must be 0.", "forgets the empty case")
def counts_1_for_none(labels, num_classes):
    counts = [labels.count(label) or 1 for label in range(num_classes)]
    return [len(labels) / (len(set(labels)) * count) for count in counts]


@wrong("10-weights", "expected a list of 3, saw [0.66", "forgets that classes differ")
def gives_only_those_that_occur(labels, num_classes):
    used = sorted(set(labels))
    return [len(labels) / (len(used) * labels.count(label)) for label in used]


# ------------------------------------------------------------------------------ 10-errors


@wrong("10-errors", "0D or 1D target", "misreads rows and columns")
def leaves_the_column(logits, labels):
    return F.cross_entropy(logits, labels.long() - 1).item()


@wrong("10-errors", "expected target dtype", "mixes up an index and the value there")
def leaves_the_point(logits, labels):
    return F.cross_entropy(logits, labels.squeeze(dim=1) - 1).item()


@wrong("10-errors", "is out of bounds", "counts one too many or too few")
def counts_from_1(logits, labels):
    return F.cross_entropy(logits, labels.squeeze(dim=1).long()).item()


@wrong("10-errors", "That is the sum over the texts.", "mixes up counts, sums, means and shares")
def adds_up(logits, labels):
    places = labels.squeeze(dim=1).long() - 1
    return F.cross_entropy(logits, places, reduction="sum").item()


@wrong("10-errors", "the labels still count from 1", "counts one too many or too few")
def silences_the_error(logits, labels):
    places = labels.squeeze(dim=1).long().clamp(max=logits.shape[1] - 1)
    return F.cross_entropy(logits, places).item()


@wrong("10-errors", "That is one taken off twice.", "counts one too many or too few")
def takes_two_off(logits, labels):
    places = (labels.squeeze(dim=1).long() - 2).clamp(min=0)
    return F.cross_entropy(logits, places).item()


@wrong("10-errors", "All texts got the label of the first.", "misreads rows and columns")
def takes_the_first_label(logits, labels):
    places = (labels[0].long() - 1).expand(len(logits))
    return F.cross_entropy(logits, places).item()
