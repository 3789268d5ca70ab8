"""Lesson 11: on which device to train: the processor, or a graphics card (GPU)."""

import os

import torch

DEVICE_VARIABLE = "LESSONS_DEVICE"  # the device of whoever does not name one
_KINDS = "'cpu', 'cuda' (a GPU of NVIDIA or AMD) or 'mps' (the GPU of a Mac)"


def chosen_device(name: str | None = None) -> torch.device:
    """The device of this name, or else of the environment variable LESSONS_DEVICE, or the CPU.

    Names are those of PyTorch: "cpu", "cuda", "cuda:1" (the second GPU) and "mps".

    Raises ValueError if there is no such device, or none here.
    """
    variable = "" if name else os.environ.get(DEVICE_VARIABLE, "")
    name = name or variable or "cpu"
    told = f"{DEVICE_VARIABLE} is {name!r}" if variable else f"The device is {name!r}"
    try:
        device = torch.device(name)
    except RuntimeError:  # PyTorch has no such name
        device = torch.device("meta")
    count = _count(device.type)
    if count is None:
        raise ValueError(f"{told}; it must be {_KINDS}.")
    if count <= (device.index or 0):
        seen = f"only {count} of its kind" if count else "no such GPU"
        raise ValueError(f"{told}, but PyTorch sees {seen} here. Take 'cpu', which always works.")
    return device


def _count(kind: str) -> int | None:
    """How many devices of this kind there are here; None if the course does not know the kind."""
    if kind == "cuda":
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    return {"cpu": 1, "mps": int(torch.backends.mps.is_available())}.get(kind)
