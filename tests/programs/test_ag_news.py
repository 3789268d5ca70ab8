"""AG News through `datasets` itself, from a local server that speaks the hub's protocol."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter

import pyarrow as pa
import pytest
from hub import serve
from huggingface_hub.utils import httpx
from pyarrow import parquet

from conftest import ROOT
from lessons.sources import load
from lessons.sources.ag_news import _reason

sys.path.append(str(ROOT / "deploy" / "jupyterhub" / "student"))
from start import link_download

# What a student does, in a process of its own: the hub's address is read at import.
STUDENT = """
import json, signal, sys, time
import datasets
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may start us without it
from lessons.sources import load_split
begun = time.perf_counter()
print("begun", flush=True)
try:
    parts = load_split("ag-news", seed=3)
    print(json.dumps({name: [part.texts, part.labels] for name, part in parts._asdict().items()}))
except ConnectionError as error:
    seconds = time.perf_counter() - begun
    print(json.dumps({"error": str(error), "seconds": seconds, "at": time.monotonic()}))
"""


LAB = """
import json, sys, time
from lessons.panels import TrainingLab
lab = TrainingLab(folder=sys.argv[1])
lab._source.value, lab._epochs.value = "ag-news", 1
lab.train()
for line in sys.stdin:
    begun = time.perf_counter()
    lab.stop() if line == "Stop\\n" else lab.train()
    assert lab.wait(60)
    seconds = time.perf_counter() - begun
    print(json.dumps({"said": lab._status_text, "seconds": seconds}), flush=True)
