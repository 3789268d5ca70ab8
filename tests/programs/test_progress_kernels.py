"""What a learner has done, among programs: killed ones, two at once, a restarted one, and nbval."""

import os
import re
import signal
import subprocess
import sys

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from conftest import ROOT
from lessons.progress.store import Record

NOTE = """
import sys
from pathlib import Path
from lessons.progress.store import Record
record = Record(Path(sys.argv[1]))
def note(name):
    record.change(lambda done: done.attempts.update({name: done.attempts.get(name, 0) + 1}))
"""
LEARNER = {key: value for key, value in os.environ.items() if key != "LESSONS_PROGRESS"}


def program(code, *arguments, **options):
    """Python with this code, after what `NOTE` defines."""
    command = [sys.executable, "-c", NOTE + code, *map(str, arguments)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, env=LEARNER, **options)


HAMMER = """
print("ready", flush=True)
sys.stdin.readline()  # until all of them are
for number in range(150):
    note(f"05-{sys.argv[2]}{number}")
    note("05-both")
print(record.trouble)
"""


def test_two_kernels_at_once_lose_nothing(tmp_path):
    programs = [program(HAMMER, tmp_path, name, stdin=subprocess.PIPE) for name in "ab"]
    for one in programs:
        assert one.stdout.readline() == "ready\n"
    for one in programs:
        one.stdin.write("\n")
        one.stdin.flush()
    assert [one.communicate(timeout=120)[0] for one in programs] == ["[]\n", "[]\n"]
    attempts = Record(tmp_path).read().attempts
    assert attempts == {
        **{f"05-{name}{number}": 1 for name in "ab" for number in range(150)},
        "05-both": 300,
    }


KILLED = """
import os, pathlib, signal
note("05-before")
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
class Half:
    def __init__(self, file): self.file = file
    def __enter__(self): return self
    def __exit__(self, *_): self.file.close()
    def write(self, content): self.file.write(content[:30]); self.file.flush(); die()
whole, replace = pathlib.Path.open, os.replace
def half(path, *given, **named):
    file = whole(path, *given, **named)
    return Half(file) if given == ("xb",) else file
{where}
note("05-after")
"""
MOMENTS = {  # at which it is killed, and whether the file is replaced by then
    "half of it is written": ("pathlib.Path.open = half", False),
    "it is written": ("os.fsync = die", False),
    "it is to be replaced": ("os.replace = die", False),
    "it is replaced": ("os.replace = lambda *given: (replace(*given), die())", True),
}


@pytest.mark.parametrize(("where", "replaced"), MOMENTS.values(), ids=MOMENTS)
def test_killed_in_the_middle_of_a_write_nothing_older_is_lost(tmp_path, where, replaced):
    killed = program(KILLED.replace("{where}", where), tmp_path)
    assert killed.wait(60) == -signal.SIGKILL
    expected = {"05-before": 1, **({"05-after": 1} if replaced else {})}
    following = Record(tmp_path)
    assert following.read().attempts == expected
    following.change(lambda done: done.attempts.update({"05-next": 1}))  # no lock is left
    assert Record(tmp_path).read().attempts == {**expected, "05-next": 1}
    assert following.trouble == []


ENDLESS = """
from itertools import count
for number in count():
    note(f"05-{number}")
    print(number, flush=True)
"""


def test_killed_at_any_time_all_that_was_done_is_kept(tmp_path):
    for turn in (1, 2, 3):
        writing = program(ENDLESS, tmp_path)
        for _ in range(20 * turn):
            last = int(writing.stdout.readline())
        writing.kill()
        rest = writing.communicate(timeout=60)[0].split()
        last = int(rest[-1]) if rest else last
        attempts = Record(tmp_path).read().attempts
        assert [attempts[f"05-{number}"] >= turn for number in range(20 * turn)]
        assert f"05-{last}" in attempts
    assert not list(tmp_path.rglob("*damaged*"))


# ------------------------------------------------------------------------------- notebooks

WORK = """
import os
os.chdir("/")  # the file is where the kernel has begun
from lessons.exercises import check, hint, solution
check("05-steps", lambda stories, batch_size, epochs: stories)
hint("05-steps")
"""


AFTERWARDS = """
from lessons.exercises import hint, solution
from lessons.panels import Progress
solution("05-steps")
hint("05-steps")
print(Progress("05")._done.value)
"""


def test_after_a_restart_of_the_kernel_nothing_is_lost(tmp_path):
    manager, client = start_new_kernel(cwd=tmp_path, env=LEARNER)
    try:
        assert "✗ Not yet." in printed(client, WORK)
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        said = printed(client, AFTERWARDS)
        assert said.startswith("def my_steps(") and "Hint 2 of 2" in said
        assert "not yet</td><td>1</td><td>2</td>" in said
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def printed(client, code):
    """What a cell prints."""
    texts = []

    def hear(message):
        assert message["msg_type"] != "error", message["content"]
        texts.append(message["content"].get("text", ""))

    client.execute_interactive(code, output_hook=hear, timeout=120)
    return "".join(texts)


UNREAD = """
from lessons.exercises import solution
solution("05-steps")
"""
UNWRITTEN = """
from lessons.progress import record
record().change(lambda done: done.hints.update({"05-loop": 1}))
print(record().read().attempts, record().read().hints)
"""
PRINTED = {
    UNREAD: 'Try it first: check("05-steps", ...). It need not be right. To see the code '
    'all the same: solution("05-steps", force=True)\n',
    UNWRITTEN: "{} {'05-loop': 1}\n",
}


def test_nbval_neither_reads_nor_writes_a_learners_file(pytester):
    kept = Record(pytester.path)
    kept.change(lambda done: done.attempts.update({"05-steps": 3}))
    before = kept.path.read_bytes()
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    for code, text in PRINTED.items():
        shown = [nbformat.v4.new_output("stream", name="stdout", text=text)]
        notebook.cells.append(nbformat.v4.new_code_cell(code, execution_count=1, outputs=shown))
    (pytester.path / "05_a.ipynb").write_text(nbformat.writes(notebook))
    pytester.runpytest_subprocess(
        *("-c", ROOT / "pyproject.toml", "--rootdir", pytester.path, "-p", "conftest"),
        *("-p", "no:cacheprovider", f"--nbval-sanitize-with={ROOT}/tests/nbval.cfg"),
        pytester.path / "05_a.ipynb",
    ).assert_outcomes(passed=2)
    assert kept.path.read_bytes() == before
    assert len(list(kept.path.parent.iterdir())) == 2  # the file and its lock


def test_to_refresh_the_notebooks_is_no_learners_work_either():
    """Every line of the Makefile that runs lessons says so."""
    lines = re.findall(r"^\t.*\$\(RUN\).*$", (ROOT / "Makefile").read_text(), re.M)
    of_lessons = [line for line in lines if "$(NOTEBOOKS)" in line]
    assert of_lessons
    assert all(line.startswith("\t@LESSONS_PROGRESS=off ") for line in of_lessons)


PLAIN = """
from lessons.exercises import check, solution
check("05-steps", 1)
solution("05-steps")
"""


def test_a_plain_program_leaves_nothing_behind(tmp_path):
    command = [sys.executable, "-c", PLAIN]
    run = subprocess.run(
        command, cwd=tmp_path, env=LEARNER, check=True, capture_output=True, text=True
    )
    assert "def my_steps(" in run.stdout  # in it, it is known that there was an attempt
    assert list(tmp_path.iterdir()) == []
