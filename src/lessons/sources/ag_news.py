"""Lesson 01: AG News from the Hugging Face hub, or within seconds a sentence that says why not.

A library that asks the hub tries again and again, for minutes if the hub is silent. So the
download runs in a process of its own, which can be ended: when the hub has given no sign of life
for a while, or when the cell is interrupted. What it had begun is taken up again the next time.

There are up to 24 requests before the first byte of data, so on a slow line bytes alone would tell
too late that the hub is there: each connection and each answer is a sign of life, too.
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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from time import monotonic
from typing import IO, Any

REPOSITORY = "fancyzhx/ag_news"  # Zhang, Zhao and LeCun, 2015
REVISION = "eb185aade064a813bc0b7f42de02595523103ca4"
PATIENCE = 3.8  # seconds without a sign of life from the hub before we end the download
ANSWER = 3.4  # seconds that it has to connect, and then to answer, the first time we ask
SIGNS = ("connect_tcp.complete", "start_tls.complete", "receive_response_headers.complete")
REMEDY = "Run this again to go on where it stopped, or use the built-in corpus: 'mini-news'."


def read_ag_news() -> Any:
    """AG News as `datasets` gives it: the parts train and test, with the columns text and label.

    From the cache at once, without the network; otherwise from the hub.

    Raises ConnectionError, with what happened and what to do, if the hub does not deliver it.
    """
    import datasets  # a second to import, and only needed here
    from datasets.utils import tqdm

    with tqdm(desc="AG News", unit="B", unit_scale=True, disable=_is_here()) as bar:
        for done, bar.total in download_ag_news():
            bar.update(done - bar.n)
    with _offline():
        return datasets.load_dataset(REPOSITORY, revision=REVISION)


def _is_here() -> bool:
    return any(_prepared().glob(f"*/*/{REVISION}"))  # it gets this name when it is complete


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


def download_ag_news() -> Iterator[tuple[int, int]]:
    """Let the other process download, if that is needed.

    Tells ten times a second how many bytes have come and how many there are, which is 0 as long
    as nobody knows. If nobody asks any more and lets go of the iterator, the download ends.

    Raises ConnectionError if it fails or if the hub gave no sign of life for `PATIENCE` seconds.
    """
    total = 0
    for event, value in [] if _is_here() else _events():
        if event == "failed":
            raise ConnectionError(f"AG News could not be loaded: {value}. {REMEDY}")
        if event == "total":
            total = value
        if event == "bytes":
            yield value, total


def _events() -> Iterator[tuple[str, Any]]:
    """What the other process says, and ten times a second how many bytes have come."""
    command = [sys.executable, "-P", __file__]  # by its path: what is around it imports torch
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
            before, sizes = sizes, _sizes()
            if line or sizes != before:
                alive = monotonic()
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
    with suppress(FileNotFoundError):  # the other process has just renamed something
        for path in folder.glob("**/*"):
            size += path.stat().st_size
    return size


# ------------------------------------------------------------ on that side: the other process


def _serve() -> None:
    """Download all into the cache, saying what happens in lines of JSON."""
    import datasets
    from huggingface_hub import constants, get_session

    constants.DOWNLOAD_CHUNK_SIZE = 2**16  # bytes; with the usual 10 MB a slow line looks dead
    get_session().event_hooks["request"].append(_watch)
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


def _watch(request: Any) -> None:
    """Let the HTTP client say each sign of life of the hub while it makes this request.

    What is taken up again after a break ("Range") counts by its bytes alone: a hub that answers
    each time and breaks off before the first byte would look alive.
    """
    if "Range" not in request.headers:
        request.extensions["trace"] = _say_sign


def _say_sign(event: str, _: object) -> None:
    if event.endswith(SIGNS):
        _say("sign", event)


def _ask_for_size() -> int:
    """Is the hub there, does it have the files, and how many bytes are they?"""
    from huggingface_hub import get_session

    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    tree = f"{hub}/api/datasets/{REPOSITORY}/tree/{REVISION}/data"
    files = get_session().get(tree, timeout=ANSWER).raise_for_status().json()
    for file in files:
        address = f"{hub}/datasets/{REPOSITORY}/resolve/{REVISION}/{file['path']}"
        get_session().head(address, timeout=ANSWER).raise_for_status()
    return sum(file["size"] for file in files)


def _reason(error: BaseException) -> str:
    """What went wrong, from the error or from those it came from."""
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # meant for others

    for cause in _causes(error):
        if (response := getattr(cause, "response", None)) is not None:
            code = response.status_code
            why = {404: "it has no such files", 429: "too many requests, so wait some minutes"}
            return f"the hub answered {code}, {why.get(code, 'it is in trouble itself')}"
        if isinstance(cause, httpx.ConnectTimeout):
            return "the hub did not take the connection"
        if isinstance(cause, httpx.TimeoutException):
            return "the hub took the connection and did not answer"
        if isinstance(cause, socket.gaierror):
            return "the name of the hub could not be looked up, so there seems to be no network"
        if isinstance(cause, ConnectionRefusedError):
            return "the hub refused the connection"
    return f"the hub could not be used ({type(error).__name__}: {error})"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, the one that it came from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


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
