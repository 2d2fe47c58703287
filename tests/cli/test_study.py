"""`robustlab study`: what it says and refuses; that it runs cells is tested with the engine."""

import json
import subprocess
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from robustlab.cli import app
from robustlab.cli.study import run as command
from robustlab.study.engine import plan as planning
from robustlab.study.engine.store import Store, write
from tests.study.engine import sample


@pytest.fixture
def folder(tmp_path):
    sample.write(tmp_path)
    return tmp_path


@pytest.fixture
def study(folder):
    def call(*arguments, code=0):
        given = [str(one) for one in arguments]
        if given[0] != "merge":
            given += ["--catalogue", str(folder / "studies.py")]
        done = CliRunner().invoke(app, ["study", *given, "--store", str(folder / "store")])
        assert done.exit_code == code, done.output
        return done

    return call


@pytest.fixture
def rows(folder):
    """Some rows in the store; which is told by seed and number."""

    def put(wanted, store=folder / "store", value=None):
        kept = Store(store)
        for one in planning.plan(sample.study(folder), "smoke", kept).standings:
            seed, number = one.cell["seed"], one.cell["number"]
            if (seed, number) in wanted:
                metrics = {"value": number**2 + seed if value is None else value}
                code = {"key": one.key, "code": digest(folder), "cell": one.cell, "metrics": metrics, "seconds": 60.0}
                kept.put(code)

    return put


def digest(folder):
    from robustlab.study.engine import digests

    return digests.of_notebook(folder / "sample.ipynb")


def test_the_list_says_what_there_is_and_what_a_cell_costs(study, rows):
    rows({(0, 1), (0, 2)})
    told = {one["name"]: one for one in json.loads(study("list", "--json").stdout)}
    assert told["sample"]["profiles"] == {"smoke": {"cells": 6, "done": 2, "minutes_a_cell": 1.0, "needs": ""}}
    assert set(told["glue-drop"]["profiles"]) == {"smoke", "laptop", "gpu"}
    assert "2/6, 60 s" in study("list").stdout


def test_a_dry_run_says_what_would_run_and_runs_nothing(study, rows, folder, monkeypatch):
    monkeypatch.setattr(command.running, "run", None)
    rows({(0, 1), (0, 2)})
    told = study("run", "sample", "--dry-run", "-j", "2").stdout
    assert "6 cells, 2 done, 4 missing" in told
    assert "to run: 4, 2 at a time, about 2 min; the store is" in told


def test_nothing_left_to_run_is_said(study, rows, monkeypatch):
    monkeypatch.setattr(command.running, "run", None)
    rows({(seed, number) for seed in (0, 1) for number in (1, 2, 3)})
    assert "6 cells, 6 done" in study("run", "sample").stdout


def test_failures_are_listed_with_their_notebook(study, rows, folder):
    rows({(0, 1)})
    store = Store(folder / "store")
    failed = planning.plan(sample.study(folder), "smoke", store).standings[1]
    write(store.failure("sample", failed.key), {"error": "FloatingPointError: the loss was not finite"})
    store.failure("sample", failed.key).with_suffix(".ipynb").write_text("{}")
    told = study("status", "sample").stdout
    assert "1 done, 1 failed, 4 missing" in told
    assert "failed: sample, seed 0, number 2, power 2: FloatingPointError: the loss was not finite" in told
    assert f"{failed.key}.ipynb" in told
    assert json.loads(study("status", "sample", "--json").stdout)[0]["failures"][0]["cell"]["number"] == 2
    assert "tried again with --retry" in study("run", "sample", "--dry-run").stdout
    lines = json.loads(study("collect", "sample", "--json").stdout)
    assert [line["state"] for line in lines].count("missing") == 4
    assert [line["error"] for line in lines if line["state"] == "failed"] == [
        "FloatingPointError: the loss was not finite"
    ]


