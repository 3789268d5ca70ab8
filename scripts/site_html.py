"""Elements of the site's panels as HTML: titles, columns, buttons, controls, axes.

What a reader works with has a `data-part`, the name under which its script finds it; a control also
has its values. How they are used: `scripts/site_panels.py`.
"""

import json
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

Child = str | Iterable[str] | None  # a text, HTML (Markup), several of them, or nothing

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


def plot(id: str, xlabel: str, ylabel: str, title: str = "", *, names: bool = True) -> Markup:
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
    return h(".plot", drawn, legend() if names else None)


def legend(*names: Child) -> Markup:
    """The names of what is drawn, beside each other."""
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
    asked = h("legend.question", question)
    return control("fieldset.choice", part, values or options, value, asked, labels, look="")


def check_box(part: str, name: str, value: bool) -> Markup:
    """A box to tick."""
    box = h("input", type="checkbox", value=1)
    look = "d-flex gap-2 align-items-center py-1"
    return control("label.check", part, (False, True), value, box, name, look=look)


def text_box(part: str, name: str, value: str, *, event: str = "input", **more: object) -> Markup:
    """A line to type in. It has a new value at each `event`: "input" or "change"."""
    box = h("input", type="text", autocomplete="off", spellcheck="false", look="px-2", **more)
    return control("label.row.text", part, None, value, h("span", name), box, data_event=event)
