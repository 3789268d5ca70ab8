"""Lesson 02: from a text to tokens, and from tokens to their ids."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, pairwise, repeat

from lessons.support.unspaced import separate_characters, wants_characters

UNKNOWN = "<unk>"  # for all words that are not in the vocabulary; its id is always 0

# What is removed, and the marks that become tokens of their own. One replacement after the other
# is twice as fast as one str.translate.
REPLACEMENTS = [('"', ""), ("<br />", " "), (";", " "), (":", " ")]
REPLACEMENTS += [(mark, f" {mark} ") for mark in "'.,()!?"]


def tokenize(text: str) -> list[str]:
    """Cut a text into tokens: words and punctuation marks, in lower case.

    The rules are those of "basic_english" in torchtext, which most tutorials use.

    >>> tokenize("It's over: Otters win!")
    ['it', "'", 's', 'over', 'otters', 'win', '!']
    """
    text = text.lower()
    for old, new in REPLACEMENTS:
        text = text.replace(old, new)
    return text.split()


@dataclass(frozen=True)
class Vocabulary:
    """The tokens that a model knows, each with an id.

    `tokens[id]` is the token and `token_to_id[token]` its id. Id 0 is `<unk>`. With
    `by_character` each character of a script without spaces is a token. With `pairs` two
    neighbours are a token too, such as "white house".
    """

    tokens: tuple[str, ...]
    token_to_id: dict[str, int]
    by_character: bool = False
    pairs: bool = False

    @classmethod
    def of(
        cls, tokens: Iterable[str], by_character: bool = False, pairs: bool = False
    ) -> "Vocabulary":
        """A vocabulary of these tokens in this order. The first one must be `<unk>`."""
        tokens = tuple(tokens)
        token_to_id = {token: id for id, token in enumerate(tokens)}
        return cls(tokens, token_to_id, by_character, pairs)

    @classmethod
    def build(
        cls,
        texts: Iterable[str],
        min_count: int = 2,
        *,
        by_character: bool | None = None,
        pairs: bool = False,
    ) -> "Vocabulary":
        """The tokens that occur at least `min_count` times in these texts, the most frequent first.

        Use the training texts only: words of the validation and test sets must stay unknown, as
        words of tomorrow's news will be. Equally frequent tokens are in alphabetical order.

        `by_character=True` is for languages without spaces between words, such as Chinese. By
        default the variable LESSONS_TOKENS decides, and a warning says where they are not cut.

        Raises ValueError if no token is left.
        """
        texts = list(texts)
        by_character = wants_characters(texts, by_character)
        cut = cls.of([], by_character, pairs).tokenize
        counts = Counter(chain.from_iterable(map(cut, texts)))
        kept = [(-count, token) for token, count in counts.items() if count >= min_count]
        if not kept:
            raise ValueError(
                f"None of the {len(counts)} different words occurs {min_count} times or more, so "
                "the vocabulary would be empty. Give more texts or a smaller min_count."
            )
        tokens = [UNKNOWN] + [token for _, token in sorted(kept) if token != UNKNOWN]
        return cls.of(tokens, by_character, pairs)

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text, cut in the same way as those of this vocabulary."""
        words = tokenize(separate_characters(text) if self.by_character else text)
        return words + [f"{a} {b}" for a, b in pairwise(words)] if self.pairs else words

    def encode(self, text: str) -> list[int]:
        """The ids of a text's tokens; 0 for each one that is not in the vocabulary."""
        return list(map(self.token_to_id.get, self.tokenize(text), repeat(0)))

    def __len__(self) -> int:
        return len(self.tokens)