def test_rows_are_collected_into_files(study, rows, folder):
    rows({(0, 1), (1, 3)})
    for name in ("rows.csv", "rows.parquet"):
        assert "2 done, 4 missing; 6 lines in" in study("collect", "sample", "--out", folder / name).stdout
        table = (pd.read_csv if name.endswith("csv") else pd.read_parquet)(folder / name)
        done = table[table.state == "done"]
        assert list(zip(done.seed, done.number, done.value, strict=True)) == [(0, 1, 1), (1, 3, 10)]
    assert "2 lines in" in study("collect", "sample", "--out", folder / "rows.jsonl").stdout
    assert json.loads((folder / "rows.jsonl").read_text().splitlines()[0])["value"] == 1
    assert (
        "a name that ends in .csv, .parquet, .jsonl" in study("collect", "sample", "--out", "rows.xls", code=2).stderr
    )


def test_rows_of_earlier_code_are_counted_and_taken_if_asked(study, rows, folder):
    rows({(0, 1)})
    sample.write(folder, measure=sample.MEASURE.replace('{"value": ', '{"value": 1 + '))
    assert "6 missing, 1 made by earlier code" in study("status", "sample").stdout
    states = [line["state"] for line in json.loads(study("collect", "sample", "--stale", "--json").stdout)]
    assert (states.count("stale"), states.count("missing")) == (1, 5)


def test_a_damaged_row_is_reported_and_counts_as_missing(study, rows, folder):
    rows({(0, 1), (0, 2)})
    first = next((folder / "store" / "rows" / "sample").iterdir())
    first.write_text(first.read_text()[:40])
    told = study("status", "sample").stdout
    assert "1 done, 5 missing, 1 damaged" in told
    assert "its cell counts as missing" in told
    assert "damaged and left out" in study("collect", "sample").stdout


def test_stores_are_merged(study, rows, folder):
    rows({(0, 1), (0, 2)})
    rows({(0, 2), (0, 3)}, store=folder / "other")
    rows({(0, 1)}, store=folder / "other", value=5)
    told = study("merge", folder / "other").stdout
    assert "1 rows taken over, 1 were here already" in told
    assert "1 cells have other numbers there: ours count" in told
    assert "3 done" in study("status", "sample").stdout
    assert "cannot be merged into itself" in study("merge", folder / "store", code=2).stderr
    assert "is no store" in study("merge", folder, code=2).stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("sampel",), "unknown study 'sampel': did you mean 'sample'?"),
        (("sample", "--profile", "laptop"), "sample has no profile 'laptop'"),
        (("sample", "--set", "nmber=2"), "unknown parameter of sample 'nmber': did you mean 'number'?"),
        (("sample", "--set", "number"), "expected name=value"),
        (("sample", "--set", "number=two"), "--set number=two: expected a value like 0, got 'two'"),
        (("sample", "--seeds", "0;1"), "--seeds must be whole numbers with commas between them"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(study, given, message, monkeypatch):
    monkeypatch.setattr(command.running, "run", None)
    assert message in study("run", *given, code=2).stderr


def test_a_catalogue_that_is_none_is_refused(folder):
    (folder / "empty.py").write_text("x = 1\n")
    for name, message in (("empty.py", "expected STUDIES"), ("none.py", "no catalogue")):
        done = CliRunner().invoke(app, ["study", "list", "--catalogue", str(folder / name)])
        assert done.exit_code == 2
        assert message in done.stderr
    (folder / "taken.py").write_text(sample.CATALOGUE.format(defaults=sample.DEFAULTS).replace('sample"', 'glue-drop"'))
    done = CliRunner().invoke(app, ["study", "list", "--catalogue", str(folder / "taken.py")])
    assert "glue-drop is in the catalogue already" in done.stderr


def test_looking_up_imports_nothing_heavy(folder):
    """So that a second call, which has nothing to do, says so at once."""
    told = "import sys; from robustlab.cli.study import list, run, status, merge; import robustlab.study.catalogue; "
    told += "print([name for name in ('torch', 'transformers', 'datasets', 'pandas') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
