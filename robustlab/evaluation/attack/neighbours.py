"""The published neighbour lists of the counter-fitted word vectors."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

from robustlab import resources


def listed() -> dict[str, list[str]]:
    """Word -> its nearest words by counter-fitted vectors, at most 8.

    Raises: MissingResourceError: If the lists are not on this machine.
    """
    return _read(resources.require("neighbours")["neighbours"])


@cache
def _read(path: Path) -> dict[str, list[str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        if path.name.removesuffix(".gz").endswith(".jsonl"):
            rows = (json.loads(line) for line in file)
            return {row["word"]: row["neighbors"] for row in rows}
        return json.load(file)
