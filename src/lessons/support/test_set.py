"""The test set is for one use: a note says so when a second cell reads it (lesson 07)."""

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
    """The batches of a loader over the `EncodedStories` of a test set.

    When a second cell asks for them, a note is printed first. To run the same cell again is no
    second use. Outside of notebooks there are no cells, so nothing is said. Two loaders of the
    same stories count as one, as long as the kernel lives.
    """

    _first: ClassVar[dict[tuple[int, ...], str]] = {}  # by test set, the cell
    _noted: ClassVar[str] = ""  # the run of a cell that had the note: it may ask more than once

    def __init__(self, loader: DataLoader[Batch]) -> None:
        self.loader = loader
        self.dataset: Any = loader.dataset

    def __len__(self) -> int:
        """How many batches there are."""
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
    """The cell that is running, by its id or else by its code, and the number of this run."""
    ipython = sys.modules.get("IPython")  # a script has not imported it, and need not
    shell: Any = ipython.get_ipython() if ipython else None
    message: dict[str, Any] = shell.get_parent() if hasattr(shell, "get_parent") else {}
    code = message.get("content", {}).get("code", "")
    cell = message.get("metadata", {}).get("cellId") or code
    return cell, message.get("header", {}).get("msg_id", "")
