"""What lesson 10 says about a file of one's own, run as on the page, with several seeds."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from claims import claim, claim_near

SEEDS = range(5)
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "10_your_own_data.ipynb"
CELLS = {
    cell.id: cell.source
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells
    if cell.cell_type == "code"
}
MODULES = ("data", "model", "train", "predict")  # of the project that the page copies

seeds = pytest.mark.parametrize("seed", SEEDS)


class Page:
    """The cells of the page, run in their order with another seed wherever it has a 0."""

    def __init__(self, seed):
        self.names, self._left, self._seed = {"__name__": "__main__"}, list(CELLS), seed

    def run(self, last):
        """Run the cells down to this one, each once."""
        while last in self._left:
            id = self._left.pop(0)
            source = re.sub(r"seed(=|\()0\b", rf"seed\g<1>{self._seed}", CELLS[id])
            source = source.replace("128, True)", f"128, True, {self._seed})")  # of a loader
            exec(compile(source, id, "exec"), self.names)
        return self.names


@pytest.fixture(scope="module")
def page():
    """The page with a seed, down to a cell; what it imports is forgotten afterwards."""
    pages, patch = {}, pytest.MonkeyPatch()
    patch.chdir(NOTEBOOK.parent)
    patch.syspath_prepend("")  # put back as it is now
    for name in MODULES:
        patch.delitem(sys.modules, name, raising=False)

    def run(seed, last):
        return pages.setdefault(seed, Page(seed)).run(last)

    yield run
    for one in pages.values():
        if "folder" in one.names:
            one.names["folder"].cleanup()
    for name in MODULES:
        sys.modules.pop(name, None)
    patch.undo()


# ------------------------------------------------------------------------ the file, cleaned


def test_the_file_is_as_messy_as_the_page_says(page):
    names = page(0, "commonest")
    assert len(names["rows"]) == 1599
    assert len({row["department"] for row in names["rows"]}) == 21
    assert len(names["pairs"]) - len(names["texts"]) == 6
    claim("Waste to Animals", names["counts"]["Waste"] / names["counts"]["Animals"], ">", 3)
    assert len(names["texts"]) == 1485


@seeds
def test_forgotten_repeats_are_in_the_exam_and_in_the_textbook(page, seed):
    names = page(seed, "leak-count")
    claim("messages of the exam in the textbook", len(names["leaked"]), ">", 10)
    assert not {*names["parts"][0][0]} & {*names["parts"][2][0]}


# ------------------------------------------------------------------------ the same loop


@seeds
def test_plain_pytorch_has_the_losses_of_the_library(page, seed):
    names = page(seed, "own-run")
    assert len(names["ours"]) == 3
    for epoch, (own, theirs) in enumerate(zip(names["ours"], names["theirs"], strict=True), 1):
        claim_near(f"loss of epoch {epoch}", own, theirs, within=1e-4)


# ------------------------------------------------------------------------ unequal classes


def measured(names, weights, epochs):
    """Accuracy, balanced accuracy and the recalls, after so many epochs with these weights."""
    *_, (model, (_, right, balanced)) = names["learn"](weights, epochs=epochs)
    table = names["confusion_of"](model, names["validation_loader"])
    recall = dict(zip(names["names"], (table.diagonal() / table.sum(dim=1)).tolist(), strict=True))
    return right, balanced, recall


@seeds
def test_weights_help_rare_classes_most_while_little_is_learned(page, seed):
    names = page(seed, "class-weights")
    right, balanced, recall = measured(names, names["even"], 2)
    _, fair, with_weights = measured(names, names["weights"], 2)
    claim("what accuracy flatters", right - balanced, ">", 0.04)
    claim("Animals found", recall["Animals"], "<", 0.12)
    claim("Waste found", recall["Waste"], ">", 0.5)
    claim("gain in balanced accuracy", fair - balanced, ">", 0.05)
    claim("gain of Animals", with_weights["Animals"] - recall["Animals"], ">", 0.05)
    claim("gain of Waste", with_weights["Waste"] - recall["Waste"], "<", 0)
    right, late, _ = measured(names, names["even"], 8)
    _, late_fair, _ = measured(names, names["weights"], 8)
    claim("flattered after 8 epochs", right - late, ">", 0.015)
    claim("late gain to early gain", (late_fair - late) / (fair - balanced), "<", 0.7)


# ------------------------------------------------------------------------ settings and exam


@seeds
def test_the_rate_matters_and_the_best_settings_are_about_equal(page, seed):
    tried = page(seed, "search-table")["tried"]
    claim("worst loss - best", tried[-1][0] - tried[0][0], ">", 0.3)
    claim("third loss - best", tried[2][0] - tried[0][0], "<", 0.15)
    slow = [row for row in tried if row[-1]["lr"] < 0.005 and row[-1]["batch_size"] == 128]
    assert slow == tried[-len(slow) :]  # the slowest are the last


@seeds
def test_about_two_in_three_are_right_in_the_exam(page, seed):
    names = page(seed, "exam")
    claim_near("right", names["right"], 2 / 3, within=0.1)
    claim("above the commonest", names["right"] - names["top"] / len(names["labels"]), ">", 0.3)
    claim_near("margin in points", 100 * names["margin"], 5.5, within=0.5)


# ------------------------------------------------------------------------ errors, and numbers


def test_each_error_says_what_the_page_reads_aloud(page, capsys):
    names = page(0, "provoke")
    for cell, words in {
        "shapes": "(4x64 and 32x7)",
        "dtype": "Long",
        "label": "Target 7 is out of bounds",
        "index": "value 100 ",
        "device": "meta",
    }.items():
        exec(CELLS[cell], names)
        assert words in capsys.readouterr().out


@seeds
def test_the_same_loop_learns_fruit(page, seed):
    claim("right", page(seed, "fruit-loop")["right"].item(), ">", 0.85)
