"""The folder of a run: what may go there, what is there already, and what is written down about it."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import robustlab
from robustlab.cli.settings import Kept
from robustlab.training.checkpoints import CheckpointError, discard_incomplete, explain

RECORD = "robustlab.json"
CHECKPOINTS = "checkpoints"
COPIES = 3 * 3  # three checkpoints of weights and two moments each: the oldest goes when the newest is complete
MAY_CHANGE = ("place", "pace")  # between a run and its continuation


def check(settings: Kept, record: str = RECORD) -> None:
    """Refuse a folder that a run may not go to, before anything is loaded.

    Raises:
        ValueError: If --resume and --overwrite are both given, or the settings of the run to resume were others.
        FileExistsError: If the folder is not empty and neither option is given, or --overwrite would delete what
            robustlab has not written.
        FileNotFoundError: If there is nothing to resume.
    """
    folder, place = settings.output, settings.place
    if place.resume and place.overwrite:
        raise ValueError("--resume continues a run and --overwrite replaces it: give one of them")
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"the output {str(folder)!r} is a file; give a folder with --output")
    if place.resume:
        _check_same(settings, record)
    elif folder.exists() and any(folder.iterdir()):
        if not place.overwrite:
            raise FileExistsError(
                f"the output folder {str(folder)!r} is not empty: continue its run with --resume, replace it with "
                "--overwrite, or choose another with --output"
            )
        if not (folder / record).is_file():
            raise FileExistsError(
                f"--overwrite replaces earlier runs only, and {str(folder)!r} holds no {record}: choose another folder"
            )


def _check_same(settings: Kept, record: str) -> None:
    file = settings.output / record
    if not file.is_file():
        raise FileNotFoundError(f"nothing to resume: {str(settings.output)!r} holds no {record}")
    try:
        before = json.loads(file.read_text())["settings"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{file} cannot be read; start anew with --overwrite") from None
    now = plain(settings)
    for name in now.keys() | before.keys():
        if name not in MAY_CHANGE and before.get(name) != now.get(name):
            was, differs = _difference(before.get(name), now.get(name), name)
            raise ValueError(f"cannot resume {str(settings.output)!r} with other settings: {differs}; it was {was}")


def _difference(before: Any, now: Any, name: str) -> tuple[Any, str]:
    if isinstance(before, dict) and isinstance(now, dict):
        name = next(key for key in now if before.get(key) != now[key])
        before, now = before.get(name), now[name]
    return before, f"{name.replace('_', ' ')} is {now}"


def make(settings: Kept) -> Path:
    """Make the folder, empty if it is to be replaced, and make sure that it can be written to.

    Raises: OSError: If it cannot.
    """
    folder = settings.output
    if settings.place.overwrite and folder.exists():
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(2**16))
    except OSError as error:
        raise OSError(f"cannot write to the output folder {str(folder)!r}: {error.strerror or error}") from error
    return folder


def prepare(settings: Kept, parameters: int) -> Path:
    """Make the folder, and make sure that it can be written to and that the run fits.

    Raises: OSError: If it cannot be written to, or the disk has too little room.
    """
    folder = make(settings)
    if settings.place.resume:
        discard_incomplete(folder / CHECKPOINTS)
    held = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())  # by the run to resume
    needed, free = 4 * parameters * COPIES - held, shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(
            f"the disk of {str(folder)!r} has {free / 1e9:.1f} GB free, and the run needs about {needed / 1e9:.1f} GB "
            "for its checkpoints: free some, or choose another folder with --output"
        )
    return folder


def training(settings: Kept) -> dict[str, Any]:
    """What the trainer is told about the folder of its run: where checkpoints go, whether to go on, whom to report to.

    Returns: Arguments `output`, `resume` and `report_to` of `robustlab.training.fit` and `pretrain`.
    """
    place, checkpoints = settings.place, settings.output / CHECKPOINTS
    return {
        "output": checkpoints,
        "resume": place.resume and any(checkpoints.glob("checkpoint-*")),
        "report_to": [name for name in place.report_to if name != "none"],
    }


@contextmanager
def going_on(folder: Path) -> Iterator[None]:
    """Say how to go on where a file of the run cannot be written.

    Raises: OSError: Names the file, the reason and the way on.
    """
    try:
        yield
    except Exception as error:  # what is raised differs from writer to writer
        problem = str(error) if isinstance(error, CheckpointError) else explain(error, folder)
        if problem is None:
            raise
        raise OSError(f"{problem}; make room, then give the same command with --resume to go on") from error


def write(folder: Path, record: Mapping[str, Any], name: str = RECORD) -> None:
    """Write the record of a run, all of it or nothing."""
    unfinished = folder / f"{name}.part"
    unfinished.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    unfinished.replace(folder / name)


def plain(settings: Kept) -> dict[str, Any]:
    """The settings as JSON has them."""
    return json.loads(json.dumps(asdict(settings), default=str))


def provenance(*further: str) -> dict[str, Any]:
    """What this ran on: versions, also of further packages, and the commit where the package is a git checkout."""
    packages = ("torch", "transformers", "datasets", "accelerate", *further)
    return {
        "robustlab": robustlab.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def _commit() -> str | None:
    top = Path(robustlab.__file__).resolve().parents[1]
    if not (top / ".git").exists():
        return None
    command = ["git", "-C", str(top), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None
