"""Several workers: here there is one, or none. What two do is tried in tests/programs."""

import os

import pytest
import torch
import torch.distributed as dist
from torch.optim import AdamW

from lessons import together
from lessons.exercises.asserts import little_batches, little_model
from lessons.together import (
    join_workers,
    part_of_loss,
    resume_training,
    save_training,
    step_together,
)
from lessons.training import train_step

START = {"settings": [10, 4], "epoch": 0, "step": 0, "losses": []}


@pytest.fixture
def one_worker(tmp_path):
    """A group of one, which finds itself by a file: no port is opened."""
    dist.init_process_group("gloo", f"file://{tmp_path}/group", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def fitted():
    """A model and its optimizer after a step."""
    model = little_model()
    optimizer = AdamW(model.parameters(), lr=0.1)
    train_step(model, little_batches((4,))[0], optimizer)
    return model, optimizer


def same_weights(one, other):
    return all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


def test_a_single_worker_learns_as_in_lesson_05(one_worker):
    model, other = little_model(), little_model()
    batch = little_batches((5,))[0]
    loss = step_together(model, batch, AdamW(model.parameters(), lr=0.1), 5)
    scores = train_step(other, batch, AdamW(other.parameters(), lr=0.1))
    assert loss == pytest.approx(scores.loss, abs=1e-6)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.allclose(one.grad, two.grad, atol=1e-7)


def test_a_worker_without_a_story_of_its_own_has_no_part_in_it(monkeypatch):
    monkeypatch.setattr(dist, "get_rank", lambda: 1)
    monkeypatch.setattr(dist, "get_world_size", lambda: 2)
    model = little_model()
    loss = part_of_loss(model, little_batches((1,))[0], 1)
    loss.backward()
    assert loss == 0
    assert not any(weights.grad.any() for weights in model.parameters())


# ---------------------------------------------------------------------------------- joining


@pytest.fixture
def started(monkeypatch):
    """As if torchrun had started this program as its second worker; says what it is asked for."""
    asked = []
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(dist, "init_process_group", asked.append)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", asked.append)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    return asked


def test_workers_are_on_the_cpu_by_default(started):
    assert join_workers() == torch.device("cpu")
    assert started == ["gloo"]


def test_each_worker_has_a_gpu_of_its_own(started, monkeypatch):
    monkeypatch.setenv("LESSONS_DEVICE", "cuda")
    assert join_workers() == torch.device("cuda:1")
    assert started == [torch.device("cuda:1"), "nccl"]


@pytest.mark.parametrize(("device", "count", "words"), [("cuda", 1, "only 1"), ("mps", 2, "CPUs")])
def test_a_device_that_is_not_there_for_each_worker_is_refused(
    started, monkeypatch, device, count, words
):
    monkeypatch.setenv("LESSONS_DEVICE", device)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    with pytest.raises(ValueError, match=words):
        join_workers()
    assert started == []


def test_without_torchrun_there_is_nobody_to_join(monkeypatch):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with pytest.raises(ValueError, match="are started by torchrun: torchrun --nproc"):
        join_workers()


# ------------------------------------------------------------------------- kept and resumed


def test_without_a_file_it_begins_at_the_beginning(tmp_path):
    model, optimizer = fitted()
    before = [weights.clone() for weights in model.parameters()]
    assert resume_training(tmp_path / "none.pt", model, optimizer, START) is START
    assert all(map(torch.equal, before, model.parameters()))


def test_it_goes_on_with_the_same_model_optimizer_chance_and_place(tmp_path):
    model, optimizer = fitted()
    place = START | {"epoch": 1, "step": 3, "losses": [2.0, 1.0]}
    save_training(tmp_path / "x.pt", model, optimizer, place)
    drawn, batch = torch.rand(3), little_batches((4,))[0]
    train_step(model, batch, optimizer)
    other = little_model(seed=1)
    its_own = AdamW(other.parameters(), lr=0.1)
    assert resume_training(tmp_path / "x.pt", other, its_own, START) == place
    assert torch.equal(torch.rand(3), drawn)
    train_step(other, batch, its_own)
    assert same_weights(model, other)


def test_it_is_whole_or_as_before(tmp_path, monkeypatch):
    model, optimizer = fitted()
    path = tmp_path / "x.pt"
    save_training(path, model, optimizer, START | {"step": 1})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="could not be written"):
        save_training(path, model, optimizer, START | {"step": 2})
    assert resume_training(path, model, optimizer, START)["step"] == 1
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("contents", [{"place": START}, [1, 2], torch.zeros(3), None])
def test_a_file_of_another_program_is_left_alone(tmp_path, contents):
    torch.save(contents, tmp_path / "x.pt")
    before = (tmp_path / "x.pt").read_bytes()
    with pytest.raises(ValueError, match="is of another program, or of a training with other"):
        resume_training(tmp_path / "x.pt", *fitted(), START)
    assert (tmp_path / "x.pt").read_bytes() == before


def test_a_training_with_other_settings_is_not_gone_on_with(tmp_path):
    save_training(tmp_path / "x.pt", *fitted(), START)
    model, optimizer = fitted()
    with pytest.raises(ValueError, match="other data or settings"):
        resume_training(tmp_path / "x.pt", model, optimizer, START | {"settings": [10, 5]})


def test_a_model_of_another_shape_is_refused(tmp_path):
    save_training(tmp_path / "x.pt", *fitted(), START)
    model = torch.nn.Linear(2, 2)
    with pytest.raises(ValueError, match="other data or settings"):
        resume_training(tmp_path / "x.pt", model, AdamW(model.parameters()), START)


def test_a_damaged_file_is_refused(tmp_path):
    save_training(tmp_path / "x.pt", *fitted(), START)
    whole = (tmp_path / "x.pt").read_bytes()
    (tmp_path / "x.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="is damaged or was never whole"):
        resume_training(tmp_path / "x.pt", *fitted(), START)


def test_a_worker_more_than_before_can_go_on_as_well(tmp_path, monkeypatch):
    save_training(tmp_path / "x.pt", *fitted(), START)
    monkeypatch.setattr(together, "_rank", lambda: 1)
    model, optimizer = fitted()
    before = torch.get_rng_state()
    assert resume_training(tmp_path / "x.pt", model, optimizer, START) == START
    assert torch.equal(torch.get_rng_state(), before)


def test_what_was_saved_on_a_gpu_goes_on_without_one(tmp_path):
    """Only what chance has drawn there is not known here: its state has another size."""
    path = tmp_path / "x.pt"
    model, optimizer = fitted()
    save_training(path, model, optimizer, START | {"step": 3})
    contents = torch.load(path, weights_only=True)
    torch.save(contents | {"chance": [torch.zeros(16, dtype=torch.uint8)]}, path)
    other = little_model(seed=1)
    before = torch.get_rng_state()
    its_own = AdamW(other.parameters(), lr=0.1)
    assert resume_training(path, other, its_own, START)["step"] == 3
    assert same_weights(model, other)
    assert torch.equal(torch.get_rng_state(), before)
