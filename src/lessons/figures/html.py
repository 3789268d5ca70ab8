"""A figure as HTML, with a text for those who cannot see it."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from lessons.figures.fonts import lacking_letters, leave_to_browser
from lessons.figures.plots import TRAIN, VALIDATION

if TYPE_CHECKING:  # a third of a second, for those who draw
    from IPython.display import HTML
    from matplotlib.figure import Figure

_ROLES = {  # the colours in a drawing, and the colours of the page that replace them
    TRAIN["color"].lower(): f"var(--lessons-train, {TRAIN['color']})",
    VALIDATION["color"].lower(): f"var(--lessons-validation, {VALIDATION['color']})",
    "#000000": "currentColor",
    "#ffffff": "var(--jp-layout-color1, white)",
}


def picture(figure: Figure, alt: str) -> HTML:
    """A figure for a notebook, with the text `alt` for those who cannot see it.

    It is a PNG. If its texts have characters that matplotlib's font does not have, such as Chinese
    ones, it is an SVG, and the browser draws them.
    """
    from IPython.display import HTML
    from matplotlib.text import Text

    lacking = lacking_letters(figure.findobj(Text))
    leave_to_browser(lacking)
    kind = "svg" if lacking else "png"
    file = io.BytesIO()
    with _letters():
        figure.savefig(file, format=kind, dpi=110, bbox_inches="tight")
    data = base64.b64encode(file.getvalue()).decode()
    return HTML(
        f'<img alt="{html.escape(alt)}" src="data:image/{kind.replace("svg", "svg+xml")};'
        f'base64,{data}" style="max-width: 100%; height: auto">'
    )


def labelled(drawn: str, alt: str) -> str:
    """A drawing for a panel (see `svg`), with the text `alt` for those who cannot see it."""
    return f'<div role="img" aria-label="{html.escape(alt)}">{drawn}</div>'


def svg(figure: Figure) -> str:
    """A figure as SVG in the colours of the page, light or dark."""
    file = io.StringIO()
    with _letters():
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    for color, role in _ROLES.items():
        drawn = drawn.replace(color, role)
    # Only ids with references are needed; the others would be on the page many times.
    kept = set(re.findall(r"#([\w-]+)", drawn))
    return re.sub(r' id="([^"]+)"', lambda m: m[0] if m[1] in kept else "", drawn)


_drawing = Lock()  # panels draw in a thread of their own


@contextmanager
def _letters() -> Iterator[None]:
    """Write text in an SVG as text, not as outlines: there is less to draw.

    It is a setting of the whole kernel, so it is restored. `rc_context` would also restore settings
    that the reader's own cell changes in the meantime.
    """
    import matplotlib

    with _drawing:
        before = matplotlib.rcParams["svg.fonttype"]
        matplotlib.rcParams["svg.fonttype"] = "none"
        try:
            yield
        finally:
            matplotlib.rcParams["svg.fonttype"] = before
