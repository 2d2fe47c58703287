"""A chapter shows recorded rows, or runs the study that it is asked for, once."""

from dataclasses import replace

from robustlab.evaluation.reasoning.encoders import hashed_ngrams
from robustlab.study import rows
from robustlab.study.reasoning import shown
from robustlab.study.reasoning.cells import Cell
from robustlab.study.reasoning.protocol import PROFILES
from tests.study.reasoning.rows import row


def test_smoke_shows_the_recorded_rows_of_the_laptop(tmp_path):
    (tmp_path / "reasoning").mkdir()
    results = tmp_path / "reasoning" / "ratio.jsonl"
    for profile in ("laptop", "gpu"):
        rows.append(results, row(Cell(study="ratio", seed=0)) | {"profile": profile})
    (found,) = shown.rows_of("ratio", "smoke", folder=tmp_path)
    assert found["profile"] == "laptop"
    assert shown.rows_of("batch", "smoke", folder=tmp_path) == []


def test_a_larger_profile_runs_the_study_once(tmp_path, monkeypatch):
    tiny = replace(
        PROFILES["smoke"], name="tiny", sentences=5, start_steps=4, pool=8, examples=4, documents=2, sensitive=2,
        batch_size=4, steps=1,
    )  # fmt: skip
    monkeypatch.setattr(shown, "profile", lambda name: tiny)
    monkeypatch.setattr(shown.run, "external_encoder", hashed_ngrams)
    monkeypatch.setattr(shown.run.starts, "VOCABULARY", 40)
    monkeypatch.setattr(shown.run.starts, "HELD_OUT", 4)
    grid = [Cell(study="ratio", seed=0, method="standard"), Cell(study="ratio", seed=0, share=0.5)]
    monkeypatch.setattr(shown.run, "cells", lambda study, seeds: grid)
    found = shown.rows_of("ratio", "tiny", cache=tmp_path)
    assert [(one["method"], one["share"]) for one in found] == [("standard", 1.0), ("self-negative", 0.5)]
    monkeypatch.setattr(shown.run, "run", None)
    assert shown.rows_of("ratio", "tiny", cache=tmp_path) == found
    assert "2 runs, seeds 0" in shown.provenance(found)


def test_nothing_recorded_is_said():
    assert "nothing yet" in shown.provenance([])
