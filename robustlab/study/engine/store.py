"""Where rows are kept: one file a row, named by what its numbers depend on.

    STORE/rows/STUDY/KEY.json        a finished cell
    STORE/failed/STUDY/KEY.json      why a cell failed; KEY.ipynb beside it is its notebook as far as it came
    STORE/locks/KEY.lock             held by the process that makes the row

A row is written whole or not at all, so that killed runs leave nothing to clear away, and two stores are merged by
copying files.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from robustlab.study.engine.grid import Cell

Row = dict[str, Any]
VARIABLE = "ROBUSTLAB_STORE"
REQUIRED = ("key", "code", "cell", "metrics")


class Damaged(NamedTuple):
    """A file that holds no row, and why."""

    file: Path
    why: str


class Merged(NamedTuple):
    """What a merge did.

    Attributes:
        added: Rows that were not here.
        present: Rows that were here with the same numbers.
        differing: Rows that were here with other numbers: both are kept, the one that was here counts.
        damaged: Files that hold no row, left where they are.
    """

    added: int
    present: int
    differing: list[str]
    damaged: list[Damaged]


def default_folder() -> Path:
    """Where the store is if nobody says otherwise: ROBUSTLAB_STORE, or the user's data folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "robustlab" / "store"


def key(cell: Cell, code: str) -> str:
    """The name of a cell's row.

    Args:
        cell: Its parameters, with study, profile and seed.
        code: Digest of the code that its numbers depend on.
    """
    text = json.dumps({"cell": dict(cell), "code": code}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Store:
    """A folder of rows.

    Args:
        folder: Made when the first row is put into it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, study: str, name: str) -> Path:
        """Where a row is."""
        return self.folder / "rows" / study / f"{name}.json"

    def failure(self, study: str, name: str) -> Path:
        """Where it stands why a cell failed; the notebook beside it has the same name."""
        return self.folder / "failed" / study / f"{name}.json"

    def get(self, study: str, name: str) -> Row | None:
        """A row, or None if it is not here or its file is damaged."""
        found = _load(self.file(study, name))
        return found if isinstance(found, dict) else None

    def put(self, row: Mapping[str, Any]) -> None:
        """Keep a row, on disk before the call returns; that its cell once failed is forgotten.

        Raises: ValueError: If it lacks what every row has, or holds what is not JSON.
        """
        lacking = [name for name in REQUIRED if name not in row]
        if lacking:
            raise ValueError(f"a row needs {', '.join(REQUIRED)}; this one lacks {', '.join(lacking)}")
        study = row["cell"]["study"]
        for left in self.file(study, row["key"]).parent.glob(f".{row['key']}-*.part"):  # of a process that was killed
            left.unlink(missing_ok=True)
        write(self.file(study, row["key"]), row)
        for left in (self.failure(study, row["key"]), self.failure(study, row["key"]).with_suffix(".ipynb")):
            left.unlink(missing_ok=True)

    def rows(self, study: str) -> tuple[list[Row], list[Damaged]]:
        """All rows of a study, in the order of their names, and the files that hold none."""
        found, damaged = [], []
        for file in sorted((self.folder / "rows" / study).glob("*.json")):
            loaded = _load(file)
            if isinstance(loaded, dict):
                found.append(loaded)
            else:
                damaged.append(Damaged(file, str(loaded)))
        return found, damaged

    def failures(self, study: str) -> dict[str, Row]:
        """Why cells failed, by their names."""
        files = sorted((self.folder / "failed" / study).glob("*.json"))
        loaded = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
        return {name: told for name, told in loaded.items() if not self.file(study, name).is_file()}

    def studies(self) -> list[str]:
        """Names of the studies that have rows here."""
        return sorted(folder.name for folder in (self.folder / "rows").glob("*") if folder.is_dir())

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Be the one process that makes a row; another one waits until this one is done or dead."""
        with self._lock(name):
            yield

    def locked(self, name: str) -> bool:
        """Whether a living process makes the row."""
        if not (self.folder / "locks" / f"{name}.lock").is_file():
            return False
        try:
            with self._lock(name).acquire(timeout=0):
                return False
        except Timeout:
            return True

    def _lock(self, name: str) -> FileLock:
        folder = self.folder / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / f"{name}.lock")

    def merge(self, other: Store) -> Merged:
        """Take over what another store has and this one lacks. Nothing that is here is changed or lost.

        Raises: ValueError: If there is no store in the other folder.
        """
        if not (other.folder / "rows").is_dir():
            raise ValueError(f"{other.folder} is no store: it has no folder `rows`")
        added, present, differing, damaged = 0, 0, [], []
        for study in other.studies():
            rows, broken = other.rows(study)
            damaged += broken
            for row in rows:
                mine = self.get(study, row["key"])
                if mine is None:
                    self.put(row)
                    added += 1
                elif mine["metrics"] == row["metrics"]:
                    present += 1
                else:
                    differing.append(row["key"])
                    write(self.folder / "differing" / study / f"{row['key']}-{_digest(row)}.json", row)
        return Merged(added, present, differing, damaged)


def write(file: Path, value: Mapping[str, Any]) -> None:
    """Write JSON so that the file holds all of it or is not there, whenever the process dies.

    Raises: ValueError: If the value is not JSON.
    """
    try:
        text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{file.name}: a row holds numbers, texts, lists and mappings of these: {error}") from error
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=file.parent, prefix=f".{file.stem}-", suffix=".part")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(unfinished, file)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _load(file: Path) -> Row | str | None:
    """A row, None where there is no file, or in words what is wrong with it."""
    if not file.is_file():
        return None
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        return f"not JSON, cut off perhaps: {error}"
    if not isinstance(row, dict) or any(name not in row for name in REQUIRED):
        return f"expected a row with {', '.join(REQUIRED)}"
    if row["key"] != file.stem or key(row["cell"], row["code"]) != row["key"]:
        return "its name does not fit its cell and code"
    return row


def _digest(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row["metrics"], sort_keys=True).encode()).hexdigest()[:8]
