"""What the data card promises of the built-in corpus."""

import csv
import hashlib
import re
from collections import Counter, defaultdict
from importlib.resources import files
from itertools import combinations

import pytest
import torch
from claims import claim, claim_near

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.sources import TOPICS
from lessons.text import Vocabulary
from lessons.validation import evaluate, fit

FOLDER = files("lessons.sources") / "mini_news"
FROZEN = "fa357196ff2721e04277a4243b76b60193c28e1ca923e9eee686829132de94b5"


def rows(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


ITEMS = rows("stories.tsv")
TEXTS = [f"{item['title']} {item['lead']}" for item in ITEMS]


def words(text):
    return re.findall(r"[\w']+", text.lower())


def test_the_file_is_frozen():
    content = (FOLDER / "stories.tsv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == FROZEN, (
        "Mini-News has changed. Lessons store what they print about it: run `make refresh`, read "
        "the difference, and put the new checksum here."
    )


def test_the_library_reads_what_the_file_holds(stories):
    assert stories.texts == TEXTS
    assert [TOPICS[label] for label in stories.labels] == [item["label"] for item in ITEMS]


def test_the_topics_are_balanced():
    assert Counter(item["label"] for item in ITEMS) == dict.fromkeys(TOPICS, 500)


def test_one_item_in_eight_lies_between_two_topics():
    between = [item for item in ITEMS if item["between"] != "-"]
    assert len(between) == 250
    assert all(item["between"] in TOPICS and item["between"] != item["label"] for item in between)
    assert min(Counter(item["label"] for item in between).values()) >= 60


def test_every_item_has_20_to_45_words():
    assert all(20 <= len(text.split()) <= 45 for text in TEXTS)


def test_the_text_is_plain():
    assert not [text for text in TEXTS if re.search(r"[<>|\x00-\x1f\x7f\u2000-\uffff]|  ", text)]


def test_no_two_items_are_alike():
    """Jaccard: phrases of five words in both, over phrases in either."""
    phrases = [set(zip(*(words(text)[i:] for i in range(5)), strict=False)) for text in TEXTS]
    holders = defaultdict(list)
    for item, its_phrases in enumerate(phrases):
        for phrase in its_phrases:
            holders[phrase].append(item)
    shared = Counter(pair for items in holders.values() for pair in combinations(items, 2))
    assert shared  # some phrases are shared, so the counting works
    jaccard = [n / (len(phrases[a] | phrases[b])) for (a, b), n in shared.items()]
    assert max(jaccard) <= 0.2


def test_openings_differ():
    openings = Counter(tuple(words(text)[:3]) for text in TEXTS)
    assert max(openings.values()) <= 5


def test_the_vocabulary_is_wide():
    assert len({word for text in TEXTS for word in words(text)}) >= 8000


@pytest.mark.claims
@pytest.mark.parametrize("strength", [1, 10])
def test_it_is_neither_too_easy_nor_too_hard(stories, strength):
    from sklearn.feature_extraction.text import TfidfVectorizer  # takes a second
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline

    yardstick = make_pipeline(
        TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=strength, max_iter=1000)
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    accuracy = cross_val_score(yardstick, stories.texts, stories.labels, cv=folds).mean()
    claim_near("accuracy", accuracy, 0.87, within=0.07)


def test_its_topics_mean_what_ag_news_means(stories, real_parts):
    vocabulary = Vocabulary.build(real_parts.train.texts)
    train, validation, _ = (EncodedStories(part, vocabulary) for part in real_parts)
    model = TextClassifier(len(vocabulary), 4, generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in fit(model, make_loader(train, 128, True), make_loader(validation, 128), optimizer, 3):
        pass
    mini_news = make_loader(EncodedStories(stories, vocabulary), 128)
    claim("accuracy", evaluate(model, mini_news).accuracy, ">", 0.80)


def test_readers_agree_with_the_labels():
    judged = {row["title"]: row["judged"] for row in rows("judgements.tsv")}
    assert judged.keys() == {item["title"] for item in ITEMS}
    agreed = sum(judged[item["title"]] == item["label"] for item in ITEMS)
    assert agreed / len(ITEMS) >= 0.85
