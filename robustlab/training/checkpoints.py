"""Checkpoints that can be trusted: which is the last complete one, and what to say when one cannot be written."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

STATE = "trainer_state.json"  # transformers writes it after everything else, so that it tells a complete checkpoint


class CheckpointError(OSError):
    """A checkpoint could not be written; the complete ones before it are as they were."""


def last_complete(folder: Path) -> Path | None:
    """The newest checkpoint in a folder that was written to its end, if there is one."""
    found = [path for path in _checkpoints(folder) if is_complete(path)]
    return max(found, key=_step, default=None)


def is_complete(checkpoint: Path) -> bool:
    """Whether a checkpoint was written to its end: a full disk or a killed process cuts it short."""
    try:
        json.loads((checkpoint / STATE).read_text())
    except (OSError, ValueError):
        return False
    return True


def begin(checkpoint: Path) -> None:
    """Make a checkpoint of an earlier run that is about to be written over incomplete."""
    (checkpoint / STATE).unlink(missing_ok=True)


def discard_incomplete(folder: Path) -> None:
    """Delete the checkpoints that were cut short: nothing can resume from them, and they take up the room."""
    for path in _checkpoints(folder):
        if not is_complete(path):
            shutil.rmtree(path, ignore_errors=True)


def _checkpoints(folder: Path) -> list[Path]:
    return [path for path in folder.glob("checkpoint-*") if path.is_dir() and re.fullmatch(r".*-\d+", path.name)]


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def save_tensors(tensors: Mapping[str, Tensor], file: Path) -> None:
    """Write tensors as safetensors.

    Raises: OSError: With the file's name, which safetensors' own error lacks.
    """
    try:
        # Copies: a teacher of a model with tied weights holds one tensor under two names, which the format refuses.
        save_file({name: value.clone().contiguous() for name, value in tensors.items()}, file)
    except SafetensorError as error:
        number = _number(error)
        raise OSError(number, os.strerror(number) if number else str(error), str(file)) from error


def explain(error: Exception, folder: Path) -> str | None:
    """Say which file of a folder could not be written and why; None if the error is about something else."""
    file: str | Path | None = None
    if isinstance(error, OSError):
        if error.errno is None or isinstance(error, ConnectionError | TimeoutError):  # a tracker's or a hub's
            return None
        reason, file = error.strerror or str(error), error.filename
    elif number := _number(error):
        reason = os.strerror(number)
    elif "inline_container" in str(error):  # torch.save, which does not tell the cause
        reason = "the file broke off"
    else:
        return None
    if isinstance(error, SafetensorError):  # it leaves nothing behind that the next line could find
        file = folder / "model.safetensors"
    free = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free
    return f"could not write {file or _newest(folder)}: {reason} ({free / 1e6:.0f} MB free on its disk)"


def _number(error: Exception) -> int:
    # safetensors and tokenizers are written in Rust and put the system's number into their words.
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else 0


def _newest(folder: Path) -> Path:
    return max(
        (path for path in folder.glob("*") if path.is_file()), key=lambda path: path.stat().st_mtime_ns, default=folder
    )
