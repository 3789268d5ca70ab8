"""Lesson 11: several workers train one model: torchrun --nproc-per-node=2 distributed.py.

With --max-restarts=3 torchrun starts them again when one dies. Then set the environment variable
TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1: else the new ones may look for those who died.
"""

import sys
from argparse import ArgumentParser
from itertools import islice

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

from lessons.loaders import EncodedStories
from lessons.model import TextClassifier
from lessons.sources import load_split
from lessons.text import Vocabulary
from lessons.together import join_workers, resume_training, save_training, step_together


def train_together(model, loader, optimizer, place, epochs):
    """Train on from a place, and yield after each step, when the place has moved."""
    whole = loader.batch_size * dist.get_world_size()  # stories in a batch of all workers
    for epoch in range(place["epoch"], epochs):
        loader.sampler.set_epoch(epoch)  # without it, all epochs have the same order
        for batch in islice(loader, place["step"], None):
            size = min(whole, len(loader.dataset) - place["step"] * whole)
            place["losses"].append(step_together(model, batch, optimizer, size))
            place["step"] += 1
            yield
        place |= {"epoch": epoch + 1, "step": 0}


def run(epochs, batch_size, path, by_hand):
    """Train from the beginning, or from where the file ends, and keep all in the file."""
    device = join_workers()
    if min(epochs, batch_size) < 1 or batch_size % dist.get_world_size():
        raise ValueError("Take 1 epoch or more, and as many stories a batch for each worker.")
    train = load_split().train
    vocabulary = Vocabulary.build(train.texts)
    stories, draw = EncodedStories(train, vocabulary).to(device), torch.Generator().manual_seed(0)
    model = TextClassifier(len(vocabulary), len(train.names), generator=draw).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=True)
    settings = [len(stories), len(vocabulary), batch_size]
    place = {"settings": settings, "epoch": 0, "step": 0, "losses": []}
    place = resume_training(path, model, optimizer, place)
    if place["losses"] and dist.get_rank() == 0:
        print("goes on after step", len(place["losses"]))
    sampler, share = DistributedSampler(stories), batch_size // dist.get_world_size()
    loader = DataLoader(stories, share, sampler=sampler, collate_fn=lambda b: b, generator=draw)
    together = model if by_hand else DistributedDataParallel(model)
    for _ in train_together(together, loader, optimizer, place, epochs):
        if place["step"] % 5 == 0 or place["step"] == len(loader):
            save_training(path, model, optimizer, place)
            if dist.get_rank() == 0:
                losses, step = place["losses"], place["step"]
                print(f"epoch {place['epoch'] + 1}, step {step}: loss {losses[-1]:.4f}")


def main():
    """Read the options and train."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=128, help="stories, of all workers")
    parser.add_argument("--checkpoint", default="distributed.pt")
    parser.add_argument("--by-hand", action="store_true")
    args = parser.parse_args()
    try:
        run(args.epochs, args.batch_size, args.checkpoint, args.by_hand)
    except (ValueError, OSError) as error:
        sys.exit(f"distributed.py: {error}")
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


if __name__ == "__main__":
    main()
