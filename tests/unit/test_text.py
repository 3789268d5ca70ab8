"""Tokens and vocabulary, against torchtext's rules written out and counts made by hand."""

import os
import re
import subprocess
import sys
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.support.unspaced import separate_characters
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


def test_pairs_of_neighbours_are_tokens_too():
    vocabulary = Vocabulary.build(["White house.", "The white house"], pairs=True)
    assert vocabulary.tokenize("White house!") == ["white", "house", "!", "white house", "house !"]
    assert vocabulary.tokens == (UNKNOWN, "house", "white", "white house")  # twice or more
    assert vocabulary.encode("a white house") == [0, 2, 1, 0, 3]
    assert Vocabulary.build(["White house", "white house"]).encode("white house") == [2, 1]


awkward = st.sampled_from(
    ["<br />", '<b"r />', "<br. />", "'", '"', ";", "\x1c", "\u2028", "İ", "ß"]
)


@settings(max_examples=2000)
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
    assert vocabulary.token_to_id == {UNKNOWN: 0, "b": 1, "a": 2, "c": 3}
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


# --------------------------------------------------------------- languages without spaces


CHINESE = "水獭队昨天赢得了2025年FA Cup，3:1。"
JAPANESE = "カワウソは、ｶｯﾌﾟを3回とった！"
THAI = "นากชนะถ้วยน้ำ 3 ครั้ง"


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (CHINESE, [*"水獭队昨天赢得了", "2025", "年", "fa", "cup", "，", "3", "1", "。"]),
        (JAPANESE, [*"カワウソは", "、", "ｶ", "ｯ", "ﾌﾟ", "を", "3", *"回とった！"]),
        (THAI, ["น", "า", "ก", "ช", "น", "ะ", "ถ้", "ว", "ย", "น้", "ำ", "3", "ค", "รั้", "ง"]),
        ("が\u3099か\u3099", ["が\u3099", "か\u3099"]),  # a mark stays with its letter
        ("ລາວ ខ្មែរ မြန်", ["ລ", "າ", "ວ", "ខ្", "មែ", "រ", "မြ", "န်"]),
        ("𠮷野家", ["𠮷", "野", "家"]),  # beyond 16 bits
        ("수달이 이겼다", ["수달이", "이겼다"]),  # Korean has spaces
        ("It's over: Otters win! Łódź, Übergröße", None),
    ],
)
def test_characters_read_by_eye(text, tokens):
    assert tokenize(separate_characters(text)) == (tokens or tokenize(text))


@given(st.text(st.characters(max_codepoint=0x0DFF)))
def test_scripts_with_spaces_are_left_as_they_are(text):
    assert separate_characters(text) == text


@given(st.text())
def test_no_character_is_lost(text):
    cut = separate_characters(text)
    assert cut.replace(" ", "") == text.replace(" ", "")


def test_a_vocabulary_keeps_how_it_was_cut():
    vocabulary = Vocabulary.build(["水獭赢", "獭水"], by_character=True)
    assert vocabulary.tokens == (UNKNOWN, "水", "獭")
    assert vocabulary.tokenize("水獭 Otter") == ["水", "獭", "otter"]
    assert vocabulary.encode("水獭 Otter") == [1, 2, 0]
    words = Vocabulary.of(vocabulary.tokens)
    assert words.encode("水獭 Otter") == [0, 0]
    assert words != vocabulary


def test_the_environment_variable_cuts_all_lessons(monkeypatch):
    monkeypatch.setenv("LESSONS_TOKENS", "characters")
    assert Vocabulary.build(["水獭水獭"]).by_character
    assert not Vocabulary.build(["otter otter"], by_character=False).by_character  # comes first
    monkeypatch.setenv("LESSONS_TOKENS", "words")
    assert not Vocabulary.build(["otter otter"]).by_character
    monkeypatch.setenv("LESSONS_TOKENS", "letters")
    with pytest.raises(ValueError, match="LESSONS_TOKENS is 'letters'. It must be 'words' or"):
        Vocabulary.build(["otter otter"])


@pytest.mark.parametrize("text", [CHINESE, JAPANESE, THAI])
def test_missing_spaces_are_reported(text):
    with pytest.warns(UserWarning, match="hardly any spaces.*by_character=True.*LESSONS_TOKENS"):
        Vocabulary.build([text] * 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Otters win the cup",
        "Łódź gewinnt Übergröße",
        "수달이 이겼다",
        "水獭 队 昨天 赢得 了 比赛",  # cut into words already
        "The Chinese word for otter is 水獭, and the team is called 水獭队",
        "Donaudampfschifffahrtsgesellschaft",
    ],
)
def test_texts_with_spaces_are_no_cause_for_a_warning(text):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Vocabulary.build([text, "a a"] * 3)


def test_nothing_is_said_where_characters_are_cut(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Vocabulary.build([CHINESE] * 3, by_character=True)


def test_few_of_many_texts_are_looked_at_but_not_only_the_first():
    with pytest.warns(UserWarning, match="hardly any spaces"):
        Vocabulary.build(["an English preface"] * 1000 + [CHINESE * 3] * 9000)


def test_the_warning_is_one_line_without_a_path():
    script = "from lessons.text import Vocabulary as V; [V.build(['水獭赢得'] * 2) for _ in 'ab']"
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, env=os.environ, capture_output=True, check=True)
    said = run.stderr.decode()
    assert said.startswith(
        "lessons.support.unspaced:1: UserWarning: These texts have hardly any spaces"
    )
    assert said.count("\n") == 1
    assert "/" not in said
