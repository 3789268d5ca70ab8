"""Lesson 01: AG News from the Hugging Face hub, or within seconds a sentence that says why not.

A library that asks the hub tries again and again, for minutes if the hub is silent. So the
download runs in a process of its own, which can be ended: when nothing has come for a while, or
when the cell is interrupted. What it had begun is taken up again the next time.
"""

import hashlib
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from time import monotonic
from typing import IO, Any

REPOSITORY = "fancyzhx/ag_news"  # Zhang, Zhao and LeCun, 2015
REVISION = "eb185aade064a813bc0b7f42de02595523103ca4"
PATIENCE = 3.0  # seconds without a byte or a word before we end the download
ANSWER = 2.0  # seconds that the hub has to answer whether it is there
REMEDY = "Run this again to go on where it stopped, or use the built-in corpus: 'mini-news'."


def read_ag_news() -> Any:
    """AG News as `datasets` gives it: the parts train and test, with the columns text and label.

    From the cache at once, without the network; otherwise from the hub.

    Raises ConnectionError, with what happened and what to do, if the hub does not deliver it.
    """
    import datasets  # a second to import, and only needed here

    if not list(_prepared().glob(f"*/*/{REVISION}")):  # it gets this name when it is complete
        _download()
    with _offline():
        return datasets.load_dataset(REPOSITORY, revision=REVISION)


@contextmanager
def _offline() -> Iterator[None]:
    """Keep `datasets` from asking the hub, and from saying that it did not."""
    from datasets import config, logging
    from huggingface_hub import constants

    before = config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE, logging.get_verbosity()
    config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    logging.set_verbosity_error()
    try:
        yield
    finally:
        config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before[:2]
        logging.set_verbosity(before[2])


def _downloaded() -> Path:
    """Where the hub's files are kept."""
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE) / f"datasets--{REPOSITORY.replace('/', '--')}"


def _prepared() -> Path:
    """Where `datasets` keeps what it has made of them."""
    from datasets import config

    return Path(config.HF_DATASETS_CACHE) / REPOSITORY.replace("/", "___")


# ------------------------------------------------------ on this side: watch the other process


def _download() -> None:
    """Let the other process download, and show how much has come.

    Raises ConnectionError if it fails or if nothing has come for `PATIENCE` seconds.
    """
    from datasets.utils import tqdm

    with tqdm(desc="AG News", unit="B", unit_scale=True) as bar:
        for event, value in _events():
            if event == "failed":
                raise ConnectionError(f"AG News could not be loaded: {value}. {REMEDY}")
            if event == "total":
                bar.total = value
            if event == "bytes":
                bar.update(value - bar.n)


def _events() -> Iterator[tuple[str, Any]]:
    """What the other process says, and each time more has come, how many bytes there are."""
    command = [sys.executable, "-m", "lessons.ag_news"]
    environment = os.environ | {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True).start()
    sizes, alive = _sizes(), inf  # the watch begins with the first word
    try:
        while True:
            try:
                line = lines.get(timeout=0.1)
            except queue.Empty:
                line = None
            if line == b"":
                break
            if line:
                yield tuple(json.loads(line))
            if line or _sizes() != sizes:
                sizes, alive = _sizes(), monotonic()
                yield "bytes", sizes[0]
            if monotonic() - alive > PATIENCE:
                yield "failed", "the hub stopped answering"
        if process.wait() != 0:
            yield "failed", "the download broke off"
    finally:  # also when the cell is interrupted
        process.kill()
        process.wait()


def _pass_on(pipe: IO[bytes], lines: "queue.Queue[bytes]") -> None:
    for line in pipe:
        lines.put(line)
    lines.put(b"")  # it has ended


def _sizes() -> tuple[int, int]:
    """Bytes downloaded and bytes made of them, so far."""
    return _size(_downloaded() / "blobs"), _size(_prepared())


def _size(folder: Path) -> int:
    size = 0
    for path in folder.glob("**/*"):
        with suppress(FileNotFoundError):  # the other process has just renamed it
            size += path.stat().st_size
    return size


# ------------------------------------------------------------ on that side: the other process


def _serve() -> None:
    """Download all into the cache, saying what happens in lines of JSON."""
    import datasets
    from huggingface_hub import constants

    constants.DOWNLOAD_CHUNK_SIZE = 2**16  # bytes; with the usual 10 MB a slow line looks dead
    _say("ready")
    try:
        _say("total", _ask_for_size())
        datasets.load_dataset(REPOSITORY, revision=REVISION)
        failed = None
    except Exception as error:  # datasets raises many kinds for one and the same trouble
        failed = _reason(error)
    if _remove_damaged():
        failed = "a file was damaged on its way"
    if failed:
        _say("failed", failed)


def _say(event: str, value: int | str | None = None) -> None:
    print(json.dumps([event, value]), flush=True)


def _ask_for_size() -> int:
    """Is the hub there, does it have the files, and how many bytes are they?"""
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    tree = f"{hub}/api/datasets/{REPOSITORY}/tree/{REVISION}/data"
    with urllib.request.urlopen(tree, timeout=ANSWER) as answer:
        files = json.load(answer)
    for file in files:
        address = f"{hub}/datasets/{REPOSITORY}/resolve/{REVISION}/{file['path']}"
        request = urllib.request.Request(address, method="HEAD")
        urllib.request.urlopen(request, timeout=ANSWER).close()
    return sum(file["size"] for file in files)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        why = {404: "it has no such files", 429: "too many requests, so wait some minutes"}
        return f"the hub answered {error.code}, {why.get(error.code, 'it is in trouble itself')}"
    reason = getattr(error, "reason", error)
    if isinstance(reason, socket.gaierror):
        return "the name of the hub could not be looked up, so there seems to be no network"
    if isinstance(reason, ConnectionRefusedError):
        return "the hub refused the connection"
    if isinstance(reason, TimeoutError):
        return "the hub took the connection and did not answer"
    return f"the hub could not be used ({type(reason).__name__}: {reason})"


def _remove_damaged() -> bool:
    """Delete a download with a wrong checksum and all made of it, so that it is never used.

    The cache of the hub names each large file by its SHA-256.
    """
    for blob in _downloaded().glob("blobs/" + "[0-9a-f]" * 64):
        if hashlib.sha256(blob.read_bytes()).hexdigest() != blob.name:
            shutil.rmtree(_downloaded())
            shutil.rmtree(_prepared(), ignore_errors=True)
            return True
    return False


if __name__ == "__main__":
    _serve()
