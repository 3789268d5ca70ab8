"""Lesson 11: many stories in less time, and a better student, measured on real and made rows.

    make bench-larger SOURCE=../shared/data/ag_news

Made rows: see `made.py`. The floor of a recipe is the memory that it has to move in an epoch, at
the speed at which this machine copies memory. Seconds are the processor's where no others are
named: other programs on the machine disturb them less.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple

import torch
import torch.distributed as dist
from compare import interval, tfidf
from made import made_stories
from sklearn.model_selection import StratifiedKFold, train_test_split
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD, Adagrad, AdamW, SparseAdam
from torch.utils.data import DataLoader, DistributedSampler

from lessons.larger import RowAdagrad, start_from_counts
from lessons.loaders import EncodedStories, make_loader
from lessons.model import TextClassifier
from lessons.sources import load
from lessons.split import Split, Stories
from lessons.text import Vocabulary
from lessons.training import train_one_epoch, train_step
from lessons.validation import Epoch, fit, predict, stop_early

ROWS = 120_000  # for the table of recipes
SIZES = (120_000, 1_200_000)  # for growth
TURNS = 3  # of the default and another recipe, one after the other
DIM, FLOAT = 64, 4  # numbers in a row of the table, bytes of a number


class Each:
    """Several optimizers, for one part of the model each, as one."""

    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        self.optimizers = optimizers

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for one in self.optimizers:
            one.zero_grad()

    def step(self) -> None:
        """Move the weights."""
        for one in self.optimizers:
            one.step()


def sparse_adam(model: TextClassifier, lr: float) -> Each:
    """SparseAdam for the embedding, which takes nothing else, and AdamW for the rest."""
    table = SparseAdam([model.embedding.weight], lr=lr)
    return Each(table, AdamW(model.linear.parameters(), lr=lr, fused=True))


def of_all(optimizer: Callable, **settings: object) -> Callable:
    """An optimizer of all weights of a model."""
    return lambda model, lr: optimizer(model.parameters(), lr=lr, **settings)


class Recipe(NamedTuple):
    """What is changed of the default recipe."""

    name: str
    optimizer: Callable = of_all(AdamW, fused=True)
    rate: float = 0.01
    batch: int = 128
    sparse: bool = False
    passes: int = 8  # of a whole table in each step, for the floor; AdamW's: see `floor`
    start: bool = False  # with counted words
    pairs: bool = False  # of words as tokens
    threads: int = 1
    compiled: bool = False

    def model(self, words: int, classes: int, seed: int = 0) -> TextClassifier:
        """A new model."""
        start = torch.Generator().manual_seed(seed)
        model = TextClassifier(words, classes, DIM, generator=start)
        model.embedding.sparse = self.sparse
        return model


DEFAULT = Recipe("default: AdamW, 0.01, batches of 128")
ROW = {"optimizer": of_all(RowAdagrad), "sparse": True, "passes": 0}
RECIPES = [
    DEFAULT,
    Recipe("the same in batches of 512, rate 0.02", rate=0.02, batch=512),
    Recipe("the same in batches of 2048, rate 0.05", rate=0.05, batch=2048),
    Recipe("AdamW without `fused`", of_all(AdamW, fused=False, foreach=False)),
    Recipe("sparse SGD, 10", of_all(SGD), 10.0, sparse=True, passes=0),
    Recipe("SparseAdam, 0.01", sparse_adam, sparse=True, passes=0),
    Recipe("SparseAdam, 0.02, batches of 512", sparse_adam, 0.02, 512, sparse=True, passes=0),
    Recipe("sparse Adagrad of torch, 0.1", of_all(Adagrad), 0.1, sparse=True, passes=0),
    Recipe("RowAdagrad, 0.3", rate=0.3, **ROW),
    Recipe("RowAdagrad, 0.4, batches of 512", rate=0.4, batch=512, **ROW),
    Recipe("RowAdagrad, 0.5, batches of 1024", rate=0.5, batch=1024, **ROW),
]
HARDWARE = [  # the same computation in another way, so the accuracy is the default's
    Recipe("default with 2 threads", threads=2),
    Recipe("default with torch.compile", compiled=True),
]
STUDENTS = [
    DEFAULT,
    Recipe("starts from counts", start=True),
    Recipe("the same, RowAdagrad", rate=0.3, start=True, **ROW),
    Recipe("the same, pairs of words", rate=0.3, start=True, pairs=True, **ROW),
]


# ---------------------------------------------------------------------- memory and time


def floor(recipe: Recipe, tokens: int, stories: int, words: int) -> int:
    """Bytes that an epoch of the recipe must move at least.

    For each token: its id, its row read, and with sparse gradients the row read and written in the
    update. For each step of a dense optimizer the whole table: AdamW writes the gradient, reads it,
    and reads and writes the weights and two means of the past, eight passes together.
    """
    steps = -(-stories // recipe.batch)
    rows = tokens * DIM * FLOAT * (3 if recipe.sparse else 1)
    return 4 * tokens + rows + steps * recipe.passes * words * DIM * FLOAT


def bandwidth() -> float:
    """Bytes a second that a copy of a large tensor reads and writes, the best of five."""
    block, target, seconds = torch.ones(2**26), torch.zeros(2**26), []
    for _ in range(5):
        begun = process_time()
        target.copy_(block)
        seconds.append(process_time() - begun)
    return 2 * block.nbytes / min(seconds)


class Time(NamedTuple):
    """Seconds of the processor (all threads together) and of the clock."""

    processor: float
    clock: float


def epoch_time(recipe: Recipe, encoded: EncodedStories, words: int, classes: int) -> Time:
    """An epoch of a fresh model, without what is done once."""
    model = recipe.model(words, classes)
    optimizer = recipe.optimizer(model, recipe.rate)
    loader = make_loader(encoded, recipe.batch, shuffle=True)
    torch.set_num_threads(recipe.threads)
    try:
        called = torch.compile(model, dynamic=True) if recipe.compiled else model
        for batch, _ in zip(loader, range(3), strict=False):  # torch warms up, and compiles
            train_step(called, batch, optimizer)
        begun = Time(process_time(), perf_counter())
        train_one_epoch(called, loader, optimizer)
        return Time(process_time() - begun.processor, perf_counter() - begun.clock)
    finally:
        torch.set_num_threads(1)


def in_turns(
    one: Callable[[], Time], other: Callable[[], Time], turns: int = TURNS
) -> tuple[Time, Time]:
    """Medians of the second one's seconds, and of how many times as fast it is as the first."""
    pairs = [(one(), other()) for _ in range(turns)]
    seconds = (median(b[i] for _, b in pairs) for i in range(2))
    ratios = (median(a[i] / b[i] for a, b in pairs) for i in range(2))
    return Time(*seconds), Time(*ratios)


