"""Wrong answers to the exercises of lesson 03."""

import torch
from torch import nn

from lessons.exercises.lesson_03 import MyClassifier
from wrong_answers import wrong

# ------------------------------------------------------------------------------- 03-count


@wrong(
    "03-count",
    "expected 8036, saw 8032. Each judge also adds a fixed amount",
    "loses track of some of the weights",
)
def forgets_the_biases(vocab_size, num_classes, embedding_dim):
    return vocab_size * embedding_dim + embedding_dim * num_classes


@wrong("03-count", "The cards of the words", "loses track of some of the weights")
def forgets_the_embedding(vocab_size, num_classes, embedding_dim):
    return embedding_dim * num_classes + num_classes


@wrong("03-count", "so add them up", "mixes up counts, sums, means and shares")
def multiplies_the_layers(vocab_size, num_classes, embedding_dim):
    return vocab_size * embedding_dim * num_classes


@wrong("03-count", "There is a bias for each class", "misreads rows and columns")
def counts_a_bias_for_each_dimension(vocab_size, num_classes, embedding_dim):
    return vocab_size * embedding_dim + embedding_dim * num_classes + embedding_dim


# ----------------------------------------------------------------------------- 03-largest


@wrong(
    "03-largest",
    "one row is missing. Where does the last story stop?",
    "counts one too many or too few",
)
def loses_the_last_story(vectors, offsets):
    begins = offsets.tolist()
    pairs = zip(begins, begins[1:])
    return torch.stack([vectors[begin:end].amax(dim=0) for begin, end in pairs])


@wrong("03-largest", "these are the means", "mixes up counts, sums, means and shares")
def takes_the_means(vectors, offsets):
    begins = offsets.tolist()
    ends = [*begins[1:], len(vectors)]
    pairs = zip(begins, ends)
    return torch.stack([vectors[begin:end].mean(dim=0) for begin, end in pairs])


@wrong("03-largest", "the result has shape (6,)", "misreads rows and columns")
def takes_the_largest_of_each_row(vectors, offsets):
    begins = offsets.tolist()
    ends = [*begins[1:], len(vectors)]
    pairs = zip(begins, ends)
    return torch.cat([vectors[begin:end].amax(dim=1) for begin, end in pairs])


@wrong("03-largest", "row 0 should be [3.0, -1.0]", "takes offsets for ends or lengths")
def takes_the_first_vector_of_each_story(vectors, offsets):
    return torch.stack([vectors[i] for i in offsets])


@wrong("03-largest", "row 2 should be [7.0, 6.0]", "counts one too many or too few")
def loses_the_last_vector(vectors, offsets):
    begins = offsets.tolist()
    ends = [*begins[1:], -1]
    pairs = zip(begins, ends)
    return torch.stack([vectors[begin:end].amax(dim=0) for begin, end in pairs])


@wrong("03-largest", "all numbers below 0 have become 0", "forgets the empty case")
def begins_the_search_with_0(vectors, offsets):
    ends = [*offsets.tolist()[1:], len(vectors)]
    rows = []
    for begin, end in zip(offsets.tolist(), ends):
        largest = torch.zeros(vectors.shape[1])
        for vector in vectors[begin:end]:
            largest = torch.maximum(largest, vector)
        rows.append(largest)
    return torch.stack(rows)


# ------------------------------------------------------------------------------- 03-class


@wrong("03-class", "or is it still their mean?", "mixes up counts, sums, means and shares")
class TakesTheMean(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="mean")
        self.linear = nn.Linear(embedding_dim, num_classes, bias=False)
        nn.init.uniform_(self.embedding.weight, -0.01, 0.01)
        nn.init.uniform_(self.linear.weight, -0.01, 0.01)

    def forward(self, token_ids, offsets):
        return self.linear(self.embedding(token_ids, offsets))


@wrong("03-class", "The linear layer has a bias.", "loses track of some of the weights")
class KeepsTheBias(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="sum")
        self.linear = nn.Linear(embedding_dim, num_classes)
        nn.init.uniform_(self.embedding.weight, -0.01, 0.01)
        nn.init.uniform_(self.linear.weight, -0.01, 0.01)

    def forward(self, token_ids, offsets):
        return self.linear(self.embedding(token_ids, offsets))


@wrong("03-class", "1 of the 2 groups of weights get", "loses track of some of the weights")
class FreezesTheWords(MyClassifier):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__(vocab_size, num_classes, embedding_dim)
        self.embedding.weight.requires_grad = False


@wrong(
    "03-class", "The first weights of the words go from", "misjudges the first weights of a model"
)
class KeepsTheFirstVectors(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="sum")
        self.linear = nn.Linear(embedding_dim, num_classes, bias=False)
        nn.init.uniform_(self.linear.weight, -0.01, 0.01)

    def forward(self, token_ids, offsets):
        return self.linear(self.embedding(token_ids, offsets))


@wrong(
    "03-class",
    "these are probabilities. Logits were expected.",
    "mixes up logits and probabilities",
)
class AppliesSoftmax(MyClassifier):
    def forward(self, token_ids, offsets):
        return super().forward(token_ids, offsets).softmax(dim=1)


@wrong(
    "03-class",
    "What the model gives back is None. Expected: a tensor",
    "gives back something else than was asked",
)
class ReturnsNothing(MyClassifier):
    def forward(self, token_ids, offsets):
        self.linear(self.embedding(token_ids, offsets))


@wrong(
    "03-class",
    "cannot assign module before Module.__init__() call",
    "loses track of some of the weights",
)
class IsNotSetUp(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="sum")
        self.linear = nn.Linear(embedding_dim, num_classes, bias=False)
        nn.init.uniform_(self.embedding.weight, -0.01, 0.01)
        nn.init.uniform_(self.linear.weight, -0.01, 0.01)

    def forward(self, token_ids, offsets):
        return self.linear(self.embedding(token_ids, offsets))
