"""Makes an environment: that of the course, of the page about torchtext, or of a class's server.

python3 scripts/environment.py course .venv

One that is whole and made from today's pins is left alone. New pins are installed into the same
one, and one that is broken is made again from nothing: pip takes a package that lost files for
fine. All this comes before anything is installed, so it needs the standard library alone, and any
Python from 3.8 on can read it, to say that a newer one is needed.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, NamedTuple

PAGE = "notebooks/torchtext"
HUB = "deploy/jupyterhub"


class Kind(NamedTuple):
    """What an environment is made of."""

    refusal: Callable[[], str | None]  # why it cannot be made here, or None
    cost: Callable[[Path, str | None], str]  # said in advance, given the folder and the torch
    pins: tuple[str, ...]  # files; a copy of what they say is kept in the environment
    installs: tuple[str, ...]  # arguments of pip install, one after the other
    needs: tuple[str, ...]  # arguments of whole.py
    node: tuple[str, ...] = ()  # package.json and its lock, of what npm installs


def course_refusal() -> str | None:
    """Say why the course cannot run in this Python, or None."""
    if sys.version_info < (3, 11):
        return "The course needs Python 3.11 or newer: make lab PYTHON=python3.12, for instance."
    return None


def course_cost(folder: Path, torch: str | None) -> str:
    """Say how large the course's environment is."""
    return f"Making the environment {folder} (about 2 GB without CUDA, once) ..."


def torchtext_refusal() -> str | None:
    """Say why torchtext cannot be had for this Python or this machine, or None."""
    python = "{}.{}".format(*sys.version_info)
    machine = f"{platform.system()} {platform.machine()}"
    if python not in ("3.11", "3.12"):
        return (
            f"torchtext cannot be had for Python {python}: its last release has wheels for the "
            "course up to Python 3.12. Try PYTHON=python3.12 or PYTHON=python3.11 after make."
        )
    if machine not in ("Linux x86_64", "Darwin arm64", "Windows AMD64"):
        return (
            f"torchtext cannot be had for {machine}: its last release has wheels for Linux "
            "x86_64, macOS arm64 and Windows AMD64. The page can be read all the same, with its "
            f"results: {PAGE}/from_torchtext.ipynb"
        )
    return None


def torchtext_cost(folder: Path, torch: str | None) -> str:
    """Say how large the environment of torchtext is, and why it is kept apart."""
    large = platform.system() == "Linux" and torch != "cpu"
    size = "about 3 GB to download, 5.6 GB" if large else "less than 1 GB to download, 1 to 2 GB"
    return (
        f"Making the environment {folder} with the real torchtext, once: {size} on the disk.\n"
        "It is kept apart because it needs torch 2.3: before 2.6, torch.load can run code hidden "
        "in a file (CVE-2025-32434). Open no checkpoint there that is not your own."
    )


def hub_refusal() -> str | None:
    """Say why a class's server cannot be had here, or None."""
    if not shutil.which("npm"):
        return "The proxy of a class's server needs Node.js 20 or newer, with npm: nodejs.org."
    return course_refusal()


def hub_cost(folder: Path, torch: str | None) -> str:
    """Say how large the environment of a class's server is."""
    return f"Making the environment {folder} for a class's server (about 2 GB without CUDA) ..."


KINDS = {
    "course": Kind(
        course_refusal,
        course_cost,
        pins=("pyproject.toml", "constraints.txt"),
        installs=("-c constraints.txt -e .[test]",),
        needs=(),
    ),
    # The lessons come without their pins: they ask for a newer torch, but work with this one.
    "torchtext": Kind(
        torchtext_refusal,
        torchtext_cost,
        pins=(f"{PAGE}/requirements.txt", f"{PAGE}/constraints.txt"),
        installs=(f"-c {PAGE}/constraints.txt -r {PAGE}/requirements.txt", "--no-deps -e ."),
        needs=(f"{PAGE}/requirements.txt",),
    ),
    "hub": Kind(
        hub_refusal,
        hub_cost,
        pins=(
            *("pyproject.toml", f"{HUB}/requirements.txt", f"{HUB}/constraints.txt"),
            f"{HUB}/package-lock.json",
        ),
        installs=(f"-c {HUB}/constraints.txt -r {HUB}/requirements.txt -e .",),
        needs=(f"{HUB}/requirements.txt",),
        node=(f"{HUB}/package.json", f"{HUB}/package-lock.json"),
    ),
}


def what_lacks(folder: Path, kind: Kind) -> str | None:
    """What the environment in this folder lacks, in the words of whole.py, or None."""
    whole = [str(folder / "bin" / "python"), "-I", "scripts/whole.py", *kind.needs]
    try:
        ended = subprocess.run(whole, stderr=subprocess.PIPE, text=True, check=False)
    except OSError:
        return "its Python cannot be started"
    lines = ended.stderr.splitlines() or ["its Python ends at once"]
    if not ended.returncode and kind.node and not (folder / "node_modules" / ".bin").is_dir():
        return "what npm installs is missing"
    return lines[-1] if ended.returncode else None


def remove(folder: Path) -> None:
    """Remove an environment; of a link to one only the link."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    else:
        folder.unlink()


def fill(folder: Path, kind: Kind, torch: str | None, uv: str | None) -> None:
    """Make the environment and install its packages, those of another build of torch by uv."""
    python, chosen = str(folder / "bin" / "python"), ["--torch-backend", torch] if torch else []
    if uv:
        run(uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder))
    else:
        run(sys.executable, "-m", "venv", str(folder))
    install = [python, "-m", "pip", "install", "--quiet"]
    if torch and not uv:
        run(*install, "-c", "constraints.txt", "uv")
        uv = str(folder / "bin" / "uv")
    if uv:
        install = [uv, "pip", "install", "--quiet", "--python", python, *chosen]
    for what in kind.installs:
        run(*install, *what.split())
    if kind.node:
        for file in kind.node:
            shutil.copy(file, folder)
        run("npm", "ci", "--silent", "--prefix", str(folder))
    # JupyterLab shall not ask whether it may fetch news from the network.
    news = "@jupyterlab/apputils-extension:announcements"
    jupyter = str(folder / "bin" / "jupyter")
    run(jupyter, "labextension", "disable", "--level=sys_prefix", news, quiet=True)


def run(*command: str, quiet: bool = False) -> None:
    """Run a command. One that fails has said why, so it ends this program too."""
    silence = subprocess.DEVNULL if quiet else None
    if subprocess.run(command, stdout=silence, stderr=silence, check=False).returncode:
        sys.exit(f"The environment is not complete, since this failed: {' '.join(command)}")


def main() -> None:
    """Make the environment that is asked for, if it is not there as it should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--torch", help="which build of torch, such as cpu")
    parser.add_argument("--uv", help="the program uv, where it is to do the work of pip")
    asked = parser.parse_args()

    os.chdir(Path(__file__).resolve().parents[1])
    folder, kind = asked.folder, KINDS[asked.kind]
    pins, installed = b"".join(Path(pin).read_bytes() for pin in kind.pins), folder / "installed"
    lacks = what_lacks(folder, kind)
    if lacks is None and installed.is_file() and installed.read_bytes() == pins:
        return
    if refusal := kind.refusal():
        sys.exit(refusal)
    if lacks and os.path.lexists(folder):
        print(f"{lacks}\nSo {folder} is made again from nothing.", flush=True)
        remove(folder)
    print(kind.cost(folder, asked.torch), flush=True)
    fill(folder, kind, asked.torch, asked.uv)
    installed.write_bytes(pins)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
