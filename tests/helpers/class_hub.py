"""A real hub on loopback, and students who use it as their browsers would: for tests and bench."""

import asyncio
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import httpx
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

ROOT = Path(__file__).parents[2]
HUB = ROOT / "deploy" / "jupyterhub"
PYTHON = ROOT / ".venv-hub" / "bin" / "python"
NO_HUB = "needs the hub's environment, which `make env-hub` makes"
PASSWORD = "a class of beginners"
# The hub ends when the guard's standard input does, so also when this process is killed. Whatever
# it leaves behind has the mark in its environment, and is killed.
GUARD = """
import os, signal, subprocess, sys
from pathlib import Path

mark, *command = sys.argv[1:]
hub = subprocess.Popen(command, start_new_session=True)
Path(os.environ["LESSONS_HUB"], "hub.pid").write_text(str(hub.pid))
while os.read(0, 1):
    pass
hub.send_signal(signal.SIGINT)
try:
    hub.wait(20)
except subprocess.TimeoutExpired:
    pass
left = True
while left:
    left = False
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        try:
            if pid != os.getpid() and mark.encode() in (process / "environ").read_bytes():
                os.kill(pid, signal.SIGKILL)
                left = left or "Z" not in (process / "stat").read_text().rpartition(")")[2]
        except OSError:
            continue
"""


