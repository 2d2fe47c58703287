"""What the build does to notebooks: keys, merging of outputs, cleaning.

python tools/notebooks.py clean FILE…               strip execution metadata in place
python tools/notebooks.py execute SOURCE LOG OUT    run a chapter; LOG keeps what ran if it fails
python tools/notebooks.py refresh FILE…             execute chapters in place and clean them
"""

import hashlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = ROOT / "notebooks"
# What a cell may compute with besides its own code: the package, the recorded rows, the versions.
INPUTS = ("robustlab/**/*", "book/results/**/*", "constraints.txt")
KEPT_NOTEBOOK_METADATA = ("kernelspec", "language_info")
ADDRESS = re.compile(r" at 0x[0-9a-f]+>")
STYLED = re.compile(r"T_[0-9a-f]{5}(?![0-9a-f])")


def chapters() -> list[Path]:
    """Every committed chapter, in a fixed order."""
    return sorted(path for path in CHAPTERS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def read(path: Path) -> NotebookNode:
    """Read a notebook as format 4."""
    return nbformat.read(path, as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that compute."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def package_digest() -> str:
    """Hash what chapters compute with, by content: touching a file is not a change."""
    digest = hashlib.sha256()
    files = {path for pattern in INPUTS for path in ROOT.glob(pattern)}
    for path in sorted(files):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def key(path: Path, package: str) -> str:
    """Hash a chapter's code and `package`; its prose does not count."""
    digest = hashlib.sha256(package.encode())
    for cell in code_cells(read(path)):
        digest.update(b"\0" + cell.source.encode())
    return digest.hexdigest()


def merge(source: NotebookNode, executed: NotebookNode) -> NotebookNode:
    """Return the chapter's present prose with the outputs of its executed copy.

    Raises: ValueError: If the copy was executed from other code.
    """
    mine, theirs = code_cells(source), code_cells(executed)
    if [cell.source for cell in mine] != [cell.source for cell in theirs]:
        raise ValueError("the executed copy holds other code than the chapter; run `make book` again")
    for cell, done in zip(mine, theirs, strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    return source


def clean(notebook: NotebookNode) -> NotebookNode:
    """Drop what differs from run to run: papermill's and the kernel's timings, counts, empty fields."""
    notebook.metadata = NotebookNode({k: v for k, v in notebook.metadata.items() if k in KEPT_NOTEBOOK_METADATA})
    notebook.metadata.kernelspec = NotebookNode(display_name="Python 3", language="python", name="python3")
    notebook.metadata.language_info = NotebookNode(name="python")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        tags = cell.metadata.get("tags")
        cell.metadata = NotebookNode({"tags": tags} if tags else {})
    for number, cell in enumerate(code_cells(notebook), start=1):
        cell.execution_count = number
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
            if "data" in output:
                output.data = NotebookNode({kind: _settled(shown, number) for kind, shown in output.data.items()})
        cell.outputs = _joined(cell.outputs)
    return notebook


def _settled(shown: Any, cell: int) -> Any:
    """Without the addresses of objects, and with the names that pandas draws for styled tables numbered."""
    if not isinstance(shown, str):
        return shown
    names = {name: f"T_{cell:03d}{place:02d}" for place, name in enumerate(dict.fromkeys(STYLED.findall(shown)))}
    return STYLED.sub(lambda found: names[found.group()], ADDRESS.sub(">", shown))


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Prints that follow each other as one: where a stream is cut depends on how fast it was read."""
    found: list[NotebookNode] = []
    for output in outputs:
        last = found[-1] if found else NotebookNode()
        if output.output_type == "stream" == last.get("output_type") and output.name == last.name:
            last.text += output.text
        else:
            found.append(output)
    return found


def execute(source: Path, log: Path, output: Path) -> None:
    """Run `source` in its own folder; `log` is written as it goes, `output` only when all went well.

    Raises: SystemExit: If a cell fails; the message names the partial notebook.
    """
    name, start = source.relative_to(CHAPTERS).as_posix(), time.monotonic()
    print(f"book: executing {name}", flush=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "papermill", str(source), str(log), "--cwd", str(source.parent), "-k", "python3"]
    single = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "HF_HUB_OFFLINE": "1"}
    command += ["--no-progress-bar", "--log-level", "ERROR", "--execution-timeout", "600"]
    done = subprocess.run(command, env={**os.environ, **single}, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        error = done.stderr.rpartition("PapermillExecutionError")[2]
        sys.exit(f"{error}\nbook: {name} failed; the cells that ran, and the error, are in {log}")
    output.write_bytes(log.read_bytes())
    print(f"book: executed {name} in {time.monotonic() - start:.0f} s", flush=True)


def refresh(paths: list[Path]) -> None:
    """Execute chapters and put their outputs into the committed files, cleaned."""
    for path in paths:
        path = path.resolve()
        copy = ROOT / "_build" / "refreshed" / path.relative_to(CHAPTERS)
        execute(path, copy.with_suffix(".partial.ipynb"), copy)
        nbformat.write(clean(merge(read(path), read(copy))), path)
        print(f"refresh: wrote {path.relative_to(ROOT)}", flush=True)


def main(arguments: list[str]) -> None:
    """Dispatch the three commands of the module's docstring."""
    match arguments:
        case ["clean", *files]:
            for path in map(Path, files):
                nbformat.write(clean(read(path)), path)
        case ["execute", source, log, output]:
            execute(Path(source).resolve(), Path(log).resolve(), Path(output).resolve())
        case ["refresh", *files]:
            refresh([Path(file) for file in files] or chapters())
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
