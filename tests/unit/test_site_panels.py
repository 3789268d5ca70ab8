"""The HTML of the site's panels: what their scripts are given, and that texts are escaped."""

import html
import json
import re
from html.parser import HTMLParser

import pytest
from lesson_notebooks import NOTEBOOKS, read
from markupsafe import Markup

from conftest import ROOT
from lessons.panels import BatchPanel, CurvePrediction, NumberPrediction, Target, TrainingLab
from lessons.panels.break_it import ALL, SOUND
from lessons.panels.controls import PAGE
from lessons.panels.training_lab import BATCH_SIZES, EPOCHS, HEADS, RATES, USUAL
from scripts.recordings import break_it, lab
from scripts.site_html import check_box, choice, dial, h, radios, table, text_box
from scripts.site_panels import PANELS, PLAIN, panel
from scripts.site_predictions import LATER, later

STORED = [
    (f"{path.stem[:2]}-{cell.id}", output.data[PAGE])
    for path in NOTEBOOKS
    for cell in read(path).cells
    for output in cell.get("outputs", [])
    if PAGE in output.get("data", {})
]
BEGIN = {"size": "batch_size", "rate": "learning_rate"}  # names in the recording


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
    made = dial("rate", "learning rate", [0.001, 1.0, 1234567.0], 1.0, "units")
    outer, slider = first(made, "div"), first(made, "input")
    assert json.loads(outer["data-values"]) == [0.001, 1.0, 1234567.0]
    assert json.loads(outer["data-begin"]) == 1.0
    assert (slider["max"], slider["aria-label"]) == ("2", "learning rate")
    assert re.findall(r'value="(\d)">([^<]+)</option>', made) == [
        ("0", "0.001"),
        ("1", "1"),
        ("2", "1234567"),
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


def test_a_table_has_heads_and_waits_for_its_rows():
    made = table("seen", "Runs & all", ["run", "loss"])
    parts = Parts(made)
    assert (parts.open, parts.parts) == ([], ["seen", "rows"])
    outer = first(made, "div")
    assert (outer["aria-label"], outer["role"], outer["tabindex"]) == ("Runs & all", "region", "0")
    assert "hidden" in outer and "<caption>Runs &amp; all</caption>" in made
    assert re.findall(r'<th scope="col">(\w+)</th>', made) == ["run", "loss"]


# --------------------------------------------------------------------------------------- panels


@pytest.mark.parametrize(("id", "page"), STORED, ids=[id for id, _ in STORED])
def test_the_panels_of_the_notebooks_have_parts_of_different_names(id, page):
    made = Parts(panel(id, page, "<p>Before.</p>"))
    assert made.open == [] and len(set(made.parts)) == len(made.parts)


def parts_of(kind, **settings):
    """The parts of a panel in the order of its HTML, which is that of the Tab key."""
    return Parts(panel("01-x", {"panel": kind, **settings}, "")).parts


def test_the_bars_of_a_split_stand_in_the_order_in_which_its_script_sets_them():
    made = Markup(panel("01-x", {"panel": "split"}, ""))
    assert re.findall('<span>0<i class="lessons-([a-z]+)">', made) == [
        *("train", "validation", "test"),  # sizes
        *("train", "validation", "test") * 4,  # shares of four classes
    ]
    assert parts_of("split") == [
        *("stories", "training", "validation", "seed", "stratified", "status"),
        *("view", "sizes", "shares", "way"),
    ]


def test_batches_offer_what_the_notebook_offers():
    page = BatchPanel(stories=1234, batch_size=3000).page()
    made = Parts(panel("02-x", page, "")).attributes
    controls = {one["data-part"]: one for _, one in made if "data-begin" in one}
    offered = {name: json.loads(one["data-values"]) for name, one in controls.items()}
    assert offered == {"stories": page["counts"], "size": page["sizes"], "iteration": [0]}
    assert 1234 in offered["stories"] and 3000 in offered["size"]
    assert [controls[name]["data-begin"] for name in ("stories", "size")] == ["1234", "3000"]


def test_the_break_it_lab_hides_the_number_of_a_mystery_and_offers_each_diagnosis():
    made = Parts(panel("09-x", {"panel": "break-it"}, "")).attributes
    given = {one["data-part"]: (tag, one) for tag, one in made if "data-part" in one}
    tag, mystery = given["mystery"]
    assert (tag, mystery["type"], json.loads(mystery["data-begin"])) == ("input", "hidden", "none")
    assert json.loads(mystery["data-values"]) == ["none", *range(1, break_it.MYSTERIES + 1)]
    bugs, diagnoses = (json.loads(given[name][1]["data-values"]) for name in ("bug", "diagnosis"))
    names = [bug.name for bug in ALL.values()]
    assert (bugs, diagnoses) == (names[:-1], names)
    assert names[-1] == ALL[SOUND].name


def test_what_a_script_takes_is_what_the_html_has():
    own = [path for path in ROOT.glob("website/panels/*.js") if path.name != "core.js"]
    scripts = [path.read_text(encoding="utf-8") for path in own]
    taken = {}
    for script in scripts:  # a function, or the name of one
        answers = dict(re.findall(r"function (\w+)\(\{([^}]*)\}", script))
        for name, own, named in re.findall(
            r'lessons\.panel\("([\w-]+)", (?:\(\{([^}]*)\}|(\w+)\))', script
        ):
            names = [one.split(":")[0].strip() for one in (own or answers[named]).split(",")]
            taken[name] = {one for one in names if not one.startswith("...")}
    assert set(taken) == set(PANELS)
    for id, page in [*STORED, ("05-x", {"panel": "starter"})]:
        if page["panel"] in PLAIN:
            continue
        made = panel(id, page, "")
        given = {"root", "settings", "say", *Parts(made).parts}
        given |= {"data"} if "data-recording" in made else set()
        assert taken[page["panel"]] <= given, page["panel"]


def test_the_lab_offers_what_the_one_of_the_library_does(tmp_path):
    page = TrainingLab("05", Target(0.85, 5), folder=tmp_path).page()
    made = panel("05-lab", page, "")
    given = {attributes.get("data-part"): attributes for _, attributes in Parts(made).attributes}
    offered = {"epochs": EPOCHS, "size": BATCH_SIZES, "rate": RATES, "optimizer": USUAL}
    for part, values in offered.items():
        assert json.loads(given[part]["data-values"]) == [*values]
        assert (
            json.loads(given[part]["data-begin"]) == lab.offered()["begin"][BEGIN.get(part, part)]
        )
    assert "Target: validation accuracy above 85% in 5 epochs: <b" in made
    assert re.findall(r'<th scope="col">([\w ]+)</th>', made) == [*HEADS]


def test_without_a_target_none_is_shown(tmp_path):
    made = panel("08-lab", TrainingLab("08", folder=tmp_path).page(), "")
    assert 'Training lab</b><span><b data-part="goal"></b></span>' in made


def test_a_panel_without_a_script_is_what_the_notebook_shows():
    assert panel("01-x", {}, "<p>Words</p>") == (
        '<div class="lessons-panel" id="01-x"><p>Words</p></div>'
    )


def test_settings_cannot_break_out_of_their_place(monkeypatch):
    monkeypatch.setitem(PANELS, "some", (lambda id, settings: h("p", settings["x"]), None))
    made = panel("01-x", {"panel": "some", "x": '"><script>'}, "")
    assert "<script>" not in made
    assert json.loads(first(made, "div")["data-settings"]) == {"x": '"><script>'}


# --------------------------------------------------------------------------------- predictions

SKETCHES = {"falls": [4, 2, 1], "stays level": [2, 2, 2], "rises": [1, 2, 4]}


def compared(panel_here, actual):
    """What the page shows of each prediction, by its place."""
    asked = {**panel_here.page(), "id": "01-guess"}
    page = panel_here.compare(actual)._repr_mimebundle_()[PAGE]
    made = panel("01-result", {**page, "asked": asked}, "<p>Before.</p>")
    assert made.startswith('<div class="lessons-panel" id="01-result"><div data-result-of="01-gues')
    assert Parts(made).open == [] and "<p>Before.</p><template>" in made
    return [html.unescape(one) for one in re.findall(r"<template>(.*?)</template>", made, re.S)]


@pytest.mark.parametrize("actual", [26, 26.3, 94.5, 126, 0.1])
@pytest.mark.parametrize("unit", ["%", ""])
def test_each_number_is_compared_in_the_words_of_the_library(actual, unit):
    values = [0, 0.3, 25, 26, 27, 100]
    results = compared(NumberPrediction("How many?", values, unit), actual)
    for guess, result in zip(values, results, strict=True):
        here = NumberPrediction("How many?", values, unit)
        here.commit(guess)
        words = repr(here.compare(actual))
        assert result.endswith(f"<p>{words}</p>") and f'aria-label="{words}"' in result


def test_a_scale_has_its_marks_where_the_numbers_are():
    result = compared(NumberPrediction("How many?", range(0, 101), "%"), 25)[75]
    places = re.findall(r'lessons-(\w+)"><path class="lessons-mark" d="M([\d.]+) (\d+)m', result)
    assert places == [("train", "106.0", "68"), ("validation", "294.0", "28")]
    assert [one for one in re.findall(r">([^<>]+)</text>", result)] == [
        *("0", "100", "what happened: 25 %", "your prediction: 75 %"),
    ]


@pytest.mark.parametrize("name", SKETCHES)
def test_each_sketch_is_compared_in_the_words_of_the_library(name):
    here = CurvePrediction("What?", SKETCHES, ylabel="loss", xlabel="step")
    result = compared(here, [1.4, 1.2, 2.5, 3])[list(SKETCHES).index(name)]
    here.commit(name)
    shown = here.compare([1.4, 1.2, 2.5, 3])
    assert result.endswith(f"<p>{shown!r}</p>")
    alt = html.unescape(re.search('alt="([^"]+)"', shown.data)[1])
    assert f'aria-label="{alt}"' in result
    assert f"“{name}”" in result.partition("<svg")[2].partition("</svg>")[0]  # in the legend


def test_a_curve_of_which_nothing_can_be_drawn_is_told():
    here = CurvePrediction("What?", SKETCHES, ylabel="loss", xlabel="step")
    assert compared(here, [float("nan")] * 3)[0] == (
        "<p>You chose A, “falls”. From step 1 on, the loss is NaN or infinite.</p>"
    )


def test_a_result_of_no_prediction_is_what_the_notebook_shows():
    assert panel("01-x", {"panel": "comparison", "drawn": 1.0, "question": "?"}, "<p>W</p>") == (
        '<div class="lessons-panel" id="01-x"><p>W</p></div>'
    )


def test_what_gives_a_result_away_is_folded_up():
    before, behind = later("01-guess")
    assert (before, behind) == (
        f'<details data-later="01-guess"><summary>{LATER}</summary>',
        "</details>",
    )


def test_a_page_says_why_it_keeps_no_progress():
    page = {"panel": "progress", "title": "Your progress", "said": "It is forgotten."}
    made = panel("05-progress", page, "<p>In JupyterLab</p>")
    assert "<p>It is forgotten.</p>" in made
    assert "In JupyterLab" not in made and "template" not in made
