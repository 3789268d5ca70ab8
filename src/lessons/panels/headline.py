"""Lesson 07: a headline of your own, and the words that decide."""

import html
from typing import Any

import ipywidgets as widgets

from lessons.figures.plots import shorten
from lessons.model import Classifier, classify, word_contributions
from lessons.panels.controls import Panel, html_line, status_line

HEADLINE = "Striker sells his robot bank"
LISTED = 12  # classes whose probabilities are listed: the most probable ones
# What is said, here and on a page, with {0}, {1} for what differs.
ANSWER = "{0}, with a probability of {1:.0%}."
BARS = "Probability of each class"
LEGEND = "The contribution of each word: for {0} (+) or against it (−)."
UNKNOWN = ", unknown word"


class HeadlinePanel(Panel):
    """Type a headline: the probability of each class, and the contribution of each word."""

    title = "A headline of your own"

    def __init__(self, classifier: Classifier, headline: str | None = None) -> None:
        """Classify this headline first; by default a usual one, or words that the model knows."""
        if headline is None:
            known = any(classifier.vocabulary.encode(HEADLINE))
            headline = HEADLINE if known else " ".join(classifier.vocabulary.tokens[1:6])
        self._classifier = classifier
        self._text = widgets.Text(headline, description="headline", continuous_update=True)
        self._text.add_class("lessons-wide")
        self._view, self._status = widgets.HTML(), status_line()
        super().__init__(self._text, self._status, self._view)
        self._text.observe(lambda _: self._show(), "value")
        self._first = headline
        self._show()

    def page(self) -> dict[str, Any]:
        """The first headline, and what is said. The page has a recorded model of its own."""
        said = {"answer": ANSWER, "bars": BARS, "legend": LEGEND, "unknown": UNKNOWN}
        return {"panel": "headline", "title": self.title, "headline": self._first, "said": said}

    def _show(self) -> None:
        text = self._text.value
        try:
            probabilities = classify(self._classifier, text)
        except ValueError as problem:
            self._status.value, self._view.value = html_line(str(problem), error=True), ""
            return
        guess = max(probabilities, key=probabilities.__getitem__)
        self._status.value = html_line(ANSWER.format(guess, probabilities[guess]))
        self._view.value = _bars(probabilities) + self._chips(text, guess)

    def _chips(self, text: str, guess: str) -> str:
        """The words in reading order, each with its contribution to the guess, as HTML."""
        place = self._classifier.names.index(guess)
        chips = []
        for word, contributions in word_contributions(self._classifier, text):
            value = (contributions[place] - contributions.mean()).item()  # more than to the others
            chips.append(_chip(word, value, word in self._classifier.vocabulary.token_to_id))
        return f"<p>{html.escape(LEGEND.format(guess))}</p><div>{' '.join(chips)}</div>"


def _chip(word: str, value: float, known: bool) -> str:
    kind = "for" if value > 0 else "against"
    shown = f"{value:+.1f}".replace("-", "−") + ("" if known else UNKNOWN)
    strength = min(100, round(40 * abs(value)))
    return (
        f'<span class="lessons-word lessons-{kind}" style="--strength: {strength}%">'
        f"{html.escape(word)} <small>{shown}</small></span>"
    )


def _bars(probabilities: dict[str, float]) -> str:
    falling = sorted(probabilities, key=probabilities.__getitem__, reverse=True)
    largest = set(falling[:LISTED])
    listed = {name: p for name, p in probabilities.items() if name in largest}  # in their order
    rows = "".join(
        f"<tr><th scope='row'>{html.escape(shorten(name))}</th><td>{p:.0%}</td>"
        f'<td class="lessons-bar"><div style="width: {100 * p:.1f}%"></div></td></tr>'
        for name, p in listed.items()
    )
    if len(listed) < len(probabilities):
        rest = sum(probabilities[name] for name in falling[LISTED:])
        rows += f"<tr><th scope='row'>all the others</th><td>{rest:.0%}</td><td></td></tr>"
    return f"<table><caption>{BARS}</caption>{rows}</table>"