# --------------------------------------------------------------------------- accuracy


def folds(stories: Stories, count: int = 5) -> Iterator[Split]:
    """Each story is a test story once. A tenth of the others is for validation."""
    rows = StratifiedKFold(count, shuffle=True, random_state=0).split(stories.texts, stories.labels)
    for number, (others, test) in enumerate(rows):
        labels = [stories.labels[row] for row in others]
        train, validation = train_test_split(
            others, test_size=0.1, random_state=number, stratify=labels
        )
        yield Split(*(stories.pick(part.tolist()) for part in (train, validation, test)))


def learn(recipe: Recipe, parts: Split, seed: int) -> tuple[Tensor, float]:
    """Where the best epoch's model is right, and processor seconds from raw text to the end."""
    begun = process_time()
    vocabulary = Vocabulary.build(parts.train.texts, pairs=recipe.pairs)
    train, validation = (EncodedStories(part, vocabulary) for part in parts[:2])
    model = recipe.model(len(vocabulary), len(parts.train.names), seed)
    if recipe.start:
        start_from_counts(model, train)
    loaders = make_loader(train, recipe.batch, True, seed), make_loader(validation, 128)
    events = fit(model, *loaders, recipe.optimizer(model, recipe.rate), 10)
    lowest, kept = float("inf"), model.state_dict()
    for event in stop_early(events, 2):
        if isinstance(event, Epoch) and event.validation.loss < lowest:
            lowest, kept = event.validation.loss, deepcopy(model.state_dict())
    seconds = process_time() - begun
    model.load_state_dict(kept)
    test = EncodedStories(parts.test, vocabulary)
    guesses = predict(model, make_loader(test, 128)).argmax(dim=1)
    return (guesses == test.labels).float(), seconds


