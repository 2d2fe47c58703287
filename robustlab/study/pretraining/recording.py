"""Make the rows of a recorded study that its file does not hold yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
import typer

from robustlab.study import rows


def record(results: Path, forms: Iterable[str], seeds: str, measure: Callable[[str, int], dict[str, Any]]) -> None:
    """Append a row for each form and seed that the file lacks, seed by seed, on one thread.

    Args:
        results: A file of rows.
        forms: Names of what is trained.
        seeds: Comma-separated.
        measure: Makes a row, without where it comes from, of a form and a seed.
    """
    torch.set_num_threads(1)
    names = list(forms)
    known = {(row["form"], row["seed"]) for row in rows.read(results)}
    for seed in map(int, seeds.split(",")):
        for form in names:
            if (form, seed) not in known:
                rows.append(results, measure(form, seed) | rows.provenance("cpu"))
                typer.echo(f"{form}, seed {seed}")
