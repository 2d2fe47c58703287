"""Run the cells of the study: pre-train, fine-tune, attack, write the row.

    python -m robustlab.study.glue.run --profile laptop --results book/results/glue/laptop.jsonl --data-dir DATA

Rows that the results file holds are not made again, so that the command can be killed and repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from robustlab import jsonl
from robustlab.study import rows
from robustlab.study.attacking import check_attack
from robustlab.study.fine_tuning import fine_tuned, reaching
from robustlab.study.glue.cells import PRETRAININGS, Cell, cells
from robustlab.study.glue.encoders import start
from robustlab.study.glue.protocol import Protocol, profile
from robustlab.study.measuring import BUILT_IN, measured

CACHE = Path.home() / ".cache" / "robustlab" / "glue"
DESCRIBED = ("plan", "before", "after", "pretrain_seconds", "pretrain_cpu_seconds")


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
    encoder = start(protocol, cell.pretraining, cell.seed, cache, folder=folder, device=device, progress=progress)
    loaded, told = fine_tuned(
        str(encoder.folder), cell.task, reaching(cell.finetuning, protocol.sizes.reach), cell.seed, protocol.sizes,
        folder=folder, device=device, progress=progress,
    )  # fmt: skip
    row = asdict(cell) | {"name": cell.name, "profile": protocol.name, "model": protocol.model}
    row["sizes"] = asdict(protocol.sizes)
    row["encoder"] = {name: encoder.told[name] for name in DESCRIBED}
    told["reach"] = protocol.sizes.reach
    return row | told | measured(loaded, cell.task, protocol.sizes, folder=folder)


def missing(
    results: Path, protocol: Protocol, seeds: Sequence[int], only: str | None = None, task: str | None = None
) -> Iterator[Cell]:
    """The cells that the results file lacks, of one pre-training and one task if these are given."""
    done = rows.read(results)
    for cell in cells(seeds, protocol.tasks, protocol.whole):
        wanted = asdict(cell) | {"profile": protocol.name}
        asked = only in (None, cell.pretraining) and task in (None, cell.task)
        if asked and not any(all(row.get(name) == value for name, value in wanted.items()) for row in done):
            yield cell


def main(
    results: Annotated[Path, typer.Option(help="JSON-lines file of rows; those that it holds are kept.")],
    profile_name: Annotated[str, typer.Option("--profile", help="smoke, laptop or gpu.")] = "smoke",
    seeds: Annotated[str | None, typer.Option(help="Comma-separated; the profile's where not given.")] = None,
    only: Annotated[str | None, typer.Option(help=f"Only this one of {', '.join(PRETRAININGS)}.")] = None,
    task: Annotated[str | None, typer.Option(help="Only this task.")] = None,
    cache: Annotated[Path, typer.Option(help="Folder of the encoders that cells start from.")] = CACHE,
    data_dir: Annotated[Path | None, typer.Option(help="Data folder; else ROBUSTLAB_DATA.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu to stay off an accelerator.")] = None,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
    progress: Annotated[bool, typer.Option(help="Show a bar for each training.")] = True,
) -> None:
    """Run what is missing of the study."""
    torch.set_num_threads(threads)
    protocol = profile(profile_name)
    chosen = [int(seed) for seed in seeds.split(",")] if seeds else list(protocol.seeds)
    if only is not None and only not in PRETRAININGS:
        raise typer.BadParameter(f"--only {only!r}: expected one of {', '.join(PRETRAININGS)}")
    jsonl.mend(results)
    check_attack(protocol.sizes.recipe, certified=protocol.tasks == (BUILT_IN,))
    todo = list(missing(results, protocol, chosen, only, task))
    typer.echo(f"profile {protocol.name}: {len(todo)} cells to run")
    for number, cell in enumerate(todo, start=1):
        row = run(cell, protocol, cache, folder=data_dir, device=device, progress=progress)
        rows.append(results, row | rows.provenance(device or ("cuda" if torch.cuda.is_available() else "cpu")))
        summary = row["summary"]
        clean, robust = (summary[name]["value"] for name in ("clean_accuracy", "robust_accuracy"))
        typer.echo(
            f"[{number}/{len(todo)}] seed {cell.seed}, {cell.task}, {cell.pretraining}, {cell.finetuning}: "
            f"clean {clean:.3f}, robust {robust:.3f}"
        )


if __name__ == "__main__":
    typer.run(main)
