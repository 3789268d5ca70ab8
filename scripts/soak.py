"""What must hold on every machine: notebooks and claims on fifteen of them, most of them imitated.

Ten round otherwise (tests/another_machine), three use other processor code of torch, one another
code of MKL, one two threads. Two passes run at a time, each in a copy of the checkout, so that no
notebook finds the files of another pass. The soak fails if a test fails, or if a claim has less
room than its value varies: room is the distance of its worst value from its bound, spread that
of its worst value from its best.
"""

import argparse
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
IMITATIONS, WORKERS = 10, 2
WHAT = {"notebooks": ["notebooks"], "claims": ["tests/claims/test_*.py"]}
COPIED = ("conftest.py", "pyproject.toml", "src", "tests", "notebooks")
KINDS = {  # of machines, as environment variables, the slowest first; imitation:<seed> is one more
    # A thread that spins while it waits costs another pass its core: 55 ms a step instead of 3.
    "threads": {
        "ANOTHER_MACHINE_THREADS": "2",
        "OMP_NUM_THREADS": "2",
        "OMP_WAIT_POLICY": "PASSIVE",
    },
    "default": {"ATEN_CPU_CAPABILITY": "default"},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2"},
    "avx512": {"ATEN_CPU_CAPABILITY": "avx512"},
    "mkl": {"MKL_CBWR": "COMPATIBLE"},
}
DECIDED = {"ANOTHER_MACHINE", "LESSONS_SOURCE", "LESSONS_TOKENS", "LESSONS_DEVICE"}.union(
    *KINDS.values()
)  # by the pass, not the shell

Record = tuple[str, str, float, str, float]  # test, what, value, relation, bound


class Pass(NamedTuple):
    """What came of all tests on one machine."""

    machine: str
    tests: int
    failed: list[str]  # names of tests
    seconds: float
    records: list[Record]


class Claim(NamedTuple):
    """A claim on all machines. Margins count from the bound: above 0 the claim holds."""

    name: str
    relation: str
    bound: float
    worst: float  # value
    room: float  # the least margin
    spread: float  # the largest margin less the least

    @property
    def narrow(self) -> float:
        """How often the spread goes into the room."""
        return self.room / self.spread if self.spread else math.inf


# -------------------------------------------------------------------------------- machines


def inherited() -> dict[str, str]:
    """The environment of this shell, without what makes a machine."""
    return {name: value for name, value in os.environ.items() if name not in DECIDED}


def environment_of(machine: str, src: Path) -> dict[str, str]:
    """The environment variables of a machine, for a course whose sources stand in `src`.

    Raises ValueError for a machine that there is not.
    """
    kind, _, seed = machine.partition(":")
    if kind == "imitation" and seed.isdecimal():
        chosen = {"ANOTHER_MACHINE": seed}
    elif machine in KINDS:
        chosen = KINDS[machine]
    else:
        raise ValueError(
            f"There is no machine {machine!r}. Choose imitation:<seed> or {', '.join(KINDS)}."
        )
    folders = [src.parent / "tests" / "another_machine", src, os.environ.get("PYTHONPATH")]
    path = os.pathsep.join(str(folder) for folder in folders if folder)
    return inherited() | chosen | {"PYTHONPATH": path}


def all_machines(seed: int) -> list[str]:
    """Every machine of the soak, at the end the imitations, with seeds drawn at random."""
    drawn = random.Random(seed).sample(range(1, 1_000_000), IMITATIONS)
    return list(KINDS) + [f"imitation:{number}" for number in drawn]


def missing() -> set[str]:
    """The kinds of code that this processor cannot run."""
    ask = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    command = [sys.executable, "-c", ask]
    ended = subprocess.run(command, env=inherited(), check=True, capture_output=True, text=True)
    return {"AVX512": set(), "AVX2": {"avx512"}}.get(ended.stdout.strip(), {"avx2", "avx512"})


# ---------------------------------------------------------------------------------- passes


