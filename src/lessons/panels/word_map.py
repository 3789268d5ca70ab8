"""Lesson 03: where the words lie before and after training, and which of them are near."""

import math
from typing import Any, NamedTuple

import ipywidgets as widgets
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from lessons.figures.fonts import leave_to_browser
from lessons.figures.html import labelled, picture, svg
from lessons.figures.plots import TRAIN, VALIDATION, shorten
from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.panels.controls import Dial, Panel, beside, buttons, html_line, status_line
from lessons.sources import load_split
from lessons.split import Split
from lessons.support.checks import check_whole_number
from lessons.text import Vocabulary
from lessons.training import train_one_epoch

WORD = "goal"  # whose neighbours are told first, where the stories have it
MOST = 4000  # stories to learn from: with more of them the reader would wait
COMMON = 1000  # words, the commonest: of rarer ones too little is known to call them near
SURE = 3 / 4  # a word belongs to a topic if at least this share of it stands there
EACH = 12  # words drawn for each topic
NAMED = 4  # words of each topic that are written beside the map
# Colours that can be told apart on a light and on a dark page, and markers for those who cannot.
MARKS: tuple[dict[str, Any], ...] = (
    {"color": TRAIN["color"], "marker": "o"},
    {"color": VALIDATION["color"], "marker": "s"},
    {"color": "#008F76", "marker": "^"},
    {"color": "#B55FAD", "marker": "D"},
    {"color": "#9A7B00", "marker": "v"},
    {"color": "#7777DD", "marker": "P"},
)
PLAIN: dict[str, Any] = {"color": "#7A7A7A", "marker": "x"}  # words of no topic
# What is said, here and on a page, with {0}, {1} for what differs.
NO_TOPIC = "common words of no topic"
NEAREST = "{0}, these are nearest to “{1}”: {2}."


class Topic(NamedTuple):
    """A class of stories, with the ids of words that stand mostly there, commonest first."""

    name: str
    ids: list[int]


class WordMap(NamedTuple):
    """What a training did to the words, and the plane on which they are drawn."""

    vocabulary: Vocabulary
    tables: list[Tensor]  # (vocab_size, embedding_dim), at the start and after each epoch
    axes: Tensor  # (embedding_dim, 2): the same for all epochs, so that words move
    topics: list[Topic]
    plain: list[int]  # ids of common words that belong to no topic

    @property
    def drawn(self) -> list[int]:
        """The ids of all words with a point on the map."""
        return [*(id for topic in self.topics for id in topic.ids), *self.plain]

    @property
    def reach(self) -> float:
        """Half the side of the map: no common word lies farther out in any epoch."""
        return max((table[:COMMON] @ self.axes).abs().max().item() for table in self.tables) * 1.05

    def id_of(self, word: str) -> int:
        """The id of a word. Raises ValueError if the vocabulary does not know it."""
        tokens = self.vocabulary.tokenize(word)
        id = self.vocabulary.token_to_id.get(tokens[0], 0) if len(tokens) == 1 else 0
        if not id:  # 0 is <unk>
            raise ValueError(f"Type one word of the vocabulary; it does not know {word!r}.")
        return id

    def named(self, topic: Topic) -> list[int]:
        """The ids of a topic's commonest words, from top to bottom where they lie in the end."""
        count = NAMED if len(self.topics) <= 4 else NAMED // 2  # so many there is room for
        heights = self.places(topic.ids[:count], -1)[:, 1]
        return [topic.ids[i] for i in heights.argsort(descending=True, stable=True).tolist()]

    def places(self, ids: list[int], epoch: int) -> Tensor:
        """Where these words lie on the map after an epoch: (words, 2)."""
        return self.tables[epoch][ids] @ self.axes

    def nearest(self, id: int, epoch: int, count: int = 5) -> list[tuple[str, float]]:
        """The common words with the highest cosine similarity to a word, and how high it is."""
        table = self.tables[epoch]
        cosines = F.cosine_similarity(table[:COMMON], table[id], dim=1)  # (words,)
        cosines[0] = -math.inf  # <unk> is no word
        cosines[id : id + 1] = -math.inf  # nothing is nearer than the word itself
        best = cosines.topk(min(count, max(len(cosines) - 2, 0)))
        names = [self.vocabulary.tokens[other] for other in best.indices.tolist()]
        return list(zip(names, best.values.tolist(), strict=True))

    def separation(self, epoch: int) -> tuple[int, int, float, float]:
        """How well the topics are apart, by all the numbers of their words.

        That is: how many words have one of their own topic as the nearest, of how many; and the
        mean cosine similarity of two words of one topic, and of two topics.

        Raises ValueError if there are no two topics with two words each.
        """
        sizes = torch.tensor([len(topic.ids) for topic in self.topics])
        if (sizes > 1).sum() < 2:
            raise ValueError("Too few words belong to one topic alone to compare the topics.")
        ids = [id for topic in self.topics for id in topic.ids]
        belongs = torch.arange(len(sizes)).repeat_interleave(sizes)  # (words,)
        vectors = F.normalize(self.tables[epoch][ids], dim=1)  # (words, embedding_dim)
        cosines = (vectors @ vectors.T).fill_diagonal_(-math.inf)  # (words, words)
        own = belongs == belongs[:, None]
        near = (belongs[cosines.argmax(dim=1)] == belongs).sum().item()
        same = cosines[own & cosines.isfinite()].mean().item()
        return int(near), len(ids), same, cosines[~own].mean().item()


