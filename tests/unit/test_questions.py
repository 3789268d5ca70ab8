"""The questions at the end of each lesson, and what their panel shows. Without a browser."""

import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from string import ascii_uppercase

import ipywidgets
import pytest
from lesson_notebooks import NOTEBOOKS, read
from wrong_answers import WRONG_ANSWERS

from conftest import ROOT
from lessons.panels import CheckYourself
from lessons.panels.check_yourself import COUNTS, as_html
from lessons.panels.controls import PAGE as FOR_PAGES
from lessons.questions import Option, Question, lessons, misconceptions, parse, questions

BY_LESSON = {lesson: questions(lesson) for lesson in lessons()}
ON_PAPER = {  # before the course and after it
    name: parse((ROOT / "instructor" / f"{name}.md").read_text(encoding="utf-8"))
    for name in ("pretest", "posttest")
}
GROUPS = BY_LESSON | ON_PAPER
QUESTIONS = [
    pytest.param(question, id=f"{name}-{number}")
    for name, group in GROUPS.items()
    for number, question in enumerate(group, 1)
]
by_lesson = pytest.mark.parametrize("lesson", BY_LESSON)
by_group = pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
by_question = pytest.mark.parametrize("question", QUESTIONS)
AWKWARD = Question(
    'Is <b>1 < 2</b> & "so"?',
    (Option("Yes, <i>it</i> is", "Because & so < on", right=True), Option("No", "Not <u>so</u>")),
)


def plain(text):
    """Text whatever its line breaks."""
    return " ".join(text.split())


# ------------------------------------------------------------------------- what is written


@by_lesson
def test_a_lesson_has_three_or_four_questions(lesson):
    assert re.fullmatch(r"\d\d", lesson)
    assert len(BY_LESSON[lesson]) in (3, 4)


@by_group
def test_questions_and_reasons_all_differ(group):
    texts = [question.text for question in group]
    texts += [option.why for question in group for option in question.options]
    assert len(set(texts)) == len(texts)


@by_question
def test_a_question_has_one_right_option_among_some(question):
    texts = [option.text for option in question.options]
    yes_or_no = all(re.match("(Yes|No)\\b", text) for text in texts)
    assert len(texts) in ((2, 3, 4) if yes_or_no else (3, 4))
    assert len(set(texts)) == len(texts)
    assert sum(option.right for option in question.options) == 1
    assert question.options[question.right].right
    assert question.text.endswith("?")


@by_question
def test_every_option_says_why_in_a_sentence(question):
    for option in question.options:
        assert len(option.why.split()) >= 6, option.why
        assert option.why[-1] in ".?!"
        assert option.text not in option.why


@by_question
def test_the_texts_are_plain_words(question):
    """Markup would be shown as it is, and two dollar signs make a formula of a radio button."""
    texts = [question.text, *(text for option in question.options for text in option[:2])]
    for text in texts:
        assert not re.search(r"[`*$\\\n]|  |&\w+;|<\w", text), text


@by_group
def test_the_right_option_cannot_be_told_from_its_place_or_length(group):
    assert len({question.right for question in group}) > 1
    longest = [max(q.options, key=lambda option: len(option.text)).right for q in group]
    assert not all(longest)


def test_every_wrong_option_shows_a_misconception_and_no_right_one_does():
    known = misconceptions()
    assert known == sorted(set(known))
    for group in GROUPS.values():
        for option in (option for question in group for option in question.options):
            assert (option.misconception in known) != option.right, option.text


def test_every_misconception_is_met_in_two_places_and_none_is_beside_the_list():
    options = [option for group in BY_LESSON.values() for q in group for option in q.options]
    met = Counter(option.misconception for option in options if not option.right)
    met.update(wrong.misconception for wrong in WRONG_ANSWERS)
    assert set(met) == set(misconceptions())
    assert [name for name, places in met.items() if places < 2] == []


