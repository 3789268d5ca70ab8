"""Lesson 07: the exam is taken once. The library says so when a second cell scores the test set."""

import sys
from typing import Any

NOTE = """\
Note: another cell has scored this test set before. The exam counts once: look at the
result, change something, take it again, and the new score is too good. Use the
validation set to choose (lesson 07). To be without the note:
from lessons.exam import guard
guard.watching = False"""


class Guard:
    """Remembers, as long as the kernel lives, which cell scored a test set first."""

    def __init__(self) -> None:
        self.watching = True
        self._first: dict[int, str] = {}  # by test set, the cell
        self._told = ""  # the run of a cell that was told last

    def note_use(self, test_set: int) -> None:
        """Print the note if another cell than the first one scores this test set.

        To run the same cell again is no second use. Outside of notebooks there are no cells, so
        nothing is said.
        """
        cell, run = _running()
        if not self.watching or not cell:
            return
        if self._first.setdefault(test_set, cell) != cell and self._told != run:
            self._told = run  # once, though a cell reads many batches
            print(NOTE)


def _running() -> tuple[str, str]:
    """The cell that is running, by its id or else by its code, and the number of this run."""
    ipython = sys.modules.get("IPython")  # a script has not imported it, and need not
    shell: Any = ipython.get_ipython() if ipython else None
    message: dict[str, Any] = shell.get_parent() if hasattr(shell, "get_parent") else {}
    code = message.get("content", {}).get("code", "")
    cell = message.get("metadata", {}).get("cellId") or code
    return cell, message.get("header", {}).get("msg_id", "")


guard = Guard()
