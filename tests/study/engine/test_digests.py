"""Prose reruns nothing; code reruns what depends on it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import robustlab
from robustlab.study.engine import digests
from tests.study.engine import sample

PACKAGE = Path(robustlab.__file__).parent
IMPORTING = "from robustlab.ascent import directions\ndef measure(cell): return {}\n"


def of(folder: Path, **parts: str) -> str:
    sample.write(folder, **parts)
    return digests.of_notebook(folder / "sample.ipynb")


def test_prose_comments_docstrings_and_layout_do_not_count(tmp_path):
    plain = of(tmp_path, measure="def measure(cell):\n    return {'value': 1}\n")
    assert of(tmp_path, measure="def measure(cell):\n    return {'value': 1}\n", prose="Other words.") == plain
    told = 'def measure(cell):  # why\n    """What it does."""\n\n    return {"value":   1}\n'
    assert of(tmp_path, measure=told) == plain


def test_code_counts_up_to_the_measuring_cell_and_not_behind_it(tmp_path):
    plain = of(tmp_path, measure="def measure(cell):\n    return {'value': 1}\n")
    assert of(tmp_path, measure="def measure(cell):\n    return {'value': 2}\n") != plain
    assert of(tmp_path, measure="def measure(cell):\n    return {'value': 1}\n", shown="draw(rows)") == plain


def test_defaults_of_parameters_do_not_count(tmp_path):
    sample.write(tmp_path)
    plain = digests.of_notebook(tmp_path / "sample.ipynb")
    notebook = nbformat.read(tmp_path / "sample.ipynb", as_version=4)
    notebook.cells[1].source = notebook.cells[1].source.replace("smoke", "laptop")
    nbformat.write(notebook, tmp_path / "sample.ipynb")
    assert digests.of_notebook(tmp_path / "sample.ipynb") == plain


@pytest.mark.parametrize(
    ("file", "old", "new", "same"),
    [
        ("ascent/directions.py", "from __future__", "# a remark\nfrom __future__", True),
        ("ascent/directions.py", "keepdim=True", "keepdim=False", False),
        ("landscape/base.py", "class Path(", "class Path(object, ", False),  # imported by what is imported
        ("study/catalogue.py", "_ALL", "_EVERY", True),
        ("study/engine/store.py", "REQUIRED = (", "REQUIRED = ('commit', ", True),
        ("cli/train.py", "import", "import json\nimport", True),  # not imported
    ],
)
def test_the_package_counts_as_far_as_it_is_imported(tmp_path, file, old, new, same):
    shutil.copytree(PACKAGE, tmp_path / "robustlab", ignore=shutil.ignore_patterns("__pycache__"))
    sample.write(tmp_path, measure=IMPORTING)
    before = elsewhere(tmp_path)
    changed = tmp_path / "robustlab" / file
    text = changed.read_text()
    assert old in text
    changed.write_text(text.replace(old, new, 1))
    assert (elsewhere(tmp_path) == before) is same


def elsewhere(folder: Path) -> str:
    """The digest as a process finds it that has the folder's copy of the package."""
    told = "from pathlib import Path; from robustlab.study.engine import digests, grid; import robustlab; "
    told += f"assert robustlab.__file__.startswith({str(folder)!r}); "
    told += f"print(digests.of_notebook(Path({str(folder / 'sample.ipynb')!r})))"
    done = subprocess.run(
        [sys.executable, "-c", told], env={**os.environ, "PYTHONPATH": str(folder)}, cwd=folder, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_relative_and_late_imports_are_followed():
    found = digests.closure(["robustlab.ascent"])
    assert {"robustlab", "robustlab.ascent", "robustlab.ascent.directions", "robustlab.landscape.base"} <= set(found)
    assert not any(name.startswith("robustlab.cli") for name in found)


@pytest.mark.parametrize("tags", [[], ["rows", "rows"]])
def test_one_cell_measures(tmp_path, tags):
    notebook = sample.notebook()
    for cell in notebook.cells:
        cell.metadata["tags"] = []
    for cell, tag in zip(notebook.cells, tags, strict=False):
        cell.metadata["tags"] = [tag]
    with pytest.raises(ValueError, match=f"expected one cell with the tag 'rows', found {len(tags)}: tag the cell"):
        digests.measuring(notebook)


def test_what_is_no_python_is_named(tmp_path):
    with pytest.raises(ValueError, match="sample.ipynb, a code cell, line 1: expected plain Python"):
        of(tmp_path, measure="%timeit x")
