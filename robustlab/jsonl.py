"""Rows in a JSON-lines file: appended whole, so that a killed run leaves whole rows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def read(file: Path) -> list[dict[str, Any]]:
    """The rows of a file; none where there is no file.

    Raises:
        ValueError: If a line is not a JSON object; names the file and the line.
    """
    if not file.is_file() or not file.stat().st_size:
        return []
    rows = []
    # Not splitlines(), which also cuts at the line separators that a text may hold.
    for number, line in enumerate(file.read_text(encoding="utf-8").removesuffix("\n").split("\n"), start=1):
        try:
            rows.append(dict(json.loads(line)))
        except (json.JSONDecodeError, TypeError, ValueError) as error:
            raise ValueError(
                f"{file}, line {number}: expected a JSON object; remove the line to run it again"
            ) from error
    return rows


def append(file: Path, row: Mapping[str, Any]) -> None:
    """Add a row in one write, on disk before the call returns: a killed run leaves whole rows only."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, _line(row).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write all rows anew: the file holds the old ones or the new ones, never a part of them."""
    unfinished = file.with_name(file.name + ".part")
    unfinished.write_text("".join(_line(row) for row in rows), encoding="utf-8")
    unfinished.replace(file)


def mend(file: Path) -> None:
    """Cut off a last line that was not written to its end, as a full disk or a power cut leaves it."""
    held = file.read_bytes() if file.is_file() else b""
    if held and not held.endswith(b"\n"):
        with file.open("r+b") as opened:
            opened.truncate(held.rfind(b"\n") + 1)


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), sort_keys=True, ensure_ascii=False) + "\n"