"""


def as_parquet(stories):
    file = io.BytesIO()
    rows = {"text": stories.texts, "label": stories.labels}
    parquet.write_table(pa.table(rows), file, compression="none")  # damage stays where it is
    return file.getvalue()


@pytest.fixture(scope="module")
def sent():
    """What the hub has: training stories and the official test set."""
    stories = load()
    return stories.pick(range(1600)), stories.pick(range(1600, 2000))


@pytest.fixture(scope="module")
def files(sent):
    train, test = sent
    return {"data/train.parquet": as_parquet(train), "data/test.parquet": as_parquet(test)}


@pytest.fixture
def ask(tmp_path):
    def ask(address, **more):
        run = subprocess.run(
            [sys.executable, "-c", STUDENT],
            env=environment(tmp_path, address) | more,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Traceback" not in run.stderr
        return json.loads(run.stdout.splitlines()[-1])

    return ask


def environment(home, address):
    return os.environ | {"HF_HOME": str(home), "HF_ENDPOINT": address}


def rows(texts, labels):
    return Counter(zip(texts, labels, strict=True))


def is_what_was_sent(received, sent):
    train, test = sent
    learned = rows(*received["train"]) + rows(*received["validation"])
    assert learned == rows(train.texts, train.labels)
    assert len(received["validation"][0]) == 160
    assert received["test"] == [test.texts, test.labels]  # the official one, as it is


def test_a_shared_download_that_nobody_may_write_serves_each_student(ask, files, sent, tmp_path):
    """As a class's server has it: links in the student's own cache, and no network."""
    with serve(files) as (_, address):
        is_what_was_sent(ask(address), sent)
    shared, mine = tmp_path / "shared", tmp_path / "mine"
    shared.mkdir()
    for name in ("hub", "datasets"):
        (tmp_path / name).rename(shared / name)
    before = {path: path.stat().st_mtime_ns for path in shared.rglob("*")}
    link_download(shared, mine)
    is_what_was_sent(ask("http://127.0.0.1:9", HF_HOME=str(mine)), sent)
    assert {path: path.stat().st_mtime_ns for path in shared.rglob("*")} == before


def test_it_comes_from_the_hub_once_and_then_from_the_cache(ask, files, sent):
    with serve(files) as (hub, address):
        is_what_was_sent(ask(address), sent)
        assert {path for method, path in hub.requests if method == "GET" and "resolve" in path} == {
            f"/datasets/fancyzhx/ag_news/resolve/eb185aade064a813bc0b7f42de02595523103ca4/{name}"
            for name in files
        }
        hub.requests.clear()
        is_what_was_sent(ask(address), sent)
        assert hub.requests == []
    is_what_was_sent(ask(address), sent)  # the server is gone


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("silent", "the hub took the connection and did not answer"),
        (404, "the hub answered 404, it has no such files"),
        (429, "the hub answered 429, too many requests"),
        (500, "the hub answered 500, it is in trouble itself"),
        ("breaks off", "the hub stopped answering"),
        ("stops", "the hub stopped answering"),
        ("damaged", "a file was damaged on its way"),
    ],
)
def test_a_fault_is_reported_in_seconds_and_leaves_nothing(ask, files, sent, fault, sentence):
    with serve(files, fault) as (hub, address):
        said = ask(address)
        assert sentence in said["error"]
        assert re.search(r"Run this again .*'mini-news'", said["error"])
        assert said["seconds"] < 10  # datasets alone: 23 s, or 399 if the hub is silent
        hub.fault = None
        is_what_was_sent(ask(address), sent)


def test_a_slow_line_is_not_a_dead_one(ask, files, sent):
    with serve(files, "slow") as (_, address):  # takes longer than the patience with silence
        is_what_was_sent(ask(address), sent)


@pytest.mark.parametrize("delay", [0.1, 0.3, 1, pytest.param(2, marks=pytest.mark.soak)])
def test_each_answer_may_take_its_time(ask, files, sent, delay):
    with serve(files, delay=delay) as (hub, address):
        is_what_was_sent(ask(address), sent)
    assert len(hub.requests) >= 12  # so many that their sum is longer than the patience


@pytest.mark.parametrize("answers", [0, 1, 6, 9, 12])
def test_a_hub_that_falls_silent_is_reported_within_five_seconds(ask, files, answers):
    with serve(files, answers=answers) as (hub, address):
        said = ask(address)
    assert re.search("the hub (stopped answering|took the connection and did not)", said["error"])
    assert said["at"] - hub.last < 5


def test_the_lab_stops_while_it_downloads_and_goes_on(files, tmp_path):
    with serve(files, "stops") as (hub, address):
        command = [sys.executable, "-c", LAB, str(tmp_path / "runs")]
        home = environment(tmp_path, address)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, env=home, **pipes) as student:
            assert hub.halfway.wait(60)
            student.stdin.write("Stop\n")
            student.stdin.flush()
            stopped = json.loads(student.stdout.readline())
            hub.fault = None
            student.stdin.write("Train\n")
            student.stdin.close()
            trained = json.loads(student.stdout.readline())
    assert stopped["seconds"] < 2
    assert "Stopped after 0 of 1 epochs. Press Continue" in stopped["said"]
    assert "Finished. Epoch 1:" in trained["said"]


def test_interrupted_and_run_again(ask, files, sent, tmp_path):
    with serve(files, "stops") as (hub, address):
        command, home = [sys.executable, "-c", STUDENT], environment(tmp_path, address)
        with subprocess.Popen(command, env=home, stderr=subprocess.PIPE, text=True) as student:
            assert hub.halfway.wait(60)
            student.send_signal(signal.SIGINT)
            assert "KeyboardInterrupt" in student.stderr.read()
        hub.fault = None
        is_what_was_sent(ask(address), sent)


def test_no_such_name(ask):
    assert "could not be looked up" in ask("http://hub.invalid")["error"]


def test_connection_refused(ask):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound, but nobody listens
        said = ask(f"http://127.0.0.1:{free.getsockname()[1]}")
    assert "the hub refused the connection" in said["error"]


def test_no_network():
    unreachable = httpx.ConnectError("[Errno 101] Network is unreachable")
    assert "Network is unreachable" in _reason(unreachable)


def test_a_connection_that_is_never_taken():
    with pytest.raises(httpx.ConnectTimeout) as caught, socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = f"http://127.0.0.1:{full.getsockname()[1]}"
        with socket.create_connection(full.getsockname()):  # the only place in the queue
            httpx.get(address, timeout=0.5)
    assert _reason(caught.value) == "the hub did not take the connection"


def test_told_to_stay_offline_with_nothing_in_the_cache(ask, files):
    with serve(files) as (_, address):
        said = ask(address, HF_HUB_OFFLINE="1")
    assert "AG News could not be loaded" in said["error"]
    assert "'mini-news'" in said["error"]
