"""A study runs from its start to its rows, and a rerun makes only what is missing."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from robustlab.evaluation.reasoning.encoders import hashed_ngrams
from robustlab.evaluation.reasoning.sensitivity import sensitivity
from robustlab.landscape import GenerationLandscape, Site
from robustlab.study.reasoning import run as study
from robustlab.study.reasoning import starts
from robustlab.study.reasoning.cells import GRIDS, SITES, Cell, cells
from robustlab.study.reasoning.exam import exam, latent
from robustlab.study.reasoning.protocol import PROFILES

TINY = replace(
    PROFILES["smoke"], name="tiny", model="small", sentences=5, start_sentences=5, start_steps=4, pool=8,
    examples=8, documents=4, sensitive=2, batch_size=4, steps=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def paper():
    return exam(TINY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("starts")


def cell(**given):
    return Cell(study="table1", seed=0, **given)


def test_the_exam_asks_originals_variants_and_counterfactuals(paper):
    kinds = [document.change.kind if document.change else "" for document in paper.asked]
    assert kinds.count("") == kinds.count("counterfactual") == TINY.documents
    assert len(kinds) == TINY.documents * (2 + len(TINY.kinds) * len(TINY.levels) * TINY.draws)


@pytest.mark.parametrize("method", ["standard", "self-negative", "augmented", "cat"])
def test_a_cell_becomes_a_row(paper, folder, method):
    row = study.run(cell(method=method), TINY, paper, hashed_ngrams(), folder, progress=False)
    json.dumps(row, allow_nan=False)
    assert row["optimiser_steps"] * TINY.batch_size == TINY.examples
    assert 0 <= row["robust_accuracy"] <= 1
    assert len(row["by_document"]["worst_case_accuracy"]) == TINY.documents
    assert set(row["by_kind"]) == {f"{kind}/medium" for kind in TINY.kinds}
    assert 0 <= row["adversarial_sensitivity"] <= 1


@pytest.mark.parametrize("way", ["uellm", "llmcad", "guide"])
def test_a_serving_system_changes_nothing(paper, folder, way):
    told = [
        study.run(cell(method="standard", inference=name), TINY, paper, hashed_ngrams(), folder, progress=False)
        for name in ("greedy", way)
    ]
    plain, served = ({k: v for k, v in row.items() if k != "inference"} for row in told)
    assert plain == served


def test_sensitivity_is_measured_at_the_site_that_is_named(paper, folder):
    reasoner = starts.start(TINY, 0, folder)
    reasoner.model.eval()
    documents = paper.documents[: TINY.sensitive]
    found = latent(reasoner, documents, TINY, SITES)
    encoder = reasoner.model.get_encoder()
    modules = {"words": reasoner.model.get_input_embeddings(), "encoder": encoder}
    for site, module in modules.items():
        landscape = GenerationLandscape(
            reasoner.model, reasoner.batch(documents), site=Site(module, within=encoder), noise="off"
        )
        examples = [document.example_id for document in documents]
        measured = sensitivity(landscape, examples=examples, steps=TINY.steps, restarts=1)
        assert found["sensitivity_at"][site]["by_document"] == pytest.approx(measured.value[0].tolist(), abs=1e-4)
        assert found["sensitivity_at"][site]["noise"] == pytest.approx(measured.noise[0].mean().item())
    assert list(found["sensitivity_at"]) == list(SITES)
    assert len({round(at["mean"], 6) for at in found["sensitivity_at"].values()}) == 3
    assert found["adversarial_sensitivity"] == found["sensitivity_at"]["encoder"]["mean"]
    with pytest.raises(ValueError, match="sites must hold 'encoder', whose sensitivity every row has"):
        latent(reasoner, documents, TINY, ["words"])


def test_the_study_of_layers_measures_at_every_layer_that_it_perturbs():
    for cell in cells("layer", (0,)):
        assert set(cell.measured_at) == set(SITES) >= {cell.site}
    assert all("encoder" in cell.measured_at for study in GRIDS for cell in cells(study, (0,)))


def test_the_start_is_trained_once_and_goes_on_where_it_was_cut_off(tmp_path, monkeypatch):
    whole = starts.start(TINY, 0, tmp_path / "whole").model.state_dict()
    taught, course = starts.teach, starts.course

    def cut_off(*args, **given):
        args = (*args[:3], replace(args[3], stages=args[3].stages[:2]))
        taught(*args, **given)
        raise KeyboardInterrupt

    # The rate of a shorter course falls earlier, so the cut is made where it has not begun to fall.
    monkeypatch.setattr(starts, "course", lambda *given: replace(course(*given), fall=0.0, validate_every=1))
    monkeypatch.setattr(starts, "teach", cut_off)
    with pytest.raises(KeyboardInterrupt):
        starts.start(TINY, 0, tmp_path / "cut")
    monkeypatch.setattr(starts, "teach", taught)
    resumed = starts.start(TINY, 0, tmp_path / "cut").model.state_dict()
    level = starts.start(TINY, 0, tmp_path / "level").model.state_dict()
    assert all((resumed[name] == level[name]).all() for name in level)
    assert any((whole[name] != level[name]).any() for name in level)
    monkeypatch.setattr(starts, "teach", None)
    again = starts.start(TINY, 0, tmp_path / "cut").model.state_dict()
    assert all((resumed[name] == again[name]).all() for name in again)


def test_a_rerun_makes_only_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "profile", lambda name: TINY)
    monkeypatch.setattr(study, "external_encoder", hashed_ngrams)
    monkeypatch.setattr(
        study, "cells", lambda name, seeds: [cell(method="standard", share=share) for share in (1.0, 0.5)]
    )
    results = tmp_path / "rows.jsonl"
    given = ["ratio", "--results", str(results), "--cache", str(tmp_path / "starts"), "--no-progress"]
    app = study.typer.Typer()
    app.command()(study.main)
    first = CliRunner().invoke(app, given)
    assert first.exit_code == 0, first.output
    lines = results.read_text().splitlines()
    assert len(lines) == 2
    results.write_text(lines[0] + "\n")
    assert "1 cells to run" in CliRunner().invoke(app, given).output
    numbers = [
        {k: v for k, v in json.loads(line).items() if not k.startswith("train_")}
        for line in (lines[1], results.read_text().splitlines()[1])
    ]
    assert numbers[0] == numbers[1]
