"""What an attack run has left in its folder: its settings and its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

from robustlab.evaluation.attack.rows import Attacked, Outcome, from_plain, in_order

ROWS, SETTINGS = "examples.jsonl", "attack.json"
_HINTS = get_type_hints(Attacked)
_KINDS = {name: get_args(kind) or (kind,) for name, kind in _HINTS.items() if name != "outcome"}


def read_rows(run: Path) -> list[Attacked]:
    """The rows of an attack run, by their example's number.

    Args:
        run: Its folder, or its file of rows.

    Raises:
        FileNotFoundError: If there is no such folder or file, or the folder holds no rows.
        ValueError: If the file holds no rows, or a line is no attacked example; names the line.
    """
    file = run / ROWS if run.is_dir() else run
    if not file.is_file():
        told = f"the folder {str(run)!r} holds no {ROWS}" if run.is_dir() else f"there is no {str(run)!r}"
        raise FileNotFoundError(f"expected the folder of an attack run or its {ROWS}: {told}")
    rows = []
    for number, line in enumerate(file.read_bytes().split(b"\n"), start=1):
        if line.strip():
            try:
                rows.append(_row(json.loads(line.decode("utf-8"))))
            except ValueError as error:
                raise ValueError(f"{str(file)!r}, line {number}: {error}") from error
    if not rows:
        raise ValueError(f"{str(file)!r} holds no attacked example")
    return in_order(rows)


def read_settings(run: Path) -> dict[str, Any] | None:
    """The settings and provenance of an attack run, or None where none are beside its rows.

    Args:
        run: Its folder, or its file of rows.

    Raises: ValueError: If the file cannot be read.
    """
    file = (run if run.is_dir() else run.parent) / SETTINGS
    if not file.is_file():
        return None
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{str(file)!r} cannot be read: {error}") from error
    if not isinstance(settings, dict):
        raise ValueError(f"{str(file)!r} cannot be read: expected settings by name")
    return settings


def setting(settings: Mapping[str, Any], name: str) -> Any:
    """A setting by its name, on top or within others, the outermost first; None where there is none."""
    level = [settings]
    while level:
        for one in level:
            if name in one:
                return one[name]
        level = [inner for one in level for inner in one.values() if isinstance(inner, Mapping)]
    return None


def _row(told: Any) -> Attacked:
    if not isinstance(told, dict):
        raise ValueError(f"expected an attacked example, got {type(told).__name__}")
    row = from_plain(told)
    if row.outcome not in get_args(Outcome):
        raise ValueError(f"expected the outcome to be one of {', '.join(get_args(Outcome))}, got {row.outcome!r}")
    for name, kinds in _KINDS.items():
        value = getattr(row, name)
        fits = isinstance(value, bool) == (kinds == (bool,)) and isinstance(value, (*kinds, *_whole(kinds)))
        if not fits:
            expected = " or ".join("none" if kind is type(None) else kind.__name__ for kind in kinds)
            raise ValueError(f"expected {name} to be {expected}, got {value!r}")
    return row


def _whole(kinds: tuple[type, ...]) -> tuple[type, ...]:
    return (int,) if float in kinds else ()  # JSON may have 1 for 1.0
