"""What the panels of the website play back: recordings of the real library.

Each module beside this one records for one panel. It has two functions: `record()` runs the library
and gives back what is to be kept, and `belongs_to()` the facts that it depends on. A recording
whose facts are no longer those of the library is stale, and a test says so.
"""

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from lessons.loaders import make_loader
from lessons.model import TextClassifier
from lessons.panels.runs import Prepared, prepare
from lessons.sources import load_split

FOLDER = Path(__file__).resolve().parents[2] / "website" / "recordings"
COMMAND = "make recordings"
PACKAGES = ("torch", "numpy")

__all__ = ["FOLDER", "digest", "facts", "names", "read", "stories", "write"]


def names() -> list[str]:
    """The names of all recordings: those of the modules in this folder."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))


def write(name: str, data: dict[str, Any], belongs_to: dict[str, Any]) -> Path:
    """Write `FOLDER`/name.js, a script that hands `data` to the page (see website/panels/core.js).

    Numbers may be NaN or infinite: a script can hold them, other than JSON.
    """
    versions = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    about = {"command": COMMAND, "versions": versions, "belongs_to": belongs_to}
    text = json.dumps({"about": about, **data}, separators=(",", ":"), ensure_ascii=False)
    path = FOLDER / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{_head(name)}{text}{_TAIL}", encoding="utf-8", newline="\n")
    return path


def read(name: str) -> dict[str, Any]:
    """What a recording holds, with `about`. Raises OSError or ValueError if it cannot be read."""
    text = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
    contents: dict[str, Any] = json.loads(text.removeprefix(_head(name)).removesuffix(_TAIL))
    return contents


def _head(name: str) -> str:
    return f'lessons.recorded("{name}",'


_TAIL = ");\n"


def stories() -> Prepared:
    """Mini-News, split and encoded as the panels do it."""
    return prepare(load_split("mini-news"))


def facts() -> dict[str, Any]:
    """What every training on Mini-News depends on: stories, vocabulary, first weights, batches."""
    parts, prepared = load_split("mini-news"), stories()
    words, start = prepared.vocabulary.tokens, torch.Generator().manual_seed(0)
    model = TextClassifier(len(words), len(prepared.names), generator=start)
    weights = [weight.flatten()[0].item() for weight in model.parameters()]
    batch = next(iter(make_loader(prepared.train, 8, True, 0)))
    return {
        "stories": digest([[list(part.texts), list(part.labels)] for part in parts]),
        "vocabulary": digest(words),
        "shapes": [list(weight.shape) for weight in model.parameters()],
        "first weights": [round(weight, 4) for weight in weights],
        "first batch": batch.token_ids[:8].tolist(),
    }


def digest(value: object) -> str:
    """A short hash of a value that JSON can hold: it differs when the value does."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