def test_every_lesson_has_questions():
    assert lessons() == [path.stem[:2] for path in NOTEBOOKS]


@by_lesson
def test_the_sentence_above_the_questions_says_how_many_there_are(lesson):
    (path,) = (path for path in NOTEBOOKS if path.stem[:2] == lesson)
    prose = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    sentence = f"{COUNTS[len(BY_LESSON[lesson])].capitalize()} questions on this lesson."
    assert sum(sentence in text for text in prose) == 1


# ------------------------------------------------------------- before the course and after it


@pytest.mark.parametrize("name", ON_PAPER)
def test_a_test_on_paper_asks_twelve_questions_and_each_place_is_right_as_often(name):
    assert len(ON_PAPER[name]) == 12
    assert Counter(question.right for question in ON_PAPER[name]) == {0: 4, 1: 4, 2: 4}


def test_pre_and_post_test_ask_the_same_ideas_in_the_same_order_and_in_other_words():
    for one, other in zip(*ON_PAPER.values(), strict=True):
        shown = [sorted(option.misconception for option in q.options) for q in (one, other)]
        assert shown[0] == shown[1], one.text
        assert one.text != other.text
        assert {option.why for option in one.options}.isdisjoint(o.why for o in other.options)


def test_neither_lends_the_pictures_of_the_course_nor_its_terms():
    """Who has not read the course must understand what is asked."""
    pictures = "textbook|quiz|exam(?!ple)|school|student|stor(y|ies)|pile|die|valley|headline|news"
    terms = "epoch|batch|loss|gradient|logit|accuracy|optimizer|vocabulary|token|weight|train(ing)?"
    for question in (question for group in ON_PAPER.values() for question in group):
        for text in (question.text, *(option.text for option in question.options)):
            assert not re.search(rf"\b({pictures}|{terms}|{terms}s)\b", text, re.I), text


PAGE = """\
# Questions on a lesson

## What is it?

- [ ] A long option which
  goes on

  Why not.
  It goes on.

  *thinks so*

- [x] Right

  Why.
"""


def test_a_page_of_markdown_holds_questions_options_and_reasons():
    (question,) = parse(PAGE)
    wrong = Option("A long option which goes on", "Why not. It goes on.", False, "thinks so")
    assert question == Question("What is it?", (wrong, Option("Right", "Why.", True)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n  Why.\n", ""),  # no reason
        ("- [x]", "- [y]"),
        ("it?\n", "it?\n\nA stray line.\n"),
        ("\n  *thinks so*", "\n*thinks so*"),
    ],
)
def test_what_is_no_option_with_a_reason_is_an_error(old, new):
    assert old in PAGE
    with pytest.raises(ValueError, match=r"'What is it\?' this is no option with a reason"):
        parse(PAGE.replace(old, new))


# --------------------------------------------------------------------------- what is shown


def members(panel):
    """The choices, the line under each, and the head."""
    choices = [w for w in panel.root.children if isinstance(w, ipywidgets.RadioButtons)]
    places = [panel.root.children.index(choice) for choice in choices]
    return choices, [panel.root.children[place + 1] for place in places], panel.head


@by_lesson
def test_nothing_is_chosen_or_said_at_first(lesson):
    choices, whys, head = members(CheckYourself(lesson))
    assert [choice.index for choice in choices] == [None] * len(BY_LESSON[lesson])
    assert [why.value for why in whys] == [""] * len(choices)
    assert "right" not in head.value
    for number, (choice, question) in enumerate(zip(choices, BY_LESSON[lesson], strict=True), 1):
        assert choice.description == f"{number}. {question.text}"


