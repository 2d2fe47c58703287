"""What the book keeps of the reasoning studies: the start of seed 0, trained once, and the rows."""

from __future__ import annotations

from pathlib import Path

from robustlab.models.reasoner import Reasoner
from robustlab.study.compare import FOLDER

START = FOLDER / "reasoning" / "start"


def recorded_start(folder: Path = START) -> Reasoner:
    """The laptop profile's start of seed 0, which chapters and the smoke profile go on from.

    Its weights are kept in half precision (`record`) and read in single.

    Raises: FileNotFoundError: If the book's sources are not here.
    """
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder} holds no recorded start: it comes with the book's sources, not the package")
    return Reasoner.load(folder)


def record(cached: Path, folder: Path = START) -> None:
    """Keep a start of a study's cache in the book, in half precision."""
    reasoner = Reasoner.load(cached)
    reasoner.model.half()
    folder.mkdir(parents=True, exist_ok=True)
    reasoner.save(folder)
