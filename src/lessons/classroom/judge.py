"""A process that tries answers, one after the other, each in a child of its own.

It imports torch once, and each child is a fork of it: so a child is there in a hundredth of a
second, and what an answer changes in torch or in Python ends with it. Tasks come in and verdicts
go out as lines of JSON. An answer reaches neither: its process has one pipe, and what is written
into that counts only with a number that is drawn anew for each.
"""

import ctypes
import gc
import json
import linecache
import os
import resource
import secrets
import select
import signal
import struct
import sys
import time
import traceback
import warnings
from ast import Module, parse
from contextlib import suppress
from types import ModuleType
from typing import Any, NoReturn

import torch

from lessons.classroom.suspect import Watch, names, reaches_for
from lessons.exercises import EXERCISES, runner
from lessons.exercises.asserts import Exercise
from lessons.exercises.errors import likely_slip
from lessons.exercises.runner import NOT_ATTEMPTED, NOT_YET, OUR_FAULT, PASSED, SECONDS, examine

UNREADABLE = "could not be read"
LOOK = "Look at it yourself."  # ends what is said where only a person can tell

AT_WORK = round(1.5 * SECONDS)  # seconds of a processor for an answer and the cells it needs
WALL = 6 * SECONDS  # seconds that may pass until its verdict, on a machine that is busy with others
PATIENCE = 1.0  # seconds for a process to end that has closed its pipe
MEMORY = 2**30  # bytes that an answer may take beside what torch has
LONGEST = 20_000  # letters of a verdict

_STATES = (PASSED, NOT_YET, NOT_ATTEMPTED, OUR_FAULT, UNREADABLE)
Told = tuple[str, str]  # a state and a text


def serve(folder: str) -> None:
    """Answer each line of standard input, a task, with a line, its verdict; in an empty folder."""
    os.chdir(folder)
    warnings.simplefilter("ignore")  # Python warns of fork where there are threads: none is at work
    torch.set_num_threads(1)
    runner.SECONDS = WALL  # an answer may catch the runner's own limit; RLIMIT_CPU it cannot
    for exercise in EXERCISES.values():  # what is imported or built at the first call is there then
        examine(exercise, exercise.solution)
    watch = Watch()
    gc.freeze()  # a child that collects garbage would copy all of it
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(in_a_child(json.loads(line), watch)), flush=True)


def in_a_child(task: dict[str, Any], watch: Watch) -> Told:
    """Try an answer in a process of its own, and end that, whatever it does."""
    unusual = reaches_for(_whole(task))  # here, because the child may be in the hands of the answer
    token = secrets.token_hex(16)
    ours, theirs = os.pipe()
    if (child := os.fork()) == 0:
        _child(task, watch, token, theirs)
    os.close(theirs)
    in_time = False
    try:
        message, in_time = _read(ours, time.monotonic() + WALL)
    finally:
        os.close(ours)
        status = _end(child, in_time)
    if not in_time:
        return OUR_FAULT, (
            f"It was stopped after {WALL:g} seconds: it waits for something, or this computer is "
            "busy. Run the command once more when it is not."
        )
    told = _understood(message, token) or (NOT_YET, _why_no_verdict(message, status))
    return told if told[0] != PASSED or not unusual else (NOT_YET, _look(unusual))


def _whole(task: dict[str, Any]) -> Module:
    """All code that is run for an answer."""
    trees = {name: parse(source) for name, source in task["cells"].items()}
    steps = [trees[name].body[number] for name, number in task["steps"]]
    return Module([*steps, *parse(task["answer"]).body], [])


def _look(unusual: str) -> str:
    return (
        f"It passes, but it uses `{unusual}`, which no exercise needs: with it, an answer can pass "
        f"that is not right. {LOOK}"
    )


def _read(pipe: int, until: float) -> tuple[bytes, bool]:
    """What comes through a pipe up to its end, and whether the end came in time."""
    message = b""
    while (left := until - time.monotonic()) > 0:
        if select.select([pipe], [], [], left)[0]:
            part = os.read(pipe, 2**16)
            message += part
            if not part or len(message) > 8 * LONGEST:
                return message, True
    return message, False


def _end(child: int, in_time: bool) -> int:
    """End a process, unless it is ending by itself; how it ended."""
    done, status = 0, 0
    until = time.monotonic() + PATIENCE * in_time
    while not done and time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.001 * (not done))
    for kill in (os.killpg, os.kill):  # its group, and itself if it has died too early to have one
        with suppress(ProcessLookupError, PermissionError):
            if not done:
                kill(child, signal.SIGKILL)
    return status if done else os.waitpid(child, 0)[1]


def _understood(message: bytes, token: str) -> Told | None:
    """The verdict in a message; none if it does not come from the one who tried the answer."""
    head, _, text = message.decode(errors="replace").partition("\n")
    number, _, state = head.partition(" ")
    return (state, text) if number == token and state in _STATES else None


def _why_no_verdict(message: bytes, status: int) -> str:
    if message:
        return "Your code wrote into the place of the verdict, so there is none."
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return f"Your code was stopped after {AT_WORK} seconds. Does a loop never end?"
        if number == signal.SIGKILL:
            return "Your code was stopped: it took too much time or memory."
        return f"Your code ended Python itself ({signal.Signals(number).name})."
    return f"Your code ended Python itself, with exit code {os.waitstatus_to_exitcode(status)}."


# ------------------------------------------------------------------------------- in the child