@by_lesson
def test_choosing_an_option_says_why_under_its_own_question_alone(lesson):
    for place, question in enumerate(BY_LESSON[lesson]):
        choices, whys, _ = members(CheckYourself(lesson))
        for index, option in enumerate(question.options):
            assert choices[place].options[index] == f"{ascii_uppercase[index]}. {option.text}"
            choices[place].index = index
            said = unescape(re.sub("<.*?>", "", whys[place].value))
            mark = "✓ Right." if option.right else "✗ Not yet."
            assert said == f"{mark} {option.why}"
        assert [bool(why.value) for why in whys] == [i == place for i in range(len(whys))]


@by_lesson
def test_the_head_counts_what_is_right_now(lesson):
    choices, _, head = members(CheckYourself(lesson))
    group = BY_LESSON[lesson]
    for done, (choice, question) in enumerate(zip(choices, group, strict=True)):
        choice.index = (question.right + 1) % len(question.options)
        assert f"{done} of {len(group)} right" in head.value
        choice.index = question.right
        assert f"{done + 1} of {len(group)} right" in head.value


def test_there_are_no_questions_on_a_lesson_that_is_not_there():
    with pytest.raises(ValueError, match='no questions on lesson "99", only on: 00'):
        CheckYourself("99")


def test_texts_are_never_html(monkeypatch):
    monkeypatch.setattr("lessons.panels.check_yourself.questions", lambda _: (AWKWARD, AWKWARD))
    panel = CheckYourself("x")
    choices, whys, _ = members(panel)
    choices[0].index = 0
    assert "Because &amp; so &lt; on" in whys[0].value
    assert not re.search("<[biu]>", panel.static().replace("<b>Check", ""))


# ------------------------------------------------------------------- without a kernel


class Reader(HTMLParser):
    """Takes the text of a page, and apart from it that of its closed details."""

    def __init__(self, page):
        super().__init__()
        self.open, self.folded, self._inside = "", "", False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "details":
            assert "open" not in dict(attrs)
            self._inside = True
        if tag == "li":
            self.handle_data(" ")

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "details"

    def handle_data(self, data):
        if self._inside:
            self.folded += data
        else:
            self.open += data


def check_static(group, asked, answers):
    """All questions and options come first; which is right, and why, comes after them."""
    for question in group:
        assert question.text in asked
        assert f"{ascii_uppercase[question.right]} is right." in answers
        for letter, option in zip(ascii_uppercase, question.options, strict=False):
            assert f"{letter}. {option.text}" in asked
            assert f"{letter}. {option.why}" in answers
            assert option.why not in asked
    assert "is right." not in asked


@by_lesson
def test_it_can_be_read_as_plain_text(lesson):
    text = repr(CheckYourself(lesson))
    assert text.count("live in JupyterLab, when the cell has run") == 1
    assert text.startswith(f"Check yourself: {COUNTS[len(BY_LESSON[lesson])]} questions")
    assert max(map(len, text.splitlines()[1:])) <= 88
    asked, answers = text.split("\nAnswers\n")
    check_static(BY_LESSON[lesson], plain(asked), plain(answers))


@by_lesson
def test_it_can_be_read_as_html_with_the_answers_folded_away(lesson):
    page = CheckYourself(lesson).static()
    reader = Reader(page)
    check_static(BY_LESSON[lesson], reader.open, reader.folded)
    assert "live in JupyterLab, when the cell has run" not in page


def test_awkward_texts_in_html():
    reader = Reader(as_html([AWKWARD]))
    check_static([AWKWARD], reader.open, reader.folded)


def published(panel, monkeypatch):
    """What a notebook stores of a panel."""
    bundles = []
    monkeypatch.setattr("lessons.panels.controls.publish_display_data", bundles.append)
    panel._ipython_display_()
    (bundle,) = bundles
    return bundle


def test_all_four_forms_are_published_and_three_of_them_are_always_the_same(monkeypatch):
    first, second = (published(CheckYourself("00"), monkeypatch) for _ in range(2))
    view = "application/vnd.jupyter.widget-view+json"
    assert first.pop(view) != second.pop(view)
    assert first == second
    assert set(first) == {"text/plain", "text/html", FOR_PAGES}
