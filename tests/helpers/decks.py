"""Decks of slides in Chromium: how high each slide is, what overflows, how small its letters are.

python tests/helpers/decks.py build/slides/05_training_loop.html [--png FOLDER] [--all]
"""

import argparse
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from jupyter_browser import BROWSER, QUIET
from playwright.sync_api import sync_playwright

SIZES = [(1280, 720), (1920, 1080)]  # of a projector, in px
PROSE, CODE = 24, 18  # the smallest letters at 1280 x 720, in px
LINES = 14  # of code on a slide, at most
FIGURE, PANEL = 0.85, 0.6  # of its own size, at least, at 1280 x 720: letters have 15 px at 1

# What is on the screen when all steps of a slide are done, in px of the screen.
MEASURE = """() => {
  const section = Reveal.getCurrentSlide(), whole = section.getBoundingClientRect();
  const found = {id: section.dataset.cell, height: 0, overflow: [], prose: null, code: null,
                 lines: 0, figure: null, panel: null};
  const shown = element =>
    element.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const say = (what, element) => found.overflow.push(
    what + ": " + (element.textContent || element.alt || element.tagName).trim().slice(0, 40));
  const inside = element => element.closest("aside.notes, svg, style") === null;
  const scale = Reveal.getScale(), edge = 2 * scale;
  const texts = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
  for (let node; (node = texts.nextNode()); ) {
    const element = node.parentElement;
    if (!node.data.trim() || !inside(element) || !shown(element)) continue;
    const size = parseFloat(getComputedStyle(element).fontSize) * scale;
    const kind = element.closest("pre, code, table") ? "code" : "prose";
    if (found[kind] === null || size < found[kind]) {
      found[kind] = size;
    }
  }
  for (const element of section.querySelectorAll("*")) {
    if (!shown(element) || element.closest("aside.notes, style, svg *")) continue;
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height || element.classList.contains("column")) continue;
    const range = document.createRange();
    range.selectNodeContents(element);
    const ink = element.childElementCount ? box : range.getBoundingClientRect();
    const bottom = Math.max(box.bottom, ink.bottom), right = Math.max(box.right, ink.right);
    found.height = Math.max(found.height, bottom - whole.top);
    const column = element.closest(".column")?.getBoundingClientRect();
    const floor = column?.bottom ?? whole.bottom;  // further down is the slide's number
    if (bottom > floor + edge) say("below", element);
    if (right > whole.right + edge || box.left < whole.left - edge) say("beyond the side", element);
    else if (column && right > column.right + edge) say("beyond its column", element);
    const style = getComputedStyle(element);
    if (style.overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1)
      say("scrolls sideways", element);
    if (style.overflowY !== "visible" && element.scrollHeight > element.clientHeight + 1)
      say("scrolls down", element);
    const tag = element.tagName.toLowerCase();
    if (tag === "img" || tag === "svg") {
      if (tag === "img" && !element.naturalWidth) say("is not there", element);
      const [ownWidth, ownHeight] = tag === "img"
        ? [element.naturalWidth, element.naturalHeight]
        : [element.viewBox.baseVal.width, element.viewBox.baseVal.height];
      const fit = Math.min(box.width / ownWidth, box.height / ownHeight);
      const kind = element.closest(".panel") ? "panel" : "figure";
      found[kind] = Math.min(found[kind] ?? fit, fit);
    }
  }
  for (const code of section.querySelectorAll(".code > .code pre"))
    found.lines += code.textContent.replace(/\\n+$/, "").split("\\n").filter(l => l.trim()).length;
  found.height = Math.round(found.height);
  found.overflow = [...new Set(found.overflow)];
  return found;
}"""


