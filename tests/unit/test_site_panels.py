"""The HTML of the site's panels: what their scripts are given, and that texts are escaped."""

import json
import re
from html.parser import HTMLParser

import pytest
from lesson_notebooks import NOTEBOOKS, read
from markupsafe import Markup

from conftest import ROOT
from lessons.panels.controls import PAGE
from scripts import site_panels
from scripts.site_panels import PANELS, check_box, choice, dial, h, panel, radios, text_box

STORED = [
    (f"{path.stem[:2]}-{cell.id}", output.data[PAGE])
    for path in NOTEBOOKS
    for cell in read(path).cells
    for output in cell.get("outputs", [])
    if PAGE in output.get("data", {})
]


class Parts(HTMLParser):
    """Finds the parts of a panel, and elements that do not end."""

    def __init__(self, text):
        super().__init__()
        self.parts, self.open, self.attributes = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.attributes.append((tag, dict(attributes)))
        self.parts += [value for name, value in attributes if name == "data-part"]
        if tag not in ("input", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def first(markup, tag):
    return next(given for name, given in Parts(markup).attributes if name == tag)


# ------------------------------------------------------------------------------------- builders


def test_an_element_has_classes_attributes_and_escaped_texts():
    made = h(
        "p.note.wide", "a < b", Markup("<b>c</b>"), ["d", "&"], None, aria_label='"x"', id=None
    )
    assert made == (
        '<p class="lessons-note lessons-wide" aria-label="&#34;x&#34;">a &lt; b<b>c</b>d&amp;</p>'
    )
    assert h(".some") == '<div class="lessons-some"></div>'
    assert h("input", type="text", part="word") == '<input type="text" data-part="word">'


def test_a_dial_offers_its_values_in_a_slider_and_in_a_menu():
    made = dial("rate", "learning rate", [0.001, 1.0, 30.0], 1.0, "units")
    outer, slider = first(made, "div"), first(made, "input")
    assert json.loads(outer["data-values"]) == [0.001, 1.0, 30.0]
    assert json.loads(outer["data-begin"]) == 1.0
    assert (slider["max"], slider["aria-label"]) == ("2", "learning rate")
    assert re.findall(r'value="(\d)">([^<]+)</option>', made) == [
        ("0", "0.001"),
        ("1", "1"),
        ("2", "30"),
    ]


@pytest.mark.parametrize(
    ("made", "values", "begin"),
    [
        (choice("bug", "bug", ["a", "b"]), ["a", "b"], "a"),
        (choice("bug", "bug", ["a", "b"], "b"), ["a", "b"], "b"),
        (radios("guess", "group", "Which?", ["A", "B"]), ["A", "B"], None),
        (check_box("on", "on", True), [False, True], True),
    ],
)
def test_a_control_says_what_it_offers_and_where_it_begins(made, values, begin):
    _, outer = Parts(made).attributes[0]
    assert (json.loads(outer["data-values"]), json.loads(outer["data-begin"])) == (values, begin)


def test_any_text_may_be_typed_where_no_values_are_offered():
    _, outer = Parts(text_box("word", "word", 'a "b" <c>', event="change")).attributes[0]
    assert json.loads(outer["data-begin"]) == 'a "b" <c>'
    assert outer["data-event"] == "change" and "data-values" not in outer


# --------------------------------------------------------------------------------------- panels


@pytest.mark.parametrize(("id", "page"), STORED, ids=[id for id, _ in STORED])
def test_the_panels_of_the_notebooks_have_parts_of_different_names(id, page):
    made = Parts(panel(id, page, "<p>Before.</p>"))
    assert made.open == [] and len(set(made.parts)) == len(made.parts)


def test_what_a_script_takes_is_what_the_html_has():
    scripts = [path.read_text(encoding="utf-8") for path in ROOT.glob("website/panels/*.js")]
    taken = {
        name: {one.split(":")[0].strip() for one in names.split(",")}
        for script in scripts
        for name, names in re.findall(r'lessons\.panel\("([\w-]+)", \(\{([^}]*)\}', script)
    }
    assert set(taken) == {name for name, kind in PANELS.items() if kind}
    for id, page in STORED:
        made = panel(id, page, "")
        given = {"root", "settings", "say", *Parts(made).parts}
        given |= {"data"} if "data-recording" in made else set()
        assert taken[page["panel"]] <= given, page["panel"]


def test_a_panel_without_a_script_is_what_the_notebook_shows():
    assert panel("01-x", {}, "<p>Words</p>") == (
        '<div class="lessons-panel" id="01-x"><p>Words</p></div>'
    )


def test_settings_cannot_break_out_of_their_place(monkeypatch):
    monkeypatch.setitem(PANELS, "some", (lambda id, settings: h("p", settings["x"]), None))
    made = panel("01-x", {"panel": "some", "x": '"><script>'}, "")
    assert "<script>" not in made
    assert json.loads(first(made, "div")["data-settings"]) == {"x": '"><script>'}
    assert site_panels.PANELS["some"]
