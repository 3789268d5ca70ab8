"""The thread that trains: it starts, stops, goes on, and hands errors on."""

import threading

from panels import LONG

from lessons.panels.worker import Worker


class Counter:
    """Counts without end; `reached(n)` waits until n have been heard."""

    def __init__(self):
        self.heard, self.ends = [], []
        self._changed = threading.Condition()
        self.worker = Worker(self.hear, self.ends.append)

    def hear(self, number):
        with self._changed:
            self.heard.append(number)
            self._changed.notify_all()
        return True

    def reached(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.heard) >= count, LONG)


def numbers():
    number = 0
    while True:
        yield number
        number += 1


def test_it_stops_and_goes_on_without_a_gap():
    counter, events = Counter(), numbers()
    for _ in range(3):
        begun = len(counter.heard)
        counter.worker.start(events)
        counter.reached(begun + 10)
        counter.worker.stop()
        assert counter.worker.wait(LONG)
    assert counter.heard == list(range(len(counter.heard)))
    assert counter.ends == [None] * 3


def test_after_stop_at_most_the_event_that_was_begun_comes():
    entered, leave, made = threading.Event(), threading.Event(), []

    def slow():
        for number in range(5):
            entered.set()
            leave.wait(LONG)
            made.append(number)
            yield number

    worker = Worker(lambda _: True, lambda _: None)
    worker.start(slow())
    assert entered.wait(LONG)
    worker.stop()  # in the middle of the first one
    leave.set()
    assert worker.wait(LONG)
    assert made == [0]


def test_to_start_one_stops_the_other():
    first, second = Counter(), Counter()
    first.worker.start(numbers())
    first.reached(5)
    second.worker.start(numbers())
    second.reached(5)
    assert first.worker.wait(LONG)  # it did not go on beside the second one
    assert first.ends == [None]
    second.worker.stop()
    assert second.worker.wait(LONG)


def test_an_error_is_handed_on():
    def fails():
        yield 1
        raise RuntimeError("out of ink")

    counter = Counter()
    counter.worker.start(fails())
    assert counter.worker.wait(LONG)
    assert counter.heard == [1]
    assert str(counter.ends[0]) == "out of ink"


def test_a_pause_ends_with_stop():
    counter = Counter()
    hear = counter.hear
    counter.worker = Worker(lambda n: (hear(n), counter.worker.pause(10 * LONG)), lambda _: None)
    counter.worker.start(numbers())
    counter.reached(1)
    counter.worker.stop()
    assert counter.worker.wait(LONG)
