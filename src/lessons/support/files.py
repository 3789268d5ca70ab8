"""Files that are written completely or not at all, and read without running code in them."""

import os
import pickle
import secrets
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

_LEFT_OVER = 3600  # seconds; writing a file takes a few


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside `path`, and rename it to `path` when it is complete.

    Raises OSError if it cannot be written.
    """
    # A random name, not the process id: two containers that share a folder may use the same ids.
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.partial")
    try:
        try:
            with partial.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise not_written(path, error) from error
    _remove_left_over(path.parent)


def not_written(path: Path, error: OSError) -> OSError:
    """The error to raise where a file could not be written."""
    return OSError(
        f"The file {path} could not be written ({error.strerror}). Choose a folder "
        "that exists, that you may write to and that has room."
    )


def _remove_left_over(folder: Path) -> None:
    """Delete partial files of killed programs. New ones may still be written."""
    for partial in folder.glob(f"*.{'[0-9a-f]' * 16}.partial"):
        with suppress(OSError):  # another program has deleted it, or we may not
            if time.time() - partial.stat().st_mtime > _LEFT_OVER:
                partial.unlink()


def read_tensors(path: Path) -> Any:
    """The contents of a file of `torch.save` with nothing but tensors and plain values.

    None if another program has written the file. Raises ValueError if it cannot be read, is
    damaged, or may hold code.
    """
    if _is_damaged(path):
        raise ValueError(
            f"The checkpoint {path} is damaged or was never whole. Train and save again; other "
            "checkpoints are not affected."
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"The file {path} holds more than numbers and words, perhaps code, so it was not "
            "opened. Load only checkpoints that you have saved yourself."
        ) from error
    except RuntimeError:
        return None


def _is_damaged(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:  # torch itself does not verify checksums
            return archive.testzip() is not None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError):
        return True
    except OSError as error:
        raise ValueError(
            f"The checkpoint {path} could not be read ({error.strerror}). Choose a file that you "
            "may read."
        ) from error
