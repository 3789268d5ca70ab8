"""The HTML of the site's panels. The scripts in website/panels bring it to life.

What a reader works with has a `data-part`, the name under which its script finds it; a control also
has its values. It lies in a `<template>`, so it is seen only where a script can answer: until then,
and where none runs, the page shows what the notebook stores of the panel.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from markupsafe import Markup, escape

from lessons.figures.html import svg
from lessons.panels import prediction
from scripts import recordings

recording = cache(recordings.read)
WIDTH = 4.6  # of figures, in inches: their letters can be read on a phone
Child = str | Iterable[str] | None  # a text, HTML (Markup), several of them, or nothing
MARKERS = {  # the shapes of matplotlib's markers around a point of the map of the words
    "o": "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0",
    "s": "m-4-4h8v8h-8z",
    "^": "m0-5l5 9h-10z",
    "D": "m0-5.5l5.5 5.5l-5.5 5.5l-5.5-5.5z",
    "x": "m-4-4l8 8m0-8l-8 8",
}

# ---------------------------------------------------------------------------------- small builders


def h(what: str, *children: Child, look: str = "", **attributes: object) -> Markup:
    """An element: `h("p.note", "text", id="x")` has the class lessons-note, `h(".note")` is a div.

    `look` are classes of Bootstrap, which the site's theme brings. A `_` in the name of an
    attribute becomes `-`, and None leaves it out; `part` is `data-part`.
    """
    tag, *names = what.split(".")
    classes = [*(f"lessons-{name}" for name in names), *look.split()]
    given = {"class": " ".join(classes) or None, **attributes}
    given = {{"part": "data-part"}.get(name, name): value for name, value in given.items()}
    written = Markup("").join(
        Markup(' {}="{}"').format(name.replace("_", "-"), value)
        for name, value in given.items()
        if value is not None
    )
    end = Markup("") if tag == "input" else Markup("</{}>").format(tag or "div")
    return Markup("<{}{}>{}{}").format(tag or "div", written, joined(*children), end)


def joined(*children: Child) -> Markup:
    """Texts, escaped, and HTML, one behind the other."""
    listed = [[one] if isinstance(one, str) else one or () for one in children]
    return Markup("").join(escape(one) for some in listed for one in some)


def head(title: str, beside: Child = None) -> Markup:
    """The title of a panel, and what stands to its right."""
    return h(".head", h("b", title), beside)


def columns(left: Child, right: Child) -> Markup:
    """Two columns, or one where a panel is narrow."""
    return h(".body", h("div", left), h("div", right))


def status() -> Markup:
    """A line that screen readers read out when it changes."""
    return h("p.status", part="status", role="status", look="my-2")


def image(part: str, kind: str, *children: Child) -> Markup:
    """A drawing, or a place for it; its script gives it the text that says all that is in it."""
    return h(f".{kind}", *children, part=part, role="img", aria_label="")


def plot(id: str, xlabel: str, ylabel: str, title: str = "", *, legend: bool = True) -> Markup:
    """Axes into which a script draws lines, and a place for their names. The page has one `id`."""
    middle = {"text_anchor": "middle"}
    clip = h("clipPath", h("rect", x=38, y=20, width=360, height=198), id=id)  # marks lie on axes
    drawn = h(
        "svg",
        clip,
        h("g.scales"),
        h("text.title", title, x=58, y=15),
        h("text", xlabel, x=225, y=246, **middle),
        h("text.ylabel", ylabel, transform="translate(12 119) rotate(-90)", **middle),
        h("path", d="M58 26v186h334", opacity=0.6),
        h("g.inside", clip_path=f"url(#{id})"),
        viewBox="0 0 400 250",
        aria_hidden="true",
    )
    return h(".plot", drawn, _legend() if legend else None)


def _legend(*names: Child) -> Markup:
    return h(".legend", *names, look="d-flex flex-wrap column-gap-3")


def buttons(*members: Child) -> Markup:
    """Buttons beside each other."""
    return h(".buttons", *members, look="d-flex gap-2")


def button(part: str, name: str, *, primary: bool = False) -> Markup:
    """A button."""
    return h("button.primary" if primary else "button", name, part=part, type="button")


def copier(part: str, name: str) -> Markup:
    """A button that copies a text, and a place that shows it where there is no clipboard."""
    shown = h("pre.code", tabindex=0, role="region", aria_label=name, hidden="")
    return h("div", h("button", name, type="button"), shown, part=part)


def table(part: str, caption: str, heads: Iterable[str]) -> Markup:
    """A table that scrolls sideways where it is too wide, by keyboard too. Its rows are to come."""
    names = h("thead", h("tr", [h("th", name, scope="col") for name in heads]))
    made = h("table", h("caption", caption), names, h("tbody", part="rows"))
    return h(
        *(".table", made),
        look="table-responsive",
        part=part,
        tabindex=0,
        role="region",
        aria_label=caption,
        hidden="",
    )


# ---------------------------------------------------------------------------------------- controls


def control(
    what: str,
    part: str,
    values: Sequence[object] | None,
    value: object,
    *children: Child,
    look: str = "d-flex gap-2",
    **attributes: object,
) -> Markup:
    """An element with inputs, of which the value of each is a place in `values`, and its value."""
    offered = None if values is None else json.dumps(list(values))
    begin = json.dumps(value)
    given = {"part": part, "data_values": offered, "data_begin": begin, **attributes}
    return h(what, *children, look=look, **given)


def _options(values: Iterable[object]) -> list[Markup]:
    return [h("option", str(value), value=place) for place, value in enumerate(values)]


def dial(part: str, name: str, values: Sequence[float], value: float, unit: str = "") -> Markup:
    """A slider over some values and a menu of them, always equal: the menu is exact on a phone."""
    shown = [f"{one:.10g}" for one in values]
    last = len(values) - 1
    slider = h("input", type="range", min=0, max=last, aria_label=name, data_unit=unit)
    menu = h("select.number", _options(shown), aria_label=f"{name}, exactly", look="px-1")
    return control(".row", part, values, value, h("span", name), slider, menu, h("span.unit", unit))


def choice(part: str, name: str, options: Sequence[str], value: str | None = None) -> Markup:
    """A menu of texts, the first one chosen if no other is."""
    menu = h("select", _options(options), look="px-1")
    return control("label.row", part, options, value or options[0], h("span", name), menu)


def radios(
    part: str,
    group: str,
    question: str,
    options: Sequence[str],
    values: Sequence[object] | None = None,
    value: object = None,
) -> Markup:
    """A question with all its options in sight; their values are their texts, if no others are.

    `group` is unique on the page. None is chosen at first if no value is.
    """
    labels = [
        h(
            "label",
            h("input", type="radio", name=group, value=place),
            h("span", option),
            look="d-flex gap-2 p-1",
        )
        for place, option in enumerate(options)
    ]
    legend = h("legend.question", question)
    return control("fieldset.choice", part, values or options, value, legend, labels, look="")


def check_box(part: str, name: str, value: bool) -> Markup:
    """A box to tick."""
    box = h("input", type="checkbox", value=1)
    look = "d-flex gap-2 align-items-center py-1"
    return control("label.check", part, (False, True), value, box, name, look=look)


def text_box(part: str, name: str, value: str, *, event: str = "input", **more: object) -> Markup:
    """A line to type in. It has a new value at each `event`: "input" or "change"."""
    box = h("input", type="text", autocomplete="off", spellcheck="false", look="px-2", **more)
    return control("label.row.text", part, None, value, h("span", name), box, data_event=event)


# ------------------------------------------------------------------------------------------ panels


def split(id: str, settings: dict[str, Any]) -> Markup:
    """Lesson 01: the pile is cut."""
    data = recording("split")
    words, percent, parts = data["words"], data["percent"], data["parts"]
    left = [
        dial("stories", "stories", data["sizes"], data["sizes"][-1]),
        dial("training", "training", percent, 80, "%"),
        dial("validation", "validation", percent, 10, "%"),
        dial("seed", "seed", data["seeds"], data["seeds"][0]),
        check_box("stratified", words["stratified"], True),
        status(),
    ]
    way = [h("b", part="way"), f": {words['share']}"]
    sizes = _bars("sizes", words["parts"], [(part, [part]) for part in parts])
    shares = _bars("shares", way, [(name, parts) for name in data["names"]])
    view = image("view", "pair", sizes, shares)
    legend = _legend([h("span", h(f"i.{part}"), part) for part in parts])
    return head(words["title"]) + columns(left, [view, legend])


def _bars(part: str, title: Child, groups: Sequence[tuple[str, Sequence[str]]]) -> Markup:
    """Bars of parts of a split, in named groups; a script gives each its height and number."""
    low = "d-flex align-items-end justify-content-center m-0 px-1 border-bottom"
    pillars = [
        h("div", h("p", [h("span", "0", h(f"i.{kind}")) for kind in kinds], look=low), name)
        for name, kinds in groups
    ]
    named = h("figcaption", title, look="fw-bold")
    return h(
        *("figure.bars", named, h("div", pillars, look="d-flex flex-wrap")),
        look="m-0 text-center",
        part=part,
    )


def batches(id: str, settings: dict[str, Any]) -> Markup:
    """Lesson 02: epoch, batch and iteration."""
    return joined(
        head(settings["title"]),
        dial("stories", "stories", settings["counts"], settings["stories"]),
        dial("size", "batch size", settings["sizes"], settings["batch_size"], "stories"),
        dial("iteration", "iteration", [0], 0),  # the script offers as many as there are
        buttons(button("play", "Play", primary=True)),
        image("view", "strip"),
        status(),
    )


def rate(id: str, settings: dict[str, Any]) -> Markup:
    """Lesson 04: steps down the slope."""
    data = recording("rate")
    steps = button("step", "Step", primary=True), button("reset", "Back to the start")
    left = [dial("rate", "learning rate", data["rates"], 1.0), buttons(*steps), status()]
    axes = plot(f"{id}-valley", data["words"]["weight"], "loss")
    return head(data["words"]["title"]) + columns(left, image("view", "wide-plot", axes))


def training_lab(id: str, settings: dict[str, Any]) -> Markup:
    """Lessons 05 to 08: the training lab."""
    data, target = recording("lab"), settings.get("target")
    words, begin = data["words"], data["begin"]
    goal = h("span", f"{target['text']}: " if target else None, h("b", part="goal"))
    left = [
        dial("epochs", "epochs", data["epochs"], begin["epochs"]),
        dial("size", "batch size", data["batch_sizes"], begin["batch_size"], "stories"),
        choice("optimizer", "optimizer", data["optimizers"], begin["optimizer"]),
        dial("rate", "learning rate", data["rates"], begin["learning_rate"]),
        h("p", part="note", role="note"),
        check_box("slow", words["slow"], False),
        buttons(
            *(button("train", "Train", primary=True), button("stop", "Stop")),
            *(button("go_on", "Continue"), button("reset", "Reset")),
            *(copier("copy_code", "Copy as code"), copier("copy_link", "Copy link")),
        ),
        h("progress", part="bar", aria_label="progress"),
        status(),
    ]
    made = table("table", words["caption"], words["heads"])
    drawn = [
        plot(f"{id}-loss", "epoch", "loss (cross-entropy)", "Loss: lower is better"),
        plot(f"{id}-right", "epoch", "accuracy", "Accuracy: higher is better", legend=False),
    ]
    seen = columns(left, image("plots", "plots", drawn)), made, h("p", words["recorded"])
    return joined(head(words["title"], goal), seen)


def break_it(id: str, settings: dict[str, Any]) -> Markup:
    """Lesson 09: the break-it lab."""
    data = recording("break_it")
    names, seeds = [bug["name"] for bug in data["bugs"]], data["seeds"]
    numbers = range(1, len(data["secrets"]) + 1)
    left = [
        choice("bug", "bug", names[:-1]),  # that nothing is wrong is only a diagnosis
        dial("seed", "seed", seeds, seeds[0]),
        # A link to a mystery holds its number, from which nobody sees what is wrong.
        control("input", "mystery", ["none", *numbers], "none", type="hidden"),
        buttons(
            button("run", "Run", primary=True),
            button("stop", "Stop"),
            button("ask", "Mystery"),
            copier("copy", "Copy link"),
        ),
    ]
    game = buttons(button("diagnose", "Diagnose"), button("reveal", "Tell me"))
    right = [status(), choice("diagnosis", "diagnosis", names), game]
    drawn = [
        plot(f"{id}-{number}", "epoch", "", title)
        for number, (title, *_) in enumerate(data["plots"])
    ]
    return joined(
        head(data["words"]["title"], h("span", part="tally")),
        columns(left, right),
        image("view", "plots.twins", drawn),
        table("table", data["words"]["caption"], data["words"]["heads"]),
        h("div", part="facts"),
        h("p", data["words"]["recorded"]),
    )


def headline(id: str, settings: dict[str, Any]) -> Markup:
    """Lessons 07 and 08: a headline of your own."""
    data = recording("headline")
    cells = h("td"), h("td.bar", h("div"))
    bars = [h("tr", h("th", name, scope="row"), *cells) for name in data["names"]]
    table = h("table", h("caption", settings["said"]["bars"]), bars, part="bars")
    view = h("div", table, h("p", part="legend"), h("div", part="words"), part="view")
    box = text_box("text", "headline", settings["headline"])
    return head(settings["title"]) + box + status() + view + h("p.note", data["model"], look="mt-2")


def word_map(id: str, settings: dict[str, Any]) -> Markup:
    """Lessons 03 and 08: a map of the words. Its middle is 0, and it reaches 100 to each side."""
    data, plain, list_id = recording("word_map"), settings["said"]["plain"], f"{id}-words"
    words, groups = data["words"].split(" "), data["groups"]
    names = [_names_at_the_edge(group, words) for group in groups if group["named"]]
    points = [_marks(group, [f"{{{number}}}" for number in group["words"]]) for group in groups]
    ring = h("g", h("circle.axes", r=9), h("text", y=-13, text_anchor="middle"), part="ring")
    drawn = _drawing("-180 -112 360 224", *names, points, ring)
    legend = [
        h("span", _drawing("-9 -9 18 18", _marks(group, ["0 0"], "d")), group.get("name", plain))
        for group in groups
    ]
    asked = sorted(words[: data["asked"]])
    offered = h("datalist", [h("option", value=word) for word in asked], id=list_id)
    epoch = dial("epoch", "epoch", range(len(data["when"])), 0)
    box = text_box("word", "word", settings["word"], event="change", list=list_id)
    left = [epoch, buttons(button("play", "Play", primary=True)), box, status(), offered]
    right = [image("map", "map", drawn), _legend(legend)]
    return head(settings["title"]) + columns(left, right)


def _drawing(view_box: str, *children: Child) -> Markup:
    return h("svg", *children, viewBox=view_box, aria_hidden="true")


# Where a path is to have the place of word 7, its data-drawn has {7}, and the script puts it there.
# All words of a group are one path: browsers are slow to let many elements glide.


def _marks(group: dict[str, Any], places: Iterable[str], attribute: str = "data_drawn") -> Markup:
    """At each place the mark of a group's words."""
    color = group["color"]
    drawn = "".join(f"M{place}{MARKERS[group['marker']]}" for place in places)
    return h("path", **{attribute: drawn}, fill=color, stroke=color)


