"""From a CSV file to batches of token ids. Knows nothing of the model."""

import csv
import re
from collections import Counter, defaultdict

import torch
from torch.utils.data import DataLoader, Dataset

UNKNOWN = "<unk>"  # stands for every word that is not in the vocabulary; its id is 0


def read_csv(path, text="text", label="label"):
    """The texts and the labels of a file. Raises ValueError for what cannot be read for certain."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            mark = max(",;\t", key=file.readline().count)  # between the columns
            file.seek(0)
            rows = list(csv.DictReader(file, delimiter=mark, strict=True))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}. Check the path.") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8. Save it as 'CSV UTF-8' and try again.") from None
    except csv.Error as error:
        raise ValueError(f"{path} is no whole CSV file: {error}.") from None
    if not rows:
        raise ValueError(f"{path} has no rows under the names of the columns.")
    for name in (text, label):
        if name not in rows[0]:
            raise ValueError(f"{path} has no column {name!r}, but {list(rows[0])}: see --help.")
    for number, row in enumerate(rows, 2):  # as a spreadsheet counts: row 1 has the names
        if None in row or None in row.values():
            raise ValueError(f"Row {number} of {path} has not as many fields as the first row.")
        for name in (text, label):
            if not row[name].strip():
                raise ValueError(f"Row {number} of {path} has no {name}. Fill it in or delete it.")
    return [row[text].strip() for row in rows], [row[label].strip() for row in rows]


def drop_repeats(texts, labels):
    """Keep the first of equal texts: one that is in two parts would be learned by heart."""
    first = {}  # text without case and spaces -> row
    for row, text in enumerate(texts):
        first.setdefault(" ".join(text.lower().split()), row)
    return [texts[row] for row in first.values()], [labels[row] for row in first.values()]


def split(texts, labels, seed=0, share=0.1):
    """Train, validation and test, each a pair (texts, labels), with each class in proportion."""
    generator = torch.Generator().manual_seed(seed)
    rows_of = defaultdict(list)
    for row, label in enumerate(labels):
        rows_of[label].append(row)
    if len(rows_of) < 2:
        raise ValueError(f"There is only one class, {labels[0]!r}. Two or more are needed.")
    parts = ([], [], [])
    for label, rows in sorted(rows_of.items()):
        size = max(1, round(share * len(rows)))  # of validation, and of test
        if len(rows) < 3:
            raise ValueError(f"The class {label!r} has {len(rows)} texts. It needs 3 or more.")
        order = [rows[i] for i in torch.randperm(len(rows), generator=generator)]
        pieces = order[2 * size :], order[:size], order[size : 2 * size]
        for part, piece in zip(parts, pieces, strict=True):
            part.extend(piece)
    return [([texts[row] for row in part], [labels[row] for row in part]) for part in parts]


def tokenize(text):
    """Lower-case words and punctuation marks."""
    text = text.lower().replace('"', "").replace("<br />", " ")
    return re.findall(r"['.,()!?]|[^\s'.,()!?;:]+", text)


def build_vocabulary(texts, min_count=2):
    """Token -> id, the most frequent first. Give it the training texts only."""
    counts = Counter(token for text in texts for token in tokenize(text))
    kept = sorted((-count, token) for token, count in counts.items() if count >= min_count)
    return {token: id for id, token in enumerate([UNKNOWN] + [token for _, token in kept])}


def encode(text, vocabulary):
    """The ids of a text's tokens: (tokens,)."""
    return torch.tensor([vocabulary.get(token, 0) for token in tokenize(text)], dtype=torch.long)


class TextDataset(Dataset):
    """Texts as token ids, with the ids of their classes."""

    def __init__(self, texts, labels, vocabulary, names):
        self.token_ids = [encode(text, vocabulary) for text in texts]
        self.labels = [names.index(label) for label in labels]

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, row):
        return self.token_ids[row], self.labels[row]


def collate(items):
    """Texts of different lengths as one batch: all ids in one row, and where each text begins."""
    token_ids, labels = zip(*items, strict=True)
    lengths = torch.tensor([len(ids) for ids in token_ids])  # (texts,)
    offsets = lengths.cumsum(0) - lengths  # (texts,)
    return torch.cat(token_ids), offsets, torch.tensor(labels)


def make_loader(dataset, batch_size, shuffle=False, seed=0):
    """Batches of the texts, with `shuffle` in a new order in each epoch."""
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle, collate_fn=collate, generator=generator)