def _child(task: dict[str, Any], watch: Watch, token: str, pipe: int) -> NoReturn:
    """Try an answer, write the verdict into the pipe, and end."""
    write, leave = os.write, os._exit  # as they are before the answer can change them
    try:
        _alone(pipe)
        state, text = _try(EXERCISES[task["id"]], task, watch)
    except BaseException as error:
        state, text = OUR_FAULT, f"The answer could not be tried ({type(error).__name__}: {error})."
    try:
        write(pipe, f"{token} {state}\n{text[:LONGEST]}".encode(errors="replace"))
    finally:
        leave(0)


def _alone(pipe: int) -> None:
    """Leave the group of the judge and all its files, and give up what no answer needs."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for one in (0, 1, 2):
        os.dup2(nowhere, one)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, 4096)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.dont_write_bytecode = True
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (AT_WORK, AT_WORK + 1))  # it says so, then it kills
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, _memory() + MEMORY)
        _lock()
    sys.addaudithook(_forbid)


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


def _memory() -> int:
    """Bytes of address space that this process has now; torch maps more than it uses."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


# What Linux itself can refuse, with Landlock: to run or write, remove, make or rename a file
# (bits 0, 1 and 4 to 14), TCP, and signals to others. From which version each is known:
_RUN_OR_WRITE = {1: 0b1_1111_1111_0011, 2: 0b11_1111_1111_0011, 3: 0b111_1111_1111_0011}
_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the numbers of these calls, on every processor
_NO_NEW_PRIVILEGES, _DIE_WITH_PARENT = 38, 1


def landlock() -> int:
    """The version of Landlock that this system has; 0 if it has none, and `_forbid` is all."""
    if sys.platform != "linux":
        return 0
    return max(0, int(ctypes.CDLL(None).syscall(_CREATE_RULESET, None, 0, 1)))


def _lock() -> None:
    """Let the kernel refuse writing, other programs, TCP and signals, as far as it knows how."""
    libc = ctypes.CDLL(None)
    libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if not (version := landlock()):
        return
    rules = [_RUN_OR_WRITE[min(version, 3)], 0b11 * (version >= 4), 0b11 * (version >= 6)]
    packed = struct.pack("3Q", *rules)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = libc.syscall(_CREATE_RULESET, packed, len(packed), 0)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_REFUSED = "An answer may not do this while it is tried"
_FORBIDDEN = names(
    "os.fork os.forkpty os.posix_spawn os.exec os.system os.spawn os.kill os.killpg os.remove "
    "os.rename os.rmdir os.mkdir os.link os.symlink os.truncate os.chmod os.chown os.chflags "
    "os.utime os.setxattr os.removexattr signal.pthread_kill gc.get_objects gc.get_referrers "
    "sys._current_frames sys._current_exceptions"
)


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """What Python says before it does something. Raises PermissionError for what no answer needs.

    It tells a learner what is the matter, and is there on every system.
    """
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
    if writes and isinstance(arguments[0], int):
        return  # a file that is open already
    families = ("subprocess.", "socket.", "pty.", "resource.set", "ctypes.dlopen")
    if writes or event in _FORBIDDEN or event.startswith(families):
        raise PermissionError(f"{_REFUSED} ({event}).")


# ------------------------------------------------------------------------------ trying an answer


def _try(exercise: Exercise, task: dict[str, Any], watch: Watch) -> Told:
    """Run what an answer needs, and try it."""
    judged = examine  # as it is before the answer can change it
    trees = {name: parse(source) for name, source in task["cells"].items()}
    steps = [(name, trees[name].body[number]) for name, number in task["steps"]]
    for name, source in task["cells"].items():  # for the lines in a verdict
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = namespace(exercise)
    try:
        for name, step in steps:
            exec(compile(Module([step], []), name, "exec"), space)
        answer = eval(task["answer"], space)
    except BaseException as error:
        return _not_defined(error, trees)
    try:
        state, text = judged(exercise, answer)
    except BaseException as error:  # KeyboardInterrupt, raised by the answer
        return NOT_YET, f"Your code raised {type(error).__name__}."
    if state != PASSED:
        return state, text
    if changed := watch.changed():
        return NOT_YET, f"Your code changes `{changed}`, on which the check relies. Leave it."
    return state, text


class _Nothing:
    """What a notebook has and an answer does not need: whatever is asked of it does nothing."""

    def __getattr__(self, _: str) -> Any:
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self


def namespace(exercise: Exercise) -> dict[str, Any]:
    """What is there before an answer: the imports of its lesson, but nothing of the exercises.

    So a student who has removed the cell with the lesson's imports does not fail for that.
    """
    lesson = vars(sys.modules[exercise.check.__module__])
    imported = {
        name: one
        for name, one in lesson.items()
        if isinstance(one, ModuleType)
        or not str(getattr(one, "__module__", "lessons.exercises")).startswith("lessons.exercises")
    }
    quiet = dict.fromkeys(("check", "hint", "solution", "display", "get_ipython"), _Nothing())
    return {**imported, **quiet, "__name__": "__main__"}


def _not_defined(error: BaseException, trees: dict[str, Any]) -> Told:
    """What an answer needs has raised an error."""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("lessons"):
        return UNREADABLE, f"It needs a package that is not installed here ({what})."
    if isinstance(error, PermissionError) and str(error).startswith(_REFUSED):
        return UNREADABLE, f"It needs a cell that cannot be run here. {error} {LOOK}"
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename in trees]
    where = f"\nin line {frames[-1].lineno} of your cell: {frames[-1].line}" if frames else ""
    slip = likely_slip(what, frames[-1].line or "" if frames else "")
    return NOT_YET, f"Your code raised {what}{where}" + f"\n{slip}" * bool(slip)


if __name__ == "__main__":
    serve(sys.argv[1])
