"""A page with panels as the website has them, opened from the disk."""

import os
from pathlib import Path

import pydata_sphinx_theme
from axe_playwright_python.sync_playwright import Axe

from conftest import ROOT
from scripts.site_panels import panel

WEBSITE = ROOT / "website"
THEME = Path(pydata_sphinx_theme.__file__).parent.joinpath(  # with Bootstrap
    "theme", "pydata_sphinx_theme", "static", "styles", "pydata-sphinx-theme.css"
)
READY = "[data-state=ready], [data-state=failed]"
# All rules of WCAG 2.0 to 2.2, A and AA; the one about targets is off unless it is asked for.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"target-size": {"enabled": True}},
}
HEAD = """<!doctype html>
<html lang="en" data-theme="light" data-jp-theme-light="true">
<head><meta charset="utf-8"><title>Panels</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  body { font-family: sans-serif; margin: 8px; }
  [data-jp-theme-light="false"] {
    color-scheme: dark; background: #121212; color: #e8e8e8;
    --jp-layout-color1: #121212; --jp-ui-font-color1: #e8e8e8; --jp-border-color1: #555;
  }
</style>
"""


def write_page(folder, **panels):
    """A page with these panels: id and what `Panel.page()` gives. Returns its path."""
    os.symlink(WEBSITE / "panels", folder / "panels")
    os.symlink(WEBSITE / "recordings", folder / "recordings")
    os.symlink(THEME, folder / "theme.css")
    css = (ROOT / "src" / "lessons" / "panels" / "panel.css").read_text(encoding="utf-8")
    scripts = ["panels/core.js"]
    for pattern in ("recordings/*.js", "panels/*.js"):
        scripts += sorted(path.relative_to(WEBSITE).as_posix() for path in WEBSITE.glob(pattern))
    tags = [f'<script defer src="{name}"></script>' for name in dict.fromkeys(scripts)]
    boxes = [box(id, **settings) for id, settings in panels.items()]
    theme, link = (
        f'<link rel="stylesheet" href="{name}">' for name in ("theme.css", "panels/panels.css")
    )
    parts = [
        HEAD,
        theme,
        f"<style>{css}</style>",
        link,
        *tags,
        "</head><body><main><h1>Panels</h1>",
    ]
    path = folder / "page.html"
    path.write_text("\n".join([*parts, *boxes, "</main></body></html>"]), encoding="utf-8")
    return path


def box(id, **page):
    """A panel's place on a page, for what `Panel.page()` gives."""
    return panel(id, page, "<p>What is here without a script.</p>")


def findings(page):
    """What axe finds by any rule of WCAG 2.0 to 2.2, A and AA."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [(one["id"], node["html"][:200]) for one in found for node in one["nodes"]]


def in_each_light(page):
    """Switch the page to light and to dark."""
    for light in ("true", "false"):
        theme = "light" if light == "true" else "dark"
        page.evaluate(
            f"Object.assign(document.documentElement.dataset, "
            f"{{ jpThemeLight: '{light}', theme: '{theme}' }})"
        )
        yield light
    page.evaluate(
        "Object.assign(document.documentElement.dataset, { jpThemeLight: 'true', theme: 'light' })"
    )
