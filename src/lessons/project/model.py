"""The model, the device, and the file that a model is kept in."""

import os

import torch
from data import encode
from torch import nn


class TextClassifier(nn.Module):
    """The mean of a text's word vectors, and a linear layer (fastText: Joulin et al., 2016)."""

    def __init__(self, vocab_size, num_classes, embedding_dim=64):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="mean")
        self.linear = nn.Linear(embedding_dim, num_classes)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.uniform_(self.linear.weight, -0.1, 0.1)
        nn.init.zeros_(self.linear.bias)

    def forward(self, token_ids, offsets):
        means = self.embedding(token_ids, offsets)  # (texts, embedding_dim)
        return self.linear(means)  # (texts, classes)


def pick_device(name):
    """The device of this name; "auto" takes a GPU if there is one. Raises ValueError."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.mps.is_available(), "cpu": True}
    name = next(filter(there.get, there)) if name == "auto" else name
    if not there[name]:
        raise ValueError(f"There is no device {name!r} here. Use --device cpu.")
    return torch.device(name)


def save(path, contents):
    """Write a file whole or not at all: a crash leaves the one before as it was."""
    torch.save(contents, f"{path}.partial")
    os.replace(f"{path}.partial", path)


def load(path, device="cpu"):
    """Read what `save` has written. Code in the file is never run. Raises ValueError."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # a file of another kind can raise anything
        other = ValueError(f"{path} is no checkpoint of train.py, or it is damaged.")
        raise (error if isinstance(error, OSError) else other) from None


def load_classifier(path, device="cpu"):
    """The model, the vocabulary and the names of the classes in best.pt. Raises ValueError."""
    contents = load(path, device)
    try:
        vocabulary, names, weights = (contents[key] for key in ("vocabulary", "names", "model"))
        model = TextClassifier(len(vocabulary), *weights["linear.weight"].shape).to(device)
        model.load_state_dict(weights)
    except (KeyError, TypeError, RuntimeError):
        raise ValueError(f"{path} is of another program than train.py.") from None
    return model.eval(), vocabulary, names


def classify(model, vocabulary, names, text):
    """The likeliest class and its probability; ("?", 0.0) if no word of the text is known."""
    token_ids = encode(text, vocabulary).to(model.linear.bias.device)  # (tokens,)
    if not token_ids.any():
        return "?", 0.0
    with torch.no_grad():
        logits = model(token_ids, torch.zeros_like(token_ids[:1]))  # (1, classes)
    probability, best = logits.softmax(dim=1)[0].max(dim=0)
    return names[best], probability.item()
