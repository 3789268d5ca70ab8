"""The training lab in JupyterLab in a real browser: what Stop, painting and long use cost.

    make bench-ui

All clicks and key strokes are real ones. Page and kernel share one machine, so one clock. About
five minutes.
"""

import json
import os
import platform
import random
import sys
from bisect import bisect
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple

from playwright.sync_api import Locator, Page, expect

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from jupyter_browser import LAB, Notebook, open_browser, serve_lab, write_notebook
from jupyter_browser import TROUBLE as WARNINGS

PRESSES = 50  # of Stop, for each length of batches
PAIRS = 5  # of trainings, in the panel and in a bare loop
TRIPS = 30  # of a message to the kernel and back
CYCLES, MOVES = 50, 4  # Train and Stop, with so many slider moves between them
WARM_UP = 5  # cycles before memory is measured

TOOLS = """
import ctypes, gc, json, os, threading, time
from array import array
from pathlib import Path
from lessons.sources import load_split
from lessons.panels.runs import new_run, prepare
from lessons.validation import Epoch
from torch.optim.optimizer import register_optimizer_step_post_hook

steps, pace = array("d"), 0.0  # when each step ended; the least seconds from one to the next

def note(*_):
    while steps and time.time() < steps[-1] + pace:
        pass
    steps.append(time.time())

hook = register_optimizer_step_post_hook(note)

def tell_steps():
    Path("steps.json").write_text(json.dumps(steps.tolist()))
    del steps[:]

def train_bare():
    settings = lab.runs[-1].settings
    for event in new_run(Path("bare"), settings).begin(prepare(load_split(settings.source))):
        if isinstance(event, Epoch) and event.number == settings.epochs:
            return

def tell_state():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what is free goes back to the system
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    workers = sum(thread.name == "lessons-worker" for thread in threading.enumerate())
    print(json.dumps([workers, pages * os.sysconf("SC_PAGE_SIZE") / 2**20]))
"""
# Seconds of the day, as in the kernel, of each click on Train or Stop and of each new drawing. A
# click counts from when the mouse sent it: a busy page gets to it some 20 ms later.
WATCH = """() => {
  window.clicks = [];
  window.drawn = [];
  document.addEventListener("click", event => {
    const name = event.target.closest("button")?.textContent.trim();
    if (name === "Train" || name === "Stop")
      clicks.push([name, (performance.timeOrigin + event.timeStamp) / 1000]);
  }, true);
  const now = () => (performance.timeOrigin + performance.now()) / 1000;
  const view = document.querySelector(".lessons-panel [role=img]").parentElement;
  new MutationObserver(() => drawn.push(now())).observe(view, {childList: true});
}"""
CHANGED = """([before, stop]) => {
  const now = document.querySelector(".lessons-panel progress + div").innerText;
  return stop.disabled || (now.includes("batch") && now !== before);
}"""
TROUBLE = f"[data-mime-type='application/vnd.jupyter.error'], {WARNINGS}"
# The yardstick for this machine: milliseconds for a message to the kernel and its answer.
ROUND_TRIP = """async () => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const begun = performance.now();
  await kernel.requestKernelInfo();
  return performance.now() - begun;
}"""


class Bench(NamedTuple):
    """A notebook with a training lab, open in a browser."""

    page: Page
    notebook: Notebook
    folder: Path
    problems: list[str]  # errors on the page's console

    def button(self, name: str) -> Locator:
        """A button of the lab."""
        return self.page.locator(".lessons-panel").get_by_role("button", name=name)

    def begin(self, changes: int = 1) -> None:
        """Press Train and wait until the curves have moved so often, or the training has ended."""
        self.button("Train").click()
        stop, line = self.button("Stop"), self.page.locator(".lessons-panel progress + div")
        expect(stop).to_be_enabled()
        for _ in range(changes):
            self.page.wait_for_function(CHANGED, arg=[line.inner_text(), stop.element_handle()])

    def stop(self) -> None:
        """Press Stop, whether or not the training has ended, and wait for its end."""
        self.button("Stop").click(force=True)
        expect(self.button("Train")).to_be_enabled()

    def await_status(self, text: str) -> None:
        """Wait until the lab says so."""
        expect(self.page.get_by_role("status")).to_contain_text(text)

    def steps(self) -> list[float]:
        """When the steps were made since this was last asked."""
        self.notebook.run("tell_steps()")
        return json.loads((self.folder / "steps.json").read_text())

    def state(self) -> tuple[int, float]:
        """Training threads in the kernel, and its resident memory in MiB."""
        return tuple(json.loads(self.notebook.run("tell_state()")))


@contextmanager
def open_lab() -> Iterator[Bench]:
    """Start server and browser, show the lab and set it to a long training."""
    with (
        TemporaryDirectory() as folder,
        TemporaryDirectory() as home,
        serve_lab(folder, home) as address,
        open_browser() as page,
    ):
        problems: list[str] = []
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: said.type == "error" and problems.append(said.text))
        write_notebook(Path(folder) / "bench.ipynb", LAB, TOOLS)
        notebook = Notebook(page, address, "bench.ipynb")
        notebook.run_all()
        for name, value in (("batch size", 8), ("epochs", 30)):
            box = page.get_by_label(f"{name}, as a number")
            box.fill(str(value))
            box.press("Enter")
        page.evaluate(WATCH)
        yield Bench(page, notebook, Path(folder), problems)


# -------------------------------------------------------------------------------- the figures


def measure_round_trip(bench: Bench) -> list[float]:
    """Milliseconds that a message to the kernel and its answer take, while nothing else goes on."""
    return [bench.page.evaluate(ROUND_TRIP) for _ in range(TRIPS)]


