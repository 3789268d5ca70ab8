"""Answers are tried, some at once, and every verdict is kept, so that a stop loses none."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import NamedTuple

import torch

from lessons.classroom.answers import Answer
from lessons.classroom.judge import UNREADABLE, Told
from lessons.exercises.misconceptions import shown_by
from lessons.exercises.runner import NOT_ATTEMPTED, NOT_YET, OUR_FAULT

JUDGE = ["-m", "lessons.classroom.judge"]
MOST_TRIED = 50  # of a student's answers to one exercise, the last ones


class Outcome(NamedTuple):
    """How an answer did."""

    state: str  # PASSED, NOT_YET, NOT_ATTEMPTED or UNREADABLE
    text: str = ""  # what is said about it
    misconception: str = ""  # its name, if one is known that it shows
    where: str = ""  # the file and the cell of the answer
    code: str = ""


Key = tuple[str, str]  # a student and the id of an exercise


def outcomes(
    jobs: dict[Key, list[Answer]], kept: "Kept", workers: int
) -> Iterator[tuple[Key, Outcome]]:
    """Try the answers of each student to each exercise, so many at a time; each when it is done.

    A job is all that a student has handed in on an exercise, from the first to the last.
    Raises OSError if no judge can be started.
    """
    with ThreadPoolExecutor(workers) as pool, _judges(workers) as judges:
        begun = {pool.submit(_settle, job, kept, judges): key for key, job in jobs.items()}
        try:
            for done in as_completed(begun):
                yield begun[done], done.result()
        finally:  # the judges end next, so a thread that waits for one need not wait any more
            pool.shutdown(wait=False, cancel_futures=True)


def _settle(job: list[Answer], kept: "Kept", judges: "Judges") -> Outcome:
    """The outcome of the last answer that can be read and does something; or else of the last."""
    last = None
    for answer in reversed(job[-MOST_TRIED:]):
        outcome = _outcome(answer, kept, judges)
        if outcome.state not in (NOT_ATTEMPTED, UNREADABLE):
            return outcome
        if last is None or (last.state, outcome.state) == (NOT_ATTEMPTED, UNREADABLE):
            last = outcome
    return last or Outcome(NOT_ATTEMPTED)


def _outcome(answer: Answer, kept: "Kept", judges: "Judges") -> Outcome:
    if answer.trial is None:
        return Outcome(UNREADABLE, answer.why, "", answer.where, answer.code)
    state, text = kept.told(answer, judges)
    if state == OUR_FAULT:
        state = UNREADABLE
    shown = shown_by(answer.id, text) if state == NOT_YET else ""
    return Outcome(state, text, shown, answer.where, answer.code)


class Kept:
    """The verdicts that are kept in a file, by what was tried and by what tried it."""

    def __init__(self, path: Path) -> None:
        """Read those of earlier runs. Raises OSError if the file cannot be read or written."""
        self._known: dict[str, Told] = {}
        self._lock = Lock()
        if path.exists():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                with suppress(ValueError):  # the last line of a run that was killed
                    key, state, text = json.loads(line)
                    self._known[key] = (state, text)
        self._file = path.open("a", encoding="utf-8")
        self._file.write("\n")  # ends such a line

    def told(self, answer: Answer, judges: "Judges") -> Told:
        """What is said about an answer: kept, or else tried now."""
        key = _key(answer)
        if known := self._known.get(key):
            return known
        told = judges.ask({"id": answer.id, **answer.trial._asdict()} if answer.trial else {})
        with self._lock:
            if told[0] != OUR_FAULT and key not in self._known:
                self._known[key] = told
                self._file.write(json.dumps([key, *told]) + "\n")
                self._file.flush()
        return told

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _key(answer: Answer) -> str:
    tried = json.dumps([_version(), answer.id, answer.trial])
    return hashlib.sha256(tried.encode(errors="surrogatepass")).hexdigest()


@cache
def _version() -> str:
    """What tries: whoever changes a check, or has another torch, gets new verdicts."""
    found = hashlib.sha256(f"{sys.version} {torch.__version__}".encode())
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


# ------------------------------------------------------------------------------------ judges


class _Judge:
    """A process that tries answers."""

    def __init__(self, folder: str) -> None:
        """Start it in an empty folder."""
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, *JUDGE, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **threads},
            start_new_session=True,  # Ctrl-C is for the one who asked, who ends it then
        )

    def wait(self) -> None:
        """Wait until it is ready. Raises OSError if it does not come up."""
        if self._line() != "ready":
            raise OSError("The process that tries answers could not be started.")

    def ask(self, task: dict[str, object]) -> Told | None:
        """Its verdict; none if it has died."""
        with suppress(BrokenPipeError, ValueError):
            assert self._process.stdin
            self._process.stdin.write(json.dumps(task).encode() + b"\n")
            self._process.stdin.flush()
            if isinstance(told := self._line(), list):
                return told[0], told[1]
        return None

    def _line(self) -> object:
        assert self._process.stdout
        line = self._process.stdout.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def close(self) -> None:
        """End it, with the answer that it may be trying."""
        self._process.kill()
        self._process.wait()


class Judges:
    """Some judges that take turns. One that dies is replaced."""

    def __init__(self, folder: str, count: int) -> None:
        """Start none yet: where all verdicts are kept, none is needed."""
        self._folder = folder
        self._closed = False
        self._all: list[_Judge] = []
        self._free: SimpleQueue[_Judge | None] = SimpleQueue()
        for _ in range(count):
            self._free.put(None)

    def ask(self, task: dict[str, object]) -> Told:
        """The verdict of one of them. Raises OSError if none can be started."""
        judge = self._free.get()
        try:
            if self._closed:
                raise OSError("There are no judges any more.")
            judge = judge or self._start()
            if told := judge.ask(task):
                return told
            judge.close()
            judge = None
            return OUR_FAULT, "The process that tried it has died. Run the command once more."
        finally:
            self._free.put(judge)

    def _start(self) -> _Judge:
        judge = _Judge(self._folder)
        self._all.append(judge)
        judge.wait()
        return judge

    def close(self) -> None:
        """End them all, whatever they are at."""
        self._closed = True
        for judge in self._all:
            judge.close()


@contextmanager
def _judges(count: int) -> Iterator[Judges]:
    with tempfile.TemporaryDirectory(prefix="lessons-classroom-") as folder:
        judges = Judges(folder, count)
        try:
            yield judges
        finally:
            judges.close()
