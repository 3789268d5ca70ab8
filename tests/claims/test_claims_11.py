"""What lesson 11 says about doing less, batches and workers, with five seeds.

What it says of processes is proven in tests/programs/test_distributed.py.
"""

import linecache
import math
import re
from functools import cache

import pytest
import torch
from claims import claim, claim_near
from lesson_notebooks import FOLDER, NOTEBOOKS, read

from conftest import ROOT
from lessons.validation import evaluate

(NOTEBOOK,) = (path for path in NOTEBOOKS if path.stem.startswith("11_"))
CELLS = {cell.id: cell.source for cell in read(NOTEBOOK).cells}
CODE = {cell.id: cell.source for cell in read(NOTEBOOK).cells if cell.cell_type == "code"}
SCRIPTS = [FOLDER / "distributed.py", ROOT / "src" / "lessons" / "together.py"]

seeds = pytest.mark.parametrize("seed", range(5))


def run_cells(ids, names, seed):
    """Run these cells of the page with another seed wherever it has a 0."""
    for id in ids:
        source = re.sub(r"(Random|manual_seed)\(0\)", rf"\1({seed})", CELLS[id])
        source = source.replace("load_split()", f"load_split(seed={seed})")
        source = source.replace("shuffle=True)", f"shuffle=True, seed={seed})")
        file = f"<{id} {seed}>"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)  # for getsource
        exec(compile(source, file, "exec"), names)


@cache
def page(seed):
    """What the page has defined, down to the training with sparse gradients."""
    ids = ["imports", "imports-torch", "imports-lessons", "changes", "made", "make-library"]
    names = {"__name__": "__main__"}
    run_cells([*ids, "plain-code", "sparse-code"], names, seed)
    return names


@cache
def scores(seed, kind="sparse", **options):
    """Loss and accuracy in the quiz after an epoch over the made stories."""
    names = page(seed)
    return evaluate(names[kind](names["library"], **options), names["quiz"])


def scores_of_sgd(seed, lr):
    """The same with plain SGD and sparse gradients."""
    names = dict(page(seed))
    source = CELLS["sparse-code"].replace("optim.Adagrad", "optim.SGD")
    exec(source.replace("manual_seed(0)", f"manual_seed({seed})"), names)
    return evaluate(names["sparse"](names["library"], lr=lr), names["quiz"])


# ----------------------------------------------------------------------------------- do less


@seeds
def test_a_batch_touches_few_rows(seed):
    names = page(seed)
    run_cells(["touched-code"], names, seed)
    claim("share of rows", names["touched"].float().mean(), "<", 0.03)


@seeds
def test_sparse_gradients_and_adagrad_score_like_the_usual_recipe(seed):
    usual, sparse = scores(seed, "plain"), scores(seed)
    claim("loss", sparse.loss - usual.loss, "<", 0.05)
    claim_near("accuracy", sparse.accuracy, usual.accuracy, within=0.04)


@seeds
def test_the_optimizer_changes_no_row_that_is_not_touched(seed):
    names = page(seed)
    room = len(names["vocabulary"]) + 100  # as many rows are for words that do not occur
    sparse, dense = (names[kind](names["library"], room=room) for kind in ("sparse", "plain"))
    start = torch.Generator().manual_seed(seed)
    first = names["TextClassifier"](room, len(names["names"]), generator=start)
    before = first.embedding.weight[-100:].detach()
    assert torch.equal(sparse.embedding.weight[-100:], before)
    moved = (dense.embedding.weight[-100:].detach() - before).abs().max()
    claim("AdamW pulls them", moved, ">", 1e-4)


def test_the_usual_optimizer_refuses_a_sparse_gradient(capsys):
    names = page(0)
    run_cells(["touched-code", "sparse-error"], names, 0)
    assert "does not support sparse gradients" in capsys.readouterr().out


@seeds
def test_sgd_learns_next_to_nothing_or_is_unstable(seed):
    claim("right with a rate of 1", scores_of_sgd(seed, 1.0).accuracy, "<", 0.6)
    loss = scores_of_sgd(seed, 30.0).loss
    if not math.isnan(loss):  # that would be unstable enough
        claim("loss with a rate of 30, above the chance level", loss, ">", 1.39)


