"""Predictions on the site: the question, and a result for each answer, drawn by the library."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from lessons.figures.html import svg
from lessons.panels import prediction
from scripts.site_html import button, buttons, columns, dial, h, head, joined, radios, status

LATER = "The result. It opens when you commit your prediction, or by hand."
WIDTH = 4.6  # of figures, in inches: their letters can be read on a phone


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


def later(id: str) -> list[str]:
    """What stands before and behind a cell's output that may give the result away: it folds it up.

    `id` is that of the prediction's panel.
    """
    folded = h("details", h("summary", LATER), data_later=id)
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
    return h("svg", h("path", d="M12 84v6h376v-6", opacity=0.6), ends, marks, viewBox="0 0 400 110")


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
