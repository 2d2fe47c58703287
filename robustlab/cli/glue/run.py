"""`robustlab glue-drop`: check everything, run what the results lack, and show one table."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import typer

from robustlab import jsonl
from robustlab.cli import device, reporting
from robustlab.cli.reporting import INTERRUPTED
from robustlab.study import rows
from robustlab.study.attacking import EXACT, check_attack
from robustlab.study.fine_tuning import Sizes, fine_tuned, reaching
from robustlab.study.glue.table import HEADINGS, Line, constants, lines, percent
from robustlab.study.measuring import BUILT_IN, check_data, check_method, check_task, measured

STUDY = "glue-drop command"
TINY_LEARNING_RATE = 1e-3
WEIGHTS = ("*.safetensors", "*.bin")


@dataclass(frozen=True)
class Learning:
    """How a model is fine-tuned."""

    limit: int | None
    warm: int
    epochs: int
    batch_size: int
    learning_rate: float | None
    max_length: int
    reach: float


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One command."""

    models: tuple[str, ...]
    tasks: tuple[str, ...]
    method: str
    seeds: str
    learning: Learning
    dev: int | None
    recipe: str | None
    examples: int
    data_dir: Path | None
    device: str | None
    results: Path

    @cached_property
    def numbers(self) -> list[int]:
        """The seeds.

        Raises: ValueError: If they are no whole numbers.
        """
        try:
            return sorted({int(one) for one in self.seeds.split(",")})
        except ValueError:
            raise ValueError(f"--seeds must be whole numbers with commas between them, got {self.seeds!r}") from None

    def sizes(self, model: str, task: str) -> Sizes:
        """How much a model is taught and asked."""
        given, plain = self.learning, Sizes()
        rate = given.learning_rate or (TINY_LEARNING_RATE if model == "tiny" else plain.learning_rate)
        return replace(
            plain,
            train=given.limit,
            warm=given.warm,
            epochs=given.epochs,
            batch_size=given.batch_size,
            learning_rate=rate,
            max_length=given.max_length,
            reach=given.reach,
            dev=self.dev,
            examples=self.examples,
            recipe=self.recipe or (EXACT if task == BUILT_IN else plain.recipe),
        )

    def wanted(self) -> Iterator[dict[str, Any]]:
        """What tells each row that this command is about from others."""
        for model in self.models:
            digest = _weights(model)
            for task in self.tasks:
                for seed in self.numbers:
                    known = {"study": STUDY, "model": model, "weights": digest, "task": task, "seed": seed}
                    sizes = asdict(self.sizes(model, task))
                    yield known | {"finetuning": self.method, "name": f"{model}, {self.method}", "sizes": sizes}


def _weights(model: str) -> str | None:
    """A fingerprint of a folder's weights: an encoder that was trained anew is another one."""
    folder = Path(model).expanduser()
    found = [file for pattern in WEIGHTS for file in sorted(folder.glob(pattern))] if folder.is_dir() else []
    digest = hashlib.blake2b(digest_size=8)
    for file in found:
        with file.open("rb") as opened:
            while part := opened.read(2**20):
                digest.update(part)
    return digest.hexdigest() if found else None


def run(asked: Asked, *, dry_run: bool, as_json: bool) -> None:
    """Run the command.

    Raises:
        ValueError: If a name, a number or a row of the results is wrong.
        OSError: If data, a model or a resource is missing, or a file cannot be read or written.
    """
    with reporting.quiet_stdout(as_json):
        chosen = _check(asked)
        file = asked.results.expanduser()
        jsonl.mend(file)
        every = list(asked.wanted())
        todo = [one for one in every if _row(file, one) is None]
        if not as_json:
            _tell(asked, todo, chosen)
        if not dry_run:
            _fill(asked, todo, file, chosen, progress=not as_json)
        found = [row for one in every if (row := _row(file, one)) is not None]
    if as_json:
        told = {"missing": todo} if dry_run else {"rows": found, "lines": [plain(line) for line in lines(found)]}
        reporting.as_json_to_stdout(told)
    elif not dry_run:
        show(found)


