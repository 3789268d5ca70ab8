"""Lesson 07: a loader of the test set that prints a note when a second cell reads it."""

import sys
from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar

from torch.utils.data import DataLoader

NOTE = """\
Note: another cell has scored this test set before. A test set counts once: look at
the result, change something, score it again, and the new score is too good. Use the
validation set to choose (lesson 07). A loader without `OneUse` gives no note."""

Batch = TypeVar("Batch")


class OneUse(Generic[Batch]):
    """A loader of the `EncodedStories` of a test set, as an iterable of its batches.

    It prints a note when a second cell reads them. Running the same cell again does not count as a
    second use, and outside of notebooks there is no note. Two loaders of the same stories count as
    one, until the kernel ends.
    """

    _first: ClassVar[dict[tuple[int, ...], str]] = {}  # the cell that has read it, by test set
    _noted: ClassVar[str] = (
        ""  # the run of a cell that has had the note: it may read more than once
    )

    def __init__(self, loader: DataLoader[Batch]) -> None:
        self.loader = loader
        self.dataset: Any = loader.dataset

    def __len__(self) -> int:
        """The number of batches."""
        return len(self.loader)

    def __iter__(self) -> Iterator[Batch]:
        self._note_use()
        return iter(self.loader)

    def _note_use(self) -> None:
        cell, run = _running()
        # Labels and lengths tell test sets apart, and are the same with any vocabulary.
        test_set = (*self.dataset.labels.tolist(), *self.dataset.lengths.tolist())
        if cell and OneUse._first.setdefault(test_set, cell) != cell and OneUse._noted != run:
            OneUse._noted = run
            print(NOTE)


def _running() -> tuple[str, str]:
    """The running cell (its id, or else its code), and the id of this run of it."""
    ipython = sys.modules.get("IPython")  # not imported in a script
    shell: Any = ipython.get_ipython() if ipython else None
    message: dict[str, Any] = shell.get_parent() if hasattr(shell, "get_parent") else {}
    code = message.get("content", {}).get("code", "")
    cell = message.get("metadata", {}).get("cellId") or code
    return cell, message.get("header", {}).get("msg_id", "")
