"""The imitation of another machine: other last bits, but always the same ones."""

import math
import os
import runpy
import subprocess
import sys

import pytest
import torch

from conftest import ROOT

FOLDER = ROOT / "tests" / "another_machine"
STEP = """
import sys, torch
from torch.nn import functional as F
from lessons.loaders import Batch
from lessons.model import Classifier, TextClassifier, word_contributions
from lessons.text import Vocabulary
from lessons.training import train_step

model = TextClassifier(50, 4, generator=torch.Generator().manual_seed(0))
token_ids, offsets, labels = torch.arange(40) % 25, torch.arange(0, 40, 4), torch.arange(10) % 4
batch = Batch(token_ids, offsets, labels)
means = torch.stack([model.embedding.weight[row].mean(0) for row in token_ids.view(10, 4)])
by_hand = means @ model.linear.weight.T + model.linear.bias
torch.testing.assert_close(by_hand, model(token_ids, offsets))
vocabulary = Vocabulary.of(["<unk>", "a", *map(str, range(48))])
contributions = word_contributions(Classifier(model, vocabulary, tuple("wxyz")), "a b a")
logits, again = model(token_ids, offsets), model(token_ids, offsets)
assert torch.equal(logits, again)
loss = train_step(model, batch, torch.optim.SGD(model.parameters(), lr=1.0)).loss
slopes = [weights.grad for weights in model.parameters()]
assert not model.embedding.weight.grad[25:].any()  # words that were not read
shares = torch.stack([one for _, one in contributions])
torch.save([logits, torch.tensor(loss), shares, *slopes], sys.argv[1])
"""


def python(program, *arguments, folders=(FOLDER, ROOT / "src"), **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ANOTHER_MACHINE")}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(
        command, env=environment | variables, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def step(tmp_path_factory):
    """What a step computes, with these environment variables."""
    folder = tmp_path_factory.mktemp("steps")

    def step(name, **variables):
        python(STEP, folder / name, **variables)
        return torch.load(folder / name)

    return step


@pytest.fixture(scope="module")
def plain(step):
    return step("plain")


@pytest.fixture(scope="module")
def other(step):
    return step("other", ANOTHER_MACHINE="1")


def test_each_output_and_each_gradient_is_another_one_and_by_a_few_ulps(plain, other):
    for here, there in zip(plain, other, strict=True):
        assert not torch.equal(here, there)
        torch.testing.assert_close(here, there, rtol=1e-6, atol=1e-8)


def test_the_same_machine_computes_the_same_twice(step, other):
    assert all(map(torch.equal, other, step("again", ANOTHER_MACHINE="1")))


def test_another_seed_is_another_machine(step, other):
    assert not any(map(torch.equal, other, step("third", ANOTHER_MACHINE="2")))


def test_without_its_variable_it_changes_nothing(step, plain, tmp_path):
    python(STEP, tmp_path / "step", folders=[ROOT / "src"])
    assert all(map(torch.equal, plain, torch.load(tmp_path / "step")))


def test_double_precision_whole_numbers_zero_infinity_and_nan_stay():
    nudge = runpy.run_path(str(FOLDER / "sitecustomize.py"))["nudge_of"](torch, 5)
    values = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, 1.5])
    assert repr(nudge(values[:5])) == repr(values[:5])
    assert nudge(values[5]) != values[5]
    assert torch.equal(nudge(values[5].double()), values[5].double())
    assert torch.equal(nudge(torch.tensor([7])), torch.tensor([7]))


def test_the_gradient_is_moved_on_its_way_back():
    tools = runpy.run_path(str(FOLDER / "sitecustomize.py"))
    nudge = tools["nudge_of"](torch, 5)
    weight, slope = torch.tensor(1.5, requires_grad=True), torch.tensor(0.7)
    tools["rounded"](lambda value: 2 * value, nudge)(weight).backward(slope)
    move = nudge(torch.tensor(3.0)) / 3  # of the output: its gradient takes part in it
    assert weight.grad == 2 * (nudge(slope) * move)
    assert weight.grad != 2 * (slope * move)


def test_python_without_torch_is_left_alone():
    listing = "import sys; print(sorted(set(sys.modules) - {'sitecustomize'}))"
    assert python(listing, ANOTHER_MACHINE="1") == python(listing, folders=[])


def test_to_look_for_torch_is_not_to_load_it():
    """Libraries that can do without torch ask so whether it is there."""
    program = """
import importlib.util, sys
assert importlib.util.find_spec("torch") and "torch" not in sys.modules
import torch
print(torch.matmul.__name__, (torch.eye(1) @ torch.tensor([[1.5]])).item() != 1.5)
"""
    assert python(program, ANOTHER_MACHINE="1") == "matmul True\n"


def test_a_sitecustomize_that_was_there_before_still_runs(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('before')")
    folders = [FOLDER, tmp_path]
    assert python("print('now')", folders=folders, ANOTHER_MACHINE="1") == "before\nnow\n"
    assert python("print('now')", folders=folders) == "before\nnow\n"


def test_two_threads_stay_two_whatever_a_notebook_asks_for():
    program = "import torch; torch.set_num_threads(1); print(torch.get_num_threads())"
    assert python(program, ANOTHER_MACHINE_THREADS="2") == "2\n"
