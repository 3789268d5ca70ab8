"""`python -m lessons.classroom FOLDER`: what a class has handed in, at a glance."""

import argparse
import os
import sys
from pathlib import Path

STOPPED = 130  # the exit code of a program that was stopped with Ctrl-C
UNLOCKED = (
    "This system has no Landlock (Linux 6.2 or newer), so an answer that means harm could have "
    "changed files. See docs/classroom.md."
)


def main(arguments: list[str] | None = None) -> int:
    """Read, try and show. Gives back the exit code."""
    asked = _asked(arguments)
    if not hasattr(os, "fork"):
        return _fail("This needs Linux or macOS. On Windows, use WSL.")
    folder: Path = asked.folder
    if not folder.is_dir():
        return _fail(f"There is no folder {folder}. Name the one that holds what was handed in.")
    output: Path = asked.output or Path(f"{folder.resolve()}-results")
    try:
        return _run(folder, output, asked.workers)
    except KeyboardInterrupt:
        print(
            f"\nStopped. All verdicts so far are kept in {output}: the same command goes on.",
            file=sys.stderr,
        )
        return STOPPED
    except OSError as error:
        return _fail(f"{error}")


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lessons.classroom", description=__doc__)
    parser.add_argument("folder", type=_folder, help="holds notebooks, folders of them, zip files")
    parser.add_argument("--output", type=Path, help="where results go; beside FOLDER by default")
    parser.add_argument(
        "--workers", type=_count, default=_processors(), help="answers that are tried at once"
    )
    return parser.parse_args(arguments)


def _folder(text: str) -> Path:
    if not text:  # which would mean the one that we are in
        raise argparse.ArgumentTypeError("name the folder that was handed in: FOLDER=...")
    return Path(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 64")
    return int(text)


def _processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return min(64, len(os.sched_getaffinity(0)))
    return min(64, os.cpu_count() or 1)


def _run(folder: Path, output: Path, workers: int) -> int:
    """Raises OSError if the folder cannot be read or the results cannot be written."""
    from filelock import FileLock, Timeout
    from tqdm import tqdm

    from lessons.classroom.judge import landlock
    from lessons.classroom.page import as_html
    from lessons.classroom.results import read, result
    from lessons.classroom.tables import as_csv, as_text
    from lessons.classroom.trying import Kept, outcomes
    from lessons.support.files import write_whole

    output.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(output / ".lock", timeout=0):
            work = read(folder, output)
            if not work.files:
                return _fail(f"Nothing has been handed in: the folder {folder} is empty.")
            kept = Kept(output / "verdicts.jsonl")
            tried = outcomes(work.jobs, kept, workers)
            done = dict(tqdm(tried, total=len(work.jobs), desc="answers", disable=None))
            kept.close()
            found = result(work, done)
            write_whole(output / "class.csv", as_csv(found).encode("utf-8-sig"))
            write_whole(output / "class.html", as_html(found).encode())
    except Timeout:
        return _fail(f"Another run writes into {output}. Wait for it, or choose another --output.")
    print(as_text(found))
    if landlock() < 3:
        print(f"\n{UNLOCKED}")
    print(f"\nThe same as a page and as a table: {output}/class.html, class.csv")
    return 0


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
