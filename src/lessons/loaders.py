"""Lesson 02: stories as token ids, handed to the model batch by batch."""

from array import array
from copy import copy
from typing import Any, NamedTuple

import numpy
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
        token_ids, lengths = array("i"), []  # "i": half the memory of a batch's int64
        for text in stories.texts:
            token_ids.extend(ids := vocabulary.encode(text))
            lengths.append(len(ids))
        self.lengths = torch.tensor(lengths, dtype=torch.int64)  # (stories,)
        self.starts = self.lengths.cumsum(0) - self.lengths  # (stories,)
        self.token_ids = torch.from_numpy(numpy.asarray(token_ids))  # (tokens,) int32, no copy
        self.labels = torch.tensor(stories.labels, dtype=torch.int64)  # (stories,)

    def to(self, device: torch.device | str) -> "EncodedStories":
        """The same stories on another device, such as a GPU. Their batches are made there."""
        moved = copy(self)
        vars(moved).update({name: one.to(device) for name, one in vars(self).items()})
        return moved

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, row: int) -> Batch:
        """One story, as a batch of one."""
        return self.__getitems__([row])

    def __getitems__(self, rows: list[int]) -> Batch:
        """A whole batch at once: DataLoader prefers this method to one call for each story."""
        device = self.labels.device
        chosen = torch.tensor(rows, device=device)  # (stories,)
        lengths = self.lengths[chosen]
        offsets = lengths.cumsum(0) - lengths  # where each story begins in the batch
        # A story's tokens move from `starts` to `offsets`: the same way for all of them.
        moves = (self.starts[chosen] - offsets).repeat_interleave(lengths)  # (tokens,)
        places = moves + torch.arange(len(moves), device=device)
        return Batch(self.token_ids[places].long(), offsets, self.labels[chosen])


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