class Result(NamedTuple):
    """What cross-validation says of a recipe."""

    right: Tensor  # (all stories,): 1.0 where it is right, in the order of the folds
    seconds: list[float]  # for each fold


def cross_validate(recipes: list[Recipe], stories: Stories) -> dict[str, Result]:
    """Each recipe on each fold, taking turns."""
    runs: dict[str, list[tuple[Tensor, float]]] = {recipe.name: [] for recipe in recipes}
    for seed, parts in enumerate(folds(stories)):
        for recipe in recipes:
            runs[recipe.name].append(learn(recipe, parts, seed))
    return {
        name: Result(torch.cat([right for right, _ in pairs]), [seconds for _, seconds in pairs])
        for name, pairs in runs.items()
    }


def cross_validate_tfidf(stories: Stories) -> Result:
    """TF-IDF of one and two words with logistic regression on the same folds."""
    right, seconds = [], []
    for parts in folds(stories):
        begun = process_time()
        with threadpool_limits(1):
            right.append(tfidf(parts))
        seconds.append(process_time() - begun)
    return Result(torch.cat(right), seconds)


# ---------------------------------------------------------------------- two processes


def work(rank: int, workers: int, batch: int, encoded: EncodedStories, sizes: list, file: str):
    """One worker's share of two epochs; the first worker writes the seconds of the second one."""
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    dist.init_process_group("gloo", f"file://{file}", rank=rank, world_size=workers)
    model = DistributedDataParallel(DEFAULT.model(*sizes))
    optimizer = AdamW(model.parameters(), lr=0.01, fused=True)
    sampler = DistributedSampler(encoded)
    loader = DataLoader(encoded, batch // workers, sampler=sampler, collate_fn=lambda one: one)
    for epoch in range(2):
        sampler.set_epoch(epoch)
        begun = perf_counter()
        train_one_epoch(model, loader, optimizer)
    if rank == 0:
        Path(f"{file}.seconds").write_text(str(perf_counter() - begun))
    dist.destroy_process_group()


def together(workers: int, batch: int, encoded: EncodedStories, sizes: list) -> Time:
    """Seconds of the clock for an epoch of so many processes, twice: only the clock sees them."""
    with TemporaryDirectory() as folder:
        file = f"{folder}/meeting"
        torch.multiprocessing.spawn(work, (workers, batch, encoded, sizes, file), workers)
        seconds = float(Path(f"{file}.seconds").read_text())
    return Time(seconds, seconds)


# ------------------------------------------------------------------------- the tables


def table(*heads: str) -> None:
    """Print the head of a table."""
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)


