"""Make the row of one cell: run the study's notebook, up to the cell that measures, by papermill.

    python -m robustlab.study.engine.executing STUDY --cell '{"study": …}' --store FOLDER

Does nothing where the row is there already. Where the notebook fails it stays, as far as it came, beside the error.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from filelock import FileLock, Timeout

from robustlab.study.engine import digests, parameters
from robustlab.study.engine.finding import find
from robustlab.study.engine.grid import Cell, Study
from robustlab.study.engine.store import Store, default_folder, key, write

NO_TIME_LIMIT = None
KERNEL = "python3"
DEVICES, DEVICE = Path("/dev"), "nvidia[0-9]*"  # looked up without torch, which takes seconds to import
WAIT = 1.0  # seconds between two looks for a free GPU


def execute(study: Study, cell: Cell, store: Store, *, catalogue: str | None = None) -> bool:
    """Run a cell's notebook; whether its row is in the store afterwards."""
    name = key(cell, digests.of_notebook(study.notebook))
    if store.get(study.name, name) is not None:
        return True
    parameters.check_declared(study.notebook, (*parameters.NEEDED, *(() if catalogue is None else ("catalogue",))))
    failure = store.failure(study.name, name)
    partial = failure.with_suffix(".ipynb")
    partial.parent.mkdir(parents=True, exist_ok=True)
    failure.unlink(missing_ok=True)
    given = {"profile": cell["profile"], "cell": json.dumps(dict(cell)), "store": str(store.folder.resolve())}
    try:
        _papermill(study, partial, given | ({} if catalogue is None else {"catalogue": catalogue}))
    except Exception as error:  # whatever a notebook may raise, and a kernel that died
        if store.get(study.name, name) is not None:
            return True
        if not failure.is_file():  # the notebook failed before its row was begun
            told = {"key": name, "cell": dict(cell), "error": f"{type(error).__name__}: {_last(error)}"}
            write(failure, told | {"traceback": str(error)})
        return False
    partial.unlink(missing_ok=True)
    if store.get(study.name, name) is None:
        told = "the notebook ran and made no row: does its measuring cell use the parameters cell and store?"
        write(failure, {"key": name, "cell": dict(cell), "error": told, "traceback": ""})
        return False
    return True


def _papermill(study: Study, partial: Path, parameters: dict[str, Any]) -> None:
    import nbformat
    import papermill

    notebook = nbformat.read(study.notebook, as_version=4)
    notebook.cells = digests.measuring(notebook)
    begun = partial.with_suffix(".begun.ipynb")
    nbformat.write(notebook, begun)
    try:
        papermill.execute_notebook(
            begun,
            partial,
            parameters=parameters,
            kernel_name=KERNEL,
            language="python",
            cwd=study.notebook.parent,
            progress_bar=False,
            execution_timeout=NO_TIME_LIMIT,
        )
    finally:
        begun.unlink(missing_ok=True)


def _last(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else ""


def gpus() -> list[int]:
    """Numbers of this machine's GPUs."""
    return sorted(int(file.name.removeprefix("nvidia")) for file in DEVICES.glob(DEVICE))


@contextmanager
def gpu(folder: Path) -> Iterator[int | None]:
    """Hold one GPU that no other cell of this machine holds; nothing where there is none, or one was chosen before.

    Args:
        folder: Of the locks, the same for all cells of the machine.
    """
    numbers = [] if "CUDA_VISIBLE_DEVICES" in os.environ else gpus()
    if not numbers:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    locks = {number: FileLock(folder / f"gpu-{platform.node()}-{number}.lock") for number in numbers}
    while (held := _first_free(locks)) is None:
        time.sleep(WAIT)
    os.environ["CUDA_VISIBLE_DEVICES"] = str(held)
    try:
        yield held
    finally:
        locks[held].release()
        del os.environ["CUDA_VISIBLE_DEVICES"]


def _first_free(locks: Mapping[int, FileLock]) -> int | None:
    for number, lock in locks.items():
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return number
    return None


def main(
    study: Annotated[str, typer.Argument(help="Its name.")],
    cell: Annotated[str, typer.Option(help="Parameters as JSON, with study, profile and seed.")],
    store: Annotated[Path | None, typer.Option(help="Folder of the rows.")] = None,
    catalogue: Annotated[str | None, typer.Option(help="File with further studies.")] = None,
) -> None:
    """Make the row of one cell."""
    kept = Store(store or default_folder())
    with gpu(kept.folder / "locks"):
        done = execute(find(study, catalogue), json.loads(cell), kept, catalogue=catalogue)
    sys.exit(0 if done else 1)


if __name__ == "__main__":
    typer.run(main)
