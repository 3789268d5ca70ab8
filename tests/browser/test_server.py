"""The server for the tests in a browser: it begins, it ends, and says why if it cannot begin."""

import os
import subprocess
import sys

import pytest
from jupyter_browser import GUARD, answers, serve_lab


def test_it_answers_until_it_is_left(tmp_path):
    with serve_lab(tmp_path, tmp_path) as address:
        assert answers(f"{address}/api")
    assert not answers(f"{address}/api")


@pytest.mark.parametrize(
    ("folder", "app", "why"),
    [("", "no-app", "jupyter-no-app"), ("missing", "lab", "No such directory")],
)
def test_one_that_cannot_begin_says_why_at_once(tmp_path, folder, app, why):
    with (
        pytest.raises(RuntimeError, match=rf"The server ended(.|\n)*{why}"),
        serve_lab(tmp_path / folder, tmp_path, app),
    ):
        pass


def test_what_is_guarded_ends_with_the_input_of_its_guard():
    endless = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    command = [sys.executable, "-c", GUARD, sys.executable, "-c", endless]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as guard:
        guarded = int(guard.stdout.readline())
        guard.stdin.close()
        assert guard.wait(20) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(guarded, 0)
