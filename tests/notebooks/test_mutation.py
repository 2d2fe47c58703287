"""The check of the chapters' outputs notices a changed loss."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

# Runs first in the kernel: the training and the attacks then see another loss than the one in the book.
MUTATION = """\
import torch.nn.functional as F
_original = F.cross_entropy
F.cross_entropy = lambda *args, **options: 1.25 * _original(*args, **options)
"""
DIFFERS = "mismatch"
CHAPTER = "notebooks/adaptive/taylor.ipynb"


def check(notebook: Path, root: Path) -> subprocess.CompletedProcess:
    """Run nbval on one notebook as `make test` does, with this repository's package."""
    arguments = ["-q", "-m", "", "-p", "no:cacheprovider", "--rootdir", str(notebook.parent), "-c", os.devnull]
    arguments += ["--nbval-lax", "--nbval-sanitize-with", str(root / "notebooks/sanitize.cfg"), str(notebook)]
    paths = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths.rstrip(os.pathsep)}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=notebook.parent, env=environment, capture_output=True, text=True)


def copy(chapter: Path, folder: Path, prologue: str = "") -> Path:
    """Copy a chapter, with `prologue` put before its first line of code."""
    notebook = nbformat.read(chapter, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.source = prologue + first.source
    target = folder / chapter.name
    nbformat.write(notebook, target)
    return target


@pytest.fixture
def chapter(root: Path) -> Path:
    path = root / CHAPTER
    if not path.is_file():
        pytest.skip(f"{CHAPTER} is not there")
    return path


@pytest.mark.slow  # `make test` runs nbval on the chapter itself
def test_the_chapter_passes_as_it_is(chapter: Path, root: Path, tmp_path: Path) -> None:
    done = check(copy(chapter, tmp_path), root)
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_mutated_loss_fails(chapter: Path, root: Path, tmp_path: Path) -> None:
    done = check(copy(chapter, tmp_path, MUTATION), root)
    assert done.returncode == 1, done.stdout[-3000:]
    assert DIFFERS in done.stdout


def small(folder: Path, printed: str) -> Path:
    """A notebook whose only checked cell prints a loss of 0.693, stored as `printed`."""
    code = "import torch, torch.nn.functional as F\n"
    code += "print(f'loss={F.cross_entropy(torch.zeros(1, 2), torch.tensor([0])).item():.3f}')"
    output = nbformat.v4.new_output("stream", name="stdout", text=printed)
    cell = nbformat.v4.new_code_cell(
        code, outputs=[output], execution_count=1, metadata={"tags": ["nbval-check-output"]}
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "small.ipynb")
    return folder / "small.ipynb"


def test_the_check_compares_what_was_printed(root: Path, tmp_path: Path) -> None:
    assert check(small(tmp_path, "loss=0.693\n"), root).returncode == 0
    done = check(small(tmp_path, "loss=0.694\n"), root)
    assert done.returncode == 1
    assert DIFFERS in done.stdout


def test_the_mutation_reaches_the_loss(root: Path, tmp_path: Path) -> None:
    good = small(tmp_path, "loss=0.693\n")
    (tmp_path / "mutated").mkdir()
    done = check(copy(good, tmp_path / "mutated", MUTATION), root)
    assert done.returncode == 1
    assert DIFFERS in done.stdout