def learn(parts: Split, epochs: int) -> WordMap:
    """Train a model as in the lesson, and look at its words before and after each epoch.

    Raises ValueError if `epochs` is not a whole number of at least 1.
    """
    check_whole_number("number of epochs", epochs)
    stories = parts.train.pick(range(min(MOST, len(parts.train.texts))))
    vocabulary = Vocabulary.build(stories.texts)
    encoded = EncodedStories(stories, vocabulary)
    start = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):  # the kernel's random state stays as it is
        model = TextClassifier(len(vocabulary), len(stories.names), generator=start)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    loader = make_loader(encoded, 128, shuffle=True)
    tables = [model.embedding.weight.detach().clone()]
    for _ in range(epochs):
        train_one_epoch(model, loader, optimizer)
        tables.append(model.embedding.weight.detach().clone())
    sizes = torch.bincount(encoded.labels, minlength=len(stories.names))
    shown = sorted(sizes.argsort(descending=True, stable=True)[: len(MARKS)].tolist())
    shares = topic_shares(encoded, len(vocabulary), len(stories.names))
    topics = [Topic(stories.names[n], _common(vocabulary, shares[:, n] >= SURE)) for n in shown]
    plain = _common(vocabulary, shares.amax(dim=1) < SURE)
    return WordMap(vocabulary, tables, plane(model.linear.weight.detach()[shown]), topics, plain)


def topic_shares(stories: EncodedStories, vocab_size: int, num_classes: int) -> Tensor:
    """How much of each word stands in each topic, if all topics were of one length.

    The shape is (vocab_size, num_classes). The shares of a word add up to 1, or are 0 if it is
    nowhere.
    """
    labels = stories.labels.repeat_interleave(stories.lengths)  # (tokens,)
    pairs = stories.token_ids * num_classes + labels
    counts = torch.bincount(pairs, minlength=vocab_size * num_classes).double()
    counts = counts.reshape(vocab_size, num_classes)
    rates = counts / counts.sum(dim=0).clamp(min=1)  # of all words of the topic
    return rates / rates.sum(dim=1, keepdim=True).clamp(min=1e-12)


def _common(vocabulary: Vocabulary, fitting: Tensor) -> list[int]:
    """Of the commonest words, the first that fit; numbers and marks are left out."""
    ids = fitting[:COMMON].nonzero().flatten().tolist()
    return [id for id in ids if vocabulary.tokens[id].isalpha()][:EACH]


def plane(class_vectors: Tensor) -> Tensor:
    """Two axes at right angles that show the classes as far apart as a flat picture can.

    On them the classes come as near as can be to the corners of a regular polygon, the first at
    the upper left, the others clockwise (the orthogonal Procrustes problem). So other random
    numbers do not turn or mirror the map. From (classes, embedding_dim) to (embedding_dim, 2).
    """
    corners = corners_of(len(class_vectors)).to(class_vectors)
    centred = class_vectors - class_vectors.mean(dim=0)
    left, _, right = torch.linalg.svd(centred.T @ corners, full_matrices=False)
    return left @ right  # type: ignore[no-any-return]


