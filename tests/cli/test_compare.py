"""`robustlab compare`, on rows written by hand."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.evaluation.attack.example_rows import outcomes

SETTINGS = {"settings": {"recipe": "textfooler", "queries": 500, "seed": 0}}


@pytest.fixture
def save(tmp_path):
    def write(name, letters, settings=SETTINGS, rows=None):
        folder = tmp_path / name
        folder.mkdir()
        lines = [json.dumps(row.plain()) + "\n" for row in rows or outcomes(letters)]
        (folder / "examples.jsonl").write_text("".join(lines))
        if settings is not None:
            (folder / "attack.json").write_text(json.dumps(settings))
        return folder

    return write


def test_table(run, save):
    result = run("compare", save("a", "ssss-fsssf"), save("b", "ffffff-ssf"))
    assert "Accuracy on the same 10 examples" in result.stdout
    rows = [" ".join(line.replace("│", " ").split()) for line in result.stdout.splitlines()]
    assert "as written 90.0 % 90.0 % 1 1 1" in rows
    assert "attacked 20.0 % 70.0 % 0 5 0.0625" in rows  # 2/2⁵
    assert "first less second: -50.0 percentage points, 95 % interval -80.0 … -20.0" in result.stdout
    assert not result.stderr


def test_json_and_a_file_in_place_of_its_folder(run, save):
    first, second = save("a", "ss-f"), save("b", "fs-f") / "examples.jsonl"
    told = json.loads(run("compare", first, second, "--json").stdout)
    assert told["robust_accuracy"] == [0.25, 0.5]
    assert told["robust"] == {"only_first": 0, "only_second": 1, "p_value": 1.0}
    assert told["difference"]["value"] == -0.25
    assert (told["first"], told["second"]) == (str(first), str(second))
    assert told["warnings"] == []


def test_other_examples(run, refuse, save):
    first = save("a", "ssff")
    second = save("b", "", rows=[replace(row, example_id=row.example_id + 1) for row in outcomes("ssfff")])
    # number 0 is in the first only, 4 and 5 in the second only
    assert "1 of 4 are in the first only, 2 of 5 in the second only, 3 in both" in refuse("compare", first, second)
    shown = run("compare", first, second, "--common").stdout
    assert "Left out: 1 of the first run's examples, 2 of the second's." in shown
    assert "on the same 3 examples" in shown


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("recipe", "pwws", "textfooler and pwws"), ("queries", None, "500 and none"), ("seed", 3, "0 and 3")],
)
def test_different_attacks_are_told(run, save, name, value, told):
    other = {"settings": SETTINGS["settings"] | {name: value}}
    result = run("compare", save("a", "sf"), save("b", "ff", settings=other), "--json")
    message = f"the runs differ in their {name}, {told}: the attacks were not the same"
    assert result.stderr == f"warning: {message}\n"
    assert json.loads(result.stdout)["warnings"] == [message]


def test_unknown_attacks_are_told(run, save):
    second = save("b", "ff", settings=None)
    result = run("compare", save("a", "sf"), second)
    assert (
        result.stderr
        == f"warning: no attack.json beside the rows of {second}: the attacks may not have been the same\n"
    )


def test_wrong_input(refuse, save, tmp_path):
    whole, broken = save("a", "sf"), save("b", "sf")
    assert "there is no" in refuse("compare", whole, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "holds no examples.jsonl" in refuse("compare", tmp_path / "empty", whole)
    (broken / "attack.json").write_text("{")
    assert "attack.json' cannot be read" in refuse("compare", whole, broken)
    (broken / "examples.jsonl").write_text('{"example_id": 0')
    assert "examples.jsonl', line 1: Expecting" in refuse("compare", whole, broken)


def test_it_needs_no_torch():
    code = (
        "import sys, robustlab.cli.compare; print({'torch', 'transformers', 'textattack', 'jinja2'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
