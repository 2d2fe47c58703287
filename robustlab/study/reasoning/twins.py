"""Cells of different studies that are the same run: its row is copied, not made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from robustlab.study import rows
from robustlab.study.reasoning.cells import Cell
from robustlab.study.reasoning.protocol import Protocol


def twin(results: Path, cell: Cell, protocol: Protocol) -> dict[str, Any] | None:
    """The row of the same training, way to answer and protocol in another study's file of the same folder, if any."""
    own = _decides(asdict(cell), protocol)
    for path in sorted(results.parent.glob("*.jsonl")):
        for row in rows.read(path):
            measured = set(row.get("sensitivity_at", ()))
            if (
                row.get("protocol") == _plain(protocol)
                and _decides(row, protocol) == own
                and ("sensitivity_at" not in row or measured >= set(cell.measured_at))
            ):
                return row | {"study": cell.study, "batch_size": cell.batch_size, "made_for": row["study"]}
    return None


def _decides(row: Mapping[str, Any], protocol: Protocol) -> tuple[Any, ...]:
    size = row.get("batch_size") or protocol.batch_size
    return (
        size,
        *(row.get(name) for name in ("seed", "method", "share", "kappa", "invariance", "data", "site", "inference")),
    )


def _plain(protocol: Protocol) -> dict[str, Any]:
    return json.loads(json.dumps(asdict(protocol)))
