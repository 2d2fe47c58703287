"""`robustlab glue-drop`: what is missing is run, what is there is kept, and one table shows all of it."""

import json

import pytest

from robustlab import models
from robustlab.cli.glue import run as command
from robustlab.study.rows import decode, encode

QUICK = ("--limit", "24", "--dev", "12", "--examples", "4", "--batch-size", "8", "--max-length", "24",
         "--device", "cpu")  # fmt: skip


@pytest.fixture
def made(monkeypatch):
    """Rows without any training."""
    ran = []

    def measured(loaded, task, sizes, *, folder):
        model, seed = loaded
        clean = [1, 1, 1, seed % 2]
        robust = [1, 0, 0, 0] if model == "tiny" else [1, 1, 0, 0]
        static = {"n": 2, "mask": encode([1, 0])}
        summary = {"clean_accuracy": {"value": sum(clean) / 4}, "robust_accuracy": {"value": sum(robust) / 4}}
        return {
            "recipe": sizes.recipe, "example_ids": [0, 1, 2, 3], "examples": 4, "clean_mask": encode(clean),
            "robust_mask": encode(robust), "summary": summary,
            "dev": {"n": 4, "mask": encode(clean), "constant": task == "sst2" and seed == 1},
            "advglue": {} if task == "reviews" else {f"advglue-{task}": static},
        }  # fmt: skip

    def fine_tuned(model, task, method, seed, sizes, **given):
        ran.append((model, task, method, seed))
        return (model, seed), {"units": 3}

    monkeypatch.setattr(command, "fine_tuned", fine_tuned)
    monkeypatch.setattr(command, "measured", measured)
    monkeypatch.setattr(command, "check_data", lambda task, folder: None)
    monkeypatch.setattr(command, "check_attack", lambda recipe, certified: None)
    return ran


def test_a_model_from_scratch_for_real(run, tmp_path):
    file = tmp_path / "rows.jsonl"
    told = json.loads(run("glue-drop", *QUICK, "--results", file, "--json").stdout)
    (row,), (line,) = told["rows"], told["lines"]
    clean, robust = (decode(row[f"{name}_mask"], 4) for name in ("clean", "robust"))
    assert row == json.loads(file.read_text())
    assert row["recipe"] == "exact"
    assert line["clean"]["value"] == clean.mean()
    assert line["absolute"]["value"] == pytest.approx(clean.mean() - robust.mean())
    assert row["dev"]["n"] == 12


def test_what_is_missing_is_run_and_all_is_shown(run, made, tmp_path):
    given = ("glue-drop", "--model", "tiny", "--model", "minilm", "--task", "sst2", "--task", "reviews",
             "--results", tmp_path / "rows.jsonl")  # fmt: skip
    said = run(*given, "--seeds", "1,0").stdout
    assert "To run: 8 fine-tunings with standard on" in said
    assert "[8/8] minilm, reviews, seed 1: clean 100.0 %, robust 50.0 %" in said
    assert said.count("gives one answer to everything (seed 1)") == 2
    assert "textfooler+minilm+neighbours" in said
    assert "0 fine-tunings" in run(*given, "--seeds", "0").stdout
    assert "To run: 4 fine-tunings" in run(*given, "--seeds", "0,1,2").stdout
    assert len(set(made)) == len(made) == 12
    told = json.loads(run(*given, "--seeds", "0,1", "--json").stdout)
    assert len(told["rows"]) == 8
    line = next(one for one in told["lines"] if (one["task"], one["name"]) == ("sst2", "tiny, standard"))
    assert line["clean"]["value"] == pytest.approx(7 / 8)
    assert line["relative"]["value"] == pytest.approx((7 / 8 - 1 / 4) / (7 / 8))
    assert line["advglue-sst2"]["value"] == 0.5


def test_other_settings_are_other_rows(run, made, tmp_path):
    given = ("glue-drop", "--results", tmp_path / "rows.jsonl")
    run(*given)
    assert "1 fine-tunings" in run(*given, "--limit", "7").stdout
    assert "1 fine-tunings with pgd" in run(*given, "--method", "pgd").stdout
    assert "0 fine-tunings" in run(*given, "--limit", "7").stdout


def test_an_encoder_that_changed_is_another(run, made, tmp_path):
    folder = tmp_path / "encoder"
    given = ("glue-drop", "--model", folder, "--results", tmp_path / "rows.jsonl")
    for seed in (0, 1):
        loaded = models.load("tiny", labels=2, texts=["a film"], seed=seed)
        loaded.model.save_pretrained(folder)
        assert "1 fine-tunings" in run(*given).stdout
        assert "0 fine-tunings" in run(*given).stdout


def test_a_dry_run_runs_nothing(run, made, tmp_path):
    given = ("glue-drop", "--results", tmp_path / "rows.jsonl", "--seeds", "3", "--dry-run")
    assert "To run: 1 fine-tunings" in run(*given).stdout
    assert [one["seed"] for one in json.loads(run(*given, "--json").stdout)["missing"]] == [3]
    assert not made
    assert not (tmp_path / "rows.jsonl").exists()


def test_an_interrupted_run_goes_on(run, interrupted, made, monkeypatch, tmp_path):
    given = ("glue-drop", "--results", tmp_path / "rows.jsonl", "--seeds", "0,1,2")
    plain = command.fine_tuned

    def cut(model, task, method, seed, sizes, **others):
        if seed == 1:
            raise KeyboardInterrupt
        return plain(model, task, method, seed, sizes, **others)

    with monkeypatch.context() as patch:
        patch.setattr(command, "fine_tuned", cut)
        assert "give the same command to go on; 1 of 3 rows are in" in interrupted(*given)
    assert "To run: 2 fine-tunings" in run(*given).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "sst"), "unknown task 'sst': did you mean 'sst2'"),
        (("--task", "sst2", "--recipe", "exact"), "which only the corpus 'reviews' has"),
        (("--recipe", "textfooler+minlm"), "unknown substitute +minlm in 'textfooler+minlm': did you mean +minilm"),
        (("--method", "pdg"), "unknown method 'pdg': did you mean 'pgd'"),
        (("--method", "augmented"), "learns from attacked texts, which the tasks do not have"),
        (("--seeds", "0;1"), "--seeds must be whole numbers with commas between them, got '0;1'"),
        (("--learning-rate", "0"), "--learning-rate must be positive, got 0"),
        (("--reach", "0"), "--reach must be positive, got 0"),
        (("--task", "rte", "--recipe", "textfooler+lexicon+minilm"), "put rte/train.jsonl.gz into a folder"),
    ],
)
def test_what_is_refused(refuse, arguments, message, tmp_path):
    assert message in refuse("glue-drop", *arguments, "--results", tmp_path / "rows.jsonl")
    assert not (tmp_path / "rows.jsonl").exists()


def test_a_folder_without_a_model_is_refused(refuse, tmp_path):
    assert "holds no model: has its training finished?" in refuse(
        "glue-drop", "--model", tmp_path, "--results", tmp_path / "rows.jsonl"
    )
