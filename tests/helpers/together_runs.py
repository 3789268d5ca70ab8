"""Several workers at work, right and broken on purpose. torchrun starts it in each worker:

    torchrun --nproc-per-node=2 together_runs.py WHAT FOLDER

What a worker has seen is kept in the file WHAT-RANK.pt of the folder.
"""

import importlib.util
import os
import signal
import sys
from itertools import count, islice
from pathlib import Path
from unittest.mock import patch

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD, AdamW
from torch.utils.data import DataLoader, DistributedSampler

from lessons import together
from lessons.loaders import EncodedStories
from lessons.model import TextClassifier
from lessons.sources import load_split
from lessons.text import Vocabulary

SCRIPT = Path(__file__).parents[2] / "notebooks" / "distributed.py"
BATCH, STORIES = 128, 395  # the last of four batches has eleven stories: six and five
KEPT = (1, 4, 8, 48, 50)  # after these steps gradients and weights are kept; 4 ends an epoch
KILLED_AFTER = 20  # steps of the script: in its second epoch, and two steps after a save


def script():
    """The script beside the notebook, as a module."""
    spec = importlib.util.spec_from_file_location("distributed_py", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stories():
    """Stories of the course, encoded."""
    train = load_split("mini-news").train.pick(range(STORIES))
    return EncodedStories(train, Vocabulary.build(train.texts))


def new_model(data):
    """A model for these stories, always the same one."""
    size = int(data.token_ids.max()) + 1
    return TextClassifier(size, 4, generator=torch.Generator().manual_seed(0))


class WithDropout(nn.Module):
    """A model that draws random numbers while it learns."""

    def __init__(self, model):
        super().__init__()
        self.model, self.dropout = model, nn.Dropout(0.5)

    def forward(self, token_ids, offsets):
        return self.model.linear(self.dropout(self.model.embedding(token_ids, offsets)))


def snapshot(model):
    """Its gradient and its weights, each in one row."""
    return {
        "gradient": torch.cat([one.grad.flatten() for one in model.parameters()]),
        "weights": nn.utils.parameters_to_vector(model.parameters()).detach().clone(),
    }


def dealt(data, **of_sampler):
    """A loader of this worker's share, as the script makes it."""
    sampler, share = DistributedSampler(data, **of_sampler), BATCH // dist.get_world_size()
    draw = torch.Generator()
    return DataLoader(data, share, sampler=sampler, collate_fn=lambda one: one, generator=draw)


def trained(wrap=lambda model: model, steps=KEPT[-1], **of_sampler):
    """Some steps of all workers: all losses, and a snapshot after some of the steps."""
    data = stories()
    model, place = new_model(data), {"epoch": 0, "step": 0, "losses": []}
    optimizer = SGD(model.parameters(), lr=1.0)  # AdamW would make much of rounding: see the tests
    train = script().train_together
    kept = {}
    for _ in islice(train(wrap(model), dealt(data, **of_sampler), optimizer, place, 99), steps):
        if len(place["losses"]) in KEPT:
            kept[len(place["losses"])] = snapshot(model)
    return {"losses": place["losses"], "kept": kept}


# ------------------------------------------------------------------ broken on purpose: steps


def own_mean(model, batch, size):
    """The mean of this worker's stories: its workers' means are added, not averaged."""
    own = len(range(dist.get_rank(), size, dist.get_world_size()))
    return F.cross_entropy(model(batch.token_ids, batch.offsets)[:own], batch.labels[:own])


def mean_of_means(model, batch, size):
    """All workers count the same, whatever the number of their stories."""
    return own_mean(model, batch, size) / dist.get_world_size()


def repeats_count(model, batch, size):
    """As DistributedSampler deals the stories out: one that is repeated counts twice."""
    loss = F.cross_entropy(model(batch.token_ids, batch.offsets), batch.labels)
    return loss / dist.get_world_size()


def broken():
    """What comes of each version in two epochs."""
    with patch.object(together, "add_gradients", lambda model: None):
        yield "no averaging", trained(steps=8)
    yield "the same stories", trained(steps=8, rank=0)
    with patch.object(DistributedSampler, "set_epoch", lambda sampler, epoch: None):
        yield "set_epoch forgotten", trained(steps=8)
    losses = {"sum of means": own_mean, "mean of means": mean_of_means}
    for name, loss in (losses | {"repeats count": repeats_count}).items():
        with patch.object(together, "part_of_loss", loss):
            yield name, trained(DistributedDataParallel, steps=8)


# ------------------------------------------------------------- saved, and broken on purpose


def losses_from(path, steps, save_after=None):
    """The losses up to there of a model with dropout, from where the file ends."""
    data = stories()
    torch.manual_seed(dist.get_rank())  # each worker draws other numbers
    model = WithDropout(new_model(data))
    optimizer = AdamW(model.parameters(), lr=0.01)
    place = {"settings": 0, "epoch": 0, "step": 0, "losses": []}
    place = together.resume_training(path, model, optimizer, place)
    train = script().train_together
    for _ in islice(train(model, dealt(data), optimizer, place, 3), steps):
        if len(place["losses"]) == save_after:
            together.save_training(path, model, optimizer, place)
    return place["losses"]


def gone_on(folder):
    """Ten steps in one go; with an interruption after the seventh; and with chance forgotten."""
    path, seen = folder / "interrupted.pt", {"in one go": losses_from(folder / "none.pt", 10)}
    losses_from(path, 7, save_after=6)
    seen["interrupted"] = losses_from(path, 4)
    with patch.object(torch, "set_rng_state", lambda state: None):
        seen["chance forgotten"] = losses_from(path, 4)
    return seen


def saved(path, place=None):
    model = new_model(stories())
    together.save_training(path, model, SGD(model.parameters()), place or {"settings": 0})


def resumed(path):
    model, start = new_model(stories()), {"settings": 0, "step": 0}
    return together.resume_training(path, model, SGD(model.parameters()), start)["step"]


def writes(folder):
    """How often this worker writes: as it should be, and if each takes itself for the first."""
    seen = {}
    for name, rank in (("right", together._rank), ("all save", lambda: 0)):
        with (
            patch.object(together, "_rank", rank),
            patch.object(together, "write_whole") as write,
        ):
            saved(folder / "x.pt")
        seen[name] = write.call_count
    return seen


def all_save(folder):
    """What happens if all write the same file, each first under the usual name of a part."""

    def write(path, content):
        partial = path.with_suffix(".partial")
        partial.write_bytes(content)
        dist.barrier()  # all have written
        os.replace(partial, path)

    try:
        with (
            patch.object(together, "_rank", lambda: 0),
            patch.object(together, "write_whole", write),
        ):
            saved(folder / "all.pt")
    except OSError as error:
        return type(error).__name__
    return "saved"


def one_saves(folder):
    """At which step this worker goes on if the file is on the disk of the first worker alone."""
    path = folder / f"disk-{dist.get_rank()}" / "here.pt"
    path.parent.mkdir()
    if dist.get_rank() == 0:
        with patch.object(dist, "is_initialized", lambda: False):
            saved(path, {"settings": 0, "step": 7})
    seen = {"right": resumed(path)}
    with patch.object(dist, "broadcast_object_list", lambda found: None):
        seen["each reads its own"] = resumed(path)
    return seen


# -------------------------------------------------------------------------------- the runs


def refused(call, *arguments):
    """The words in which it is refused."""
    try:
        call(*arguments)
    except ValueError as error:
        return str(error)
    return ""


def proofs(folder):
    """All that two workers can show in one go, after whole trainings by the script."""
    module = script()
    module.run(3, BATCH, folder / "whole.pt", False)
    module.join_workers = lambda: torch.device("cpu")  # they have joined
    module.run(3, BATCH, folder / "by_hand.pt", True)
    return {
        "by hand": trained(),
        "ddp": trained(DistributedDataParallel),
        **dict(broken()),
        "gone on": gone_on(folder),
        "writes": writes(folder),
        "all save": all_save(folder),
        "one saves": one_saves(folder),
        "not divisible": refused(module.run, 1, BATCH + 1, folder / "odd.pt", False),
        "no stories": refused(module.run, 1, -BATCH, folder / "odd.pt", False),
        "no epochs": refused(module.run, 0, BATCH, folder / "odd.pt", False),
        "other settings": refused(module.run, 1, BATCH // 2, folder / "whole.pt", False),
    }


def agents(folder):
    """What a worker of each of two agents sees."""
    together.join_workers()
    return {"ddp": trained(DistributedDataParallel)}


def killed(folder):
    """The script; in its first life the second worker is killed in the middle of an epoch."""
    module, steps, first = script(), count(), os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
    step = module.step_together

    def deadly(*arguments):
        if first and os.environ["RANK"] == "1" and next(steps) == KILLED_AFTER:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*arguments)

    module.step_together = deadly
    module.run(3, BATCH, folder / "killed.pt", False)


def main():
    what, folder = sys.argv[1], Path(sys.argv[2])
    (folder / f"{what}-{os.getpid()}.pid").touch()
    torch.set_num_threads(1)
    seen = {one.__name__: one for one in (proofs, agents, killed)}[what](folder)
    torch.save(seen, folder / f"{what}-{dist.get_rank()}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
