"""JupyterLab, or Notebook 7, in a real browser: for the tests in browser/ and `make bench-ui`."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import nbformat
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
QUIET = [  # a browser asks the network for things by itself
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
TROUBLE = "[data-mime-type='application/vnd.jupyter.stderr']"  # errors and warnings in a cell
LAB = """
import torch
from lessons.panels import Target, TrainingLab
torch.set_num_threads(1)
lab = TrainingLab("lab", Target(0.85, 5))
lab
"""
QUESTIONS = 'from lessons.panels import CheckYourself\nCheckYourself("00")'
NEWS = "@jupyterlab/apputils-extension:announcements"
# The server ends when the guard's standard input does, so also when this process is killed; and
# the guard ends with its server.
GUARD = """
import os, subprocess, sys, threading

def kill_at_the_end_of_input():
    while os.read(0, 1):
        pass
    server.kill()  # politely asked, it may wait for its kernels; they end with it

server = subprocess.Popen(sys.argv[1:])
threading.Thread(target=kill_at_the_end_of_input, daemon=True).start()
sys.exit(server.wait())
"""


@contextmanager
def serve_lab(folder, home, app="lab"):
    """JupyterLab (or the app "notebook") over `folder`, settings in `home`; yields its address.

    Raises RuntimeError with the last lines of its log if the server ends before it answers.
    """
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyter", app, "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}"]
    command += ["--expose-app-in-browser", "--IdentityProvider.token=", "--log-level=ERROR"]
    guard = [sys.executable, "-c", GUARD, *command]
    env = os.environ | _write_settings(Path(home))
    with (
        (Path(home) / "server.log").open("w") as log,
        subprocess.Popen(guard, env=env, stdin=subprocess.PIPE, stdout=log, stderr=log) as server,
    ):
        try:
            until(lambda: _ended(server) or answers(f"{address}/api"), "the server answers")
            if _ended(server):
                last = Path(log.name).read_text().splitlines()[-10:]
                raise RuntimeError("\n".join(["The server ended. Its log ends with:", *last]))
            yield address
        finally:
            server.stdin.close()
            server.wait(20)


def _ended(process):
    return process.poll() is not None


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _write_settings(home):
    """Settings of JupyterLab, and the environment variables that lead to them."""
    page = home / "labconfig" / "page_config.json"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(json.dumps({"disabledExtensions": {NEWS: True}}))
    # Every cell stays on the page, also one that is scrolled out of sight.
    tracker = home / "lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True, exist_ok=True)
    tracker.write_text('{"windowingMode": "none"}')
    return {"JUPYTER_CONFIG_DIR": str(home), "JUPYTERLAB_WORKSPACES_DIR": str(home)}


def answers(address):
    try:
        with urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(condition, what, seconds=60):
    """Wait for a condition, and say which one it was if it does not come."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s in vain until {what}")
        time.sleep(0.02)  # between two looks
    return value


@contextmanager
def open_browser(width=1366, height=768):
    """A browser page. It lists what went wrong on it, and the addresses outside this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.went_out, page.problems = [], []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("request", lambda request: _note(page.went_out, request.url))
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def _note(went_out, address):
    if not address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
        went_out.append(address)


# Without a connected kernel the page says idle too, and a cell that is run then never ends.
CONNECTED = """() => {
  const kernel = jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""
COMMAND = """async name => {
  const late = new Promise((_, fail) => setTimeout(() => fail(Error(name + " hangs")), 60000));
  await Promise.race([jupyterapp.commands.execute(name), late]);
}"""


class Notebook:
    """A notebook opened in JupyterLab, or at the address of another app's `path`."""

    def __init__(self, page, address, name, path="doc/tree"):
        self.page = page
        page.goto(f"{address}/{path}/{name}")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function(CONNECTED)
        self.idle()

    def command(self, name):
        """Run a command of JupyterLab's and wait until it is done."""
        self.page.evaluate(COMMAND, name)

    def idle(self):
        """Wait until the kernel does nothing."""
        self.page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")

    def run_all(self):
        self.command("notebook:run-all-cells")
        self.idle()

    def run(self, source):
        """Run `source` in a new cell below, and return what it printed."""
        self.command("notebook:insert-cell-below")
        self.command("notebook:enter-edit-mode")
        self.page.keyboard.insert_text(source)
        self.command("notebook:run-cell")
        self.idle()
        return self.page.locator(".jp-Cell.jp-mod-active .jp-OutputArea").inner_text()


def write_notebook(path, *sources):
    """A notebook with these cells, which opens without asking for a kernel."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


# ------------------------------------------------------------------------------- the panels


def press(page, name):
    page.locator(".lessons-panel").get_by_role("button", name=name).click()


def put(page, name, value):
    box = page.get_by_label(f"{name}, as a number")
    box.fill(str(value))
    box.press("Enter")


def status(page):
    return page.get_by_role("status")


def serious(page, where):
    """What axe finds serious or critical in this part of the page."""
    found = Axe().run(page, where).response["violations"]
    return [
        (finding["id"], node["html"])
        for finding in found
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]
