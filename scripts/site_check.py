"""Looks at a site that was made: does every link lead somewhere, and how much does a page load?"""

from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
LATER = {"loading": "lazy"}  # of an image that is loaded when it comes near the window


class Link(NamedTuple):
    """Something that an element of a page points at."""

    element: str
    address: str
    at_once: bool  # is it loaded with the page, whatever the reader does?


class _Reader(HTMLParser):
    """Collects what can be pointed at on a page, and what it points at."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids, self.links = {"", "top"}, list[Link]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        for name in ("href", "src"):
            if name in given:
                at_once = LOADED.get(tag) == name and not given.items() >= LATER.items()
                at_once &= tag != "link" or given.get("rel") == "stylesheet"
                self.links.append(Link(tag, given[name], at_once))


def faults_of(site: Path) -> list[str]:
    """What leads nowhere, and what would be loaded from another machine: a sentence for each."""
    pages = _read(site)
    return [
        f"{path.relative_to(site)}: {fault}"
        for path, page in pages.items()
        for link in page.links
        if (fault := _fault(link, path, site, pages))
    ]


def weights(site: Path) -> dict[str, int]:
    """For each page, the bytes that it and all that it loads at once have on the disk."""
    return {
        str(path.relative_to(site)): path.stat().st_size
        + sum(
            file.stat().st_size
            for file in {_target(one, path, site)[0] for one in page.links if one.at_once}
            if file and file.is_file()
        )
        for path, page in _read(site).items()
    }


def _read(site: Path) -> dict[Path, _Reader]:
    return {
        path: _Reader(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))
    }


def _target(link: Link, path: Path, site: Path) -> tuple[Path | None, str]:
    """The file and the place in it to which a link leads; no file if it is on another machine."""
    address = urlsplit(link.address)
    if address.scheme or address.netloc:
        return None, ""
    file = (path.parent / unquote(address.path)).resolve() if address.path else path
    return file / "index.html" if file.is_dir() else file, unquote(address.fragment)


def _fault(link: Link, path: Path, site: Path, pages: dict[Path, _Reader]) -> str:
    file, place = _target(link, path, site)
    if file is None:
        scheme = urlsplit(link.address).scheme
        elsewhere = link.at_once and scheme != "data"
        return f"it would load {link.address} from another machine" if elsewhere else ""
    if not file.is_relative_to(site):
        return f"{link.address} leads out of the site"
    if not file.is_file():
        return f"there is no {link.address}"
    if file in pages and place not in pages[file].ids:
        return f"{link.address} names a place that is not there"
    return ""
