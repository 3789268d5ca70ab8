"""Lesson 11: an optimizer for sparse gradients, and a start that has counted the words."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from lessons.loaders import EncodedStories
from lessons.model import TextClassifier, check_fits


class RowAdagrad(Optimizer):
    """Adagrad with one step size for each row of a table: a word that was often seen moves less.

    Adagrad is by Duchi et al. (2011, "Adaptive Subgradient Methods"). It keeps a sum of squares for
    each number; here a row shares one. A sparse gradient has a row for each token. It is used as it
    is: the sum takes each token by itself, and rows of the same word are not added up first.

    Workers that add up sparse gradients add up such rows, too. So they take other steps than one
    worker with the same batch; with dense gradients they take the same ones.
    """

    def __init__(self, params: Iterable[nn.Parameter], lr: float = 0.3) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Move the weights by their gradients, which are changed by that."""
        for group in self.param_groups:
            for weight in group["params"]:
                if (gradient := weight.grad) is None:
                    continue
                rows = torch.arange(len(weight), device=weight.device)
                values = gradient
                if gradient.is_sparse:  # its rows are those of the tokens, one after the other
                    rows, values = gradient._indices()[0], gradient._values()
                values = values.view(len(rows), -1)  # (rows, numbers in a row)
                past = self.state[weight].setdefault("past", weight.new_zeros(len(weight)))
                past.index_add_(0, rows, torch.linalg.vector_norm(values, dim=1) ** 2)
                values /= past[rows].sqrt().add(1e-10)[:, None]  # in place: in `gradient` too
                weight.add_(gradient, alpha=-group["lr"])


def start_from_counts(model: TextClassifier, stories: EncodedStories) -> None:
    """Set the first weights so that the model is a classifier already: naive Bayes, toned down.

    The first numbers of a word's vector, one for each class, say how much more often the word
    stands in stories of that class: the logarithm of its share there, less the mean over the
    classes. Learning from such a start is an idea of Wang and Manning (2012, "Baselines and
    Bigrams"). The other numbers stay as they are.

    Raises ValueError if the vectors have fewer numbers than there are classes, or if the stories
    have words or classes that the model does not know.
    """
    check_fits(model, stories.token_ids, stories.labels)
    words, classes = model.embedding.num_embeddings, model.linear.out_features
    if model.embedding.embedding_dim < classes:
        raise ValueError(f"For {classes} classes the vectors need {classes} numbers or more.")
    labels = stories.labels.repeat_interleave(stories.lengths)  # (tokens,): of each token's story
    pairs = stories.token_ids * classes + labels  # (tokens,)
    counts = torch.bincount(pairs, minlength=words * classes).view(words, classes) + 0.5
    shares = (counts / counts.sum(dim=0)).log()  # (words, classes)
    with torch.no_grad():
        model.embedding.weight[:, :classes] = shares - shares.mean(dim=1, keepdim=True)
        model.linear.weight[:, :classes] = 5 * torch.eye(classes)  # as if of five words
