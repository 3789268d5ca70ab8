"""For tests of runs: settings that no training can have, and a second kernel in one folder."""

import math
import subprocess
import sys
from contextlib import contextmanager

import pytest

_WRONG = [
    ({"epochs": 0}, "number of epochs is 0; it must be a whole number of at least 1"),
    ({"epochs": 1.5}, "number of epochs is 1.5"),
    ({"epochs": True}, "number of epochs is True"),
    ({"epochs": "3"}, "number of epochs is '3'"),
    ({"batch_size": 0}, "batch size is 0"),
    ({"batch_size": 64.0}, "batch size is 64.0"),
    ({"learning_rate": "0.1"}, "learning rate is '0.1'; it must be a number such as 0.01"),
    ({"learning_rate": -0.1}, "learning rate is -0.1"),
    ({"learning_rate": math.nan}, "learning rate is nan"),
    ({"learning_rate": math.inf}, "learning rate is inf"),
    ({"learning_rate": True}, "learning rate is True"),
    ({"learning_rate": None}, "learning rate is None"),
    ({"optimizer": "Lion"}, "no optimizer 'Lion' here. Use 'AdamW' or 'SGD'"),
    ({"optimizer": None}, "no optimizer None here"),
    ({"seed": -1}, "seed is -1; it must be a whole number of at least 0"),
    ({"seed": "a"}, "seed is 'a'"),
]
WRONG_SETTINGS = pytest.mark.parametrize(
    ("wrong", "message"), _WRONG, ids=[str(wrong) for wrong, _ in _WRONG]
)


KERNEL = """
import sys
from pathlib import Path
from lessons.panels.runs import Settings, kept_runs, new_run
folder = Path(sys.argv[1])
print("found", len(kept_runs(folder)), flush=True)
run = new_run(folder, Settings(epochs=7))
if sys.argv[2] == "keep":
    run.keep()
print("ready", flush=True)
sys.stdin.read()  # it is still running
"""


@contextmanager
def second_kernel(folder, keep=True):
    """Another kernel with a run of 7 epochs in this folder; yields how many it found there.

    Unless it is to `keep` the run, there is nothing of it but its lock.
    """
    command = [sys.executable, "-c", KERNEL, str(folder), "keep" if keep else "begin"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as kernel:
        found = int(kernel.stdout.readline().split()[1])
        assert kernel.stdout.readline() == "ready\n"
        yield found
        kernel.kill()  # as the system does it when the memory is full
