"""`robustlab reason study`: what is missing is run, what is there is kept, and all of it is shown."""

import json
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from robustlab.cli.reason import study as command
from robustlab.study.reasoning import protocol
from robustlab.study.reasoning.cells import cells

VALUES = {"clean_accuracy": 0.9, "consistency": 0.8, "robust_accuracy": 0.7}


@pytest.fixture
def made(monkeypatch):
    """Cells whose rows are written down without any training."""
    ran = []

    def row(cell, protocol, paper, encoder, folder, *, progress):
        ran.append((cell.seed, cell.method, cell.inference))
        more = {"worst_case_accuracy": 0.5 + cell.seed / 10, "counterfactual_accuracy": None}
        return asdict(cell) | {"profile": protocol.name} | VALUES | more

    monkeypatch.setattr(command, "run_cell", row)
    monkeypatch.setattr(command, "exam", lambda protocol: None)
    monkeypatch.setattr(command, "external_encoder", lambda: None)
    return ran


def test_what_is_missing_is_run_and_what_is_there_is_kept(run, made, tmp_path):
    file = tmp_path / "rows" / "ratio.jsonl"
    given = ("reason", "study", "ratio", "--results", file, "--seeds", "1,0")
    shown = run(*given).stdout
    assert "ratio, profile smoke: 14 cells to run" in shown
    assert len(made) == len(file.read_text().splitlines()) == len(cells("ratio", [0, 1]))
    before = file.read_bytes()
    assert "0 cells to run" in run(*given).stdout
    assert file.read_bytes() == before
    file.write_bytes(before[: before.rfind(b"{") + 20])  # the last row was cut off
    run(*given)
    assert len(made) == 15
    assert len(json.loads(run(*given, "--json").stdout)) == 14


def test_what_will_run_is_said_before_it_runs(run, made, monkeypatch, tmp_path):
    hours = iter(range(0, 3600 * 1000, 3600))
    monkeypatch.setattr(command, "time", SimpleNamespace(monotonic=lambda: next(hours)))  # an hour a cell
    shown = run("reason", "study", "ratio", "--results", tmp_path / "rows.jsonl", "--profile", "laptop").stdout
    before, _, after = shown.partition("[1/21]")
    used = protocol.profile("laptop")
    assert "21 cells to run" in before
    assert "seeds     0, 1, 2" in before
    assert f"taught {used.start_steps} steps on up to {used.start_sentences} sentences" in before
    assert f"{used.examples} documents of {used.sentences} sentences out of {used.pool}" in before
    assert f"{used.documents} documents; of each {used.draws} x ambiguity, redundancy, connection" in before
    assert f"Adversarial Sensitivity of {used.sensitive} documents, {used.steps} steps" in before
    assert "; about 20 h left" in after.splitlines()[0]
    assert "left" not in next(line for line in after.splitlines() if line.startswith("[21/21]"))


@pytest.mark.parametrize(
    ("took", "cells", "said"),
    [([10.0], 3, "30 s"), ([50.0, 70.0], 2, "2 min"), ([119.0], 1, "119 s"), ([600.0, 1200.0], 12, "3 h")],
)
def test_the_time_left_is_that_of_the_mean_cell(took, cells, said):
    assert command.time_left(took, cells) == said


def test_the_table_has_a_line_for_each_cell_over_its_seeds(run, made, tmp_path):
    given = ("reason", "study", "ratio", "--results", tmp_path / "rows.jsonl", "--seeds", "0,1")
    shown = run(*given, "--only", "self-negative").stdout
    lines = [line.split("│")[1:-1] for line in shown.splitlines() if line.startswith("│")]
    assert [line[0].strip() for line in lines] == ["0.1", "0.2", "0.3", "0.4", "0.5", "1"]
    assert [cell.strip() for cell in lines[0][1:]] == ["90.0 ± 0.0", "80.0 ± 0.0", "70.0 ± 0.0", "55.0 ± 7.1", "–", "2"]


def test_an_interrupted_study_keeps_its_rows(run, made, interrupted, monkeypatch, tmp_path):
    whole = command.run_cell

    def cut(cell, *arguments, **named):
        if cell.share == 0.3:
            raise KeyboardInterrupt
        return whole(cell, *arguments, **named)

    given = ("reason", "study", "ratio", "--results", tmp_path / "rows.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(command, "run_cell", cut)
        assert "give the same command to go on; 3 of 7 cells are in" in interrupted(*given)
    assert "4 cells to run" in run(*given).stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("rato",), "unknown study 'rato': did you mean 'ratio'?"),
        (("ratio", "--profile", "lapop"), "unknown profile 'lapop': did you mean 'laptop'?"),
        (("ratio", "--seeds", "0;1"), "--seeds must be whole numbers with commas between them, got '0;1'"),
        (("ratio", "--only", "cat"), "--only 'cat' is not in ratio: expected one of standard, greedy, self-negative"),
        (("ratio", "--threads", "0"), "--threads must be at least 1, got 0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(refuse, made, tmp_path, options, message):
    assert message in refuse("reason", "study", *options, "--results", tmp_path / "rows.jsonl")
    assert not made
    assert not (tmp_path / "rows.jsonl").exists()


def test_a_broken_row_is_named(refuse, made, tmp_path):
    (tmp_path / "rows.jsonl").write_text("{}\nnonsense\n{}\n")
    message = refuse("reason", "study", "ratio", "--results", tmp_path / "rows.jsonl")
    assert "rows.jsonl, line 2: expected a JSON object" in message


@pytest.mark.slow
def test_two_cells_for_real(run, tmp_path):
    given = ("reason", "study", "ratio", "--results", tmp_path / "rows.jsonl", "--cache", tmp_path / "starts")
    rows = json.loads(run(*given, "--json").stdout)
    assert len(rows) == 7
    assert all(0 <= row["robust_accuracy"] <= 1 for row in rows)
