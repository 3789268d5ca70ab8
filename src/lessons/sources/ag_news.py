"""Lesson 01: AG News from the Hugging Face hub, or within seconds an error that says why not.

If the hub does not answer, `datasets` retries for minutes. So the download runs in a process of its
own, which is killed when the hub has given no sign of life for a while or the cell is interrupted.
The next call resumes the download.

There are up to 24 requests before the first byte of data. On a slow line that takes longer than the
time limit, so each connection and each response counts as a sign of life, as bytes do.
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
PATIENCE = 3.8  # seconds without a sign of life after which the download is killed
ANSWER = 3.4  # seconds: the timeout for connecting and for the response of the first requests
SIGNS = ("connect_tcp.complete", "start_tls.complete", "receive_response_headers.complete")
REMEDY = "Run this again to go on where it stopped, or use the built-in corpus: 'mini-news'."


def read_ag_news() -> Any:
    """AG News as a `DatasetDict`: the tables train and test, with the columns text and label.

    It is read from the cache, without the network, or else downloaded from the hub.

    Raises ConnectionError, with the reason and what to do, if the download fails.
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
    """Keep `datasets` from making requests, and from logging that it makes none."""
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
    """The folder of the downloaded files."""
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE) / f"datasets--{REPOSITORY.replace('/', '--')}"


def _prepared() -> Path:
    """The folder of the tables that `datasets` has made from them."""
    from datasets import config

    return Path(config.HF_DATASETS_CACHE) / REPOSITORY.replace("/", "___")


# ---------------------------------------------------- in this process: watch the other one


def download_ag_news() -> Iterator[tuple[int, int]]:
    """Download AG News in another process, unless it is in the cache.

    Yields ten times a second the number of bytes downloaded and their total, which is 0 until it
    is known. To close the iterator kills the download.

    Raises ConnectionError if it fails or if the hub gives no sign of life for `PATIENCE` seconds.
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
    """The events of the other process, and ten times a second the number of bytes so far."""
    process, lines = _start_download()
    sizes, alive = _sizes(), inf  # the time limit applies from the first event on
    try:
        while (line := _next_line(lines)) != b"":
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


def _start_download() -> tuple["subprocess.Popen[bytes]", "queue.Queue[bytes]"]:
    """The other process, and the lines that it prints; the last one is empty."""
    command = [sys.executable, "-P", __file__]  # by its path: importing the package imports torch
    environment = os.environ | {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_put_lines, args=(process.stdout, lines), daemon=True).start()
    return process, lines


def _put_lines(pipe: IO[bytes], lines: "queue.Queue[bytes]") -> None:
    for line in pipe:
        lines.put(line)
    lines.put(b"")  # the process has ended


def _next_line(lines: "queue.Queue[bytes]") -> bytes | None:
    """The next line, or None if there is none within a tenth of a second."""
    try:
        return lines.get(timeout=0.1)
    except queue.Empty:
        return None


def _sizes() -> tuple[int, int]:
    """Bytes downloaded and bytes made of them, so far."""
    return _size(_downloaded() / "blobs"), _size(_prepared())


def _size(folder: Path) -> int:
    size = 0
    with suppress(FileNotFoundError):  # the other process has just renamed something
        for path in folder.glob("**/*"):
            size += path.stat().st_size
    return size


# -------------------------------------------------------------------- in the other process


def _serve() -> None:
    """Download all into the cache, and print each event as a line of JSON."""
    import datasets
    from huggingface_hub import constants, get_session

    constants.DOWNLOAD_CHUNK_SIZE = (
        2**16
    )  # bytes; in the default chunks of 10 MB a slow line looks dead
    get_session().event_hooks["request"].append(_watch)
    _print_event("ready")
    try:
        _print_event("total", _ask_for_size())
        datasets.load_dataset(REPOSITORY, revision=REVISION)
        failed = None
    except Exception as error:  # datasets raises many types for one cause
        failed = _reason(error)
    if _remove_damaged():
        failed = "a file was damaged on its way"
    if failed:
        _print_event("failed", failed)


def _print_event(event: str, value: int | str | None = None) -> None:
    print(json.dumps([event, value]), flush=True)


def _watch(request: Any) -> None:
    """Let the HTTP client report each sign of life of the hub during this request.

    Resumed downloads ("Range") count by their bytes alone: otherwise a hub that answers each time
    and breaks off before the first byte would look alive.
    """
    if "Range" not in request.headers:
        request.extensions["trace"] = _print_sign


def _print_sign(event: str, _: object) -> None:
    if event.endswith(SIGNS):
        _print_event("sign", event)


def _ask_for_size() -> int:
    """The size of all files in bytes. Fails early if the hub or a file is not available."""
    from huggingface_hub import get_session

    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    tree = f"{hub}/api/datasets/{REPOSITORY}/tree/{REVISION}/data"
    files = get_session().get(tree, timeout=ANSWER).raise_for_status().json()
    for file in files:
        address = f"{hub}/datasets/{REPOSITORY}/resolve/{REVISION}/{file['path']}"
        get_session().head(address, timeout=ANSWER).raise_for_status()
    return sum(file["size"] for file in files)


def _reason(error: BaseException) -> str:
    """The reason of a failure in plain words, from the error or one of its causes."""
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
    """The error, its cause, the cause of that, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _remove_damaged() -> bool:
    """Delete the downloads and the tables if a file has a wrong checksum. Were they deleted?

    The name of a large file in the cache of the hub is its SHA-256.
    """
    for blob in _downloaded().glob("blobs/" + "[0-9a-f]" * 64):
        if hashlib.sha256(blob.read_bytes()).hexdigest() != blob.name:
            shutil.rmtree(_downloaded())
            shutil.rmtree(_prepared(), ignore_errors=True)
            return True
    return False


if __name__ == "__main__":
    _serve()
