"""A map of the words: where some words lie in each epoch, and which words are nearest to them."""

from itertools import chain
from typing import Any

import torch

from lessons.figures.plots import TRAIN, VALIDATION
from lessons.loaders import EncodedStories
from lessons.panels import word_map as panel
from lessons.panels.word_map import WordMap
from lessons.sources import load_split
from scripts.recordings import facts
from scripts.recordings.headline import packed

ASKED = 240  # words that can be asked for
SUGGESTED = ("goal", "bank", "planet", "cup")  # in lessons 03 and 08
EPOCHS = 5  # as in `WordMapPanel`
# Colours that are others in the dark.
OF_PAGE = {TRAIN["color"]: "var(--lessons-train)", VALIDATION["color"]: "var(--lessons-validation)"}
REACH = 16384  # the map's reach, in the unit of the places
NOT_HERE = (
    "This page holds {0} words of the map, and “{1}” is not among them. In JupyterLab the map "
    "takes each word of the vocabulary."
)


def belongs_to() -> dict[str, Any]:
    """What the map depends on."""
    return {**facts(), "epochs": EPOCHS}


def record() -> dict[str, Any]:
    """Learn as the panel does. A word is a number: its place in `words`; the asked ones come first.

    Shapes: `places` (epochs, asked, 2), `nearest` and `cosines`, in hundredths, (epochs, asked, 5).
    """
    word_map = panel.learn(load_split("mini-news"), EPOCHS)
    asked, epochs = words_to_ask(word_map), range(EPOCHS + 1)
    near = [word_map.nearest(id, epoch) for epoch in epochs for id in asked]
    ids = word_map.vocabulary.token_to_id
    known = dict.fromkeys([*asked, *(ids[word] for word, _ in chain(*near))])
    number = {id: number for number, id in enumerate(known)}
    places = torch.stack([word_map.places(asked, epoch) for epoch in epochs]) / word_map.reach
    cosines = [[round(100 * float(f"{cosine:.2f}")) for _, cosine in five] for five in near]
    return {
        "words": " ".join(word_map.vocabulary.tokens[id] for id in known),
        "asked": len(asked),
        "groups": groups(word_map, number),
        "reach": REACH,
        "places": packed((places * REACH).round(), torch.int16),
        "nearest": packed(
            torch.tensor([[number[ids[w]] for w, _ in o] for o in near]), torch.int16
        ),
        "cosines": packed(torch.tensor(cosines), torch.int8),
        "when": list(map(panel.when, epochs)),
        "separation": [panel.tell_separation(word_map, epoch) for epoch in epochs],
        "alts": [panel.describe(word_map, epoch) for epoch in epochs],
        "not_here": NOT_HERE,
    }


def words_to_ask(word_map: WordMap) -> list[int]:
    """The ids of the words that are drawn or suggested, of others of a topic, of the commonest."""
    vocabulary, train = word_map.vocabulary, load_split("mini-news").train
    encoded = EncodedStories(train, vocabulary)
    shares = panel.topic_shares(encoded, len(vocabulary), len(train.names)).amax(dim=1)
    suggested = [vocabulary.token_to_id[word] for word in SUGGESTED]
    common = [id for id in range(1, panel.COMMON) if vocabulary.tokens[id].isalpha()]
    of_a_topic = [id for id in common if shares[id] >= panel.SURE]
    return list(dict.fromkeys([*word_map.drawn, *suggested, *of_a_topic, *common]))[:ASKED]


def groups(word_map: WordMap, number: dict[int, int]) -> list[dict[str, Any]]:
    """The words that are drawn: those of each topic, and last those of none.

    A topic has some words that are named on its side of the map, from top to bottom.
    """
    corners = panel.corners_of(len(word_map.topics)).sign().int().tolist()
    topics = [
        {
            "name": topic.name,
            "words": [number[id] for id in topic.ids],
            "named": [number[id] for id in word_map.named(topic)],
            "corner": corner,
            "marker": look["marker"],
            "color": OF_PAGE.get(look["color"], look["color"]),
        }
        for topic, corner, look in zip(word_map.topics, corners, panel.MARKS, strict=False)
    ]
    return [*topics, {"words": [number[id] for id in word_map.plain], "named": [], **panel.PLAIN}]
