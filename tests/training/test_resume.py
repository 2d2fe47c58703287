"""A run that is killed and resumed ends where the uninterrupted one ends, to the last bit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import toy
from safetensors.torch import load_file


def in_a_new_process(job: str, folder: Path, root: Path, *options: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, toy.__file__, job, str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)


def killed_and_resumed(folder: Path, *options: str) -> Path:
    root = Path(__file__).resolve().parents[2]
    died = in_a_new_process("die", folder, root, *options)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert [path.name for path in folder.glob("checkpoint-*")] == ["checkpoint-5"]
    resumed = in_a_new_process("resume", folder, root, *options)
    assert resumed.returncode == 0, resumed.stderr
    return folder


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return killed_and_resumed(tmp_path_factory.mktemp("killed"))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> toy.RobustTrainer:
    run = toy.resumable(tmp_path_factory.mktemp("whole"))
    run.train()
    return run


def test_weights_are_the_same_bits(killed: Path, uninterrupted: toy.RobustTrainer) -> None:
    saved = load_file(killed / "end" / "model.safetensors")
    parameters = dict(uninterrupted.model.named_parameters())
    assert saved.keys() == parameters.keys()
    for name, value in saved.items():
        assert torch.equal(value, parameters[name]), name


def test_step_weights_are_the_same_bits(killed: Path, uninterrupted: toy.RobustTrainer) -> None:
    (scores,) = load_file(killed / "end" / "method.safetensors").values()
    mine = uninterrupted.method.objective.weights.scores.detach()
    assert torch.equal(scores, mine)
    assert mine.abs().max() > 0.01


def test_the_optimiser_is_in_the_same_state(killed: Path, uninterrupted: toy.RobustTrainer) -> None:
    theirs = torch.load(killed / "optimizer.pt", weights_only=True)
    mine = uninterrupted.optimizer.state_dict()
    assert [{**group, "params": None} for group in theirs["param_groups"]] == [
        {**group, "params": None} for group in mine["param_groups"]
    ]
    for number, state in mine["state"].items():
        for name, value in state.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(theirs["state"][number][name])), (number, name)


def test_with_attacked_texts_too(tmp_path: Path) -> None:
    whole = toy.resumable(tmp_path / "whole", attacked=True)
    whole.train()
    assert any(entry.get("discrepancy", 0) > 0 for entry in whole.state.log_history)
    (tmp_path / "killed").mkdir()
    saved = load_file(killed_and_resumed(tmp_path / "killed", "attacked") / "end" / "model.safetensors")
    for name, value in whole.model.named_parameters():
        assert torch.equal(saved[name], value), name
