"""`robustlab study merge`: the rows of another machine, taken over."""

from __future__ import annotations

from pathlib import Path

from robustlab.cli import reporting
from robustlab.cli.study.wanted import folder
from robustlab.study.engine.store import Store


def run(other: Path, store: Path | None, *, as_json: bool) -> None:
    """Run the command.

    Raises: ValueError: If one of the two is no store, or they are the same.
    """
    here, there = folder(store), other.expanduser().resolve()
    if here == there:
        raise ValueError(f"{here} cannot be merged into itself")
    merged = Store(here).merge(Store(there))
    if as_json:
        told = merged._asdict() | {"damaged": [{"file": str(one.file), "why": one.why} for one in merged.damaged]}
        reporting.as_json_to_stdout(told)
        return
    reporting.say(f"{merged.added} rows taken over, {merged.present} were here already; the store is {here}")
    if merged.differing:
        reporting.say(
            f"{len(merged.differing)} cells have other numbers there: ours count, theirs are in {here / 'differing'}"
        )
    for one in merged.damaged:
        reporting.say(f"damaged and left out: {one.file}: {one.why}")
