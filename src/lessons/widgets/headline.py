"""Lesson 07: a headline of your own, and the words that decide."""

import html

import ipywidgets as widgets

from lessons.model import Classifier, classify, word_pulls
from lessons.widgets.parts import Panel, status_line, words


class HeadlinePanel(Panel):
    """Type a headline: the probability of each class, and how far each word pulls."""

    title = "A headline of your own"

    def __init__(
        self, classifier: Classifier, headline: str = "Striker sells his robot bank"
    ) -> None:
        """Ask this classifier, first about this headline."""
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
        for word, pulls in word_pulls(self._classifier, text):
            pull = (pulls[place] - pulls.mean()).item()  # towards the guess, against the others
            known = word in self._classifier.vocabulary.numbers
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
    rows = (
        f"<tr><th scope='row'>{html.escape(name)}</th><td>{chance:.0%}</td>"
        f'<td class="lessons-bar"><div style="width: {100 * chance:.1f}%"></div></td></tr>'
        for name, chance in chances.items()
    )
    return f"<table><caption>Probability of each class</caption>{''.join(rows)}</table>"
