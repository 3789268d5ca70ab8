"""The HTML of the site's panels. The scripts in website/panels bring it to life.

It lies in a `<template>`, so it is seen only where a script can answer: until then, and where none
runs, the page shows what the notebook stores of the panel.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from markupsafe import Markup

from scripts import recordings
from scripts.site_html import (
    Child,
    button,
    buttons,
    check_box,
    choice,
    columns,
    control,
    copier,
    dial,
    h,
    head,
    image,
    joined,
    legend,
    plot,
    radios,
    status,
    table,
    text_box,
)
from scripts.site_predictions import comparison, curve_prediction, number_prediction

recording = cache(recordings.read)
MARKERS = {  # the shapes of matplotlib's markers around a point of the map of the words
    "o": "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0",
    "s": "m-4-4h8v8h-8z",
    "^": "m0-5l5 9h-10z",
    "D": "m0-5.5l5.5 5.5l-5.5 5.5l-5.5-5.5z",
    "x": "m-4-4l8 8m0-8l-8 8",
}


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
    looks = legend([h("span", h(f"i.{part}"), part) for part in parts])
    return head(words["title"]) + columns(left, [view, looks])


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
        plot(f"{id}-right", "epoch", "accuracy", "Accuracy: higher is better", names=False),
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
    looks = [
        h("span", _drawing("-9 -9 18 18", _marks(group, ["0 0"], "d")), group.get("name", plain))
        for group in groups
    ]
    asked = sorted(words[: data["asked"]])
    offered = h("datalist", [h("option", value=word) for word in asked], id=list_id)
    epoch = dial("epoch", "epoch", range(len(data["when"])), 0)
    box = text_box("word", "word", settings["word"], event="change", list=list_id)
    left = [epoch, buttons(button("play", "Play", primary=True)), box, status(), offered]
    right = [image("map", "map", drawn), legend(looks)]
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
    told = h("p.status", part="status", role="status")  # close to its button
    return buttons(copier("copy", "Copy the starter")) + told


# By the names of panels: what makes the HTML, and the recording that the script needs.
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