def _check(asked: Asked) -> str:
    """Refuse what would fail after hours, cheapest first; the device."""
    check_method(asked.method)
    rate = asked.learning.learning_rate
    if rate is not None and not (math.isfinite(rate) and rate > 0):
        raise ValueError(f"--learning-rate must be positive, got {rate}")
    if not (math.isfinite(asked.learning.reach) and asked.learning.reach > 0):
        raise ValueError(f"--reach must be positive, got {asked.learning.reach}")
    assert asked.numbers
    chosen = device.choose(asked.device)
    for task in asked.tasks:
        check_task(task)
        check_attack(asked.sizes("", task).recipe, certified=task == BUILT_IN)
    for model in asked.models:
        if Path(model).expanduser().is_dir() and not (Path(model).expanduser() / "config.json").is_file():
            raise FileNotFoundError(f"{model!r} holds no model: has its training finished?")
    for task in asked.tasks:
        check_data(task, asked.data_dir)
    return chosen


def _row(file: Path, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """The last row of a kind that the results hold."""
    fitting = (row for row in rows.read(file) if all(row.get(name) == value for name, value in wanted.items()))
    return next(iter(list(fitting)[::-1]), None)


def _tell(asked: Asked, todo: Sequence[Mapping[str, Any]], chosen: str) -> None:
    told = [
        [model, task, ", ".join(str(one["seed"]) for one in todo if (one["model"], one["task"]) == (model, task))]
        for model in asked.models
        for task in asked.tasks
    ]
    told = [[model, task, asked.sizes(model, task).recipe, seeds or "none"] for model, task, seeds in told]
    reporting.table(
        f"To run: {len(todo)} fine-tunings with {asked.method} on {chosen}, rows into {asked.results}",
        ["model", "task", "attack", "seeds to run"],
        told,
    )


def _fill(asked: Asked, todo: Sequence[Mapping[str, Any]], file: Path, chosen: str, *, progress: bool) -> None:
    for number, one in enumerate(todo, start=1):
        model, task, seed = one["model"], one["task"], one["seed"]
        sizes = asked.sizes(model, task)
        place = str(Path(model).expanduser()) if Path(model).expanduser().is_dir() else model
        try:
            make = reaching(asked.method, sizes.reach)
            loaded, told = fine_tuned(
                place, task, make, seed, sizes, folder=asked.data_dir, device=chosen, progress=progress
            )
            row = dict(one) | told | {"reach": sizes.reach} | measured(loaded, task, sizes, folder=asked.data_dir)
        except KeyboardInterrupt:
            typer.echo(
                f"\ninterrupted: give the same command to go on; {number - 1} of {len(todo)} rows are in {file}",
                err=True,
            )
            raise typer.Exit(INTERRUPTED) from None
        rows.append(file, row | rows.provenance(chosen))
        if progress:
            values = (row["summary"][name]["value"] for name in ("clean_accuracy", "robust_accuracy"))
            clean, robust = (reporting.percent(value) for value in values)
            reporting.say(f"[{number}/{len(todo)}] {model}, {task}, seed {seed}: clean {clean}, robust {robust}")


def plain(line: Line) -> dict[str, Any]:
    """A line as JSON has it."""
    drops = {name: one and one._asdict() for name, one in line.drop._asdict().items()}
    static = {name: one._asdict() for name, one in line.advglue.items()}
    return {"task": line.task, "name": line.name, "seeds": len(line.rows), "dev": line.dev._asdict()} | drops | static


def show(found: Sequence[Mapping[str, Any]]) -> None:
    """Print a line a task and model."""
    told = []
    every = lines(found)
    for line in every:
        static = [f"{kind.removeprefix('advglue-')} {percent(one)}" for kind, one in line.advglue.items()]
        cells = [percent(getattr(line.drop, name)) for name in HEADINGS]
        told.append([line.task, line.name, *cells, "\n".join(static) or "–", len(line.rows)])
    columns = ["task", "model", *HEADINGS.values(), "AdvGLUE %", "seeds"]
    reporting.table("What the attack takes", columns, told, numbers=(len(columns) - 1,))
    reporting.say(
        "Clean and robust accuracy are those of the attacked examples; intervals are over other examples, and other "
        "seeds where there are several. AdvGLUE's rows were not made against these models."
    )
    for line in every:
        if seeds := constants(line):
            reporting.say(
                f"{line.name} on {line.task}: the classifier gives one answer to everything (seed "
                f"{', '.join(map(str, seeds))}), so that its drop says nothing. Train longer or on more rows, or lower "
                "--reach."
            )
