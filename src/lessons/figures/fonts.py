"""Letters that matplotlib's font lacks, such as Chinese: the browser has more fonts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a third of a second, for those who draw
    from matplotlib.text import Text


def lacking_letters(texts: Iterable[Text]) -> list[Text]:
    """Those of the texts with letters that matplotlib's font lacks."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties())).get_charmap()
    return [
        text
        for text in texts
        if any(ord(letter) not in known and letter.isprintable() for letter in text.get_text())
    ]


def leave_to_browser(texts: Iterable[Text]) -> None:
    """Give the texts a font of boxes. In an SVG the browser then finds the letters.

    That keeps room for them and spares the warnings.
    """
    from matplotlib.font_manager import fontManager

    boxes = {"Last Resort High-Efficiency"} & set(fontManager.get_font_names())
    for text in texts:
        text.set_fontfamily(["sans-serif", *boxes])
