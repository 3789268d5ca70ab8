"""A class on one server: what a student costs, how long each waits, and how large it can be.

    make bench-class                          30 students
    make bench-class CLASS="--students 4"     for a try
    make bench-class CLASS="--largest"        how many this machine carries, at most 60

A real hub on loopback. Students do over HTTP and websockets what their browsers would: sign in,
open lesson 05, run it whole, press Train and Stop in its panel, save. No browser runs, so what a
browser costs the student's own computer is not in it. Every process that it starts has ended
afterwards.
"""

import argparse
import asyncio
import os
import random
import sys
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
sys.path.insert(0, str(Path(__file__).parents[1] / "deploy" / "jupyterhub"))
from class_hub import ClassHub, Student, class_hub, cpu_seconds, memory
from collect import collect
from kills import kill_hub, kill_proxy, kill_server

ROOT = Path(__file__).parents[1]
LESSON = "05_training_loop.ipynb"
PRESSES = 3  # of Stop, a student
UP = 60  # seconds in which a server must be up
STOP = 1.0  # seconds: the 95th percentile of Stop in the largest class
ENOUGH = 900  # seconds, after which a student gives up
STEP, LARGEST = 10, 60  # students
EACH = 0.45e9  # bytes of free memory that a student must find, so that nothing else is pushed out


class Seen(NamedTuple):
    """What one student saw."""

    up: float  # seconds from the sign-in until the server answers
    run: float  # and until the whole lesson has run
    stops: list[float]  # seconds from each press on Stop until the panel is ready again


class Report(NamedTuple):
    """What a class was like."""

    students: int
    seen: list[Seen]
    failures: Counter[str]
    handed_in: int
    memory: list[tuple[float, float]]  # PSS and RSS of each student, in MB
    cgroup: float | None  # MB a student, of the whole hub's control group
    cpu: list[float]  # seconds of processor time of each student

    def stops(self) -> list[float]:
        """All of them."""
        return [stop for one in self.seen for stop in one.stops]

    def carried(self) -> bool:
        """Did the server carry this class?"""
        return (
            not self.failures
            and self.handed_in == self.students
            and max(one.up for one in self.seen) <= UP
            and late(self.stops()) <= STOP
        )


def late(values: list[float]) -> float:
    """The 95th percentile."""
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


class Group:
    """A control group for memory, where this user may make one."""

    def __init__(self) -> None:
        root = Path("/sys/fs/cgroup")
        self.old = (root / "memory").is_dir()  # version 1
        self.folder = (root / "memory" if self.old else root) / f"lessons-class-{os.getpid()}"

    def __enter__(self) -> "Group":
        try:
            self.folder.mkdir()
        except OSError:
            self.folder = Path("/none")
        return self

    def __exit__(self, *_: object) -> None:
        if self.folder.is_dir():
            self.folder.rmdir()

    def add(self, pid: int) -> None:
        """Count this process and all that it starts from now on."""
        if self.folder.is_dir():
            (self.folder / "cgroup.procs").write_text(str(pid))

    def used(self) -> float | None:
        """MB in use, without files that were only read once, as container tools count it."""
        if not self.folder.is_dir():
            return None
        usage = "memory.usage_in_bytes" if self.old else "memory.current"
        lines = (self.folder / "memory.stat").read_text().split("\n")
        stat = dict(line.split() for line in lines if line)
        idle = stat["total_inactive_file" if self.old else "inactive_file"]
        return (int((self.folder / usage).read_text()) - int(idle)) / 1e6


async def attend(student: Student, wait: float, done: asyncio.Barrier) -> Seen:
    """One student's lesson. At its end all wait for the others, with everything open."""
    try:
        await asyncio.sleep(wait)
        async with asyncio.timeout(ENOUGH):
            return await work(student)
    finally:
        await done.wait()  # measured
        await done.wait()  # goodbye


async def work(student: Student) -> Seen:
    """Sign in, run the lesson, train and stop, save."""
    begun, draw = time.monotonic(), random.Random(student.name)
    await student.sign_in(UP)
    up = time.monotonic() - begun
    await student.open(LESSON)
    await student.run_all()
    run = time.monotonic() - begun
    await student.put("epochs", 30)
    await student.put("batch size", 8)
    stops = [await student.stop_seconds(draw) for _ in range(PRESSES)]
    await student.save()
    return Seen(up, run, stops)