def measure_stop(bench: Bench, pace: float) -> list[float]:
    """Milliseconds from the click on Stop to the last step, with steps at least `pace` apart."""
    bench.notebook.run(f"pace = {pace}")
    draw, delays = random.Random(0), []
    for _ in range(5):
        for _ in range(PRESSES - len(delays)):
            bench.begin(draw.randint(1, 3))
            bench.page.wait_for_timeout(draw.uniform(0, 300))  # not always after a drawing
            bench.stop()
        delays += read_delays(bench)
        if len(delays) == PRESSES:
            return delays
    raise TimeoutError(f"Only {len(delays)} times a training was going when Stop was pressed.")


def read_delays(bench: Bench) -> list[float]:
    """The delays since this was last asked, of those clicks on Stop that found a training."""
    clicks, steps = bench.page.evaluate("() => clicks.splice(0)"), bench.steps()
    delays = []
    for (name, clicked), (_, following) in zip(clicks, [*clicks[1:], (None, 1e12)], strict=True):
        if name == "Stop":
            last = steps[bisect(steps, following) - 1]
            if last > clicked - 0.05:
                delays.append(1000 * max(0.0, last - clicked))
    return delays


def measure_speed(bench: Bench) -> tuple[list[float], list[float], float]:
    """Steps a second in the panel and in a bare loop, by turns; new drawings a second."""
    panel, bare, drawn, seconds = [], [], 0, 0.0
    bench.notebook.run("pace = 0.0")
    for _ in range(PAIRS):
        bench.page.evaluate("() => drawn.splice(0)")
        bench.begin()
        bench.await_status("Finished")
        steps = bench.steps()
        panel.append(per_second(steps))
        drawn += sum(steps[0] < at < steps[-1] for at in bench.page.evaluate("() => drawn"))
        seconds += steps[-1] - steps[0]
        bench.notebook.run("train_bare()")
        bare.append(per_second(bench.steps()))
    return panel, bare, drawn / seconds


def per_second(times: list[float]) -> float:
    """How many there are in a second."""
    return (len(times) - 1) / (times[-1] - times[0])


def measure_use(bench: Bench) -> tuple[int, float]:
    """What much use leaves behind: threads, and MiB of memory."""
    bench.notebook.run("hook.remove()")
    for number in range(WARM_UP):
        use(bench, number)
    _, before = bench.state()
    for number in range(CYCLES):
        use(bench, number)
    workers, after = bench.state()
    return workers, after - before


def use(bench: Bench, number: int) -> None:
    """Train, move a slider there and back, stop."""
    there = {"epochs": "ArrowLeft", "batch size": "ArrowRight", "learning rate": "ArrowRight"}
    name, key = list(there.items())[number % len(there)]
    back = "ArrowRight" if key == "ArrowLeft" else "ArrowLeft"
    bench.begin()
    box = bench.page.get_by_label(f"{name}, as a number")
    for stroke in [key, back] * (MOVES // 2):
        before = box.input_value()
        bench.page.get_by_role("slider", name=name).focus()
        bench.page.keyboard.press(stroke)
        expect(box).not_to_have_value(before)  # by way of the kernel
    bench.stop()


# ---------------------------------------------------------------------------------- the table


def print_row(what: str, measured: str, target: str) -> None:
    """Print a row of the table, as soon as it is known."""
    print(f"| {what} | {measured} | {target} |", flush=True)


def print_delays(what: str, delays: list[float]) -> None:
    """Print a row about Stop."""
    late = quantiles(delays, n=20, method="inclusive")[-1]
    what = f"from Stop to the last step, {len(delays)} presses, {what}: 95th percentile, maximum"
    print_row(what, f"{late:.0f} ms, {max(delays):.0f} ms", "below 100 ms, –")


def main() -> None:
    """Print the table, and a line on the machine."""
    load = os.getloadavg()[0]
    with open_lab() as bench:
        print_row("what", "measured", "target")
        print_row("---", "---", "---")
        trips = measure_round_trip(bench)
        figures = f"{median(trips):.1f} ms, {max(trips):.0f} ms"
        print_row(
            f"a message to the kernel and its answer, {TRIPS} times: median, maximum", figures, "–"
        )
        quick, slow = measure_stop(bench, 0.0), measure_stop(bench, 0.02)
        print_delays("usual batches", quick)
        print_delays("batches of 20 ms", slow)
        print_delays("all", quick + slow)
        panel, bare, drawings = measure_speed(bench)
        ratio = median(a / b for a, b in zip(panel, bare, strict=True))
        figures = f"{ratio:.2f} ({median(panel):.0f} / {median(bare):.0f})"
        print_row(f"steps a second, panel / bare loop, {PAIRS} pairs", figures, "at least 0.9")
        print_row("new drawings a second", f"{drawings:.1f}", "2 to 4")
        workers, grown = measure_use(bench)
        use = f"after {CYCLES} times Train and Stop and {CYCLES * MOVES} slider moves:"
        print_row(f"{use} training threads", str(workers), "0")
        print_row(f"{use} more memory", f"{grown:.1f} MiB", "below 20 MiB")
        problems = bench.problems + bench.page.locator(TROUBLE).all_inner_texts()
        print_row("errors on the page or in cells", str(len(problems)), "0")
        names = [f"{name} {version(name)}" for name in ("torch", "jupyterlab")]
        names.append(f"chromium {bench.page.context.browser.version}")
        names.append(f"Python {platform.python_version()}")
        print(f"\n{os.cpu_count()} cores (load before: {load:.1f})", *names, sep=", ")
        for problem in problems:
            print(problem)


if __name__ == "__main__":
    main()
