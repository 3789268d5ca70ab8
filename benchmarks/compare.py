"""The course's recipe against what people use, on real rows, with one thread.

    make bench SOURCE=../shared/data/ag_news

Accuracy: the mean over three seeds, with a paired bootstrap interval over the test rows. The
settings of the others are chosen on validation. Speed: the median of runs that take turns.
"""

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.utils.data import DataLoader

from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.sources import load_split
from lessons.split import Split, Stories
from lessons.text import Vocabulary
from lessons.training import train_one_epoch
from lessons.validation import Epoch, best, evaluate, predict, stop_early

SEEDS = range(3)
ROUNDS = 5  # of runs that take turns


class Run(NamedTuple):
    """One training: `reached[i]` is the time since the raw text, after epoch i, in seconds."""

    reached: list[float]
    epochs: list[float]  # seconds for learning alone
    validation: list[float]  # accuracy after each epoch
    right: torch.Tensor  # (test stories,): 1.0 where the kept model is right


# ------------------------------------------------------------------------------ the course


def course(parts: Split, seed: int) -> Run:
    """The default recipe: at most 10 epochs, patience 2, the best one kept."""
    begun = perf_counter()
    vocabulary = Vocabulary.build(parts.train.texts)
    train, validation = (EncodedStories(part, vocabulary) for part in parts[:2])
    train_loader = make_loader(train, 128, True, seed)
    validation_loader = make_loader(validation, 128)
    start = torch.Generator().manual_seed(seed)
    model = TextClassifier(len(vocabulary), len(parts.train.names), generator=start)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    reached, epochs, kept = [], [], {}

    def events() -> Iterator[Epoch]:
        for number in range(1, 11):
            since = perf_counter()
            learned = train_one_epoch(model, train_loader, optimizer)
            epochs.append(perf_counter() - since)
            scores = evaluate(model, validation_loader)
            reached.append(perf_counter() - begun)
            kept[number] = {name: value.clone() for name, value in model.state_dict().items()}
            yield Epoch(number, learned, scores, epochs[-1])

    history = list(stop_early(events(), 2))
    model.load_state_dict(kept[best(history).number])
    test = EncodedStories(parts.test, vocabulary)
    guesses = predict(model, make_loader(test, 128)).argmax(dim=1)
    accuracies = [epoch.validation.accuracy for epoch in history]
    return Run(reached, epochs, accuracies, (guesses == test.labels).float())


# ------------------------------------------------------------------ the classic tutorial

BASIC_ENGLISH = [
    (re.compile(pattern), replacement)
    for pattern, replacement in [
        *((r"\'", " '  "), (r"\"", ""), (r"\.", " . "), (r"<br \/>", " "), (r",", " , ")),
        *((r"\(", " ( "), (r"\)", " ) "), (r"\!", " ! "), (r"\?", " ? "), (r"\;", " ")),
        *((r"\:", " "), (r"\s+", " ")),
    ]
]


def basic_english(text: str) -> list[str]:
    """The tokenizer of the tutorial, torchtext's, by its documented rules."""
    text = text.lower()
    for pattern, replacement in BASIC_ENGLISH:
        text = pattern.sub(replacement, text)
    return text.split()


class TutorialModel(nn.Module):
    """Dense gradients, weights from -0.5 to 0.5, 64 wide."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.EmbeddingBag(words, 64, sparse=False)
        self.fc = nn.Linear(64, classes)
        self.embedding.weight.data.uniform_(-0.5, 0.5)
        self.fc.weight.data.uniform_(-0.5, 0.5)
        self.fc.bias.data.zero_()

    def forward(self, tokens: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        """Logits, (stories, classes)."""
        return self.fc(self.embedding(tokens, offsets))


def tutorial(parts: Split, seed: int) -> Run:
    """Tokenize in `collate_fn`, SGD with a rate of 5, clipping, batch 64, ten epochs."""
    begun = perf_counter()
    torch.manual_seed(seed)
    counts = Counter(token for text in parts.train.texts for token in basic_english(text))
    numbers = {token: number for number, (token, _) in enumerate(counts.most_common(), 1)}

    def collate(rows: list[tuple[str, int]]) -> tuple[torch.Tensor, ...]:
        labels, pieces, offsets = [], [], [0]
        for text, label in rows:
            labels.append(label)
            piece = torch.tensor([numbers.get(token, 0) for token in basic_english(text)])
            pieces.append(piece)
            offsets.append(len(piece))
        return torch.cat(pieces), torch.tensor(offsets[:-1]).cumsum(0), torch.tensor(labels)

    def loader(part: Stories, shuffle: bool) -> DataLoader:
        rows = list(zip(part.texts, part.labels, strict=True))
        return DataLoader(rows, 64, shuffle, collate_fn=collate)

    def guess(part: Stories) -> torch.Tensor:
        model.eval()
        with torch.no_grad():
            batches = [model(tokens, offsets) for tokens, offsets, _ in loader(part, False)]
        return torch.cat(batches).argmax(dim=1)

    model = TutorialModel(len(numbers) + 1, len(parts.train.names))
    optimizer = torch.optim.SGD(model.parameters(), lr=5.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1)
    reached, epochs, validation = [], [], []
    answers = torch.tensor(parts.validation.labels)
    for _ in range(10):
        since = perf_counter()
        model.train()
        for tokens, offsets, labels in loader(parts.train, True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(tokens, offsets), labels).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
        epochs.append(perf_counter() - since)
        accuracy = (guess(parts.validation) == answers).float().mean().item()
        if validation and validation[-1] > accuracy:
            scheduler.step()
        validation.append(accuracy)
        reached.append(perf_counter() - begun)
    return Run(
        reached, epochs, validation, (guess(parts.test) == torch.tensor(parts.test.labels)).float()
    )


# ------------------------------------------------------------------------- the yardsticks


def tfidf(parts: Split) -> torch.Tensor:
    """TF-IDF of one and two words with logistic regression; C by validation."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2))
    train = vectorizer.fit_transform(parts.train.texts)
    validation = vectorizer.transform(parts.validation.texts)
    models = [
        LogisticRegression(C=strength, max_iter=1000).fit(train, parts.train.labels)
        for strength in (1, 3, 10, 30, 100)
    ]
    chosen = max(models, key=lambda model: model.score(validation, parts.validation.labels))
    print(f"TF-IDF: C={chosen.C}", file=sys.stderr)
    guesses = torch.tensor(chosen.predict(vectorizer.transform(parts.test.texts)))
    return (guesses == torch.tensor(parts.test.labels)).float()


