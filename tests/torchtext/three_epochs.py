"""Three epochs of the course as numbers: for torchtext_equal.py, which holds them beside
torchtext's. Run with a Python, a source and a file, it writes them into the file."""

import json
import sys
from hashlib import sha256

import torch

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.sources import TOPICS, load_split
from lessons.text import Vocabulary
from lessons.training import train_one_epoch
from lessons.validation import evaluate


def digest(*tensors):
    return sha256(b"".join(tensor.detach().numpy().tobytes() for tensor in tensors)).hexdigest()


def new_model(vocab_size):
    return TextClassifier(vocab_size, len(TOPICS), generator=torch.Generator().manual_seed(0))


def three_epochs(source):
    """The version of torch, the loss in training and validation of each epoch, and digests of
    the first weights and of all batches."""
    torch.set_num_threads(1)
    parts = load_split(source, names=None if source == "mini-news" else TOPICS)
    vocabulary = Vocabulary.build(parts.train.texts)
    train, validation, _ = (EncodedStories(part, vocabulary) for part in parts)
    train_loader = make_loader(train, 16, shuffle=True)
    validation_loader = make_loader(validation, 16)
    model = new_model(len(vocabulary))
    record = {"torch": torch.__version__, "weights": digest(*model.parameters())}
    optimizer = torch.optim.SGD(model.parameters(), lr=5)
    record["losses"] = []
    for _ in range(3):
        learned = train_one_epoch(model, train_loader, optimizer)
        record["losses"].append([learned.loss, evaluate(model, validation_loader).loss])
    record["batches"] = [digest(*batch) for batch in train_loader]  # those of a fourth epoch
    return record


if __name__ == "__main__":
    source, path = sys.argv[1:]
    with open(path, "w") as file:
        json.dump(three_epochs(source), file)
