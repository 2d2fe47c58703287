"""Whole runs, by Snakemake and papermill, of cells that take no time."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

from robustlab.study.engine import running
from robustlab.study.engine.plan import Plan
from robustlab.study.engine.store import Store
from tests.study.engine import sample


@pytest.fixture
def order(tmp_path):
    catalogue = sample.write(tmp_path / "study")
    return running.Order(study="sample", profile="smoke", store=tmp_path / "store", catalogue=str(catalogue))


def run(order: running.Order, workers: int = 2) -> Plan:
    return running.run(order, sample.study(Path(order.catalogue).parent), workers, lambda _: None)


def test_one_cell_that_fails_does_not_stop_the_others_and_is_told(order, monkeypatch):
    monkeypatch.setenv("SAMPLE_FAILS", "2")
    plan = run(order)
    assert plan.count() == {"done": 5, "failed": 1}
    (failed,) = [one for one in plan.standings if one.state == "failed"]
    assert (failed.cell["seed"], failed.cell["number"]) == (0, 2)
    assert failed.failure["error"] == "FloatingPointError: the loss was not finite"
    assert "raise FloatingPointError" in failed.failure["traceback"]
    partial = nbformat.read(Store(order.store).failure("sample", failed.key).with_suffix(".ipynb"), as_version=4)
    assert any(output.output_type == "error" for cell in partial.cells for output in cell.get("outputs", ()))
    assert "len(rows)" not in "".join(cell.source for cell in partial.cells)  # what shows rows is not run for a cell
    assert {
        (one.cell["number"], one.cell["seed"], one.row["metrics"]["value"]) for one in plan.standings if one.row
    } == {(number, seed, number**2 + seed) for number in (1, 2, 3) for seed in (0, 1)} - {(2, 0, 4)}

    def called(*_args, **_options):
        raise AssertionError("nothing is left to run")

    monkeypatch.setattr(running.subprocess, "Popen", called)
    began = time.monotonic()
    assert run(order).count() == {"done": 5, "failed": 1}
    assert time.monotonic() - began < 5


def test_a_failed_cell_is_tried_again_if_asked_and_when_its_code_changes(order, monkeypatch):
    folder = Path(order.catalogue).parent
    given = {"number": [2]}
    broken = running.Order(**{**vars(order), "given": given, "seeds": [0]})
    monkeypatch.setenv("SAMPLE_FAILS", "2")
    assert run(broken).count() == {"failed": 1}
    sample.write(folder, measure=sample.MEASURE.replace("SAMPLE_FAILS", "SAMPLE_FAILS_NOT"))
    assert broken.looked_up(sample.study(folder)).count() == {"missing": 1}
    sample.write(folder)
    monkeypatch.delenv("SAMPLE_FAILS")
    assert broken.looked_up(sample.study(folder)).count() == {"failed": 1}
    retried = running.Order(**{**vars(broken), "retry": True})
    assert run(retried).count() == {"done": 1}
    assert Store(order.store).failures("sample") == {}


@pytest.mark.slow
def test_runs_that_were_killed_at_any_moment_end_in_the_same_store(order, tmp_path):
    """Three times -9, to everything at once as a node that dies; then the run is given to its end."""
    whole = running.Order(**{**vars(order), "store": tmp_path / "whole"})
    assert run(whole).count() == {"done": 6}
    moments = random.Random(0)
    told = {**vars(order), "store": str(order.store)}
    script = (
        "import json, sys; from pathlib import Path; from robustlab.study.engine import running, finding\n"
        f"told = json.loads({json.dumps(json.dumps(told))}); told['store'] = Path(told['store'])\n"
        "order = running.Order(**told)\n"
        "running.run(order, finding.find(order.study, order.catalogue), 2, lambda _: None)"
    )
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
        time.sleep(moments.uniform(4, 16))
        everything = descendants(process.pid)
        for one in everything:
            kill(one)
        process.wait()
    assert run(order).count() == {"done": 6}
    assert rows(order.store) == rows(whole.store)
    left = [file for file in (order.store / "rows").rglob("*") if file.is_file() and file.suffix != ".json"]
    assert left == []


def rows(store: Path) -> dict[str, object]:
    return {row["key"]: row["metrics"] for row in Store(store).rows("sample")[0]}


def descendants(root: int) -> list[int]:
    """A process and all that it started, whatever sessions they are in."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [root]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def test_one_worker_at_least(order):
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        run(order, workers=0)
