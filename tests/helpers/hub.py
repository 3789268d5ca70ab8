"""A small HTTP server that speaks the protocol of the Hugging Face hub, with faults on demand."""

import hashlib
import json
import math
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic

from lessons.sources.ag_news import REPOSITORY, REVISION


class Hub:
    """Serves `files` (path: bytes). `fault` says what goes wrong, `requests` what was asked.

    Each answer comes after `delay` seconds; after `answers` of them the hub is silent.
    `last` is when it last gave a sign of life (`time.monotonic`).
    """

    def __init__(self, files, fault=None, delay=0.0, answers=math.inf):
        self.files, self.fault, self.requests = files, fault, []
        self.delay, self.answers, self.last = delay, answers, monotonic()
        self.halfway = Event()  # half of a file has gone out
        self.closing = Event()  # what is silent or slow waits for it


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.hub.last = monotonic()  # a connection is a sign of life, too

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET(head=True)

    def do_GET(self, head=False):
        hub = self.server.hub
        hub.requests.append((self.command, self.path))
        hub.closing.wait(hub.delay)
        if hub.fault == "silent" or len(hub.requests) > hub.answers:
            hub.closing.wait()
            self.close_connection = True
        elif isinstance(hub.fault, int):
            self.answer(b"", status=hub.fault)
        elif self.path.startswith(f"/api/datasets/{REPOSITORY}/revision/"):
            names = [{"rfilename": name} for name in hub.files]
            self.json({"id": REPOSITORY, "sha": REVISION, "siblings": names})
        elif self.path.startswith(f"/api/datasets/{REPOSITORY}/tree/{REVISION}/data"):
            held = hub.files.items()
            self.json([{"type": "file", "path": n, "size": len(f), "oid": sha(f)} for n, f in held])
        elif self.path.startswith(f"/api/datasets/{REPOSITORY}/tree/{REVISION}"):
            self.json([{"type": "directory", "path": "data", "size": 0, "oid": sha(b"")}])
        elif self.path.startswith(f"/datasets/{REPOSITORY}/resolve/{REVISION}/"):
            name = self.path.split(f"{REVISION}/")[1]
            self.file(name, head) if name in hub.files else self.missing()
        else:
            self.answer(b"", status=404)

    def missing(self):
        self.answer(b"", {"X-Error-Code": "EntryNotFound"}, status=404)

    def json(self, value):
        self.answer(json.dumps(value).encode(), {"Content-Type": "application/json"})

    def file(self, name, head):
        hub, held = self.server.hub, self.server.hub.files[name]
        headers = {"ETag": f'"{sha(held)}"', "X-Repo-Commit": REVISION}
        begin = 0
        if "Range" in self.headers:
            begin = int(self.headers["Range"].removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = f"bytes {begin}-{len(held) - 1}/{len(held)}"
        if hub.fault == "damaged":
            middle = len(held) // 2
            wrong = bytes(255 - byte for byte in held[middle : middle + 64])
            held = held[:middle] + wrong + held[middle + 64 :]
        self.answer(held[begin:], headers, status=206 if begin else 200, head=head)

    def answer(self, body, headers=None, status=200, head=False):
        hub = self.server.hub
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        hub.last = monotonic()
        if head:
            return
        if hub.fault in ("breaks off", "stops") and self.path.endswith(".parquet"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            hub.halfway.set()
            if hub.fault == "stops":
                hub.closing.wait()
            self.close_connection = True
        elif hub.fault == "slow" and self.path.endswith("train.parquet"):
            for begin in range(0, len(body), len(body) // 8 + 1):
                self.wfile.write(body[begin : begin + len(body) // 8 + 1])
                self.wfile.flush()
                hub.closing.wait(0.7)
        else:
            self.wfile.write(body)


def sha(held):
    return hashlib.sha256(held).hexdigest()


@contextmanager
def serve(files, fault=None, **more):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.hub = Hub(files, fault, **more)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.hub.closing.set()
        server.shutdown()
        server.server_close()
