"""Rows of finished runs in a JSON-lines file: appended whole, never rewritten, with where they came from."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "numpy")


def read(file: Path) -> list[dict[str, Any]]:
    """The rows of a file; none where there is no file.

    Raises:
        ValueError: If a line is not a JSON object; names the file and the line.
    """
    if not file.is_file():
        return []
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
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
    line = json.dumps(dict(row), sort_keys=True, ensure_ascii=False) + "\n"
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def encode(correct: Iterable[bool]) -> str:
    """Which examples were right, as hexadecimal digits, the first example in the highest bit."""
    bits = "".join(str(int(bit)) for bit in correct)
    return f"{int(bits, 2):0{-(-len(bits) // 4)}x}"


def decode(mask: str, n: int) -> np.ndarray:
    """Which of `n` examples were right.

    Raises: ValueError: If the digits hold another number of examples.
    """
    bits = f"{int(mask, 16):0{n}b}"
    if len(bits) != n or len(mask) != -(-n // 4):
        raise ValueError(f"expected {-(-n // 4)} hexadecimal digits for {n} examples, got {mask!r}")
    return np.array([bit == "1" for bit in bits])


def provenance(device: str) -> dict[str, Any]:
    """When, where and with which versions a row was made."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "device": f"{device} ({platform.machine()}, {os.cpu_count()} cores)",
        "python": platform.python_version(),
        "commit": _commit(),
        "versions": {package: version(package) for package in PACKAGES},
    }


def _commit() -> str | None:
    here = Path(__file__).parent
    try:
        out = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=here,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return out.stdout.strip()
