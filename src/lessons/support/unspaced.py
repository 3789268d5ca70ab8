"""Texts in scripts without spaces between words, such as Chinese, Japanese and Thai."""

import os
import re
import unicodedata
from functools import cache

from lessons.support.checks import warn_once

TOKENS_VARIABLE = "LESSONS_TOKENS"  # "characters": cut languages without spaces by character


def separate_characters(text: str) -> str:
    """Put spaces around each character of a script that has no spaces between its words.

    Those are the Chinese, Japanese, Thai, Lao, Burmese and Khmer scripts, with the punctuation
    marks of the first two. Words and numbers in other scripts stay whole.

    >>> tokenize(separate_characters("水獭赢得2025年FA Cup。"))
    ['水', '獭', '赢', '得', '2025', '年', 'fa', 'cup', '。']
    """
    return _character().sub(r" \g<0> ", text)


@cache
def _character() -> re.Pattern[str]:
    """A pattern for a character of such a script, with the marks above and below it."""
    south_east = [*range(0x0E00, 0x0F00), *range(0x1000, 0x10A0), *range(0x1780, 0x1800)]
    marks = "".join(chr(n) for n in south_east if unicodedata.category(chr(n))[0] == "M")
    letters = "".join(chr(n) for n in south_east if unicodedata.category(chr(n)) == "Lo")
    chinese = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    japanese = "\u3041-\u3096\u309d-\u309f\u30a1-\u30ff\u31f0-\u31ff\uff66-\uff9d"
    punctuation = "\u3001-\u3029\u3030-\u303d\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
    first = f"[{chinese}{japanese}{punctuation}{letters}]"
    return re.compile(f"{first}[{marks}\u3099\u309a\uff9e\uff9f]*")


def wants_characters(texts: list[str], wanted: bool | None) -> bool:
    """Are these texts to be cut by character? By default the environment variable decides.

    If they are not and have hardly any spaces, a warning says so.

    Raises ValueError if the variable decides and says neither "words" nor "characters".
    """
    if wanted is None:
        said = os.environ.get(TOKENS_VARIABLE) or "words"
        if said not in ("words", "characters"):
            raise ValueError(f"{TOKENS_VARIABLE} is {said!r}. It must be 'words' or 'characters'.")
        wanted = said == "characters"
    if not wanted:
        _warn_of_missing_spaces(texts)
    return wanted


def _warn_of_missing_spaces(texts: list[str]) -> None:
    """Warn if these texts have hardly any spaces between words, judged by about 500 of them."""
    some = texts[:: len(texts) // 500 + 1]
    foreign = [text for text in some if not text.isascii()]
    characters = sum(len(_character().findall(text)) for text in foreign)
    spaces = sum(len(text.split()) - 1 for text in foreign)
    if characters > 0.3 * sum(map(len, some)) and spaces < characters / 6:
        sentence = (
            "These texts have hardly any spaces between their words, so whole sentences would be "
            "taken for words. Vocabulary.build(texts, by_character=True) cuts them by character; "
            f"the environment variable {TOKENS_VARIABLE}=characters does so in all lessons."
        )
        warn_once(sentence, __name__)