def corners_of(count: int) -> Tensor:
    """The corners of a regular polygon around (0, 0), the first at the upper left, clockwise."""
    angles = 2 * math.pi * (3 / 8 - torch.arange(count) / count)
    return torch.stack([angles.cos(), angles.sin()], dim=1)  # (count, 2)


# ---------------------------------------------------------------------------------- the panel


class WordMapPanel(Panel):
    """The words as points on a map; a slider moves them through the epochs of a training."""

    title = "A map of the words"
    instead = " In a script: call its method nearest(word, epoch)."

    def __init__(self, parts: Split | None = None, epochs: int = 5) -> None:
        """Train on these stories, or on those of the chosen source: a second or two.

        Raises ValueError if `epochs` is not a whole number of at least 1.
        """
        self._map = learn(parts or load_split(), epochs)
        known = WORD in self._map.vocabulary.token_to_id
        word = WORD if known else self._map.vocabulary.tokens[(self._map.drawn or [1])[0]]
        self._epoch = Dial("epoch", range(epochs + 1), 0, live=True)
        self._play = widgets.Play(min=0, max=epochs, interval=900, tooltip="Watch the training")
        widgets.link((self._play, "value"), (self._epoch.box, "value"))
        self._word = widgets.Text(word, description="word", continuous_update=False)
        self._view, self._status = widgets.HTML(), status_line()
        left = [self._epoch.row, buttons(self._play), self._word, self._status]
        super().__init__(beside(left, [self._view]))
        self._epoch.listen(self._show)
        self._first = word
        self._word.observe(lambda _: self._show(), "value")
        self._show()

    def nearest(self, word: str, epoch: int) -> list[tuple[str, float]]:
        """The five words nearest to this one after an epoch, with their cosine similarity.

        Raises ValueError if the vocabulary does not know the word, or for an epoch not trained.
        """
        check_whole_number("epoch", epoch, least=0)
        if epoch >= len(self._map.tables):
            raise ValueError(f"The epoch is {epoch}, but the training has {self._last}.")
        return self._map.nearest(self._map.id_of(word), epoch)

    @property
    def _last(self) -> int:
        return len(self._map.tables) - 1

    def page(self) -> dict[str, Any]:
        """The first word, and what is said. The page has a recorded training of its own."""
        said = {"nearest": NEAREST, "plain": NO_TOPIC}
        return {"panel": "word-map", "title": self.title, "word": self._first, "said": said}

    def static(self) -> str:
        """The map before and after the training, beside each other."""
        figure = Figure(figsize=(13, 4.2), layout="constrained")
        for ax, epoch in zip(figure.subplots(1, 2), (0, self._last), strict=True):
            draw_words(ax, self._map, epoch)
        _draw_legend(figure)
        alt = " ".join(describe(self._map, epoch) for epoch in (0, self._last))
        return f"<p><b>{self.title}</b></p>{picture(figure, alt).data}"

    def _show(self) -> None:
        epoch = int(self._epoch.value)
        id = None
        try:
            id = self._map.id_of(self._word.value)
            told = f"{tell_nearest(self._map, id, epoch)} {tell_separation(self._map, epoch)}"
            self._status.value = html_line(told)
        except ValueError as problem:
            self._status.value = html_line(str(problem), error=True)
        figure = Figure(figsize=(7.4, 4.7), layout="constrained")
        draw_words(figure.subplots(), self._map, epoch, id)
        _draw_legend(figure)
        self._view.value = labelled(svg(figure), describe(self._map, epoch))


def when(epoch: int) -> str:
    """The time of a map, as the beginning of a sentence."""
    return f"After epoch {epoch}" if epoch else "Before training"


# --------------------------------------------------------------------------- picture and words


