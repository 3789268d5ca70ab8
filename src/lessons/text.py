"""Lesson 02: from a text to tokens, and from tokens to numbers."""

import os
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain, repeat
from typing import Any

UNKNOWN = "<unk>"  # always number 0: it stands for every word the vocabulary does not know
TOKENS_VARIABLE = "LESSONS_TOKENS"  # "characters": cut languages without spaces by character

# What goes, and the marks that become tokens of their own. One replacement after the other is
# twice as fast as one str.translate.
_REPLACEMENTS = [
    *(('"', ""), ("<br />", " "), (";", " "), (":", " ")),
    *((mark, f" {mark} ") for mark in "'.,()!?"),
]


def tokenize(text: str) -> list[str]:
    """Cut a text into tokens: words and punctuation marks, in lower case.

    The rules are those of "basic_english" in torchtext, which most tutorials use.

    >>> tokenize("It's over: Otters win!")
    ['it', "'", 's', 'over', 'otters', 'win', '!']
    """
    text = text.lower()
    for old, new in _REPLACEMENTS:
        text = text.replace(old, new)
    return text.split()


def separate_characters(text: str) -> str:
    """Put blanks around each character of a script that has no spaces between its words.

    Those are the Chinese, Japanese, Thai, Lao, Burmese and Khmer scripts, with the punctuation
    marks of the first two. Words and numbers in other scripts stay whole.

    >>> tokenize(separate_characters("水獭赢得2025年FA Cup。"))
    ['水', '獭', '赢', '得', '2025', '年', 'fa', 'cup', '。']
    """
    return _character().sub(r" \g<0> ", text)


@cache
def _character() -> re.Pattern[str]:
    """A character of such a script, with the marks above and below it."""
    south_east = [*range(0x0E00, 0x0F00), *range(0x1000, 0x10A0), *range(0x1780, 0x1800)]
    marks = "".join(chr(n) for n in south_east if unicodedata.category(chr(n))[0] == "M")
    letters = "".join(chr(n) for n in south_east if unicodedata.category(chr(n)) == "Lo")
    chinese = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    japanese = "\u3041-\u3096\u309d-\u309f\u30a1-\u30ff\u31f0-\u31ff\uff66-\uff9d"
    punctuation = "\u3001-\u3029\u3030-\u303d\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
    first = f"[{chinese}{japanese}{punctuation}{letters}]"
    return re.compile(f"{first}[{marks}\u3099\u309a\uff9e\uff9f]*")


@dataclass(frozen=True)
class Vocabulary:
    """The words a model knows, each with a number of its own.

    `tokens[number]` is the word; `numbers[word]` is the number. Number 0 is `<unk>`. With
    `by_character` each character of a script without spaces is a word of its own.
    """

    tokens: tuple[str, ...]
    numbers: dict[str, int]
    by_character: bool = False

    @classmethod
    def of(cls, tokens: Iterable[str], by_character: bool = False) -> "Vocabulary":
        """A vocabulary of these tokens in this order; the first one is `<unk>`."""
        tokens = tuple(tokens)
        numbers = {token: number for number, token in enumerate(tokens)}
        return cls(tokens, numbers, by_character)

    @classmethod
    def build(
        cls, texts: Iterable[str], min_count: int = 2, *, by_character: bool | None = None
    ) -> "Vocabulary":
        """The words that stand at least `min_count` times in these texts, commonest first.

        Give it the training texts only: words of the validation and test sets must stay
        unknown, as words of tomorrow's news will be. Equally common words are in order of
        the alphabet.

        Chinese, Japanese, Thai and the like have no spaces between their words. They are cut
        with `by_character=True`. Without it the environment variable LESSONS_TOKENS decides,
        and unless that is "characters", they are not cut, and a warning says so.

        Raises ValueError if no word is left.
        """
        if by_character is None:
            by_character = _wants_characters()
        texts = list(texts)
        if not by_character:
            _warn_of_missing_spaces(texts)
        cut = cls.of([], by_character).tokenize
        counts = Counter(chain.from_iterable(map(cut, texts)))
        kept = [(-count, token) for token, count in counts.items() if count >= min_count]
        if not kept:
            raise ValueError(
                f"None of the {len(counts)} different words stands {min_count} times or more, so "
                "the vocabulary would be empty. Give more texts or a smaller min_count."
            )
        tokens = [UNKNOWN] + [token for _, token in sorted(kept) if token != UNKNOWN]
        return cls.of(tokens, by_character)

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text, cut as those of this vocabulary are."""
        return tokenize(separate_characters(text) if self.by_character else text)

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's tokens; 0 for each one that is not in the vocabulary."""
        return list(map(self.numbers.get, self.tokenize(text), repeat(0)))

    def __len__(self) -> int:
        return len(self.tokens)


def _wants_characters() -> bool:
    wanted = os.environ.get(TOKENS_VARIABLE) or "words"
    if wanted not in ("words", "characters"):
        raise ValueError(f"{TOKENS_VARIABLE} is {wanted!r}. It must be 'words' or 'characters'.")
    return wanted == "characters"


def _warn_of_missing_spaces(texts: list[str]) -> None:
    """Warn if words are not separated by spaces here. Some 500 of the texts are looked at."""
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


_TOLD: dict[Any, Any] = {}  # the warnings that were given


def warn_once(sentence: str, module: str) -> None:
    """Warn in this module's name, without a path of this computer; the same words only once."""
    warnings.warn_explicit(sentence, UserWarning, module, 1, registry=_TOLD)
