"""Rows of finished runs: which examples were right, and where a row came from; read and appended as JSON lines."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from robustlab.jsonl import append, read

__all__ = ["append", "decode", "encode", "provenance", "read"]

PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "numpy")


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