def fast_text(parts: Split, seed: int) -> torch.Tensor:
    """Epochs, rate and n-grams of fastText by validation."""
    import fasttext  # takes a C++ compiler, so only here

    lines = {
        name: [" ".join(basic_english(text)) for text in part.texts]
        for name, part in parts._asdict().items()
    }

    def right(model: "fasttext.FastText._FastText", name: str, labels: list[int]) -> torch.Tensor:
        guesses = [model.f.predict(line + "\n", 1, 0.0, "strict")[0][1] for line in lines[name]]
        return torch.tensor(
            [guess == f"__label__{y}" for guess, y in zip(guesses, labels, strict=True)]
        ).float()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        labelled = zip(parts.train.labels, lines["train"], strict=True)
        path.write_text("".join(f"__label__{label} {line}\n" for label, line in labelled))
        tried = {}
        for epochs, rate, ngrams in product((5, 10, 25), (0.1, 0.25, 0.5), (1, 2)):
            settings = {"epoch": epochs, "lr": rate, "wordNgrams": ngrams}
            try:
                model = fasttext.train_supervised(
                    str(path), **settings, dim=64, bucket=200_000, thread=1, seed=seed, verbose=0
                )
            except RuntimeError:  # "Encountered NaN": the rate is too high
                continue
            score = right(model, "validation", parts.validation.labels).mean().item()
            tried[score] = settings, right(model, "test", parts.test.labels)
    settings, answers = tried[max(tried)]
    print(f"fastText: {settings}", file=sys.stderr)
    return answers


# ------------------------------------------------------------------------------ the tables


def interval(ours: torch.Tensor, theirs: torch.Tensor) -> tuple[float, float]:
    """95 % of the difference in accuracy, in points: test rows drawn again, 10,000 times.

    Efron and Tibshirani (1993), An Introduction to the Bootstrap; both sides get the same rows.
    """
    difference = 100 * (ours - theirs)  # (test stories,)
    generator = torch.Generator().manual_seed(0)
    means = torch.stack(
        [
            difference[torch.randint(len(difference), difference.shape, generator=generator)].mean()
            for _ in range(10_000)
        ]
    )
    low, high = means.quantile(torch.tensor([0.025, 0.975])).tolist()
    return low, high


def first(run: Run, accuracy: float) -> float:
    """Seconds until the validation accuracy is reached."""
    return next(s for s, a in zip(run.reached, run.validation, strict=True) if a >= accuracy)


def main() -> None:
    """Print a table of accuracies and one of speeds."""
    torch.set_num_threads(1)
    splits = [load_split(*sys.argv[1:], seed=seed) for seed in SEEDS]
    rights = {
        "the course": [course(parts, seed).right for seed, parts in enumerate(splits)],
        "the classic tutorial": [tutorial(parts, seed).right for seed, parts in enumerate(splits)],
        "TF-IDF, 1-2 words, logistic regression": [tfidf(parts) for parts in splits],
        "fastText": [fast_text(parts, seed) for seed, parts in enumerate(splits)],
    }
    ours = torch.stack(rights["the course"]).mean(dim=0)  # (test stories,)
    print("| test accuracy | mean of 3 seeds | the course is better by, in points (95 %) |")
    print("|---|---|---|")
    for name, right in rights.items():
        theirs = torch.stack(right).mean(dim=0)
        low, high = interval(ours, theirs)
        print(f"| {name} | {theirs.mean():.4f} | {low:+.1f} to {high:+.1f} |")

    pairs = [(tutorial(splits[0], seed), course(splits[0], seed)) for seed in range(ROUNDS)]
    whole = [
        (first(theirs, theirs.validation[-1]), first(ours_, theirs.validation[-1]))
        for theirs, ours_ in pairs
    ]
    epoch = [(median(theirs.epochs), median(ours_.epochs)) for theirs, ours_ in pairs]
    print("\n| speed, medians of runs in turn | tutorial, s | course, s | ratio |")
    print("|---|---|---|---|")
    for name, times in (
        ("to the tutorial's final validation accuracy", whole),
        ("an epoch", epoch),
    ):
        slow, fast = (median(column) for column in zip(*times, strict=True))
        print(f"| {name} | {slow:.2f} | {fast:.2f} | {slow / fast:.1f} |")


if __name__ == "__main__":
    main()
