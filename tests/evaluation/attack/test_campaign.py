"""An attack kept in a folder: killed and continued it is the attack that was not."""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robustlab import jsonl
from robustlab.evaluation.attack import campaign
from robustlab.evaluation.attack.attacking import Example
from robustlab.evaluation.attack.names import parse
from robustlab.evaluation.attack.reading import read_rows
from robustlab.evaluation.attack.setup import Setup

NAME = "textfooler+lexicon+minilm"


@pytest.fixture(scope="module")
def setup(honest, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "honest"
    honest.model.save_pretrained(folder)
    honest.tokenizer.save_pretrained(folder)
    return Setup(model=str(folder), labels=("negative", "positive"), recipe=parse(NAME), seed=3)


@pytest.fixture(scope="module")
def uninterrupted(recipe, examples, setup, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    attacker = recipe(NAME, seed=3)
    assert campaign.attack(folder, setup, attacker, examples) == []
    campaign.finish(folder, attacker, {"recipe": NAME})
    return folder


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("examples.jsonl", "summary.json", "report.html")}


def test_the_folder_holds_every_example_scored(uninterrupted, examples):
    rows = read_rows(uninterrupted)
    assert [row.example_id for row in rows] == sorted(example.example_id for example in examples)
    assert all(row.similarity is not None and 0 <= row.confidence <= 1 for row in rows)
    summary = json.loads((uninterrupted / "summary.json").read_text())
    assert summary["robust_accuracy"]["value"] == sum(row.outcome == "failed" for row in rows) / len(rows)


@pytest.mark.parametrize("kept", [1, 3, 7])
def test_a_continued_attack_is_the_uninterrupted_one(recipe, examples, setup, uninterrupted, tmp_path, kept):
    def stop(told, seen=[]):  # noqa: B006  # counts its calls
        seen.append(told)
        if len(seen) % 100 == kept:
            raise KeyboardInterrupt

    attacker = recipe(NAME, seed=3)
    with pytest.raises(KeyboardInterrupt):
        campaign.attack(tmp_path, setup, attacker, examples, width=2, heard=stop)
    assert campaign.done(tmp_path) == kept
    with (tmp_path / "examples.jsonl").open("a") as file:
        file.write('{"example_id": 1, "te')  # as a full disk leaves it
    campaign.attack(tmp_path, setup, attacker, examples, width=5)
    campaign.finish(tmp_path, attacker, {"recipe": NAME})
    assert bytes_of(tmp_path) == bytes_of(uninterrupted)


def test_processes_attack_as_one_does(recipe, examples, setup, uninterrupted, tmp_path):
    attacker = recipe(NAME, seed=3)
    heard = []
    assert campaign.attack(tmp_path, setup, attacker, examples, processes=2, width=3, heard=heard.append) == []
    campaign.finish(tmp_path, attacker, {"recipe": NAME})
    assert len(heard) == len(examples)
    assert bytes_of(tmp_path) == bytes_of(uninterrupted)


def test_a_process_that_dies_is_told_and_rows_stay(recipe, examples, setup, tmp_path):
    def kill(told):
        for child in multiprocessing.active_children():
            os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(RuntimeError, match="a process of the attack was killed.*exit code -9.*--resume"):
        campaign.attack(tmp_path, setup, recipe(NAME), examples, width=1, processes=2, heard=kill)
    assert 0 < campaign.done(tmp_path) < len(examples)


def test_a_process_that_cannot_build_the_attack_says_why(recipe, examples, setup, tmp_path):
    elsewhere = Setup(model=str(tmp_path / "nowhere"), labels=setup.labels, recipe=setup.recipe)
    with pytest.raises(FileNotFoundError, match="no model"):
        campaign.attack(tmp_path, elsewhere, recipe(NAME), examples, processes=2)


def test_rows_of_other_examples_are_refused(recipe, examples, setup, uninterrupted, tmp_path):
    jsonl.replace(tmp_path / "examples.jsonl", jsonl.read(uninterrupted / "examples.jsonl"))
    others = [Example(example.example_id, example.label, example.text + " !") for example in examples]
    with pytest.raises(ValueError, match="holds examples that are none of these"):
        campaign.attack(tmp_path, setup, recipe(NAME), others)


def command(setup: Setup, data: Path, output: Path, *further: str) -> list[str]:
    return [
        *(sys.executable, "-c", "from robustlab.cli import app; app()", "attack", "--model", setup.model),
        *("--data", str(data), "--recipe", NAME, "--seed", "3", "--device", "cpu", "--output", str(output), *further),
    ]


def test_a_command_that_is_killed_and_resumed_writes_the_same_file(setup, examples, tmp_path):
    data = tmp_path / "data.jsonl"
    long = [(f"{example.text}, " * 3 + example.text, example.label) for example in examples]
    data.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in long))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    whole = subprocess.run(command(setup, data, tmp_path / "whole"), check=False, **quiet)
    assert whole.returncode == 0, whole.stderr
    rows = tmp_path / "killed" / "examples.jsonl"
    running = subprocess.Popen(command(setup, data, tmp_path / "killed", "--width", "1"), **quiet)
    moment = random.randint(1, len(long) // 2)  # any: what is written does not depend on it
    while running.poll() is None and (not rows.is_file() or rows.read_bytes().count(b"\n") < moment):
        time.sleep(0.005)
    running.kill()
    running.wait()
    assert 0 < len(jsonl.read(rows)) < len(long)
    again = subprocess.run(command(setup, data, tmp_path / "killed", "--resume"), check=False, **quiet)
    assert again.returncode == 0, again.stderr
    assert rows.read_bytes() == (tmp_path / "whole" / "examples.jsonl").read_bytes()
