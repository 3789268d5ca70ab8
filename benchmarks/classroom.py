"""How long a class takes, and whether all that it hands in comes out as it must.

    python benchmarks/classroom.py [HAND-INS]

Hand-ins are invented (tests/helpers/hand_ins.py): each is the notebook of a lesson, and no two
answers are equal. It ends by itself, after 20 minutes at the latest, and with 1 if anything is
wrong.
"""

import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "helpers"), str(ROOT / "tests"), str(ROOT)]

from hand_ins import faults, write_class  # noqa: E402

from lessons.classroom.__main__ import main  # noqa: E402

COUNT, WORKERS, LONGEST = 200, 2, 1200  # seconds


def measure(count: int) -> int:
    """Print the rows of the table in README.md. Gives back how many things are wrong."""
    with tempfile.TemporaryDirectory() as folder:
        work, results = Path(folder, "class"), Path(folder, "results")
        work.mkdir()
        expected = write_class(work, count)
        begun = time.monotonic()
        asked = [str(work), "--output", str(results), "--workers", str(WORKERS)]
        assert main(asked) == 0
        first = time.monotonic() - begun
        used = (
            resource.getrusage(resource.RUSAGE_SELF),
            resource.getrusage(resource.RUSAGE_CHILDREN),
        )
        begun = time.monotonic()
        assert main(asked) == 0
        wrong = faults(expected, results)
        outside = [path.name for path in Path(folder).iterdir() if path not in (work, results)]
    processor = sum(one.ru_utime + one.ru_stime for one in used)
    load = os.getloadavg()[0]  # of other programs on this machine, too
    print(f"\n| {count} hand-ins, {WORKERS} at a time, load {load:.1f} | {first:.0f} s |")
    print(f"| processor time | {processor:.0f} s |")
    print(f"| the same once more, all verdicts kept | {time.monotonic() - begun:.0f} s |")
    print(f"| wrong states, lost answers, false passes | {len(wrong)} |")
    print(f"| files elsewhere | {len(outside)} |")
    print(*wrong, *outside, sep="\n")
    return len(wrong) + len(outside)


if __name__ == "__main__":
    signal.alarm(LONGEST)
    sys.exit(measure(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT) > 0)
