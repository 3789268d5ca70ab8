"""A figure as HTML, with words for those who cannot see it."""

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

_ROLES = {  # the colours in a drawing, and those of the page that stand for them
    TRAIN["color"].lower(): f"var(--lessons-train, {TRAIN['color']})",
    VALIDATION["color"].lower(): f"var(--lessons-validation, {VALIDATION['color']})",
    "#000000": "currentColor",
    "#ffffff": "var(--jp-layout-color1, white)",
}


def picture(figure: Figure, alt: str) -> HTML:
    """A figure for a notebook, with words for those who cannot see it.

    It is a PNG, except in a script that matplotlib's font lacks, such as Chinese: then it is an
    SVG, whose letters are left to the browser, which has more fonts.
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
    """A drawing for a panel (see `svg`), with words for those who cannot see it."""
    return f'<div role="img" aria-label="{html.escape(alt)}">{drawn}</div>'


def svg(figure: Figure) -> str:
    """A figure as HTML that takes the colours of the page, light or dark."""
    file = io.StringIO()
    with _letters():
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    for color, role in _ROLES.items():
        drawn = drawn.replace(color, role)
    # Only what is pointed at needs its id; the others would stand on the page many times.
    kept = set(re.findall(r"#([\w-]+)", drawn))
    return re.sub(r' id="([^"]+)"', lambda m: m[0] if m[1] in kept else "", drawn)


_drawing = Lock()  # panels draw in a thread of their own


@contextmanager
def _letters() -> Iterator[None]:
    """Let text in an SVG be letters, not outlines: there is less to draw.

    It is a setting of the whole kernel, so it is put back. That is not left to `rc_context`: it
    would also put back whatever the reader's own cell sets in the meantime.
    """
    import matplotlib

    with _drawing:
        before = matplotlib.rcParams["svg.fonttype"]
        matplotlib.rcParams["svg.fonttype"] = "none"
        try:
            yield
        finally:
            matplotlib.rcParams["svg.fonttype"] = before
