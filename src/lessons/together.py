"""Lesson 11: several workers train one model together, and go on after an interruption."""

import io
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from lessons.loaders import Batch
from lessons.support.files import read_tensors, write_whole

Place = dict[str, Any]  # where a training is: plain values, and among them its "settings"


def step_together(model: nn.Module, batch: Batch, optimizer: Optimizer, size: int) -> float:
    """Learn from one batch of which each worker has a share. Returns its mean loss before the step.

    `size` is the number of stories in all shares. `DistributedSampler` deals the stories out in
    turn, as cards, and repeats some at the end so that all shares are equally long. The repeats do
    not count, so the gradient is that of the mean loss of the whole batch.
    """
    rank, workers = dist.get_rank(), dist.get_world_size()
    own = len(range(rank, size, workers))  # the stories behind these are repeats
    logits = model(batch.token_ids, batch.offsets)[:own]  # (own stories, classes)
    loss = F.cross_entropy(logits, batch.labels[:own], reduction="sum") / size
    optimizer.zero_grad()
    if isinstance(model, DistributedDataParallel):
        (loss * workers).backward()  # it divides the sum of all gradients by the workers
    else:
        loss.backward()
        add_gradients(model)
    optimizer.step()
    dist.all_reduce(loss := loss.detach())  # the sum of all parts
    return loss.item()


def add_gradients(model: nn.Module) -> None:
    """Give every worker the sum of all workers' gradients."""
    for weights in model.parameters():
        dist.all_reduce(weights.grad)


def save_training(path: str | Path, model: nn.Module, optimizer: Optimizer, place: Place) -> None:
    """Write all that it takes to go on: model, optimizer, place and the random numbers' state.

    Where several workers train together, all of them call this, and the first one writes for
    all. The file is complete or as it was before, whenever the program is killed.

    Raises OSError if it cannot be written.
    """
    states: list[Any] = [_random(model).get_rng_state()]
    if dist.is_initialized():  # each worker draws numbers of its own
        mine, states = states[0], [None] * dist.get_world_size()
        dist.all_gather_object(states, mine)
    if _rank() == 0:
        contents = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        buffer = io.BytesIO()  # torch.save into a file on a full disk does not raise OSError
        torch.save({"place": place, "random": states, **contents}, buffer)
        write_whole(Path(path), buffer.getvalue())


def resume_training(
    path: str | Path, model: nn.Module, optimizer: Optimizer, place: Place
) -> Place:
    """Bring model and optimizer to where the file ends. Returns its place.

    `place` is the beginning, which is returned if there is no file. Where several workers train
    together, the first one's file counts for all, so that they go on from the same place.

    Raises ValueError if the file is damaged, or of a training with other settings.
    """
    path = Path(path)
    found = [(read_tensors(path) or {}) if path.exists() else None]
    if dist.is_initialized():
        dist.broadcast_object_list(found)
    contents = found[0]
    if contents is None:
        return place
    if not _fits(contents, place):
        raise ValueError(
            f"The file {path} is of another program, or of a training with other data or settings "
            "than this one. Give this training a file of another name."
        )
    model.load_state_dict(contents["model"])
    optimizer.load_state_dict(contents["optimizer"])
    if _rank() < len(contents["random"]):  # there may be more workers than before
        _random(model).set_rng_state(contents["random"][_rank()])
    return dict(contents["place"])


def _fits(contents: Any, place: Place) -> bool:
    """Are these the contents of a file of `save_training`, with the settings of this training?"""
    wanted = {"place", "random", "model", "optimizer"}
    if not isinstance(contents, dict) or contents.keys() != wanted:
        return False
    return bool(contents["place"].get("settings") == place["settings"])


def _rank() -> int:
    """The number of this worker; 0 if it is the only one."""
    return dist.get_rank() if dist.is_initialized() else 0


def _random(model: nn.Module) -> Any:
    """What holds the state of the random numbers that the model draws, such as `torch.cuda`."""
    kind = next(model.parameters()).device.type
    return torch if kind == "cpu" else getattr(torch, kind)
