"""Makes the course as a site, in build/site: pages that need no kernel, no server and no network.

python scripts/website.py [--to FOLDER] [--repository https://github.com/owner/name]

Nothing is run: the notebooks hold what they printed. The pages are written in the folders of the
repository, so that links between them stay what they are; `scripts/site_pages.py` turns notebooks
into pages. With the address of a repository, pages also offer to run a lesson on Binder.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from fontTools import subset
from sphinx.cmd.build import build_main

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts import slides  # noqa: E402
from scripts.site_check import faults_of, weights  # noqa: E402
from scripts.site_pages import NOTEBOOKS, write_pages  # noqa: E402

WEBSITE = ROOT / "website"
BUILD = ROOT / "build" / "site"
ARCHIVE = "lessons.zip"  # the whole course, to download
UNUSED = (  # of the theme: see layout.html; and a list of modules that no page links to
    *("_static/**/*.map", "_static/*macros.html", "_static/**/fontawesome.js*"),
    "_modules/index.html",
)
LIVE = re.compile(rf'{slides.LAB}/lab/workspaces/slides/tree/((\d\d)_\w+)\.ipynb#cell-id=([\w-]+)"')


def main(target: Path = BUILD, repository: str = "") -> None:
    """Make the site. Raises ValueError or OSError, in a sentence, if it can't be made."""
    begin = time.monotonic()
    pages, extra = (target.with_name(f"{target.name}-{part}") for part in ("pages", "extra"))
    for folder in (target, pages, extra):
        shutil.rmtree(folder, ignore_errors=True)
    extra.mkdir(parents=True)
    shutil.copy(ROOT / "LICENSE", extra / "LICENSE.txt")
    size = write_archive(extra / ARCHIVE)
    for path in NOTEBOOKS:
        shutil.copy(path, extra)
    write_decks(extra / "slides")
    write_pages(pages, repository=repository, archive=f"{ARCHIVE}, {size / 1e6:.1f} MB")
    copy_assets(pages / "_static")
    run_sphinx(pages, extra, target)
    if faults := faults_of(target):
        raise ValueError("Some links lead nowhere:\n" + "\n".join(faults))
    heaviest, weight = max(weights(target).items(), key=lambda item: item[1])
    count, seconds = len(list(target.rglob("*.html"))), time.monotonic() - begin
    print(f"{count} pages in {seconds:.0f} s, the heaviest {heaviest} with {weight / 1e6:.1f} MB.")
    print(f"The site: {target / 'index.html'}")


def run_sphinx(pages: Path, extra: Path, target: Path) -> None:
    """Let Sphinx make HTML of the pages. Raises ValueError if it finds a fault in them."""
    places = [f"html_static_path={pages / '_static'}", f"html_extra_path={extra}"]
    options = ["-q", "-W", "--keep-going", "-E", "-b", "html"]
    options += [f"-D{place}" for place in places]
    doctrees = target.with_name(f"{target.name}-doctrees")
    if build_main([*options, "-c", str(WEBSITE), "-d", str(doctrees), str(pages), str(target)]):
        raise ValueError(f"Sphinx found faults in {pages}; they are named above")
    shutil.rmtree(doctrees)
    for pattern in UNUSED:
        for file in target.glob(pattern):
            file.unlink()


def copy_assets(static: Path) -> None:
    """The style sheets, and what the panels are made of. In dark, the theme says so otherwise."""
    static.mkdir(exist_ok=True)
    shutil.copy(WEBSITE / "site.css", static)
    for folder in ("panels", "recordings"):
        (static / folder).mkdir(exist_ok=True)
        for file in (WEBSITE / folder).glob("*.*s"):  # .js and .css
            shutil.copy(file, static / folder)
    style = (ROOT / "src" / "lessons" / "panels" / "panel.css").read_text(encoding="utf-8")
    dark = style.replace('[data-jp-theme-light="false"]', '[data-theme="dark"]')
    (static / "panels" / "panel.css").write_text(dark, encoding="utf-8")


def write_archive(file: Path) -> int:
    """All files of the course that git knows, for those who have no git. Returns its bytes."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        raise ValueError(f"{ROOT} is no git repository, so it is unclear what to offer")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in filter(None, listed.stdout.decode().split("\0")):
            path = ROOT / name
            if path.is_file():
                entry = zipfile.ZipInfo(f"lessons/{name}")  # without a time: always the same
                entry.external_attr = path.stat().st_mode << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return file.stat().st_size


# -------------------------------------------------------------------------------- the decks


def write_decks(target: Path) -> None:
    """The decks, with links to the site's panels in place of JupyterLab's, and lighter letters."""
    lessons = sorted(slides.NOTEBOOKS.glob(slides.LESSON))
    if faults := slides.build(lessons, target, slides.LAB):
        raise ValueError("\n".join(faults))
    used = set()
    for deck in target.glob("*.html"):
        page = deck.read_text(encoding="utf-8")
        page = LIVE.sub(r'../notebooks/\1.html#\2-\3"', page)
        page = re.sub(
            rf"{slides.LAB}/lab/tree/([\w/]+)\.(?:ipynb|md)", r"../notebooks/\1.html", page
        )
        deck.write_text(
            page.replace("Open it live in JupyterLab", "Open it live"), encoding="utf-8"
        )
        used |= set(page)
    for font in (target / "deck").glob("*.ttf"):
        lighten(font, "".join(used))


def lighten(font: Path, letters: str) -> None:
    """Leave only these letters in a font."""
    options = subset.Options(notdef_outline=True)
    options.drop_tables += ["FFTM"]  # when the font was made
    whole = subset.load_font(str(font), options)
    part = subset.Subsetter(options)
    part.populate(text=letters)
    part.subset(whole)
    subset.save_font(whole, str(font), options)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=BUILD, help="the folder")
    parser.add_argument("--repository", default="", help="its address, for links to Binder")
    asked = parser.parse_args()
    try:
        main(asked.to.resolve(), asked.repository)
    except (OSError, ValueError) as error:
        sys.exit(f"The site was not made. {error}")
