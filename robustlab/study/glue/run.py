"""One cell of the study: pre-train, fine-tune, attack, and what a row says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from robustlab.study.attacking import check_attack
from robustlab.study.engine import digests
from robustlab.study.fine_tuning import fine_tuned, reaching
from robustlab.study.glue import encoders
from robustlab.study.glue.cells import Cell
from robustlab.study.glue.protocol import Protocol, profile
from robustlab.study.measuring import BUILT_IN, measured

CACHE = Path.home() / ".cache" / "robustlab" / "glue"
DESCRIBED = ("plan", "before", "after", "pretrain_seconds", "pretrain_cpu_seconds")


def measure(cell: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a cell as the catalogue has it.

    Encoders are kept between cells and runs, for as long as the code that makes them stays the same.

    Args:
        cell: Its profile, and the fields of `Cell`.
    """
    protocol = profile(cell["profile"])
    check_attack(protocol.sizes.recipe, certified=cell["task"] == BUILT_IN)
    made = Cell(**{field.name: cell[field.name] for field in fields(Cell)})
    return run(made, protocol, CACHE / digests.of_modules([encoders.__name__])[:12])


def run(
    cell: Cell,
    protocol: Protocol,
    cache: Path,
    *,
    folder: Path | None = None,
    device: str | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """One cell: its row, without provenance."""
    where: dict[str, Any] = {"folder": folder, "device": device, "progress": progress}
    encoder = encoders.start(protocol, cell.pretraining, cell.seed, cache, **where)
    loaded, told = fine_tuned(
        str(encoder.folder), cell.task, reaching(cell.finetuning, protocol.sizes.reach), cell.seed, protocol.sizes,
        **where,
    )  # fmt: skip
    row = asdict(cell) | {"name": cell.name, "profile": protocol.name, "model": protocol.model}
    row["sizes"] = asdict(protocol.sizes)
    row["encoder"] = {name: encoder.told[name] for name in DESCRIBED}
    told["reach"] = protocol.sizes.reach
    return row | told | measured(loaded, cell.task, protocol.sizes, folder=folder)