def _names_at_the_edge(group: dict[str, Any], words: Sequence[str]) -> list[Markup]:
    """Names of some words, which stand still while points move, and lines from them to there."""
    (right, up), named = group["corner"], group["named"]
    x, y = 106 * right, [17 * (row - (len(named) - 1) / 2) - 44 * up for row in range(len(named))]
    lines = [f"M{x} {at}L{{{word}}}" for word, at in zip(named, y, strict=True)]
    where = {"x": x + 4 * right, "text_anchor": "start" if right > 0 else "end"}
    texts = [h("text", words[word], y=at + 4, **where) for word, at in zip(named, y, strict=True)]
    return [h("path.lead", data_drawn="".join(lines), stroke=group["color"]), *texts]


def number_prediction(id: str, settings: dict[str, Any]) -> Markup:
    """A number is predicted."""
    values = _numbers(settings["values"])
    guess = dial("guess", "prediction", values, values[len(values) // 2], settings["unit"])
    question = h(".question", settings["question"])
    return joined(head(settings["title"]), question, guess, _commit())


def curve_prediction(id: str, settings: dict[str, Any]) -> Markup:
    """A curve is predicted, by a sketch of it."""
    sketches = list(map(_numbers, settings["sketches"]))
    drawn = prediction.draw_sketches(sketches, _axes(settings), WIDTH)
    asked = radios("guess", f"{id}-guess", settings["question"], settings["options"])
    return head(settings["title"]) + columns(
        [asked, *_commit()], _drawn(svg(drawn), settings["alt"])
    )


def _commit() -> list[Markup]:
    return [buttons(button("commit", "Commit", primary=True)), status()]


def _numbers(line: str) -> list[float]:
    return list(map(float, line.split()))


def _axes(settings: dict[str, Any]) -> dict[str, str]:
    return {name: settings[name] for name in ("xlabel", "ylabel")}


def _drawn(drawing: str, alt: str) -> Markup:
    return h(".wide-plot", Markup(drawing), role="img", aria_label=alt)


def later(asked: dict[str, Any]) -> list[str]:
    """What stands before and behind a cell's output that may give the result away: it folds it up.

    `asked` is the page of a prediction, with its `id`.
    """
    folded = h("details", h("summary", asked["said"]["later"]), data_later=asked["id"])
    return [str(folded.removesuffix("</details>")), "</details>"]


def comparison(settings: dict[str, Any], shown: str) -> Markup:
    """What is shown without a prediction, and a template for each one that can be made.

    `asked` in the settings is the page of the prediction, with its `id`.
    """
    asked = settings.get("asked")
    if not asked:
        return Markup(shown)
    results = (_numbers_compared if "values" in asked else _curves_compared)(settings, asked)
    templates = [h("template", one) for one in results]
    return h("div", Markup(shown), templates, data_result_of=asked["id"])


def _numbers_compared(settings: dict[str, Any], asked: dict[str, Any]) -> Iterator[Markup]:
    for guess in _numbers(asked["values"]):
        words = prediction.compared_in_words(guess, settings["drawn"], asked["unit"])
        drawing = _scale(guess, settings["drawn"], asked)
        yield h(".plot", _drawn(drawing, words)) + h("p", words)


def _scale(guess: float, actual: float, asked: dict[str, Any]) -> Markup:
    """What happened, as a dot on a scale, and above it the prediction, as a square."""
    values = [*_numbers(asked["values"]), actual]
    low, high = min(values), max(values)

    def mark(number: float, y: int, text: str, kind: str | None = None, form: str = "") -> Markup:
        x = 12 + 376 * (number - low) / (high - low)
        anchor = "start" if x < 100 else "end" if x > 300 else "middle"
        written = h("text", text, x=f"{x:.1f}", y=y, text_anchor=anchor)
        drawn = h("path.mark", d=f"M{x:.1f} {y + 13}{form}")
        return h(f"g.line.{kind}", drawn, written) if kind else written

    names = [
        f"{label}: {prediction.with_unit(number, asked['unit'])}"
        for label, number in zip(asked["labels"], (actual, guess), strict=True)
    ]
    dot, square = "m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0", "m-6-6h12v12h-12z"
    marks = (
        mark(actual, 55, names[0], "train", dot),
        mark(guess, 15, names[1], "validation", square),
    )
    ends = [mark(number, 106, f"{number:g}") for number in (low, high)]
    return h("svg", h("path.axes", d="M12 84v6h376v-6"), ends, marks, viewBox="0 0 400 110")


def _curves_compared(settings: dict[str, Any], asked: dict[str, Any]) -> Iterator[Markup]:
    """The curve with each sketch, and words; words alone if nothing could be drawn."""
    curve, *sketches = map(_numbers, settings["drawn"])
    for place, words in enumerate(settings["said"]):
        drawing = Markup()
        if curve:
            guess = {settings["labels"][place + 1]: sketches[place]}
            drawn = prediction.draw_curve(curve, guess, _axes(asked), WIDTH)
            drawing = _drawn(svg(drawn), settings["alts"][place])
        yield drawing + h("p", words)


def parsons(id: str, settings: dict[str, Any]) -> Markup:
    """Lines of code in a wrong order. The value of the list is the place of the chosen one."""
    lines = settings["lines"]
    asked = radios("list", f"{id}-lines", "Lines", lines, range(len(lines)), 0)
    listed = h(".lines", asked, look="font-monospace small")
    moves = button("up", "Move up"), button("down", "Move down"), button("check", "Check")
    code = h("pre", settings["head"])
    return joined(head(settings["title"]), code, listed, buttons(*moves), status())


def check_yourself(id: str, settings: dict[str, Any]) -> Markup:
    """The questions at the end of a lesson."""
    made = [head(settings["title"], h("span", part="count"))]
    for number, question in enumerate(settings["questions"]):
        options = [option["text"] for option in question["options"]]
        asked = f"{number + 1}. {question['text']}"
        made.append(radios(f"asked-{number}", f"{id}-{number}", asked, options))
        made.append(h("p.status.why", part=f"why-{number}", role="status"))
    return joined(made)


def progress(settings: dict[str, Any], shown: str) -> Markup:
    """Why no progress is kept on a page."""
    return head(settings["title"]) + h("p", settings["said"])


def starter(id: str, settings: dict[str, Any]) -> Markup:
    """Under an exercise: a button that copies its code."""
    return buttons(copier("copy", "Copy the starter")) + status()


# By the names that `Panel.page` gives: what makes the HTML, and the recording its script needs.
PANELS: dict[str, tuple[Callable[[str, dict[str, Any]], Markup], str | None]] = {
    "split": (split, "split"),
    "batches": (batches, None),
    "rate": (rate, "rate"),
    "training-lab": (training_lab, "lab"),
    "break-it": (break_it, "break_it"),
    "headline": (headline, "headline"),
    "word-map": (word_map, "word_map"),
    "number-prediction": (number_prediction, None),
    "curve-prediction": (curve_prediction, None),
    "parsons": (parsons, None),
    "check-yourself": (check_yourself, None),
    "starter": (starter, None),
}

# What needs no script of its own. Both get what is shown without one, too.
PLAIN: dict[str, Callable[[dict[str, Any], str], Markup]] = {
    "comparison": comparison,
    "progress": progress,
}


def panel(id: str, page: dict[str, Any], shown: str) -> Markup:
    """The place of a panel on a page: `shown` until its script makes it answer.

    `page` is what `Panel.page` gives; without it there is no script, and `shown` is all.
    """
    if not page:
        return h(".panel", Markup(shown), id=id)
    settings = dict(page)
    name = settings.pop("panel")
    if name in PLAIN:
        return h(".panel", PLAIN[name](settings, shown), id=id)
    make, recorded = PANELS[name]
    given = json.dumps(settings, ensure_ascii=False)
    return h(
        ".panel",
        h("template", make(id, settings)),
        Markup(shown),
        id=id,
        data_panel=name,
        data_recording=recorded,
        data_settings=given,
    )