async def lesson(hub: ClassHub, number: int, arrive: float, group: Group) -> Report:
    """The lesson of a class that arrives within so many seconds."""
    names = [f"student{one:02}" for one in range(number)]
    done = asyncio.Barrier(number + 1)

    async def one(place: int, name: str) -> Seen:
        async with Student(hub, name) as student:
            return await attend(student, arrive * place / number, done)

    tasks = [asyncio.create_task(one(*pair)) for pair in enumerate(names)]
    await done.wait()
    costs = [(memory(found), cpu_seconds(found)) for found in map(hub.processes, names)]
    used = group.used()
    await done.wait()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    failures = Counter(f"{type(x).__name__}: {x}" for x in ended if isinstance(x, BaseException))
    with TemporaryDirectory() as out:
        left_out = list(collect(hub.students, Path(out), LESSON))
        handed_in = sum(has_run(path) for path in Path(out).glob(f"*/{LESSON}")) - len(left_out)
    seen = [one for one in ended if isinstance(one, Seen)]
    each = None if used is None else used / number
    return Report(
        number, seen, failures, handed_in, [a for a, _ in costs], each, [b for _, b in costs]
    )


def has_run(path: Path) -> bool:
    """Is this a student's lesson, and not the one that was handed out?"""
    return path.read_bytes() != (ROOT / "notebooks" / LESSON).read_bytes()


def hold(number: int, arrive: float) -> Report:
    """A class on a hub of its own, from the beginning to the end."""
    with (
        TemporaryDirectory() as folder,
        Group() as group,
        class_hub(Path(folder) / "hub", begun=group.add) as hub,
    ):
        return asyncio.run(lesson(hub, number, arrive, group))


# ------------------------------------------------------------------------------- the tables


def row(what: str, measured: str, target: str = "–") -> None:
    """Print a row of the table."""
    print(f"| {what} | {measured} | {target} |", flush=True)


def print_report(report: Report) -> None:
    """The table of one class."""
    for why, times in report.failures.most_common(5):
        print(f"{times} times: {why}")
    if not report.seen:
        return
    number, stops = report.students, report.stops()
    row("what", f"{number} students", "target")
    row("---", "---", "---")
    row("servers up", str(len([o for o in report.seen if o.up <= UP])), str(number))
    row("failures", str(report.failures.total()), "0")
    row("notebooks handed in", str(report.handed_in), str(number))
    for name, values in (
        ("from sign-in to the server", [one.up for one in report.seen]),
        ("from sign-in to a run lesson", [one.run for one in report.seen]),
    ):
        row(f"{name}: median, worst", f"{median(values):.1f} s, {max(values):.1f} s")
    figures = f"{1000 * median(stops):.0f} ms, {1000 * late(stops):.0f} ms"
    row(f"Stop, {len(stops)} presses: median, 95th percentile", figures, "below 1000 ms")
    pss, rss = (list(values) for values in zip(*report.memory, strict=True))
    row("PSS a student: mean, worst", f"{mean(pss):.0f} MB, {max(pss):.0f} MB", "at most 380 MB")
    row("RSS a student: mean", f"{mean(rss):.0f} MB")
    used = "not allowed here" if report.cgroup is None else f"{report.cgroup:.0f} MB"
    row("control group of the whole hub, for each student", used)
    row("processor time a student: mean", f"{mean(report.cpu):.1f} s")


def mean(values: list[float]) -> float:
    """The mean, or 0 of none."""
    return sum(values) / max(len(values), 1)


def print_kills() -> None:
    """What is lost when something is killed in the middle."""
    row("killed", "back after", "lost")
    row("---", "---", "---")
    with TemporaryDirectory() as folder, class_hub(Path(folder) / "hub") as hub:
        for kill in (kill_hub, kill_proxy, kill_server):
            seconds, lost = asyncio.run(kill(hub))
            row((kill.__doc__ or "").split(":")[0], f"{seconds:.1f} s", lost)


def find_largest(arrive: float) -> None:
    """Raise the number of students until the server no longer carries them."""
    row("students", "worst time to a server", "95th percentile of Stop")
    row("---", "---", "---")
    carried = 0
    for number in range(STEP, LARGEST + 1, STEP):
        if available() < number * EACH:
            print(f"{number} students are not tried: there is not enough free memory")
            break
        report = hold(number, arrive)
        if report.seen and report.stops():
            up = max(one.up for one in report.seen)
            row(str(number), f"{up:.1f} s", f"{1000 * late(report.stops()):.0f} ms")
        if not report.carried():
            print(f"not carried: {dict(report.failures) or 'too slow'}")
            break
        carried = number
    print(f"the largest class that this machine carried: {carried}")


def available() -> int:
    """Bytes of memory that could be used now."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
    return int(kilobytes) * 1024


def main() -> None:
    """Measure what is asked for, and say on which machine."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--arrive", type=float, default=30, help="seconds in which all sign in")
    parser.add_argument("--largest", action="store_true")
    asked = parser.parse_args()
    load, begun = os.getloadavg()[0], time.monotonic()
    if asked.largest:
        find_largest(asked.arrive)
    else:
        print_report(hold(asked.students, asked.arrive))
        print()
        print_kills()
    gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    names = [f"{name} {version(name)}" for name in ("jupyterhub", "torch", "jupyterlab")]
    print(f"\n{os.cpu_count()} cores, {gib:.0f} GiB (load before: {load:.1f})", *names, sep=", ")
    print(f"all sign in within {asked.arrive:.0f} s; took {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
