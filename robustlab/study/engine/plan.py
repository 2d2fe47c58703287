"""What is to be done of a study: its cells, and where each one stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from robustlab.study.engine import digests
from robustlab.study.engine.grid import Cell, Scalar, Study
from robustlab.study.engine.store import Damaged, Row, Store, key

DONE, FAILED, RUNNING, MISSING = "done", "failed", "running", "missing"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One cell and where it stands.

    Attributes:
        cell: Its parameters.
        key: Its name in the store.
        state: done, failed, running or missing.
        row: What was measured, where it is done.
        failure: Why it failed, where it did.
    """

    cell: Cell
    key: str
    state: str
    row: Row | None = None
    failure: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All cells of a study at a profile.

    Attributes:
        study: The study.
        profile: smoke, laptop or gpu.
        standings: Cell by cell.
        stale: Rows of these very cells that other code made.
        damaged: Files of the study that hold no row.
    """

    study: Study
    profile: str
    standings: Sequence[Standing]
    stale: Sequence[Row]
    damaged: Sequence[Damaged]

    def count(self) -> Counter[str]:
        """Cells by state."""
        return Counter(standing.state for standing in self.standings)

    def todo(self, *, retry: bool = False) -> list[Standing]:
        """Cells that have no row; those that failed only if they shall be tried again."""
        wanted = (MISSING, RUNNING, FAILED) if retry else (MISSING, RUNNING)
        return [standing for standing in self.standings if standing.state in wanted]

    def minutes(self) -> float:
        """That a cell takes: the mean of the rows that there are, of other code if need be, else the estimate."""
        rows = [standing.row for standing in self.standings if standing.row is not None] or self.stale
        if not rows:
            return self.study.scale(self.profile).minutes
        return fmean(row["seconds"] for row in rows) / 60


def plan(
    study: Study,
    profile: str,
    store: Store,
    *,
    seeds: Sequence[int] | None = None,
    given: Mapping[str, Sequence[Scalar]] | None = None,
) -> Plan:
    """Look up where every cell stands.

    Raises: ValueError: If the profile, a parameter or the notebook is wrong.
    """
    cells = study.cells(profile, seeds=seeds, given=given)
    code = digests.of_notebook(study.notebook)
    rows, damaged = store.rows(study.name)
    here, failures = {row["key"]: row for row in rows}, store.failures(study.name)
    standings = []
    for cell in cells:
        name = key(cell, code)
        row, failure = here.get(name), failures.get(name)
        state = DONE if row else RUNNING if store.locked(name) else FAILED if failure else MISSING
        standings.append(Standing(cell=cell, key=name, state=state, row=row, failure=failure))
    wanted = {tuple(sorted(cell.items(), key=str)) for cell in cells}
    stale = [row for row in rows if row["code"] != code and tuple(sorted(row["cell"].items(), key=str)) in wanted]
    return Plan(study=study, profile=profile, standings=standings, stale=stale, damaged=damaged)
