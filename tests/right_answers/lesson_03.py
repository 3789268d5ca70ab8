"""Right answers to the exercises of lesson 03."""

import torch
from torch import nn
from torch.nn import functional as F

from lessons.model import TextClassifier
from right_answers import right

# ------------------------------------------------------------------------------- 03-count


@right("03-count")
def asks_the_layers(vocab_size, num_classes, embedding_dim):
    layers = nn.Embedding(vocab_size, embedding_dim), nn.Linear(embedding_dim, num_classes)
    return sum(one.numel() for layer in layers for one in layer.parameters())


@right("03-count")
def gives_a_float(vocab_size, num_classes, embedding_dim):
    return float((vocab_size + num_classes) * embedding_dim + num_classes)


@right("03-count")
def counts_the_long_row(vocab_size, num_classes, embedding_dim):
    model = TextClassifier(vocab_size, num_classes, embedding_dim)
    return len(nn.utils.parameters_to_vector(model.parameters()))


@right("03-count")
def counts_a_judge_at_a_time(vocab_size, num_classes, embedding_dim):
    total = 0
    for _ in range(vocab_size):
        total += embedding_dim
    for _ in range(num_classes):
        total += embedding_dim + 1
    return total


@right("03-count")
def multiplies_shapes(vocab_size, num_classes, embedding_dim):
    state = TextClassifier(vocab_size, num_classes, embedding_dim).state_dict()
    return sum(torch.tensor(one.shape).prod() for one in state.values())


# ----------------------------------------------------------------------------- 03-largest


@right("03-largest")
def takes_the_layer_of_torch(vectors, offsets):
    layer = nn.EmbeddingBag.from_pretrained(vectors, mode="max")
    return layer(torch.arange(len(vectors)), offsets)


@right("03-largest")
def splits_doubles(vectors, offsets):
    stories = torch.tensor_split(vectors.double(), offsets[1:])
    return torch.stack([story.max(dim=0).values for story in stories])


@right("03-largest")
def works_in_lists(vectors, offsets):
    rows = []
    for i in range(len(offsets)):
        end = offsets[i + 1] if i + 1 < len(offsets) else len(vectors)
        columns = zip(*vectors[offsets[i] : end].tolist(), strict=True)
        rows.append([max(column) for column in columns])
    return torch.tensor(rows)


@right("03-largest")
def gives_a_list_of_tensors(vectors, offsets):
    ends = [*offsets.tolist()[1:], len(vectors)]
    return [vectors[a:b].amax(dim=0) for a, b in zip(offsets, ends, strict=True)]


@right("03-largest")
def grows_row_by_row(vectors, offsets):
    begins, rows = offsets.tolist(), []
    for place, vector in enumerate(vectors):
        if place in begins:
            rows.append(vector)
        else:
            rows[-1] = torch.maximum(rows[-1], vector)
    return torch.stack(rows)


@right("03-largest")
def begins_below_everything(vectors, offsets):
    largest = torch.full((len(offsets), vectors.shape[1]), -torch.inf)
    ends = offsets.tolist()[1:] + [len(vectors)]
    for story, (a, b) in enumerate(zip(offsets, ends)):
        for place in range(a, b):
            for column in range(vectors.shape[1]):
                largest[story, column] = max(largest[story, column], vectors[place, column])
    return largest


# ------------------------------------------------------------------------------- 03-class


@right("03-class")
class SumsByHand(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.judges = nn.Linear(embedding_dim, num_classes, bias=False)
        self.table = nn.Embedding(vocab_size, embedding_dim)
        for weights in self.parameters():
            nn.init.uniform_(weights, -0.01, 0.01)

    def forward(self, token_ids, offsets):
        ends = [*offsets.tolist()[1:], len(token_ids)]
        vectors = self.table(token_ids)
        pairs = zip(offsets.tolist(), ends, strict=True)
        return self.judges(torch.stack([vectors[a:b].sum(dim=0) for a, b in pairs]))


@right("03-class")
class Inherits(TextClassifier):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__(vocab_size, num_classes, embedding_dim)
        self.embedding = nn.EmbeddingBag(vocab_size, embedding_dim, mode="sum")
        self.linear = nn.Linear(embedding_dim, num_classes, bias=False)
        for layer in (self.embedding, self.linear):
            layer.weight.data.uniform_(-0.01, 0.01)


@right("03-class")
class HoldsPlainParameters(nn.Module):
    def __init__(self, words, classes, width=64):
        super().__init__()
        self.cards = nn.Parameter(torch.rand(words, width) / 50 - 0.01)
        self.judges = nn.Parameter(torch.rand(width, classes) / 50 - 0.01)

    def forward(self, words, begins):
        return F.embedding_bag(words, self.cards, begins, mode="sum") @ self.judges


@right("03-class")
class HoldsDoubles(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.bag = nn.EmbeddingBag(vocab_size, embedding_dim, mode="sum").double()
        self.linear = nn.Linear(embedding_dim, num_classes, bias=False).double()
        nn.init.uniform_(self.bag.weight, -0.01, 0.01)
        nn.init.uniform_(self.linear.weight, -0.01, 0.01)

    def forward(self, token_ids, offsets):
        return self.linear(self.bag(token_ids, offsets))


@right("03-class")
class AddsToTheRightStory(nn.Module):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__()
        self.words = nn.Embedding(vocab_size, embedding_dim)
        self.out = nn.Linear(embedding_dim, num_classes, bias=False)
        self.apply(self.begin)

    def begin(self, layer):
        if hasattr(layer, "weight"):
            with torch.no_grad():
                layer.weight.uniform_(-0.01, 0.01)

    def forward(self, token_ids, offsets):
        places = torch.arange(len(token_ids))
        story = torch.searchsorted(offsets, places, right=True) - 1
        sums = torch.zeros(len(offsets), self.words.embedding_dim)
        return self.out(sums.index_add(0, story, self.words(token_ids)))


@right("03-class")
class MultipliesMeansByLengths(TextClassifier):
    def __init__(self, vocab_size, num_classes, embedding_dim):
        super().__init__(vocab_size, num_classes, embedding_dim)
        self.linear.register_parameter("bias", None)
        for weights in self.parameters():
            nn.init.uniform_(weights, -0.01, 0.01)

    def forward(self, token_ids, offsets):
        ends = torch.cat([offsets[1:], torch.tensor([len(token_ids)])])
        return super().forward(token_ids, offsets) * (ends - offsets)[:, None]
