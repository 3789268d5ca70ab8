"""Lesson 02: stories as token ids, handed to the model batch by batch."""

from array import array
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lessons.split import Stories
from lessons.support.checks import check_whole_number
from lessons.text import Vocabulary


class Batch(NamedTuple):
    """Some stories, their token ids in one row. Story i begins at `token_ids[offsets[i]]`."""

    token_ids: Tensor  # (tokens of all stories,) int64: ids in the vocabulary
    offsets: Tensor  # (stories,) int64
    labels: Tensor  # (stories,) int64: the right classes


class EncodedStories(Dataset[Batch]):
    """All stories of one part of a split, encoded once, before the first epoch."""

    def __init__(self, stories: Stories, vocabulary: Vocabulary) -> None:
        encoded = [vocabulary.encode(text) for text in stories.texts]
        self.lengths = torch.tensor([len(ids) for ids in encoded])  # (stories,)
        self.starts = self.lengths.cumsum(0) - self.lengths  # (stories,)
        self.token_ids = torch.tensor(array("q", chain.from_iterable(encoded)), dtype=torch.int64)
        self.labels = torch.tensor(stories.labels)  # (stories,)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, row: int) -> Batch:
        """One story, as a batch of one."""
        return self.__getitems__([row])

    def __getitems__(self, rows: list[int]) -> Batch:
        """A whole batch at once: DataLoader prefers this method to one call for each story."""
        chosen = torch.tensor(rows)  # (stories,)
        lengths = self.lengths[chosen]
        offsets = lengths.cumsum(0) - lengths  # where each story begins in the batch
        # A story's tokens move from `starts` to `offsets`: the same way for all of them.
        moves = (self.starts[chosen] - offsets).repeat_interleave(lengths)  # (tokens,)
        places = moves + torch.arange(len(moves))
        return Batch(self.token_ids[places], offsets, self.labels[chosen])


def make_loader(
    stories: EncodedStories, batch_size: int, shuffle: bool = False, seed: int = 0
) -> DataLoader[Batch]:
    """A loader of the stories in batches. The last batch may be shorter.

    With `shuffle`, for training, each epoch has a new order; a seed always gives the same orders.

    Raises ValueError if the batch size is not a whole number of at least 1, or if there are
    no stories.
    """
    check_whole_number("batch size", batch_size)
    if not len(stories):
        raise ValueError("There are no stories to load: this part of the split is empty.")
    generator = torch.Generator().manual_seed(seed)
    size = int(batch_size)  # of any type that counts as a whole number
    return DataLoader(stories, size, shuffle, generator=generator, collate_fn=_keep)


def _keep(batch: Any) -> Any:
    return batch  # it is a Batch already, see __getitems__
