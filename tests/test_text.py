"""Tokens and vocabulary, against torchtext's rules written out and counts made by hand."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.text import UNKNOWN, Vocabulary, tokenize

# torchtext's "basic_english", as its documentation lists it: lower the case, then these
# replacements one after the other, then split at white space.
BASIC_ENGLISH = [
    (r"\'", " '  "),
    (r"\"", ""),
    (r"\.", " . "),
    (r"<br \/>", " "),
    (r",", " , "),
    (r"\(", " ( "),
    (r"\)", " ) "),
    (r"\!", " ! "),
    (r"\?", " ? "),
    (r"\;", " "),
    (r"\:", " "),
    (r"\s+", " "),
]


def basic_english(text):
    text = text.lower()
    for pattern, replacement in BASIC_ENGLISH:
        text = re.sub(pattern, replacement, text)
    return text.split()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Stocks rise", ["stocks", "rise"]),
        ("It's over: Otters win!", ["it", "'", "s", "over", "otters", "win", "!"]),
        ('"Yes," he said; (twice)', ["yes", ",", "he", "said", "(", "twice", ")"]),
        ("3.5 percent?", ["3", ".", "5", "percent", "?"]),
        ("one<br />two<BR />three", ["one", "two", "three"]),
        ("Sci/Tech #39;s co-op $5", ["sci/tech", "#39", "s", "co-op", "$5"]),
        (" \t\n ", []),
    ],
)
def test_tokens_read_by_eye(text, tokens):
    assert tokenize(text) == tokens


awkward = st.sampled_from(
    ["<br />", '<b"r />', "<br. />", "'", '"', ";", "\x1c", "\u2028", "İ", "ß"]
)


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.text() | awkward).map("".join))
def test_tokens_of_any_text_are_those_of_basic_english(text):
    assert tokenize(text) == basic_english(text)


def test_tokens_of_mini_news_are_those_of_basic_english(stories):
    assert [tokenize(text) for text in stories.texts] == [basic_english(t) for t in stories.texts]


def test_tokens_of_the_real_rows_are_those_of_basic_english(real_parts):
    texts = [text for part in real_parts for text in part.texts]
    assert [tokenize(text) for text in texts] == [basic_english(text) for text in texts]


def test_vocabulary_is_ordered_by_count_then_alphabet():
    vocabulary = Vocabulary.build(["b a c", "b c a", "b d"], min_count=2)
    assert vocabulary.tokens == (UNKNOWN, "b", "a", "c")  # b three times, a and c twice, d once
    assert vocabulary.numbers == {UNKNOWN: 0, "b": 1, "a": 2, "c": 3}
    assert len(vocabulary) == 4


def test_unknown_words_are_number_0():
    vocabulary = Vocabulary.build(["the goal the goal"])
    assert vocabulary.encode("The final goal!") == [2, 0, 1, 0]


def test_min_count_1_keeps_every_word():
    assert Vocabulary.build(["b a", "b"], min_count=1).tokens == (UNKNOWN, "b", "a")


def test_a_text_that_holds_the_mark_for_unknown():
    vocabulary = Vocabulary.build(["<unk> <unk> a a"])
    assert vocabulary.tokens == (UNKNOWN, "a")
    assert vocabulary.encode("<unk> a") == [0, 1]


@pytest.mark.parametrize("texts", [[], [""], ["each word once"]])
def test_no_word_is_left(texts):
    with pytest.raises(ValueError, match=r"vocabulary would be empty. Give more texts"):
        Vocabulary.build(texts)
