"""What a study's notebook sees: its cells, and their rows, of which those that are missing are made.

    here = study("step-size", profile=profile, seeds=seeds, cell=cell, store=store)
    rows = here.rows(measure)

The same lines serve a reader who runs the notebook, who gets every row, and a batch run, which gives one cell.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustlab.study import rows as recorded
from robustlab.study.engine import digests, parameters
from robustlab.study.engine.finding import find
from robustlab.study.engine.grid import Cell, Scalar, Study
from robustlab.study.engine.store import Row, Store, default_folder, key, write

Measure = Callable[[dict[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Here:
    """A study in a notebook.

    Attributes:
        study: Its grids and its notebook.
        cells: That are wanted.
        store: Where their rows are.
        code: Digest of what the rows depend on.
    """

    study: Study
    cells: Sequence[Cell]
    store: Store
    code: str

    def rows(self, measure: Measure, *, progress: bool = False) -> list[Row]:
        """The rows of the cells: those that the store has, and those that `measure` makes now.

        Args:
            measure: From a cell's parameters to numbers, texts, lists and mappings of these.
            progress: Show a bar on stderr.

        Raises: RuntimeError: If cells failed: after the others have been made and kept, with the first error as cause.
        """
        failed: list[tuple[Cell, Exception]] = []
        for cell in _bar(self.cells, progress=progress):
            try:
                self.row(cell, measure)
            except Exception as error:
                failed.append((cell, error))
        if failed:
            cell, error = failed[0]
            raise RuntimeError(f"{len(failed)} of {len(self.cells)} cells failed, first {spelled(cell)}") from error
        return [row for cell in self.cells if (row := self.store.get(self.study.name, key(cell, self.code)))]

    def row(self, cell: Cell, measure: Measure) -> Row:
        """One cell's row, made if it is missing; if that fails, the store says why."""
        name = key(cell, self.code)
        with self.store.lock(name):
            row = self.store.get(self.study.name, name)
            if row is not None:
                return row
            began, own = time.perf_counter(), time.process_time()
            try:
                metrics = dict(measure(dict(cell)))
                seconds = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - own}
                made = {"key": name, "code": self.code, "cell": dict(cell), "metrics": metrics}
                row = made | {name: round(value, 2) for name, value in seconds.items()} | recorded.provenance(_device())
                self.store.put(row)
            except Exception as error:
                told = {"key": name, "code": self.code, "cell": dict(cell), "error": f"{type(error).__name__}: {error}"}
                told["traceback"] = traceback.format_exc()
                write(self.store.failure(self.study.name, name), told)
                raise
        return row


def study(
    name: str,
    *,
    profile: str,
    seeds: Sequence[int] | None = None,
    given: Mapping[str, Sequence[Scalar]] | None = None,
    cell: Cell | str | None = None,
    store: str | Path | None = None,
    catalogue: str | None = None,
) -> Here:
    """A study as its notebook sees it.

    Args:
        name: In the catalogue.
        profile: smoke, laptop or gpu.
        seeds: In place of the profile's.
        given: Values of parameters in place of the profile's.
        cell: The one cell that is wanted, as a mapping or as JSON: what a batch run gives. What it leaves out has the
            study's default, and the profile's first seed.
        store: Folder of the rows; else ROBUSTLAB_STORE, else the user's data folder.
        catalogue: File with further studies.

    Raises: ValueError: If there is no such study, profile or parameter.
    """
    found = find(name, catalogue)
    parameters.check_injected(found.notebook)
    if cell is None:
        cells = found.cells(profile, seeds=seeds, given=given)
    else:
        cells = [found.cell(profile, json.loads(cell) if isinstance(cell, str) else cell)]
    folder = default_folder() if store is None else Path(store).expanduser()
    return Here(study=found, cells=cells, store=Store(folder), code=digests.of_notebook(found.notebook))


def spelled(cell: Cell) -> str:
    """A cell in a line: what it varies, without the study's name."""
    return ", ".join(f"{name} {value}" for name, value in cell.items() if name not in ("study", "profile"))


def _device() -> str:
    torch = sys.modules.get("torch")  # a study that does without it is not made to wait for it
    return "cuda" if torch is not None and torch.cuda.is_available() else "cpu"


def _bar(cells: Sequence[Cell], *, progress: bool) -> Any:
    from tqdm import tqdm

    return tqdm(cells, unit="cell", disable=not progress)
