"""Lesson 11: several workers do what one would do, and what breaks that is noticed.

All speak over the loopback. PyTorch's stores, by which they find each other, listen on all
addresses of the machine while a run takes: there is no option for another.
"""

import os
import subprocess
import sys

import pytest
import together_runs
import torch
from together_runs import BATCH, KEPT, KILLED_AFTER, SCRIPT, new_model, snapshot, stories
from torch.distributed import TCPStore
from torch.nn import functional as F
from torch.optim import SGD

from lessons.exercises.lesson_05 import my_big_step

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--local-addr=127.0.0.1"]
# With the last one, workers that are started again do not look in a store for those who died:
# https://github.com/pytorch/pytorch/issues/135712
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
SECONDS = 240  # of a run that takes about 10 on a machine at rest


def run(what, folder, *options, agents=1):
    """What so many agents print, each with workers of its own. None is left running."""
    command = [*TORCHRUN, *options, together_runs.__file__, what, str(folder)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    started = [subprocess.Popen(command, env=ENV, **pipes) for _ in range(agents)]
    try:
        printed = [agent.communicate(timeout=SECONDS)[0] for agent in started]
    finally:
        for agent in started:
            agent.terminate()  # it ends its workers, too
        for agent in started:
            agent.communicate(timeout=SECONDS)
    out = "".join(printed)
    assert [agent.returncode for agent in started] == [0] * agents, out
    return out


def seen(what, folder):
    """What each of the two workers has kept, after they have all ended."""
    for file in folder.glob(f"{what}-*.pid"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.stem.split("-")[1]), 0)
    return [torch.load(folder / f"{what}-{rank}.pt") for rank in (0, 1)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
def proofs(folder):
    """What both workers see in one run."""
    run("proofs", folder, "--standalone", "--nproc-per-node=2")
    return seen("proofs", folder)


@pytest.fixture(scope="module")
def agents(folder):
    """What the only worker of each of two agents sees: two machines on the loopback."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # finds a free port
    options = ["--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", "--rdzv-id=course"]
    options += [f"--rdzv-endpoint=127.0.0.1:{store.port}"]
    run("agents", folder, *options, agents=2)
    return seen("agents", folder)


# ------------------------------------------------------------- several do what one would do


def alone(learn):
    """The same training by one worker, with `learn(model, data, rows, optimizer)` as the step."""
    data = stories()
    model, kept, losses = new_model(data), {}, []
    optimizer = SGD(model.parameters(), lr=1.0)
    for epoch in range(1 + KEPT[-1] // 4):
        draw = torch.Generator().manual_seed(epoch)
        for rows in torch.randperm(len(data), generator=draw).split(BATCH):
            losses.append(learn(model, data, rows.tolist(), optimizer))
            if len(losses) in KEPT:
                kept[len(losses)] = snapshot(model)
    return {"losses": losses[: KEPT[-1]], "kept": kept}


def in_one_batch(model, data, rows, optimizer):
    batch = data.__getitems__(rows)
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def in_pieces(model, data, rows, optimizer):
    my_big_step(
        model, [data.__getitems__(rows[i : i + 50]) for i in range(0, len(rows), 50)], optimizer
    )


@pytest.fixture(scope="module")
def one_worker():
    return alone(in_one_batch)


def apart(one, other, what):
    """How far two trainings lie apart after each step that both have kept."""
    pairs = {step: (kept[what], other["kept"][step][what]) for step, kept in one["kept"].items()}
    return {step: (left - right).abs().max().item() for step, (left, right) in pairs.items()}


def assert_equal(run, one_worker):
    assert run["kept"].keys() == set(KEPT)
    assert max(apart(run, one_worker, "gradient").values()) < 1e-7
    assert max(apart(run, one_worker, "weights").values()) < 1e-5


def test_pieces_give_the_gradient_of_the_whole_batch(one_worker):
    assert_equal(alone(in_pieces), one_worker)


@pytest.mark.parametrize("way", ["by hand", "ddp"])
def test_two_workers_give_the_gradient_of_one(proofs, one_worker, way):
    for worker in proofs:
        assert_equal(worker[way], one_worker)
        assert worker[way]["losses"] == pytest.approx(one_worker["losses"], abs=1e-5)


def test_workers_of_two_agents_give_the_gradient_of_one(agents, one_worker):
    for worker in agents:
        assert_equal(worker["ddp"], one_worker)


# -------------------------------------------------------------------- broken on purpose

# After which steps the gradient is another one: 1 is a full batch, 4 the short one at the end of
# the first epoch, 8 that of the second. 1e-3 is 10,000 times what is due to rounding.
BROKEN = {
    "no averaging": {1, 4, 8},
    "the same stories": {1, 4, 8},
    "sum of means": {1, 4, 8},
    "mean of means": {4, 8},
    "repeats count": {4, 8},
    "set_epoch forgotten": {8},
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_gives_another_gradient(proofs, one_worker, name):
    gradients = apart(proofs[0][name], one_worker, "gradient")
    assert {step for step, value in gradients.items() if value > 1e-3} == BROKEN[name]


def test_without_averaging_each_worker_has_a_model_of_its_own(proofs):
    right, wrong = (
        apart(*(worker[name] for worker in proofs), "weights")
        for name in ("by hand", "no averaging")
    )
    assert set(right.values()) == {0.0}
    assert min(wrong.values()) > 1e-3


# ------------------------------------------------------------------ saved, killed, gone on


def losses_of(folder, name):
    return torch.load(folder / name, weights_only=True)["place"]["losses"]


def test_ddp_and_by_hand_are_the_same_training_by_the_script(proofs, folder):
    whole = losses_of(folder, "whole.pt")
    assert len(whole) == 3 * 13
    assert whole[-1] < 0.5 * whole[0]
    assert losses_of(folder, "by_hand.pt") == pytest.approx(whole, abs=1e-4)


def test_a_killed_worker_is_started_again_and_nothing_has_happened(proofs, folder):
    options = ("--standalone", "--nproc-per-node=2", "--max-restarts=1")
    out = run("killed", folder, *options)
    assert seen("killed", folder) == [None, None]
    assert len(list(folder.glob("killed-*.pid"))) == 4  # two lives of two workers
    assert f"goes on after step {KILLED_AFTER - 2}\n" in out
    assert losses_of(folder, "killed.pt") == pytest.approx(losses_of(folder, "whole.pt"), abs=1e-7)


def test_with_random_numbers_too_it_goes_on_as_if_nothing_had_happened(proofs):
    for worker in proofs:
        losses = worker["gone on"]
        assert losses["interrupted"] == pytest.approx(losses["in one go"], abs=1e-7)
        assert losses["chance forgotten"] != pytest.approx(losses["in one go"], abs=1e-4)


def test_one_worker_saves_for_all(proofs):
    assert [worker["writes"]["right"] for worker in proofs] == [1, 0]
    assert [worker["writes"]["all save"] for worker in proofs] == [1, 1]  # it would be noticed


def test_if_all_save_one_takes_away_what_another_has_written(proofs):
    assert sorted(worker["all save"] for worker in proofs) == ["FileNotFoundError", "saved"]


def test_all_go_on_from_the_same_place_if_one_has_the_file(proofs):
    assert [worker["one saves"]["right"] for worker in proofs] == [7, 7]
    assert [worker["one saves"]["each reads its own"] for worker in proofs] == [7, 0]


def test_nothing_partial_is_left(proofs, folder):
    assert list(folder.glob("*.partial")) in ([], [folder / "all.partial"])


# ------------------------------------------------------------------------------- refusals


def test_what_the_script_cannot_do_is_refused_by_all_workers(proofs):
    for worker in proofs:
        for what in ("not divisible", "no stories", "no epochs"):
            assert worker[what].startswith("Take 1 epoch or more, and as many stories a batch for")
        assert "of a training with other data or settings" in worker["other settings"]


def test_without_torchrun_the_script_says_how_it_is_started():
    env = {name: value for name, value in ENV.items() if name != "LOCAL_RANK"}
    ended = subprocess.run(
        [sys.executable, SCRIPT], env=env, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "torchrun --nproc-per-node=2 distributed.py" in ended.stderr


def test_the_script_is_short():
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) <= 80
