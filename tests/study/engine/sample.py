"""A study of a few cells that take no time, in a folder of its own: what the tests of the engine run."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from robustlab.study.engine.grid import Scale, Study

DEFAULTS = {"number": 0, "power": 2}
SCALES = {"smoke": Scale(blocks=[{"number": [1, 2, 3]}], seeds=(0, 1), minutes=0.1)}
MEASURE = """
import os, time
def measure(cell):
    time.sleep(float(os.environ.get("SAMPLE_SECONDS", "0")))
    if cell["number"] == int(os.environ.get("SAMPLE_FAILS", "-1")) and cell["seed"] == 0:
        raise FloatingPointError("the loss was not finite")
    return {"value": cell["number"] ** cell["power"] + cell["seed"]}
"""
CATALOGUE = """
from pathlib import Path
from robustlab.study.engine.grid import Scale, Study
STUDIES = [
    Study(
        name="sample", shows="powers of small numbers", notebook=Path(__file__).with_name("sample.ipynb"),
        defaults={defaults!r}, scales={{"smoke": Scale(blocks=[{{"number": [1, 2, 3]}}], seeds=(0, 1), minutes=0.1)}},
    )
]
"""


def notebook(
    measure: str = MEASURE, prose: str = "What powers are.", shown: str = "len(rows)"
) -> nbformat.NotebookNode:
    """The notebook of the study."""
    parameters = 'profile = "smoke"\ncell = None\nstore = None\ncatalogue = None'
    begin = "from robustlab.study.engine.here import study\n"
    begin += 'here = study("sample", profile=profile, cell=cell, store=store, catalogue=catalogue)\n'
    made = new_notebook(
        cells=[
            new_markdown_cell(prose),
            new_code_cell(parameters, metadata={"tags": ["parameters"]}),
            new_code_cell(measure),
            new_code_cell(begin + "rows = here.rows(measure)", metadata={"tags": ["rows"]}),
            new_code_cell(shown),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    return made


def write(folder: Path, **parts: str) -> Path:
    """Put notebook and catalogue into a folder; the catalogue's file."""
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(**parts), folder / "sample.ipynb")
    file = folder / "studies.py"
    file.write_text(CATALOGUE.format(defaults=DEFAULTS))
    return file


def study(folder: Path) -> Study:
    """The study of a folder."""
    return Study(
        name="sample", shows="powers of small numbers", notebook=folder / "sample.ipynb", defaults=DEFAULTS,
        scales=SCALES,
    )  # fmt: skip
