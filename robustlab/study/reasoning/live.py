"""Cells of a study from a start that is at hand: what a chapter trains while it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict
from typing import Any

from robustlab.evaluation.reasoning.encoders import Encoder
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning.cells import Cell
from robustlab.study.reasoning.exam import exam, take
from robustlab.study.reasoning.protocol import Protocol
from robustlab.study.reasoning.run import go_on
from robustlab.study.reasoning.ways import NULL_CONTROLS, WAYS


def from_start(
    start: Reasoner, cells: Sequence[Cell], protocol: Protocol, encoder: Encoder
) -> Iterator[dict[str, Any]]:
    """A row for each cell, as the study writes it but for its provenance; cells that share a training share its model.

    Args:
        start: What every training goes on from; it stays as it is.
        cells: Of a study.
        protocol: Of the trainings and of the exam.
        encoder: For Semantic Deviation.
    """
    paper, trained = exam(protocol), {}
    for cell in cells:
        if cell.training not in trained:
            trained[cell.training] = go_on(Reasoner(deepcopy(start.model), start.reader), cell, protocol)
        reasoner, told = trained[cell.training]
        answerer = WAYS[cell.inference](reasoner, start, protocol, cell.seed)
        latent = reasoner if cell.inference == "greedy" or cell.inference in NULL_CONTROLS else None
        row = asdict(cell) | {"profile": protocol.name, "protocol": asdict(protocol)} | told
        yield row | take(paper, answerer, latent, protocol, encoder, sites=cell.measured_at)
