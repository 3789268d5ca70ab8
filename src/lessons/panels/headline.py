"""Lesson 07: a headline of your own, and the words that decide."""

import html

import ipywidgets as widgets

from lessons.figures.plots import shorten
from lessons.model import Classifier, classify, word_contributions
from lessons.panels.controls import Panel, status_line, words

HEADLINE = "Striker sells his robot bank"
TOLD = 12  # classes whose probabilities are shown, the most probable ones


class HeadlinePanel(Panel):
    """Type a headline: the probability of each class, and how far each word pulls."""

    title = "A headline of your own"

    def __init__(self, classifier: Classifier, headline: str | None = None) -> None:
        """Ask this classifier, first about this headline; without one, about words it knows."""
        if headline is None:
            known = any(classifier.vocabulary.encode(HEADLINE))
            headline = HEADLINE if known else " ".join(classifier.vocabulary.tokens[1:6])
        self._classifier = classifier
        self._text = widgets.Text(headline, description="headline", continuous_update=True)
        self._text.add_class("lessons-wide")
        self._view, self._status = widgets.HTML(), status_line()
        super().__init__(self._text, self._status, self._view)
        self._text.observe(lambda _: self._show(), "value")
        self._show()

    def _show(self) -> None:
        text = self._text.value
        try:
            chances = classify(self._classifier, text)
        except ValueError as problem:
            self._status.value, self._view.value = words(str(problem), error=True), ""
            return
        guess = max(chances, key=chances.__getitem__)
        self._status.value = words(f"{guess}, with a probability of {chances[guess]:.0%}.")
        self._view.value = _bars(chances) + self._chips(text, guess)

    def _chips(self, text: str, guess: str) -> str:
        """The words in reading order, each with its pull towards the guess."""
        place = self._classifier.names.index(guess)
        chips = []
        for word, pulls in word_contributions(self._classifier, text):
            pull = (pulls[place] - pulls.mean()).item()  # towards the guess, against the others
            known = word in self._classifier.vocabulary.token_to_id
            kind = "for" if pull > 0 else "against"
            shown = f"{pull:+.1f}".replace("-", "−")
            shown += "" if known else ", unknown word"
            strength = min(100, round(40 * abs(pull)))
            chips.append(
                f'<span class="lessons-word lessons-{kind}" style="--strength: {strength}%">'
                f"{html.escape(word)} <small>{shown}</small></span>"
            )
        told = f"Each word pulls towards {html.escape(guess)} (+) or away from it (−):"
        return f"<p>{told}</p><div>{' '.join(chips)}</div>"


def _bars(chances: dict[str, float]) -> str:
    falling = sorted(chances, key=chances.__getitem__, reverse=True)
    shown = [name for name in chances if name in falling[:TOLD]]  # in the order of the classes
    rows = "".join(
        f"<tr><th scope='row'>{html.escape(shorten(name))}</th><td>{chances[name]:.0%}</td>"
        f'<td class="lessons-bar"><div style="width: {100 * chances[name]:.1f}%"></div></td></tr>'
        for name in shown
    )
    if len(shown) < len(chances):
        rest = sum(chances[name] for name in falling[TOLD:])
        rows += f"<tr><th scope='row'>all the others</th><td>{rest:.0%}</td><td></td></tr>"
    return f"<table><caption>Probability of each class</caption>{rows}</table>"