def copy_course(to: Path) -> None:
    """Copy what notebooks and claims need, without what earlier runs left behind."""
    left = shutil.ignore_patterns(".*", "__pycache__", "*.pt", "torchtext")
    to.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=left)
        else:
            shutil.copy(ROOT / name, to)


def run_pass(machine: str, folder: Path, tests: Sequence[str], select: str = "") -> Pass:
    """Run these tests (patterns of files and folders) on a machine, in a folder of their own."""
    course, record, report = folder / "course", folder / "claims.jsonl", folder / "report.xml"
    folder.mkdir(parents=True)
    copy_course(course)
    paths = [str(path) for pattern in tests for path in sorted(course.glob(pattern))]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", select]
    command += [f"--basetemp={folder / 'tmp'}", f"--junitxml={report}", *paths]
    begun = time.monotonic()
    with open(folder / "output.txt", "w") as output:
        ended = subprocess.run(
            command,
            cwd=course,
            env=environment_of(machine, course / "src") | {"CLAIMS_RECORD": str(record)},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    seconds, records = time.monotonic() - begun, records_of(record)
    tests_run, failed = outcome(report)
    if (ended.returncode and not failed) or not tests_run:
        failed.append(f"pytest ended with {ended.returncode}: see {folder / 'output.txt'}")
    return Pass(machine, tests_run, failed + said_twice(records), seconds, records)


def outcome(report: Path) -> tuple[int, list[str]]:
    """How many tests a report tells of, and the names of those that failed."""
    if not report.exists():
        return 0, []
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = [
        f"{case.get('classname')}::{case.get('name')}"
        for case in cases
        if any(child.tag in ("failure", "error") for child in case)
    ]
    return len(cases), failed


def records_of(path: Path) -> list[Record]:
    """The claims that were recorded; see tests/helpers/claims.py."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [tuple(json.loads(line)) for line in lines]


def said_twice(records: Iterable[Record]) -> list[str]:
    """The claims with one name, so that the room of each is unknown."""
    times = Counter((test, what, relation) for test, what, _, relation, _ in records)
    return [f"{test} claims {what!r} twice" for (test, what, _), n in times.items() if n > 1]


# ---------------------------------------------------------------------------------- claims


def claims_of(passes: Iterable[Pass]) -> list[Claim]:
    """All claims of all passes, the narrowest first.

    An infinite margin is room enough and does not spread; NaN fails its test already.
    """
    found = defaultdict(list)
    for one in passes:
        for test, what, value, relation, bound in one.records:
            margin = bound - value if relation == "<" else value - bound
            if not math.isnan(margin):
                found[f"{test}: {what}", relation].append((margin, value, bound))
    claims = []
    for (name, relation), values in found.items():
        room, worst, bound = min(values)
        finite = [margin for margin, *_ in values if math.isfinite(margin)] or [room]
        spread = max(finite) - min(finite) if math.isfinite(room) else 0.0
        claims.append(Claim(name, relation, bound, worst, room, spread))
    return sorted(claims, key=lambda claim: claim.narrow)


# ---------------------------------------------------------------------------------- report


def report_passes(passes: Sequence[Pass], skipped: Sequence[str]) -> None:
    """Print the table of machines, then the failures by name."""
    print(f"\n{'machine':20}{'tests':>7}{'failures':>10}{'seconds':>9}")
    for one in passes:
        print(f"{one.machine:20}{one.tests:7}{len(one.failed):10}{one.seconds:9.0f}")
    for machine in skipped:
        print(f"{machine:20}skipped: this processor has no such code")
    for one in passes:
        for name in one.failed:
            print(f"FAILED on {one.machine}: {name}")


def report_claims(claims: Sequence[Claim], shown: int = 10) -> list[Claim]:
    """Print the narrowest claims; give back those with less room than spread."""
    narrow = [claim for claim in claims if claim.room < claim.spread]
    print(f"\n{len(claims)} claims. The narrowest, by room / spread:")
    for claim in claims[: max(shown, len(narrow))]:
        print(
            f"{claim.narrow:8.1f}  {claim.name}: worst {claim.worst:.6g} {claim.relation} "
            f"{claim.bound:.6g}, spread {claim.spread:.2g}, room {claim.room:.2g}"
        )
    for claim in narrow:
        print(f"TOO NARROW: {claim.name}: room {claim.room:.2g}, spread {claim.spread:.2g}")
    return narrow


def run_marked() -> bool:
    """Run the tests that only the soak runs, in the checkout itself. Did none fail?"""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "soak", "tests"]
    print("\nTests marked soak:", flush=True)
    ended = subprocess.run(command, cwd=ROOT, check=False).returncode
    return ended in (0, 5)  # 5: no test is marked


def arguments() -> argparse.Namespace:
    """What the command line asks for; without anything, all tests on all machines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=[*WHAT, "marked"], help="a part of the tests")
    parser.add_argument("--machines", help="such as imitation:1,default; otherwise all 15")
    parser.add_argument("--passes", type=int, help="only so many machines, the first ones")
    parser.add_argument("--seed", type=int, help="of the imitations drawn, to repeat them")
    parser.add_argument("-k", dest="select", default="", help="choose tests by name, as for pytest")
    parser.add_argument("tests", nargs="*", help="files and folders, instead of all of them")
    asked = parser.parse_args()
    parts = asked.only, asked.machines, asked.passes, asked.select, asked.tests
    asked.whole = not any(parts)
    asked.tests = asked.tests or WHAT.get(asked.only) or [*chain(*WHAT.values())]
    try:
        asked.machines = machines_of(asked)
    except ValueError as error:
        parser.error(str(error))
    return asked