class Measured(NamedTuple):
    """A slide on a screen, with all of its steps done."""

    id: str  # of its first cell
    height: int  # px of the screen, down to the lowest thing on the slide
    overflow: list[str]  # what is cut off or scrolls
    prose: float | None  # the smallest letters in px of the screen; None: there is none
    code: float | None  # of code, output and tables
    lines: int  # of code, without empty ones
    figure: float | None  # how large the smallest figure is, as a share of its own size
    panel: float | None  # and the smallest picture of a panel, which is only to be recognized

    def faults(self, width):
        """What is wrong with it on a screen of this width."""
        scale, faults = width / 1280, list(self.overflow)
        if self.prose is not None and self.prose < PROSE * scale - 0.1:
            faults.append(f"prose of {self.prose:.0f} px")
        if self.code is not None and self.code < CODE * scale - 0.1:
            faults.append(f"code of {self.code:.0f} px")
        if self.lines > LINES:
            faults.append(f"{self.lines} lines of code")
        for what, size, least in ("figure", self.figure, FIGURE), ("panel", self.panel, PANEL):
            if size is not None and size < least * scale - 0.01:
                faults.append(f"a {what} at {size / scale:.0%} of its size")
        return faults


@contextmanager
def deck_page(browser):
    """A page for decks that lists what was asked for, popups included, and what went wrong."""
    context = browser.new_context()
    page = context.new_page()
    page.requests, page.problems = [], []
    context.on("request", lambda request: page.requests.append(request.url))
    context.on("weberror", lambda error: page.problems.append(str(error.error)))
    yield page
    context.close()


def open_deck(page, path, size=SIZES[0]):
    """Show a deck from the disk at its first slide."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto("about:blank")
    page.goto(path.resolve().as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    page.evaluate("document.fonts.ready")


def measure(page, path, size=SIZES[0], pictures=None):
    """Each slide of a deck on a screen of this size. Its picture goes into a folder `pictures`."""
    open_deck(page, path, size)
    page.evaluate("Reveal.configure({fragments: false, transition: 'none'})")
    slides = page.evaluate("Reveal.getSlides().map(one => Object.values(Reveal.getIndices(one)))")
    measured = []
    for number, (column, row, *_) in enumerate(slides):
        page.evaluate("([h, v]) => Reveal.slide(h, v)", [column, row])
        measured.append(Measured(**page.evaluate(MEASURE)))
        if pictures:
            name = f"{path.stem[:2]}_{number:02}_{measured[-1].id}_{size[0]}.png"
            page.screenshot(path=Path(pictures) / name)
    return measured


def launch(playwright):
    return playwright.chromium.launch(executable_path=BROWSER, args=QUIET)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("decks", nargs="+", type=Path)
    parser.add_argument("--png", type=Path, help="write a picture of each slide into this folder")
    parser.add_argument("--all", action="store_true", help="list the slides without a fault, too")
    asked = parser.parse_args()
    if asked.png:
        asked.png.mkdir(parents=True, exist_ok=True)
    slides, bad, tall = 0, set(), set()
    with sync_playwright() as playwright, deck_page(launch(playwright)) as page:
        for path in asked.decks:
            for size in SIZES:
                for one in measure(page, path, size, asked.png):
                    key, faults = (path.stem, one.id), one.faults(size[0])
                    slides += size == SIZES[0]
                    if faults:
                        bad.add(key)
                    if one.height > 686 / 720 * size[1]:
                        tall.add(key)
                    if faults or asked.all:
                        print(
                            f"{path.stem} {size[0]} {one.id}: {one.height} px high,"
                            f" prose {one.prose}, code {one.code}, {one.lines} lines of code,"
                            f" figure {one.figure}, panel {one.panel}"
                        )
                        for fault in faults[:6]:
                            print(f"    {fault}")
            print(f"{path.stem}: requests to the network:", away(page), "problems:", page.problems)
    print(f"{slides} slides, {len(tall)} too tall, {len(bad)} with a fault at either size")
    return int(bool(bad))


def away(page):
    """What was asked for elsewhere than on the disk or in the page itself."""
    local = ("file:", "data:", "about:", "blob:")
    return [url for url in page.requests if not url.startswith(local)]


if __name__ == "__main__":
    sys.exit(main())
