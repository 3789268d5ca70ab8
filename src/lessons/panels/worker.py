"""A thread that asks for events, so that the notebook stays usable while a model trains."""

import threading
from collections.abc import Callable, Iterator
from typing import ClassVar, Generic, TypeVar

Event = TypeVar("Event")


class Worker(Generic[Event]):
    """Asks an iterator for its events in a thread, until it ends or somebody says stop.

    To stop is not to ask for the next event: nothing is lost, and `start` with the same
    iterator goes on. Only one worker of a kernel works at a time: to start one stops the other.
    """

    _turn: ClassVar[threading.Lock] = threading.Lock()  # held by the one that works
    _latest: ClassVar["Worker[object] | None"] = None

    def __init__(
        self,
        listen: Callable[[Event], bool],
        ended: Callable[[Exception | None], None],
    ) -> None:
        """`listen` gets each event and says whether to go on; `ended` gets the error, if any."""
        self._listen, self._ended = listen, ended
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, events: Iterator[Event]) -> None:
        """Begin to ask. Whatever worked before in this kernel is told to stop first."""
        if Worker._latest is not None:
            Worker._latest.stop()
        Worker._latest = self  # type: ignore[assignment]
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._work, args=(events, self._stop), name="lessons-worker", daemon=True
        )
        self._thread.start()

    def run(self, events: Iterator[Event]) -> None:
        """As `start`, but in this thread and until the end, with its error raised.

        `ended` is not called. Whoever starts meanwhile waits for their turn.
        """
        self._stop = threading.Event()
        with Worker._turn:
            self._ask(events, self._stop)

    @classmethod
    def stop_any(cls) -> None:
        """Stop whatever works in this kernel, and wait for its end."""
        if cls._latest is not None:
            cls._latest.stop()
            cls._latest.wait()

    def stop(self) -> None:
        """Ask for nothing any more. The event that is being worked on still comes."""
        self._stop.set()

    def pause(self, seconds: float) -> None:
        """Let time pass, in the thread, unless somebody says stop."""
        self._stop.wait(seconds)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the thread has ended; False if it has not after so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.working

    @property
    def working(self) -> bool:
        """Is the thread still alive?"""
        return self._thread is not None and self._thread.is_alive()

    def _work(self, events: Iterator[Event], stop: threading.Event) -> None:
        error: Exception | None = None
        # Where glibc manages the memory, it hands back to the system what is free after a step,
        # only to ask for it in the next: a fifth of the time. To free one big piece once makes it
        # keep up to twice as much.
        bytearray(16 * 2**20)
        with Worker._turn:
            try:
                self._ask(events, stop)
            except Exception as problem:  # told in words, whatever it is
                error = problem
            self._ended(error)

    def _ask(self, events: Iterator[Event], stop: threading.Event) -> None:
        while not stop.is_set():
            event = next(events, None)
            if event is None or not self._listen(event):
                return
