"""Lesson 02: from a text to tokens, and from tokens to numbers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, repeat

UNKNOWN = "<unk>"  # always number 0: it stands for every word the vocabulary does not know

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


@dataclass(frozen=True)
class Vocabulary:
    """The words a model knows, each with a number of its own.

    `tokens[number]` is the word; `numbers[word]` is the number. Number 0 is `<unk>`.
    """

    tokens: tuple[str, ...]
    numbers: dict[str, int]

    @classmethod
    def of(cls, tokens: Iterable[str]) -> "Vocabulary":
        """A vocabulary of these tokens in this order; the first one is `<unk>`."""
        tokens = tuple(tokens)
        return cls(tokens, {token: number for number, token in enumerate(tokens)})

    @classmethod
    def build(cls, texts: Iterable[str], min_count: int = 2) -> "Vocabulary":
        """The words that stand at least `min_count` times in these texts, commonest first.

        Give it the training texts only: words of the validation and test sets must stay
        unknown, as words of tomorrow's news will be. Equally common words are in order of
        the alphabet.

        Raises ValueError if no word is left.
        """
        counts = Counter(chain.from_iterable(map(tokenize, texts)))
        kept = [(-count, token) for token, count in counts.items() if count >= min_count]
        if not kept:
            raise ValueError(
                f"None of the {len(counts)} different words stands {min_count} times or more, so "
                "the vocabulary would be empty. Give more texts or a smaller min_count."
            )
        return cls.of([UNKNOWN] + [token for _, token in sorted(kept) if token != UNKNOWN])

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's tokens; 0 for each one that is not in the vocabulary."""
        return list(map(self.numbers.get, tokenize(text), repeat(0)))

    def __len__(self) -> int:
        return len(self.tokens)