def row(*cells: object) -> None:
    """Print a row of it."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def points(right: Tensor, other: Tensor) -> str:
    """The difference in accuracy, in points, and 95 % of it: a paired bootstrap."""
    low, high = interval(right, other)
    return f"{100 * (right - other).mean():+.2f} ({low:+.2f} to {high:+.2f})"


def speeds(encoded: EncodedStories, sizes: list, results: dict[str, Result]) -> None:
    """Print a row for each recipe, on made rows."""
    rate = bandwidth()
    print(f"\n{len(encoded):,} made rows, {len(encoded.token_ids):,} tokens, {sizes[0]:,} words;")
    print(f"memory is copied at {rate / 1e9:.1f} GB/s.")
    heads = "an epoch, s", "floor, s", "times as fast", "by the clock", "accuracy", "points (95 %)"
    table("recipe", *heads)
    default = partial(epoch_time, DEFAULT, encoded, *sizes)
    base = results[DEFAULT.name].right
    for recipe in (*RECIPES, *HARDWARE):
        least = floor(recipe, len(encoded.token_ids), len(encoded), sizes[0]) / rate
        right = results[recipe.name].right if recipe.name in results else None
        accuracy = ("", "") if right is None else (f"{right.mean():.4f}", points(right, base))
        seconds, ratio = in_turns(default, partial(epoch_time, recipe, encoded, *sizes))
        times = f"{seconds.processor:.2f}", f"{least:.2f}", f"{ratio.processor:.2f}"
        row(recipe.name, *times, f"{ratio.clock:.2f}", *accuracy)


def processes(encoded: EncodedStories, sizes: list) -> None:
    """Print how fast two processes are beside one."""
    table("two processes (DistributedDataParallel, gloo)", "an epoch, s", "times as fast as one")
    for batch in (128, 2048):
        one, two = (partial(together, count, batch, encoded, sizes) for count in (1, 2))
        seconds, ratio = in_turns(one, two)
        row(f"batches of {batch} together", f"{seconds.clock:.2f}", f"{ratio.clock:.2f}")


def students(results: dict[str, Result]) -> None:
    """Print a row for each better student."""
    table("student", "accuracy", "above the default", "above TF-IDF", "time")
    base, known = results[DEFAULT.name], results["TF-IDF"].right
    for name in [recipe.name for recipe in STUDENTS] + ["TF-IDF"]:
        right, seconds = results[name]
        beside = (points(right, other) for other in (base.right, known))
        pairs = zip(seconds, base.seconds, strict=True)
        row(name, f"{right.mean():.4f}", *beside, f"{median(a / b for a, b in pairs):.2f}")


def measure(source: str, rows: int) -> None:
    """Print a row of the table of growth: seconds and memory of this process."""
    torch.set_num_threads(1)
    stories = made_stories(load(source), rows)
    begun = process_time()
    vocabulary = Vocabulary.build(stories.texts)
    counted = process_time()
    encoded = EncodedStories(stories, vocabulary)
    done = process_time()
    sizes = len(vocabulary), len(stories.names)
    epochs = [epoch_time(recipe, encoded, *sizes).processor for recipe in (DEFAULT, RECIPES[-1])]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux
    ids = encoded.token_ids.nbytes / 2**20
    times = (f"{seconds:.1f}" for seconds in (counted - begun, done - counted, *epochs))
    row(f"{rows:,}", *times, f"{ids:.0f}", f"{memory:.0f}")


def growth(source: str) -> None:
    """Print seconds and memory for each size, in a process of its own."""
    heads = "counting words, s", "encoding, s", "an epoch of the default, s"
    table("rows", *heads, f"of {RECIPES[-1].name}, s", "ids, MiB", "peak memory, MiB")
    for rows in SIZES:
        subprocess.run([sys.executable, __file__, source, str(rows)], check=True)


def main(source: str) -> None:
    """Print all tables."""
    torch.set_num_threads(1)
    stories = load(source)
    results = cross_validate([*RECIPES, *STUDENTS[1:]], stories)
    results["TF-IDF"] = cross_validate_tfidf(stories)
    students(results)
    made = made_stories(stories, ROWS)
    vocabulary = Vocabulary.build(made.texts)
    encoded, sizes = EncodedStories(made, vocabulary), [len(vocabulary), len(made.names)]
    speeds(encoded, sizes, results)
    processes(encoded, sizes)
    growth(source)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(sys.argv[1], int(sys.argv[2]))
    else:
        main(*sys.argv[1:])
