"""Lesson 03: the model, from token ids to logits, and what it says about one text."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lessons.text import Vocabulary


class TextClassifier(nn.Module):
    """The mean of the word vectors (embeddings) of a text, and a linear layer.

    The architecture is that of fastText (Joulin et al., 2016, "Bag of Tricks for Efficient
    Text Classification"), without its n-grams.
    """

    def __init__(
        self,
        vocab_size: int,
        num_classes: int,
        embedding_dim: int = 64,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="mean")
        self.linear = nn.Linear(embedding_dim, num_classes)
        self.init_weights(generator)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Set small random weights: uniform from -0.1 to 0.1, and a bias of 0."""
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1, generator=generator)
        nn.init.uniform_(self.linear.weight, -0.1, 0.1, generator=generator)
        nn.init.zeros_(self.linear.bias)

    def forward(self, token_ids: Tensor, offsets: Tensor) -> Tensor:
        """The logits of each class for each story: (stories, classes). The highest is the guess."""
        means = self.embedding(token_ids, offsets)  # (stories, embedding_dim)
        logits: Tensor = self.linear(means)  # (stories, classes)
        return logits


class _Classifier(NamedTuple):  # a NamedTuple cannot check its fields itself
    model: TextClassifier
    vocabulary: Vocabulary  # the one that the model was trained with
    names: tuple[str, ...]  # of the classes


class Classifier(_Classifier):
    """All that is needed to classify a text: what a checkpoint holds."""

    __slots__ = ()

    def __new__(
        cls, model: TextClassifier, vocabulary: Vocabulary, names: tuple[str, ...]
    ) -> "Classifier":
        """Raises ValueError unless the model has as many words and classes as these."""
        vocab_size, num_classes = _sizes(model)
        if (vocab_size, num_classes) != (len(vocabulary), len(names)):
            raise ValueError(
                f"The model is for {vocab_size} words and {num_classes} classes, but the "
                f"vocabulary has {len(vocabulary)} words, and there are {len(names)} names. Take "
                "the vocabulary and the names that the model was trained with."
            )
        if len(set(names)) < len(names):
            raise ValueError(
                f"A name is used twice in {', '.join(names)}. Each class needs its own."
            )
        return super().__new__(cls, model, vocabulary, names)

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> "Classifier":  # type: ignore[override]
        return cls(*iterable)  # with the check; `_replace` uses it


def _sizes(model: TextClassifier) -> tuple[int, int]:
    """How many words and classes the model is for."""
    return model.embedding.num_embeddings, model.linear.out_features


def check_fits(model: TextClassifier, token_ids: Tensor, labels: Tensor) -> None:
    """Raises ValueError if a token id or a label is too high for the model."""
    for what, ids, known in zip(("word", "class"), (token_ids, labels), _sizes(model), strict=True):
        if len(ids) and (highest := int(ids.max())) >= known:
            raise ValueError(
                f"A {what} in the stories has the id {highest}, but those of the model end at "
                f"{known - 1}. Make both of the same: TextClassifier(len(vocabulary), len(names))."
            )


def classify(classifier: Classifier, text: str) -> dict[str, float]:
    """The probability of each class for this text, by name. They add up to 1.

    Raises ValueError if the vocabulary knows none of the words.
    """
    token_ids = classifier.vocabulary.encode(text)
    if not any(token_ids):
        raise ValueError(
            f"The model knows none of the words in {text!r}, so it has nothing to go on. Try a "
            "longer text, in the language that it was trained on."
        )
    device = classifier.model.linear.bias.device
    with torch.no_grad():  # nothing is learned here
        logits = classifier.model(  # (1, classes)
            torch.tensor(token_ids, device=device), torch.tensor([0], device=device)
        )
    return dict(zip(classifier.names, logits.softmax(dim=1)[0].tolist(), strict=True))


def word_contributions(classifier: Classifier, text: str) -> list[tuple[str, Tensor]]:
    """The contribution of each token to the logits: (classes,) for each, in reading order.

    The logits are the bias plus the sum of all contributions, because the model takes the mean of
    the word vectors. A token that is not in the vocabulary counts as `<unk>`.

    Raises ValueError if the text has no words.
    """
    tokens = classifier.vocabulary.tokenize(text)
    if not tokens:
        raise ValueError("The text has no words. Type a headline.")
    model = classifier.model
    token_ids = classifier.vocabulary.encode(text)
    with torch.no_grad():
        vectors = model.embedding.weight[token_ids] / len(tokens)  # (tokens, embedding_dim)
        contributions = vectors @ model.linear.weight.T  # (tokens, classes)
    return list(zip(tokens, contributions, strict=True))
