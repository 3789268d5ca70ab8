"""Lesson 11: several workers train one model together, and go on after an interruption."""

import io
import os
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from lessons.loaders import Batch
from lessons.support.device import chosen_device
from lessons.support.files import read_tensors, write_whole

Place = dict[str, Any]  # where a training is: plain values, and among them its "settings"


def part_of_loss(model: nn.Module, batch: Batch, size: int) -> Tensor:
    """This worker's part of the mean loss of a batch of which each worker has a share.

    `size` is the number of stories in all shares. `DistributedSampler` deals the stories out in
    turn, as cards, and repeats some at the end so that all shares are equally long. Repeats do
    not count: the parts add up to the mean over the stories.
    """
    own = len(range(dist.get_rank(), size, dist.get_world_size()))  # the rest are repeats
    logits = model(batch.token_ids, batch.offsets)[:own]  # (own stories, classes)
    return F.cross_entropy(logits, batch.labels[:own], reduction="sum") / size


def add_gradients(model: nn.Module) -> None:
    """Give every worker the sum of all workers' gradients."""
    for weights in model.parameters():
        dist.all_reduce(weights.grad)


def step_together(model: nn.Module, batch: Batch, optimizer: Optimizer, size: int) -> float:
    """Learn from a batch of which each worker has a share: see `part_of_loss`.

    Returns the mean loss over all shares, from before the step.
    """
    loss = part_of_loss(model, batch, size)
    optimizer.zero_grad()
    if isinstance(model, DistributedDataParallel):
        (loss * dist.get_world_size()).backward()  # it takes the mean of the workers' gradients
    else:
        loss.backward()
        add_gradients(model)
    optimizer.step()
    dist.all_reduce(loss := loss.detach())
    return loss.item()


def join_workers() -> torch.device:
    """Wait until all workers that `torchrun` has started are there. Returns this one's device.

    By default all are on the CPU, and speak by gloo. With LESSONS_DEVICE=cuda each has a GPU of
    its own, and they speak by nccl.

    Raises ValueError if `torchrun` has not started this program, or if there are too few GPUs.
    """
    if "LOCAL_RANK" not in os.environ:
        raise ValueError(
            "Several workers are started by torchrun: torchrun --nproc-per-node=2 distributed.py"
        )
    device = chosen_device()
    if device.type == "mps":
        raise ValueError("Several workers need CPUs or GPUs of NVIDIA. Take LESSONS_DEVICE=cpu.")
    if device.type == "cuda":
        device = chosen_device(f"cuda:{os.environ['LOCAL_RANK']}")
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return device


def save_training(path: str | Path, model: nn.Module, optimizer: Optimizer, place: Place) -> None:
    """Write all that it takes to go on: model, optimizer, place and the state of chance.

    Where several workers train together, all of them call this, and the first one writes for
    all. The file is complete or as it was before, whenever a program is killed.

    Raises OSError if it cannot be written.
    """
    states: list[Any] = [_chance(model).get_rng_state()]
    if dist.is_initialized():  # each worker draws random numbers of its own
        mine, states = states[0], [None] * dist.get_world_size()
        dist.all_gather_object(states, mine)
    if _rank() == 0:
        contents = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        buffer = io.BytesIO()  # torch.save into a file on a full disk does not raise OSError
        torch.save({"place": place, "chance": states, **contents}, buffer)
        write_whole(Path(path), buffer.getvalue())


def resume_training(
    path: str | Path, model: nn.Module, optimizer: Optimizer, place: Place
) -> Place:
    """Bring model and optimizer to where the file ends. Returns its place.

    `place` is the beginning, which is returned if there is no file. Where several workers train
    together, the first one's file counts for all, so that they go on from the same place.

    Raises ValueError if the file is damaged, or of a training with other settings.
    """
    if not (found := _read_for_all(Path(path))):
        return place
    (contents,) = found
    try:
        if not isinstance(contents, dict) or contents["place"]["settings"] != place["settings"]:
            raise KeyError("settings")
        model.load_state_dict(contents["model"])
        optimizer.load_state_dict(contents["optimizer"])
        states = contents["chance"]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(_OTHER_TRAINING.format(path=path)) from error
    now = _chance(model).get_rng_state()  # there may be more workers than before, or no GPU
    if _rank() < len(states) and states[_rank()].shape == now.shape:
        _chance(model).set_rng_state(states[_rank()])
    return dict(contents["place"])


_OTHER_TRAINING = (
    "The file {path} is of another program, or of a training with other data or settings than "
    "this one. Give this training a file of another name."
)


def _read_for_all(path: Path) -> list[Any]:
    """What the first worker's file holds, in a list; an empty one if there is no file."""
    found = [[read_tensors(path)] if path.exists() else []]
    if dist.is_initialized():
        dist.broadcast_object_list(found)
    return found[0]


def _rank() -> int:
    """The number of this worker; 0 if it is the only one."""
    return dist.get_rank() if dist.is_initialized() else 0


def _chance(model: nn.Module) -> Any:
    """Where the state of the random numbers is that the model draws, such as `torch.cuda`."""
    kind = next(model.parameters()).device.type
    return torch if kind == "cpu" else getattr(torch, kind)
