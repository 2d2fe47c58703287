"""The rows that a chapter shows: the recorded ones, or the whole study, run here where a larger profile is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from robustlab.jsonl import append, read
from robustlab.study import compare, rows
from robustlab.study.reasoning import run
from robustlab.study.reasoning.exam import exam
from robustlab.study.reasoning.protocol import profile
from robustlab.study.reasoning.twins import twin
from robustlab.study.recorded import listed, nothing, origin

Row = Mapping[str, Any]
RECORDED = "laptop"
"""Profile of the rows that chapters show when they are read, and not run."""


def rows_of(study: str, name: str, *, folder: Path | None = None, cache: Path = run.CACHE) -> list[dict[str, Any]]:
    """The rows of a study: at "smoke" the recorded ones, at any other profile those of this machine, made if missing.

    Args:
        study: A name of `cells.GRIDS`.
        name: Of the profile.
        folder: Of the recorded rows; the book's where not given.
        cache: Where starts and finished rows are kept, so that a chapter that was cut off goes on.
    """
    if name == "smoke":
        return [row for row in compare.recorded(f"reasoning/{study}", folder) if row["profile"] == RECORDED]
    protocol, results = profile(name), cache / "rows" / f"{study}-{name}.jsonl"
    todo = list(run.missing(results, study, protocol, protocol.seeds, None))
    if todo:
        paper, encoder = exam(protocol), run.external_encoder()
        for cell in todo:
            row = twin(results, cell, protocol)
            if row is None:
                row = run.run(cell, protocol, paper, encoder, cache, progress=False) | rows.provenance("cpu")
            append(results, row)
    return [row for row in read(results) if row["profile"] == name]


def provenance(found: Sequence[Row]) -> str:
    """When, where and with what the rows were made, as Markdown."""
    if not found:
        return nothing("book/results/reasoning/")
    protocol = found[0]["protocol"]
    return (
        f"{origin(found)}: {len(found)} runs, seeds {listed(found, 'seed')}. Each goes on from the start "
        f"of its seed over {protocol['examples']} documents of "
        f"{protocol['sentences']} sentences, and answers {found[0]['documents']} others and their variants."
    )