# ----------------------------------------------------------------------------------- batches


@seeds
def test_three_corrections_are_too_few(seed):
    claim("loss", scores(seed, batch_size=8192).loss / scores(seed).loss, ">", 2)
    claim("2048", scores(seed, batch_size=2048).loss / scores(seed).loss, ">", 1.2)


@seeds
def test_a_higher_rate_makes_up_for_larger_batches_but_not_for_any(seed):
    usual = scores(seed).loss
    claim("512", scores(seed, batch_size=512, lr=0.2).loss - usual, "<", 0.05)
    lost = scores(seed, batch_size=2048).loss - usual
    still = scores(seed, batch_size=2048, lr=0.4).loss - usual
    claim("2048: of what was lost is left", still / lost, "<", 0.7)
    claim("8192", scores(seed, batch_size=8192, lr=0.8).loss, ">", 1.39)


# ----------------------------------------------------------------------------------- workers


@seeds
def test_sums_agree_with_the_whole_batch_and_the_mean_of_means_does_not(seed):
    names = page(seed)
    run_cells(["pieces-gradient", "pieces-compare"], names, seed)
    batches, whole = (names["first"], names["second"]), names["right"]
    off = {
        kind: (names["gradient_of"]([(batch, names[kind]) for batch in batches]) - whole).abs()
        for kind in ("sum_by_five", "half_of_the_mean")
    }
    claim("sums", off["sum_by_five"].max() / whole.abs().max(), "<", 1e-5)  # rounding: 1e-6
    claim("means", off["half_of_the_mean"].max() / whole.abs().max(), ">", 0.05)


# ------------------------------------------------------------------------- the better student


@cache
def students(seed):
    """What the page has defined when both students have learned for ten epochs."""
    names = dict(page(seed))
    run_cells(["student-before"], names, seed)
    names["counted"] = evaluate(names["model"], names["quiz"])
    run_cells(["student-run"], names, seed)
    return names


@seeds
def test_the_counts_alone_know_most(seed):
    claim("right", students(seed)["counted"].accuracy, ">", 0.85)


@seeds
def test_the_better_student_is_ahead_after_one_epoch_and_after_ten(seed):
    usual, better = students(seed)["usual"], students(seed)["better"]
    claim("right after one epoch", better[0].accuracy - usual[0].accuracy, ">", 0.03)
    claim("its loss after one, against three", better[0].loss / usual[2].loss, "<", 0.8)
    claim("loss after ten epochs", better[9].loss / usual[9].loss, "<", 1)


# ------------------------------------------------------------------------------- fewer than 50


def diffs():
    """The changed lines that stand in the text."""
    blocks = re.findall(r"^```diff\n(.*?)^```", "\n".join(CELLS.values()), re.M | re.S)
    return [line for block in blocks for line in block.splitlines()]


def bare(line):
    """A line without its sign, its place in the line, and its comment."""
    return re.sub(r"\s+#.*", "", line.lstrip("+- "))


def test_lines_that_come_are_those_of_the_script_or_of_a_cell():
    texts = [*CODE.values(), *(path.read_text(encoding="utf-8") for path in SCRIPTS)]
    script = {bare(line) for text in texts for line in text.splitlines()}
    come = [bare(line) for line in diffs() if line.startswith("+")]
    assert len(come) > 5 and not set(come) - script


def test_all_steps_together_change_fewer_than_50_lines():
    names = dict(page(0))
    steps = ("device-code", "one-step", "in-pieces", "by-hand-code", "ddp-code")
    run_cells(steps, names, 0)
    run_cells([id for id in CODE if id.endswith("-changes")], names, 0)
    shown = sum(map(len, names["changed"].values()))
    said = re.search(r"has shown (\d+) lines, and (\d+) more .+: (\d+) lines", CELLS["count-lines"])
    assert [*map(int, said.groups())] == [shown, len(diffs()), shown + len(diffs())]
    claim("lines", shown + len(diffs()), "<", 50)
