"""Characters that matplotlib's font does not have, such as Chinese ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a third of a second, for those who draw
    from matplotlib.text import Text


def lacking_letters(texts: Iterable[Text]) -> list[Text]:
    """The texts with characters that matplotlib's font does not have."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties())).get_charmap()
    return [
        text
        for text in texts
        if any(ord(letter) not in known and letter.isprintable() for letter in text.get_text())
    ]


def leave_to_browser(texts: Iterable[Text]) -> None:
    """Give those texts a font of boxes that have such characters.

    So matplotlib leaves room for them and does not warn. In an SVG the browser then draws the
    characters in a font of its own.
    """
    from matplotlib.font_manager import fontManager

    boxes = {"Last Resort High-Efficiency"} & set(fontManager.get_font_names())
    for text in lacking_letters(texts):
        text.set_fontfamily(["sans-serif", *boxes])
