"""Lesson 03: the model, from numbers to a guess."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lessons.text import Vocabulary, tokenize


class TextClassifier(nn.Module):
    """Averages the word vectors of a text and weighs the average for each class.

    The architecture is that of fastText (Joulin et al., 2016, "Bag of Tricks for Efficient
    Text Classification"), without its n-grams.
    """

    def __init__(
        self, words: int, classes: int, width: int = 64, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.embedding = nn.EmbeddingBag(words, width, mode="mean")
        self.linear = nn.Linear(width, classes)
        self.init_weights(generator)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Start from small random weights, all words and classes alike."""
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1, generator=generator)
        nn.init.uniform_(self.linear.weight, -0.1, 0.1, generator=generator)
        nn.init.zeros_(self.linear.bias)

    def forward(self, tokens: Tensor, offsets: Tensor) -> Tensor:
        """Guess the class of each story: the higher a logit, the surer the model is."""
        means = self.embedding(tokens, offsets)  # (stories, width)
        logits: Tensor = self.linear(means)  # (stories, classes)
        return logits


class Classifier(NamedTuple):
    """All that is needed to classify a text: what a checkpoint holds."""

    model: TextClassifier
    vocabulary: Vocabulary  # the one that the model was trained with
    names: tuple[str, ...]  # of the classes


def classify(classifier: Classifier, text: str) -> dict[str, float]:
    """How probable the model finds each class for this text. The values add up to 1.

    Raises ValueError if the vocabulary knows none of the words.
    """
    numbers = classifier.vocabulary.encode(text)
    if not any(numbers):
        raise ValueError(
            f"The model knows none of the words in {text!r}, so it has nothing to go on. Try a "
            "longer text, in the language that it was trained on."
        )
    with torch.no_grad():  # nothing is learned here
        logits = classifier.model(torch.tensor(numbers), torch.tensor([0]))  # (1, classes)
    return dict(zip(classifier.names, logits.softmax(dim=1)[0].tolist(), strict=True))


def word_pulls(classifier: Classifier, text: str) -> list[tuple[str, Tensor]]:
    """How far each word of a text moves the logits: (classes,) for each token, in reading order.

    A logit is the bias plus the pulls of all the words: the model averages word vectors, so
    every word has its share. A word that the vocabulary does not know pulls as `<unk>` does.

    Raises ValueError if the text has no words.
    """
    tokens = tokenize(text)
    if not tokens:
        raise ValueError("The text has no words. Type a headline.")
    model = classifier.model
    numbers = torch.tensor(classifier.vocabulary.encode(text))
    with torch.no_grad():
        vectors = model.embedding.weight[numbers] / len(tokens)  # (tokens, width)
        pulls = vectors @ model.linear.weight.T  # (tokens, classes)
    return list(zip(tokens, pulls, strict=True))
