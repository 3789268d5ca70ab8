"""An answer on trial: the learner's faults and ours are told apart, and nothing runs for ever."""

import ctypes
import dis
import inspect
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import torch

from lessons.exercises import asserts
from lessons.exercises.asserts import Exercise, NotYet, brief
from lessons.exercises.errors import likely_slip

_LIBRARY = str(Path(__file__).parents[1])  # an answer may inherit from a class of ours

SECONDS = 10.0  # that an answer may compute; each of ours takes less than two
PATIENCE = 6  # times as many may go by: a busy computer is slow, and sleep computes nothing

PASSED, NOT_YET, NOT_ATTEMPTED, OUR_FAULT = "passed", "not yet", "not attempted", "our fault"


class Verdict(NamedTuple):
    """How an answer did, and what the learner is told."""

    state: str  # PASSED, NOT_YET, NOT_ATTEMPTED or OUR_FAULT
    text: str


class TimeIsUp(BaseException):
    """Raised in the middle of an answer that takes too long. No `except Exception` catches it."""


def examine(exercise: Exercise, answer: Any) -> Verdict:
    """Try an answer. Never raises, unless the learner interrupts it."""
    if is_untouched(answer, exercise.solution):
        return Verdict(NOT_ATTEMPTED, "Put your answer where the dots are, and run the cell again.")
    try:
        check_shape(answer, exercise.solution)
        with torch.random.fork_rng(devices=[]), torch.enable_grad(), time_limit(SECONDS):
            # The same answer always gets the same verdict. torch.manual_seed would also seed GPUs.
            torch.default_generator.manual_seed(0)
            exercise.check(answer)
    except NotYet as reason:
        return Verdict(NOT_YET, str(reason))
    except TimeIsUp:
        return Verdict(
            NOT_YET,
            f"Your code was stopped after {SECONDS:g} seconds. Does a loop never end? Check what "
            "makes it stop.",
        )
    except (Exception, SystemExit) as error:
        return blame(error, answer)
    return Verdict(PASSED, exercise.moral)


# ------------------------------------------------------------------------ what was handed in


def is_untouched(answer: Any, solution: Any) -> bool:
    """Is it still the code to begin with: the first lines of the solution, and nothing done?"""
    if answer is None or answer is ...:
        return True
    theirs = methods(answer)
    return theirs.keys() == methods(solution).keys() and all(map(does_nothing, theirs.values()))


class _Untouched:
    """The bodies of what is not attempted, whatever it is called with."""

    def __init__(self) -> None:
        super().__init__()

    def function(self) -> None: ...


def does_nothing(function: Any) -> bool:
    """Does its body hold nothing but dots, or the line that sets a model up?"""
    nothing = [_instructions(one) for one in (_Untouched.function, _Untouched.__init__)]
    return _instructions(layers(function)[-1]) in nothing


def _instructions(function: Callable[..., Any]) -> list[tuple[str, Any]]:
    """What a function does, whatever its inputs, comments and docstring are."""
    steps = dis.get_instructions(function)
    return [(step.opname, step.argval) for step in steps if step.opname != "NOP"]


def check_shape(answer: Any, solution: Any) -> None:
    """A function where the solution is one, or a class; see `check_first_line`.

    Raises NotYet otherwise.
    """
    kind = type if isinstance(solution, type) else FunctionType
    if not isinstance(answer if kind is type else layers(answer)[-1], kind):
        raise NotYet(
            f"Expected a {'class' if kind is type else 'function'}, saw {brief(answer)}. Hand in "
            "its name alone, without brackets."
        )
    theirs = methods(answer)
    for name, asked in methods(solution).items():
        if name not in theirs:
            raise NotYet(f"Your class has no `{name}`. Keep the names that it began with.")
        for layer in layers(theirs[name]):
            if isinstance(layer, FunctionType):
                check_first_line(layer, inspect.signature(asked))


def check_first_line(function: FunctionType, expected: inspect.Signature) -> None:
    """Can it be called with these inputs? Raises NotYet if it cannot."""
    seen = inspect.signature(function, follow_wrapped=False)
    try:
        seen.bind(*expected.parameters)
    except TypeError:
        raise NotYet(
            f"Your `{function.__name__}` takes {seen}, and it will be called with {expected}. "
            "Keep the first line as it was."
        ) from None


def methods(answer: Any) -> dict[str, Any]:
    """The functions of a class by name, inherited ones too; or a function, under no name.

    What a class has from torch does not count: it is the same in every answer. A function may be
    decorated: see `layers`.
    """
    found = {"": answer}
    if isinstance(answer, type):
        kinds = [kind for kind in answer.__mro__ if not kind.__module__.startswith("torch")]
        found = {name: one for kind in reversed(kinds) for name, one in vars(kind).items()}
    return {name: one for name, one in found.items() if isinstance(layers(one)[-1], FunctionType)}


def layers(function: Any) -> list[Any]:
    """A function and what its decorators have wrapped; the one that was written comes last."""
    found = [function]
    while hasattr(found[-1], "__wrapped__"):  # as functools.wraps leaves it, and torch.no_grad()
        found.append(found[-1].__wrapped__)
    return found


# --------------------------------------------------------------------------- whose fault it is


def blame(error: BaseException, answer: Any) -> Verdict:
    """An error came up: in the learner's code or in ours?"""
    functions = [layers(one) for one in methods(answer).values()]
    codes = (getattr(layer, "__code__", None) for one in functions for layer in one)
    files = {code.co_filename for code in codes if code}
    written = {one[-1].__code__.co_filename for one in functions}
    theirs = {file for file in written if not file.startswith(_LIBRARY)}
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame for frame in frames if frame.filename in theirs]
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    called = (frames[-1].filename, frames[-1].name) == (asserts.__file__, asserts.call.__name__)
    if not lines and (called or any(frame.filename in files for frame in frames)):
        whose = "What your class inherits" if isinstance(answer, type) else "Your decorator"
        return Verdict(NOT_YET, f"{whose} raised {what}")
    if not lines:
        return Verdict(
            OUR_FAULT,
            f"Our checker failed ({what}), not you. Your answer may be right. Please report it.",
        )
    where = f"line {lines[-1].lineno} of your cell: {lines[-1].line}"
    slip = likely_slip(what, lines[-1].line or "")
    return Verdict(NOT_YET, f"Your code raised {what}\nin {where}" + f"\n{slip}" * bool(slip))


# ------------------------------------------------------------------------------ the time limit


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeIsUp in this thread if the block computes longer, or takes `PATIENCE` times that.

    It comes between two steps of Python, so it ends a loop, but not one long call of torch.
    """
    go, over, lock = threading.Event(), threading.Event(), threading.Lock()
    thread = ctypes.c_ulong(threading.get_ident())

    def interrupt() -> None:
        go.wait()
        begun, before = time.monotonic(), time.process_time()
        while not over.wait(seconds / 10):
            lasted = time.monotonic() - begun
            computed = min(lasted, time.process_time() - before)  # torch computes in many threads
            with lock:
                if not over.is_set() and max(computed, lasted / PATIENCE) > seconds:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TimeIsUp))
                    begun, before = time.monotonic(), time.process_time()  # if it is caught

    threading.Thread(target=interrupt, name="lessons-time-limit", daemon=True).start()
    late, ended = None, False
    try:
        go.set()
        yield
    finally:
        while not ended:
            try:
                with lock:  # either it is over or the exception is on its way, never both
                    over.set()
                    ended = True
            except TimeIsUp as error:  # it came at the last moment
                late = error
    if late:
        raise late
