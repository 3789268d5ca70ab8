"""What a learner has done, kept in one small file.

It knows neither exercises nor notebooks: everything has a name that begins with its lesson, such
as "05-loop", or "05 How many batches make an epoch?".
"""

import json
import threading
from collections.abc import Callable
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from lessons.support.files import write_whole

ALL = "all"  # in place of a name or a lesson
WAIT = 2.0  # seconds for another kernel to write; it takes milliseconds
LONGEST = 1_000_000  # bytes of a file; all that there is to do takes some thousands

MOVE = "Start the notebooks in a folder that you may write to and that has room."
UPDATE = "Install the newest version of this course."


class Done(NamedTuple):
    """What a learner has done, by name."""

    attempts: dict[str, int]  # how often an answer to an exercise was tried
    passed: dict[str, bool]
    hints: dict[str, int]  # how many were given
    questions: dict[str, bool]  # was the option that was chosen last the right one?
    predictions: dict[str, str]  # what was predicted, in words


KINDS = {"attempts": int, "passed": bool, "hints": int, "questions": bool, "predictions": str}
Edit = Callable[[Done], None]  # a change, so that it can be made to what other kernels have kept


def nothing() -> Done:
    """What a learner has done at first."""
    return Done({}, {}, {}, {}, {})


def of_lesson(lesson: str, entries: dict[str, Any]) -> dict[str, Any]:
    """Those entries whose names begin with a lesson, such as "05"."""
    return {name: entry for name, entry in entries.items() if name[:2] == lesson}


class Record:
    """The file in a folder, and what could not be written into it so far.

    Several kernels may use one folder, and any of them may be killed at any time. A change is made
    to what the file holds at that moment, under a lock, which the operating system releases when
    its kernel ends; and the file is replaced as a whole. What cannot be written is kept in memory,
    and tried again with the next change.
    """

    def __init__(self, folder: Path, kept: bool = True) -> None:
        """Keep it in a file below this folder, or else in memory alone."""
        self.folder = folder
        self.path = folder / ".lessons" / "progress.json"
        self._kept = kept
        self._known = nothing()  # as last read or written
        self._waiting: list[Edit] = []
        self._turn = threading.RLock()  # a panel may be clicked in another thread
        self._listeners: list[Callable[[], None]] = []
        self._aside = self._unkept = ""  # what went wrong, as sentences
        self._told: set[str] = set()

    @property
    def trouble(self) -> list[str]:
        """What the learner should know about the file, in sentences."""
        return [one for one in (self._aside, self._unkept) if one]

    def news(self) -> list[str]:
        """The trouble, each sentence only once."""
        new = [one for one in self.trouble if one not in self._told]
        self._told.update(new)
        return new

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change that this kernel makes."""
        self._listeners.append(listener)

    def read(self) -> Done:
        """What is done so far, in other kernels too."""
        with self._turn:
            self._look()
            return self._with_waiting(self._known)

    def change(self, edit: Edit) -> Done:
        """Make a change; what is done then."""
        with self._turn:
            self._waiting.append(edit)
            self._write()
            done = self._with_waiting(self._known)
        for listener in self._listeners:
            listener()
        return done

    def forget(self, name: str) -> bool:
        """Forget an exercise, all of a lesson such as "05", or `ALL`. Was there anything?"""

        def edit(done: Done) -> None:
            for entries in done:
                for one in [one for one in entries if name in (ALL, one, one[:2])]:
                    del entries[one]

        before = self.read()
        return self.change(edit) != before

    def _with_waiting(self, done: Done) -> Done:
        done = deepcopy(done)
        for edit in self._waiting:
            edit(done)
        return done

    def _look(self) -> None:
        """Read what the file holds now. One that is damaged or foreign is put aside."""
        try:
            if self._kept:
                self._known = self._held()
        except ValueError:
            self._write()
        except OSError as error:
            self._cannot_keep(error)

    def _write(self) -> None:
        """Add what is waiting to the file; if that fails, say why and let it wait."""
        if not self._kept:
            self._known, self._waiting = self._with_waiting(self._known), []
            return
        try:
            self.path.parent.mkdir(exist_ok=True)
            lock = FileLock(self.path.with_suffix(".lock"), timeout=WAIT)
            with lock.acquire(poll_interval=0.01):
                done = self._with_waiting(self._base())
                write_whole(self.path, json.dumps(done._asdict(), indent=1).encode())
                self._known, self._waiting, self._unkept = done, [], ""
        except (OSError, NotImplementedError) as error:  # the latter: no locks in this folder
            self._cannot_keep(error)

    def _held(self) -> Done:
        """What the file holds; nothing if there is none. Raises ValueError and Newer as `parse`."""
        try:
            with self.path.open("rb") as file:
                return parse(file.read(LONGEST + 1))
        except FileNotFoundError:
            return nothing()

    def _base(self) -> Done:
        """What the file holds, or what this kernel knows if it is damaged. The lock is ours."""
        try:
            return self._held()
        except ValueError:
            aside = put_aside(self.path)
            self._aside = (
                f"The file {self.path} was damaged, or is not of this course. It is kept beside it "
                f"as {aside.name}, and a new one has begun."
            )
            return self._known

    def _cannot_keep(self, error: Exception) -> None:
        """Note it, if it is not noted yet: one reason is enough."""
        reason = getattr(error.__cause__ or error, "strerror", None) or str(error)
        if isinstance(error, TimeoutError):
            reason = "another program holds it"
        self._unkept = self._unkept or (
            f"Your progress cannot be kept in {self.path} ({reason}), so it will be forgotten when "
            f"the kernel ends. {UPDATE if isinstance(error, Newer) else MOVE}"
        )


class Newer(OSError):
    """A newer version of this course has written the file, so this one leaves it alone."""


def parse(content: bytes) -> Done:
    """What a file holds. Raises ValueError if it is damaged, or of another program; or Newer."""
    if len(content) > LONGEST:
        raise ValueError("It is longer than all that there is to do.")
    try:
        held = json.loads(content)
    except RecursionError as error:
        raise ValueError("It is nested without end.") from error
    if not isinstance(held, dict) or not held.keys() >= KINDS.keys():
        raise ValueError("It has not the kinds of entries that there are.")
    if held.keys() > KINDS.keys():
        raise Newer(0, "a newer version of this course has written it")
    for kind, entries in held.items():
        values = entries.values() if isinstance(entries, dict) else [None]
        if not all(_fits(value, KINDS[kind]) for value in values):
            raise ValueError(f"Its {kind} are not what they should be.")
    return Done(**held)


def _fits(value: Any, kind: type) -> bool:
    """Is it exactly of this kind, and no number below zero?"""
    return type(value) is kind and not (isinstance(value, int) and value < 0)


def put_aside(path: Path) -> Path:
    """Rename a file to a free name beside it, and give that. Raises OSError if it fails."""
    names = (path.with_suffix(f".damaged-{number}.json") for number in count(1))
    return path.rename(next(name for name in names if not name.exists()))