def machines_of(asked: argparse.Namespace) -> list[str]:
    """The machines that are asked for by name; without names, all of them.

    Raises ValueError for a machine that there is not.
    """
    if asked.machines is not None:
        machines = asked.machines.split(",")
        for machine in machines:
            environment_of(machine, ROOT)
    else:
        seed = random.SystemRandom().randrange(100_000) if asked.seed is None else asked.seed
        print(f"Imitations drawn at random: --seed {seed} draws them again.")
        machines = all_machines(seed)
    return machines[: asked.passes]


def run_passes(asked: argparse.Namespace, machines: Sequence[str], folder: Path) -> list[Pass]:
    """All passes, `WORKERS` at a time; a line for each when it is done."""
    with ThreadPoolExecutor(WORKERS) as pool:
        running = [
            pool.submit(run_pass, name, folder / name.replace(":", "-"), asked.tests, asked.select)
            for name in machines
        ]
        for done in as_completed(running):
            one = done.result()
            print(f"{one.machine}: {len(one.failed)} of {one.tests} failed", flush=True)
    return [done.result() for done in running]


def main() -> int:
    """Run the passes and report. 0 if everything held; then nothing of them is left."""
    asked = arguments()
    if asked.only == "marked":
        return int(not run_marked())
    begun, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="soak-"))
    print(f"Machines: {' '.join(asked.machines)}", flush=True)
    absent = missing()
    skipped = [machine for machine in asked.machines if machine in absent]
    passes = run_passes(asked, [name for name in asked.machines if name not in skipped], folder)
    report_passes(passes, skipped)
    narrow = report_claims(claims_of(passes))
    failures = sum(len(one.failed) for one in passes)
    minutes = (time.monotonic() - begun) / 60
    print(
        f"\n{len(passes)} passes, {failures} failures, {len(narrow)} claims with too little room, "
        f"in {minutes:.1f} minutes"
    )
    good = bool(passes) and not failures and not narrow
    if good:
        shutil.rmtree(folder)
    else:
        print(f"What the passes printed: {folder}/*/output.txt")
    if asked.whole:
        good = run_marked() and good
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