def draw_words(ax: Axes, word_map: WordMap, epoch: int, marked: int | None = None) -> None:
    """The words of each topic as points, some with their names; one word may be marked."""
    reach = word_map.reach
    corners = corners_of(len(word_map.topics)).tolist()
    for topic, mark, corner in zip(word_map.topics, MARKS, corners, strict=False):
        x, y = word_map.places(topic.ids, epoch).T
        ax.scatter(x, y, 34, label=shorten(topic.name), linewidths=0, **mark)
        _name_words(ax, word_map, topic, epoch, corner, mark["color"])
    x, y = word_map.places(word_map.plain, epoch).T
    ax.scatter(x, y, 26, label=NO_TOPIC, **PLAIN)
    if marked is not None:
        place = word_map.places([marked], epoch)[0].tolist()
        _mark(ax, place, word_map.vocabulary.tokens[marked])
    ax.set(xlim=(-1.85 * reach, 1.85 * reach), ylim=(-reach, reach), xticks=[], yticks=[])
    ax.set(title=when(epoch).lower(), aspect="equal")
    leave_to_browser(ax.texts)


def _name_words(
    ax: Axes, word_map: WordMap, topic: Topic, epoch: int, corner: list[float], color: str
) -> None:
    """Write the commonest words of a topic at the edge, each with a line to its point.

    The names stand still while the points move, so they can be read before training, too, when
    all the points lie together.
    """
    side, reach = (1 if corner[0] > 0 else -1), word_map.reach
    named = word_map.named(topic)
    for row, (id, place) in enumerate(zip(named, word_map.places(named, epoch), strict=True)):
        height = reach * (0.62 * corner[1] + 0.17 * ((len(named) - 1) / 2 - row))
        edge = (1.2 * side * reach, height)
        ends = zip(edge, place.tolist(), strict=True)
        ax.plot(*ends, color=color, linewidth=0.8, alpha=0.8, zorder=0)
        name = shorten(word_map.vocabulary.tokens[id])
        align = "left" if side > 0 else "right"
        ax.text(1.24 * side * reach, height, name, ha=align, va="center", parse_math=False)


def _mark(ax: Axes, place: list[float], word: str) -> None:
    ax.plot(*place, "o", color="black", markersize=13, fillstyle="none", markeredgewidth=2)
    x, y = place
    above: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "size": 13}
    ax.annotate(shorten(word), (x, y), (0, 12), parse_math=False, **above)


def _draw_legend(figure: Figure) -> None:
    handles, names = figure.axes[0].get_legend_handles_labels()
    legend = figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 5))
    for text in legend.get_texts():
        text.set_parse_math(False)
    leave_to_browser(legend.get_texts())


def describe(word_map: WordMap, epoch: int) -> str:
    """The map in words and numbers."""
    sides = {topic.name: _side_of(word_map, topic, epoch) for topic in word_map.topics if topic.ids}
    if not any(sides.values()):
        lie = "all topics lie near the middle"
    else:
        lie = "; ".join(f"{name} lie {side or 'near the middle'}" for name, side in sides.items())
    return f"{when(epoch)}, the words of {lie}. {tell_separation(word_map, epoch)}"


def tell_separation(word_map: WordMap, epoch: int) -> str:
    """How well the topics are apart, in a sentence."""
    try:
        near, count, own, other = word_map.separation(epoch)
    except ValueError as problem:
        return str(problem)
    return (
        f"Of {count} words, {near} have a word of their own topic as the nearest. The cosine "
        f"similarity of two words is on average ≈ {own:z.2f} in one topic, ≈ {other:z.2f} in two."
    )


def _side_of(word_map: WordMap, topic: Topic, epoch: int) -> str:
    """On which side most words of a topic lie, and how far out; nothing if near the middle."""
    x, y = word_map.places(topic.ids, epoch).mean(dim=0).tolist()
    distance = math.hypot(x, y)
    if distance < 0.2 * word_map.reach:
        return ""
    sides = ("right", "upper right", "top", "upper left", "left", "lower left", "bottom")
    side = (*sides, "lower right")[round(math.atan2(y, x) / (math.pi / 4)) % 8]
    return f"at the {side}, ≈ {distance:.1f} from the middle"


def tell_nearest(word_map: WordMap, id: int, epoch: int) -> str:
    """Which words are nearest to a word, and how near, in a sentence."""
    near = [f"{word} ({cosine:.2f})" for word, cosine in word_map.nearest(id, epoch)]
    word = word_map.vocabulary.tokens[id]
    return NEAREST.format(when(epoch), word, ", ".join(near) or "none")
