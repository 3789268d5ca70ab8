"""The website on a slow phone and a slow laptop: how soon pages are there and sliders answer.

    make site bench-site
    python benchmarks/site.py 05_training_loop    # some pages only

Chromium opens the pages of build/site from the disk and works at a quarter of this machine's speed.
A slider is moved by key strokes; its answer counts from the key to the next picture on the screen,
as browsers measure it themselves (the Event Timing interface, in steps of 8 ms). Some minutes.
"""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]
from jupyter_browser import BROWSER, QUIET  # noqa: E402

from scripts.site_check import weights  # noqa: E402

SITE = ROOT / "build" / "site"
SIZES = ((390, 844), (1366, 768))
SLOWER = 4  # times
FIRST_VIEW, ANSWER = 1.5, 100  # limits: seconds, milliseconds
LOADS, KEYS = 5, 10  # of each page, and of each slider
PANEL = "div[data-panel]:not([data-panel=starter])"  # that has no slider
WATCH = """() => {
  window.answers = [];
  new PerformanceObserver((list) => answers.push(...list.getEntries()
    .filter((entry) => entry.name === "keydown").map((entry) => entry.duration)))
    .observe({ type: "event", durationThreshold: 16 });
}"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))"


@contextmanager
def slow_page(browser: Browser, width: int, height: int) -> Iterator[Page]:
    """A page of this size in a browser without a cache, at a quarter of the speed."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page
    context.close()


def first_view(browser: Browser, path: Path, size: tuple[int, int]) -> float:
    """Seconds from asking for a page until something of it is to be seen."""
    with slow_page(browser, *size) as page:
        page.goto(path.as_uri())
        return page.wait_for_function(PAINTED).json_value() / 1000


def answers(browser: Browser, path: Path, size: tuple[int, int]) -> dict[str, list[float]]:
    """Milliseconds from a key to the next picture, for each slider, by panel and name."""
    measured: dict[str, list[float]] = {}
    with slow_page(browser, *size) as page:
        page.goto(path.as_uri())
        page.evaluate(WATCH)
        for panel in page.locator(PANEL).all():
            panel.scroll_into_view_if_needed()
            kind = panel.get_attribute("data-panel")
            page.wait_for_function("(panel) => panel.dataset.state", arg=panel.element_handle())
            page.wait_for_function(
                "(panel) => panel.dataset.state !== 'drawing'", arg=panel.element_handle()
            )
            for slider in panel.get_by_role("slider").all():
                measured.setdefault(f"{kind}: {name_of(slider)}", []).extend(moved(page, slider))
    return measured


def name_of(slider: Locator) -> str:
    """What its label says."""
    return str(slider.evaluate("(one) => one.labels[0]?.textContent ?? one.ariaLabel ?? ''"))


def moved(page: Page, slider: Locator) -> list[float]:
    """Move a slider to and fro by keys. Less than 16 ms is not told, and counts as 16."""
    page.evaluate("answers.length = 0")
    slider.focus()
    for number in range(KEYS):
        page.keyboard.press("ArrowRight" if number % 4 < 2 else "ArrowLeft")
        page.evaluate(TWO_FRAMES)
    seen = list(page.evaluate("answers"))
    return seen + [16.0] * (KEYS - len(seen))


def main(names: list[str]) -> None:
    """Measure and print: all pages of lessons, or those that are named."""
    if BROWSER is None:
        sys.exit("This needs the browser Chromium.")
    if not (SITE / "index.html").is_file():
        sys.exit(f"There is no site in {SITE}. Make it first: make site")
    pages = [SITE / "index.html", *sorted((SITE / "notebooks").glob("*.html"))]
    pages = [path for path in pages if not names or path.stem in names]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
        here = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        print(f"Chromium {browser.version}, {SLOWER} times slower than this machine ({here}).")
        for size in SIZES:
            report_views(browser, pages, size)
            report_answers(browser, pages, size)
        browser.close()
    report_weights()


def report_views(browser: Browser, pages: list[Path], size: tuple[int, int]) -> None:
    """A line for each page."""
    print(f"\nFirst view at {size[0]}x{size[1]}, seconds (limit {FIRST_VIEW})\n")
    print("| page | median | slowest |\n|---|---|---|")
    for path in pages:
        seconds = [first_view(browser, path, size) for _ in range(LOADS)]
        print(f"| {path.stem} | {median(seconds):.2f} | {max(seconds):.2f} |", flush=True)


def report_answers(browser: Browser, pages: list[Path], size: tuple[int, int]) -> None:
    """A line for each kind of slider, over all pages."""
    measured: dict[str, list[float]] = {}
    for path in pages:
        for name, times in answers(browser, path, size).items():
            measured.setdefault(name, []).extend(times)
    print(f"\nAnswers of sliders at {size[0]}x{size[1]}, milliseconds (limit {ANSWER})\n")
    print("| slider | median | slowest | moves |\n|---|---|---|---|")
    for name, times in sorted(measured.items()):
        print(f"| {name} | {median(times):.0f} | {max(times):.0f} | {len(times)} |", flush=True)


def report_weights() -> None:
    """The heaviest pages, with all that they load."""
    print("\nThe heaviest pages, MB with all that they load\n\n| page | MB |\n|---|---|")
    heaviest = sorted(weights(SITE).items(), key=lambda item: -item[1])[:5]
    for name, weight in heaviest:
        print(f"| {name} | {weight / 1e6:.2f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