class ClassHub:
    """A hub that runs: its address, its folder, and how it is killed and started again."""

    def __init__(self, folder, config="trial.py", flags=(), begun=lambda pid: None):
        ports = free_ports(3)
        self.folder, self.mark = Path(folder), f"lessons-hub-{uuid.uuid4().hex}"
        self.address = f"http://127.0.0.1:{ports[0]}"
        self.students = self.folder / "students"
        self.command = [str(PYTHON), "-m", "jupyterhub", f"--config={HUB / config}"]
        self.command += [f"--JupyterHub.bind_url={self.address}", "--log-level=INFO"]
        self.command += [f"--JupyterHub.hub_bind_url=http://127.0.0.1:{ports[1]}"]
        self.command += [f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{ports[2]}"]
        self.command += flags
        self.begun, self.second = begun, None
        self.env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.env |= {"LESSONS_HUB": str(folder), "LESSONS_MARK": self.mark}

    def start(self):
        """Start the hub, and wait until it answers. Raises RuntimeError with its log if it ends."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / "password").write_text(PASSWORD)
        self.log = (self.folder / "hub.log").open("a")
        guard = [sys.executable, "-c", GUARD, self.mark, *self.command]
        self.guard = subprocess.Popen(
            guard, env=self.env, stdin=subprocess.PIPE, stdout=self.log, stderr=self.log
        )
        self.begun(self.guard.pid)
        end = time.monotonic() + 60
        while not self.answers():
            if time.monotonic() > end or not self.alive():
                self.stop()
                raise RuntimeError("The hub is not there. " + self.last_lines())
            time.sleep(0.1)  # between two looks

    def answers(self):
        """Does the hub answer through the proxy?"""
        address = self.address.removeprefix("http://").split(":")
        try:
            with socket.create_connection((address[0], int(address[1])), timeout=5) as connection:
                connection.sendall(b"GET /hub/health HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(100).partition(b"\r\n")[0]
        except OSError:
            return False

    def pid(self):
        """The hub's process."""
        return int((self.folder / "hub.pid").read_text())

    def proxy_pid(self):
        """The proxy's process."""
        return int((self.folder / "proxy.pid").read_text())

    def alive(self):
        """Has the guard not ended, and is the hub there, once it has been?"""
        return self.guard.poll() is None and (
            not (self.folder / "hub.pid").exists() or runs(self.pid())
        )

    def kill(self):
        """Kill the hub alone, as a crash would."""
        os.kill(self.pid(), signal.SIGKILL)

    def restart(self):
        """Start a hub again over the same folder; the one before was killed."""
        self.second = subprocess.Popen(
            self.command, env=self.env, stdout=self.log, stderr=self.log, start_new_session=True
        )
        (self.folder / "hub.pid").write_text(str(self.second.pid))

    def stop(self):
        """End the hub with all that it has started."""
        if self.second:
            self.second.send_signal(signal.SIGINT)
            self.second.wait(30)
        self.guard.stdin.close()
        self.guard.wait(40)
        self.log.close()

    def last_lines(self):
        """The end of its log."""
        lines = (self.folder / "hub.log").read_text(errors="replace").splitlines()
        return "Its log ends with:\n" + "\n".join(lines[-15:])

    def processes(self, student=None):
        """The processes of the hub, or of one of its students."""
        return list(marked(self.mark, student))


@contextmanager
def class_hub(folder, **more):
    """A hub that runs, and nothing of it afterwards."""
    hub = ClassHub(folder, **more)
    hub.start()
    try:
        yield hub
    finally:
        hub.stop()


def free_ports(number):
    """So many ports that are free now."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def runs(pid):
    """Does this process run?"""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def marked(mark, student=None):
    """The processes with this mark in their environment, of all or of one student."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found = (process / "environ").read_bytes().split(b"\0")
        except OSError:  # it has ended, or belongs to someone else
            continue
        user = student is None or f"JUPYTERHUB_USER={student}".encode() in found
        if f"LESSONS_MARK={mark}".encode() in found and user:
            yield int(process.name)


# --------------------------------------------------------------------------- a student


class Student:
    """One who signs in and uses JupyterLab; what a browser does over HTTP and a websocket."""

    def __init__(self, hub, name):
        self.hub, self.name = hub, name
        self.server = f"{hub.address}/user/{name}"
        self.comms = {}  # comm_id: the state of a widget, as a front end keeps it

    async def __aenter__(self):
        self.http = httpx.AsyncClient(follow_redirects=True, timeout=60, trust_env=False)
        self.channels = None
        return self

    async def __aexit__(self, *_):
        if self.channels:
            self.channels.close()
        await self.http.aclose()

    def xsrf(self, path):
        """The token against forged requests for this path: the cookie of the nearest folder."""
        fitting = [one for one in self.http.cookies.jar if path.startswith(one.path)]
        tokens = [one for one in fitting if one.name == "_xsrf"]
        return max(tokens, key=lambda one: len(one.path)).value if tokens else ""

    async def sign_in(self, seconds=60, password=PASSWORD):
        """Sign in, and wait for the server. Raises TimeoutError, PermissionError if refused."""
        login = f"{self.hub.address}/hub/login"
        await self.http.get(login)
        token = self.xsrf("/hub/login")
        form = {"username": self.name, "password": password, "_xsrf": token}
        if (await self.http.post(login, data=form)).status_code == 403:
            raise PermissionError(f"{self.name} may not sign in")
        await self.wait(seconds)

    async def wait(self, seconds):
        """Wait for the server. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while not await self.up():
            if time.monotonic() > end:
                raise TimeoutError(f"the server of {self.name} is not up after {seconds} s")
            await asyncio.sleep(0.5)  # as the page that waits does

    async def start_again(self, seconds=120):
        """Ask for a server until there is one, as a click on Restart does. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while not await self.up():
            if time.monotonic() > end:
                raise TimeoutError(f"the server of {self.name} is not up after {seconds} s")
            await self.http.get(f"{self.hub.address}/hub/spawn/{self.name}")
            await asyncio.sleep(1)  # between two clicks

    async def up(self):
        """Does the student's own server answer?"""
        try:
            page = await self.http.get(f"{self.server}/lab")
        except httpx.HTTPError:
            return False
        return page.status_code == 200 and page.url.path.startswith(f"/user/{self.name}/")

    async def ask(self, method, path, **more):
        """A request to the student's server: status and JSON, as its pages make them."""
        headers = {"X-XSRFToken": self.xsrf(f"/user/{self.name}/{path}")}
        answer = await self.http.request(method, f"{self.server}/{path}", headers=headers, **more)
        kind = answer.headers.get("Content-Type", "")
        return answer.status_code, answer.json() if "json" in kind else answer.text

    async def open(self, notebook):
        """Open a notebook and start its kernel, which is the same after a lost connection."""
        status, model = await self.ask("GET", f"api/contents/{notebook}")
        assert status == 200, (status, model)
        self.notebook, self.content = notebook, model["content"]
        body = {"path": notebook, "name": notebook, "type": "notebook"}
        body["kernel"] = {"name": "python3"}
        status, session = await self.ask("POST", "api/sessions", json=body)
        assert status == 201, (status, session)
        self.kernel = session["kernel"]["id"]
        await self.connect()

    async def connect(self):
        """Open the websocket to the kernel."""
        self.session = uuid.uuid4().hex
        address = f"{self.server}/api/kernels/{self.kernel}/channels?session_id={self.session}"
        cookies = self.http.build_request("GET", address).headers.get("Cookie", "")
        request = HTTPRequest(address.replace("http", "ws", 1), headers={"Cookie": cookies})
        self.channels = await websocket_connect(request, max_message_size=2**30)

    async def send(self, kind, content, channel="shell"):
        """Send a message to the kernel, and return its id."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": self.session}
        header |= {"username": self.name, "version": "5.4", "date": "2026-01-01T00:00:00Z"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        await self.channels.write_message(json.dumps(message | {"channel": channel, "buffers": []}))
        return header["msg_id"]

    async def receive(self, seconds=120):
        """The next message of the kernel. Raises ConnectionError where the connection is lost."""
        message = await asyncio.wait_for(self.channels.read_message(), seconds)
        if message is None:
            raise ConnectionError(f"{self.name} has lost the connection to the kernel")
        if isinstance(message, bytes):  # how many parts, where each begins, JSON, buffers
            count, begin, end = (int.from_bytes(message[n : n + 4], "big") for n in (0, 4, 8))
            message = message[begin : end if count > 1 else None]
        one = json.loads(message)
        self.note(one)
        return one

    def note(self, message):
        """Keep the state of the widgets up to date."""
        content, kind = message["content"], message["header"]["msg_type"]
        if kind == "comm_open":
            self.comms[content["comm_id"]] = content["data"].get("state", {})
        elif kind == "comm_msg" and content["data"].get("method") == "update":
            self.comms.setdefault(content["comm_id"], {}).update(content["data"]["state"])
        elif kind == "comm_close":
            self.comms.pop(content["comm_id"], None)

    async def run(self, source):
        """Run code: its outputs. Raises RuntimeError with what went wrong in it."""
        request = {"code": source, "silent": False, "store_history": True, "stop_on_error": True}
        asked = await self.send("execute_request", {**request, "allow_stdin": False})
        outputs, waiting = [], {"idle", "reply"}
        while waiting:
            one = await self.receive()
            if one["parent_header"].get("msg_id") != asked:
                continue
            kind, content = one["header"]["msg_type"], one["content"]
            if kind == "status" and content["execution_state"] == "idle":
                waiting.discard("idle")
            elif kind == "execute_reply":
                waiting.discard("reply")
                if content["status"] != "ok":
                    raise RuntimeError(f"{self.name}: {content.get('evalue', content)}")
            elif kind in ("stream", "display_data", "execute_result"):
                outputs.append({"output_type": kind, **content} | {"transient": None})
        return [{name: x for name, x in one.items() if x is not None} for one in outputs]

    async def run_all(self):
        """Run the whole notebook, as Run All Cells does."""
        for cell in self.content["cells"]:
            if cell["cell_type"] == "code":
                outputs = await self.run(cell["source"])
                cell["outputs"] = [as_output(one) for one in outputs]

    async def save(self):
        """Save the notebook, as JupyterLab does by itself every 30 seconds."""
        body = {"type": "notebook", "content": self.content, "format": "json"}
        status, model = await self.ask("PUT", f"api/contents/{self.notebook}", json=body)
        assert status == 200, (status, model)

    # --------------------------------------------------------------- the panel of lesson 05

    def widget(self, **state):
        """The id of the latest widget that has this state."""
        for comm, known in reversed(list(self.comms.items())):
            if all(known.get(name) == value for name, value in state.items()):
                return comm
        raise LookupError(f"{self.name} sees no widget with {state}")

    async def put(self, name, value):
        """Type a number into a box of the panel."""
        box = self.widget(description=f"{name}, as a number")
        await self.send(
            "comm_msg",
            {"comm_id": box, "data": {"method": "update", "state": {"value": value}}},
        )

    async def press(self, name):
        """Click a button of the panel: the message that its front end sends."""
        click = {"method": "custom", "content": {"event": "click"}}
        await self.send("comm_msg", {"comm_id": self.widget(description=name), "data": click})

    async def enabled(self, name):
        """Wait until a button of the panel is enabled."""
        while self.comms[self.widget(description=name)].get("disabled"):
            await self.receive()

    async def stop_seconds(self, draw=random):
        """Train for a while, press Stop, and return after how long the panel is ready again."""
        await self.enabled("Train")
        await self.press("Train")
        await self.enabled("Stop")
        end = time.monotonic() + draw.uniform(0.5, 2)
        while time.monotonic() < end:  # a training takes 2.6 s or more
            await self.receive()
        pressed = time.monotonic()
        if self.comms[self.widget(description="Stop")].get("disabled"):
            raise RuntimeError(f"{self.name}: the training had ended before Stop was pressed")
        await self.press("Stop")
        await self.enabled("Train")
        return time.monotonic() - pressed


def as_output(one):
    """An output of a cell, as a notebook stores it."""
    if one["output_type"] == "stream":
        return {"output_type": "stream", "name": one["name"], "text": one["text"]}
    kept = {"output_type": one["output_type"], "data": one["data"], "metadata": one["metadata"]}
    if one["output_type"] == "execute_result":
        kept["execution_count"] = one["execution_count"]
    return kept


# --------------------------------------------------------------------------- what it takes


def memory(pids):
    """PSS and RSS of these processes together, in MB (10^6 bytes)."""
    sums = {"Pss": 0, "Rss": 0}
    for pid in pids:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        for name in sums:
            sums[name] += int(re.search(rf"^{name}: +(\d+) kB", text, re.M)[1])
    return sums["Pss"] * 1024 / 1e6, sums["Rss"] * 1024 / 1e6


def cpu_seconds(pids):
    """Seconds of processor time that these processes have used, and their children that ended."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
