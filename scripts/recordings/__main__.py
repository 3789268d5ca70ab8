"""Record what the panels of the website play: all, or those whose names are given."""

import sys
from importlib import import_module

import torch

from scripts.recordings import names, write


def main(chosen: list[str]) -> None:
    """Run the library and write each recording. Ends the program if there is no such name."""
    if unknown := set(chosen) - set(names()):
        sys.exit(f"There is no recording {min(unknown)!r}. There are: {', '.join(names())}.")
    torch.set_num_threads(1)  # a small model is fastest on one
    for name in chosen or names():
        module = import_module(f"scripts.recordings.{name}")
        path = write(name, module.record(), module.belongs_to())
        print(f"{path.name}: {path.stat().st_size / 1000:,.0f} KB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
