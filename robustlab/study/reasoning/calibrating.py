"""What a radius costs: right answers lost at the negatives of every move and level, aimed by detectors or by chance.

    python -m robustlab.study.reasoning.calibrating --results book/results/reasoning/calibration.jsonl

Rows that the results file holds are not made again, so that the command can be killed and repeated.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
import torch
import typer

from robustlab.ascent.detectors import Detector, Passes
from robustlab.ascent.moves import Ascend, Interpolate, Move, ReplaceByMean, Swap
from robustlab.ascent.negative import Negative
from robustlab.ascent.outcomes import effect
from robustlab.ascent.units import relative_size, units_of
from robustlab.corpora import reasoning
from robustlab.corpora.documents import Document
from robustlab.landscape import GenerationLandscape
from robustlab.landscape.base import Landscape
from robustlab.levels import LEVELS
from robustlab.models.reasoner import Reasoner
from robustlab.randomness import ExampleGenerators, Randomness
from robustlab.study import rows
from robustlab.study.reasoning.detecting import ANSWER, CONTROL, batches, scores
from robustlab.typing import Offset, UnitScores

MOVES: Mapping[str, Move | Ascend] = MappingProxyType(
    {
        "swap": Swap(),
        "interpolate": Interpolate(),
        "replace by mean": ReplaceByMean(),
        "ascend": Ascend(steps=8, step_size=0.1),
    }
)
"""Name -> what the chosen sentences do."""

AIMS: Mapping[str, Mapping[str, Detector]] = MappingProxyType({"detectors": ANSWER, "chance": CONTROL})
"""Name -> what chooses the sentences, all with the same weight."""

SHARE = 0.1  # of a document's sentences that move first; further ones join where these do not reach κ
DOCUMENTS, SENTENCES = 200, 48
EXACT = 1e-5  # relative: a radius that is off by less is reached


class Cell(NamedTuple):
    """One operator: what chooses the sentences, what they do, and how far."""

    aim: str
    move: str
    level: str

    def operator(self, detectors: Mapping[Detector, float]) -> Negative:
        """The operator, which goes as far as it can where κ is out of reach."""
        kappa = LEVELS[self.level]
        return Negative(MOVES[self.move], kappa=kappa, share=SHARE, detectors=detectors, unreachable="nearest")


@dataclass(frozen=True, eq=False)
class Known:
    """Scores that were found before: all moves and levels choose the same sentences, which are asked for once.

    Attributes:
        by_example: Number of a document -> the sum of its sentences' standardised scores.
    """

    by_example: Mapping[int, np.ndarray]
    passes: ClassVar[Passes] = Passes(0)

    def __call__(self, landscape: Landscape, *, generator: Randomness = None) -> UnitScores:
        """Look the documents of the batch up."""
        examples = landscape.batch["example_id"].tolist()  # type: ignore[attr-defined]
        found = [torch.from_numpy(self.by_example[example]) for example in examples]
        return torch.nn.utils.rnn.pad_sequence(found, batch_first=True).to(landscape.mask)


def known(reasoner: Reasoner, documents: Sequence[Document], aim: str) -> Known:
    """What the detectors of an aim find in these documents."""
    found = scores(reasoner, documents, AIMS[aim])
    return Known({document.example_id: sum(one.values()) for document, one in zip(documents, found, strict=True)})  # type: ignore[arg-type]


CELLS = tuple(Cell(*parts) for parts in product(AIMS, MOVES, LEVELS))


def negative(operator: Negative, landscape: GenerationLandscape, *, seed: int = 0) -> Offset:
    """The offset of a batch's negatives; what is drawn depends on the seed and the document alone."""
    generator = ExampleGenerators(landscape.batch["example_id"].tolist(), seed, "calibration")
    return operator(landscape, generator=generator).end.detach()


def right(reasoner: Reasoner, documents: Sequence[Document], offset: Offset | None = None) -> list[bool]:
    """Which documents the model answers as the reference does, writing freely from the moved states."""
    found = reasoner.answer(documents, offset=offset)
    return [one.strip() == document.answer.strip() for one, document in zip(found, documents, strict=True)]


def measure(reasoner: Reasoner, documents: Sequence[Document], cell: Cell, aim: Known) -> dict[str, Any]:
    """The row of an operator, without provenance."""
    operator = cell.operator({aim: 1.0})
    kept: dict[str, list[Any]] = {name: [] for name in ("right", "kappa", "moved", "effect")}
    for some, landscape in batches(reasoner, documents):
        offset = negative(operator, landscape)
        units = units_of(landscape)
        kept["right"] += right(reasoner, some, offset)
        kept["kappa"] += relative_size(offset, landscape).tolist()
        kept["moved"] += (units.sums(offset.abs()).sum(-1).gt(0).sum(1) / units.number).tolist()
        with torch.no_grad():
            kept["effect"] += effect(landscape, landscape.logits(offset)).tolist()
    wanted = LEVELS[cell.level]
    return cell._asdict() | {
        "right": rows.encode(kept["right"]),
        "kappa": wanted,
        "kappa_reached": float(np.mean(kept["kappa"])),
        "reached": float(np.mean([kappa >= wanted * (1 - EXACT) for kappa in kept["kappa"]])),
        "largest_error": float(max((kappa / wanted - 1 for kappa in kept["kappa"]), default=0.0)),
        "moved": float(np.mean(kept["moved"])),
        "effect": [round(value, 4) for value in kept["effect"]],
    }


def run(
    reasoner: Reasoner, documents: Sequence[Document], results: Path, shared: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Make the rows that the file lacks, and give back all of them in order.

    Args:
        reasoner: The model.
        documents: The same for every cell.
        results: The file.
        shared: What else a row says and is known by, such as the number of sentences of a document.
    """
    shared = {**shared, "n": len(documents)}
    done = [row for row in rows.read(results) if all(row.get(name) == value for name, value in shared.items())]
    by_cell = {(row["aim"], row["move"], row["level"]): row for row in done}
    missing = {cell.aim for cell in CELLS if tuple(cell) not in by_cell}
    clean = rows.encode(right(reasoner, documents)) if missing else ""
    aims = {aim: known(reasoner, documents, aim) for aim in sorted(missing)}
    for cell in CELLS:
        row = by_cell.get(tuple(cell))
        if row is None:
            row = (
                measure(reasoner, documents, cell, aims[cell.aim]) | {**shared, "clean": clean} | rows.provenance("cpu")
            )
            rows.append(results, row)
            gc.collect()  # a landscape and its clean reading hold each other, and a reading is large
        yield row


def main(
    results: Annotated[Path, typer.Option(help="JSON-lines file of rows; those that it holds are kept.")],
    start: Annotated[Path, typer.Option(help="Folder of the model, as Reasoner.save writes it.")],
    documents: Annotated[int, typer.Option(help="Of the dev split.")] = DOCUMENTS,
    sentences: Annotated[int, typer.Option(help="Of a document.")] = SENTENCES,
) -> None:
    """Measure what is missing."""
    torch.set_num_threads(1)
    reasoner = Reasoner.load(start)
    asked = reasoning.load("dev", documents, sentences=sentences)
    shared = {"start": start.name, "sentences": sentences}
    for number, row in enumerate(run(reasoner, asked, results, shared), start=1):
        lost = rows.decode(row["clean"], row["n"]).mean() - rows.decode(row["right"], row["n"]).mean()
        typer.echo(f"[{number}/{len(CELLS)}] {row['aim']}, {row['move']}, {row['level']}: {100 * lost:.1f} points lost")


if __name__ == "__main__":
    typer.run(main)
