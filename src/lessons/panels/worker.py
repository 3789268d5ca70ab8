"""A thread that runs an iterator, so that the notebook stays usable while a model trains.

It does not know what the items are: a function that it calls with each of them decides whether to
go on.
"""

import threading
from collections.abc import Callable, Iterator
from typing import ClassVar, Generic, TypeVar

Item = TypeVar("Item")


class Worker(Generic[Item]):
    """Runs an iterator in a thread, until it ends or `stop` is called.

    After `stop` the next item is not requested. Nothing is lost: `start` with the same iterator
    continues. Only one worker of a kernel works at a time: starting one stops the other.
    """

    _turn: ClassVar[threading.Lock] = threading.Lock()  # held by the worker that works
    _latest: ClassVar["Worker[object] | None"] = None

    def __init__(
        self,
        handle: Callable[[Item], bool],
        ended: Callable[[Exception | None], None],
    ) -> None:
        """`handle` gets each item and returns whether to go on; `ended` gets the error, or None."""
        self._handle, self._ended = handle, ended
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, items: Iterator[Item]) -> None:
        """Run the iterator in a new thread, after stopping the worker that works in this kernel."""
        if Worker._latest is not None:
            Worker._latest.stop()
        Worker._latest = self  # type: ignore[assignment]
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._work, args=(items, self._stop), name="lessons-worker", daemon=True
        )
        self._thread.start()

    def run(self, items: Iterator[Item]) -> None:
        """Run the iterator in the calling thread until its end or `stop`, and raise its error.

        `ended` is not called. Another worker that is started meanwhile waits for its turn.
        """
        self._stop = threading.Event()
        with Worker._turn:
            self._consume(items, self._stop)

    @classmethod
    def stop_any(cls) -> None:
        """Stop the worker that works in this kernel, if any, and wait for its end."""
        if cls._latest is not None:
            cls._latest.stop()
            cls._latest.wait()

    def stop(self) -> None:
        """Request no further item. The current one is still handled."""
        self._stop.set()

    def pause(self, seconds: float) -> None:
        """Sleep, in the thread, for so many seconds or until `stop`."""
        self._stop.wait(seconds)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the thread has ended. False if it has not after so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.working

    @property
    def working(self) -> bool:
        """Is the thread still alive?"""
        return self._thread is not None and self._thread.is_alive()

    def _work(self, items: Iterator[Item], stop: threading.Event) -> None:
        error: Exception | None = None
        # After each step glibc returns free memory to the system, only to request it again in the
        # next step: a fifth of the time. Freeing one large block once makes it keep up to twice as
        # much.
        bytearray(16 * 2**20)
        with Worker._turn:
            try:
                self._consume(items, stop)
            except Exception as problem:  # of any type: the panel shows its message
                error = problem
            self._ended(error)

    def _consume(self, items: Iterator[Item], stop: threading.Event) -> None:
        while not stop.is_set():
            item = next(items, None)
            if item is None or not self._handle(item):
                return
