"""From a CSV file to batches of token ids. Knows nothing of the model."""

import csv
import re
from collections import Counter

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
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not 'CSV UTF-8' ({error}). Save it as such.") from None
    if not rows:
        raise ValueError(f"{path} has no rows under the names of the columns.")
    for number, row in enumerate(rows, 2):  # as a spreadsheet counts: row 1 has the names
        if None in row or None in row.values():
            raise ValueError(f"Row {number} of {path} has not as many fields as the first row.")
    for option, name in (("--text", text), ("--label", label)):
        if name not in rows[0]:
            raise ValueError(f"{path} has no column {name!r}, but {list(rows[0])}: use {option}.")
        if bare := [number for number, row in enumerate(rows, 2) if not row[name].strip()]:
            raise ValueError(f"Row {bare[0]} of {path} has no {name} ({len(bare)} have none).")
    return [row[text].strip() for row in rows], [row[label].strip() for row in rows]


def drop_repeats(texts, labels):
    """Keep the first of equal texts: one that is in two parts would be learned by heart."""
    keys = [" ".join(text.lower().split()) for text in texts]
    rows = sorted({key: row for row, key in reversed(list(enumerate(keys)))}.values())
    return [texts[row] for row in rows], [labels[row] for row in rows]


def split(texts, labels, seed=0, share=0.1):
    """Train, validation and test, each a pair (texts, labels), with each class in proportion."""
    generator = torch.Generator().manual_seed(seed)
    counts, parts = Counter(labels), ([], [], [])
    if len(counts) < 2:
        raise ValueError(f"There is only one class, {labels[0]!r}. Two or more are needed.")
    if len({name.lower() for name in counts}) < len(counts):
        raise ValueError(f"Some classes differ only in capitals: {', '.join(sorted(counts))}.")
    for name, count in sorted(counts.items()):
        if count < 3:
            raise ValueError(
                f"The class {name!r} has {count} texts. It needs 3: join it to another?"
            )
        rows = [row for row, label in enumerate(labels) if label == name]
        rows = [rows[i] for i in torch.randperm(count, generator=generator)]
        size = max(1, round(share * count))  # of validation, and of test
        for part, cut in zip(parts, (rows[2 * size :], rows[:size], rows[size : 2 * size])):
            part.extend(cut)
    return [([texts[row] for row in part], [labels[row] for row in part]) for part in parts]


def tokenize(text):
    """Lower-case words and punctuation marks."""
    text = text.lower().replace('"', "").replace("<br />", " ")
    return re.findall(r"['.,()!?]|[^\s'.,()!?;:]+", text)


def build_vocabulary(texts, min_count=2):
    """Token -> id, the most frequent first. Give it the training texts only."""
    counts = Counter(token for text in texts for token in tokenize(text))
    kept = sorted((-count, token) for token, count in counts.items() if count >= min_count)
    tokens = [UNKNOWN] + [token for _, token in kept if token != UNKNOWN]
    return {token: id for id, token in enumerate(tokens)}


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
    token_ids, labels = zip(*items)
    lengths = torch.tensor([len(ids) for ids in token_ids])  # (texts,)
    offsets = lengths.cumsum(0) - lengths  # (texts,)
    return torch.cat(token_ids), offsets, torch.tensor(labels)


def make_loader(dataset, batch_size, shuffle=False, seed=0):
    """Batches of the texts, with `shuffle` in a new order in each epoch."""
    order = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle, collate_fn=collate, generator=order)
