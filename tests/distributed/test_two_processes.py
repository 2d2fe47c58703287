"""Two processes with half of a batch each give the gradients of one process with all of it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from robustlab.methods import BY_NAME
from robustlab.training.distributed import average_gradients

# The last two couple the examples of a batch, and so those of all processes.
NAMES = tuple(BY_NAME)
WORKER = Path(__file__).with_name("worker.py")


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    folder = tmp_path_factory.mktemp("gloo")
    environment = os.environ | {"PYTHONPATH": str(WORKER.parents[2]), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, WORKER, str(rank), "2", folder, *NAMES], env=environment, stderr=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=180)
        assert process.returncode == 0, errors
    return [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.fixture(scope="module")
def worker() -> object:
    spec = importlib.util.spec_from_file_location("gloo_worker", WORKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_two_halves_are_a_whole(name: str, ranks: list[dict], worker: object) -> None:
    whole = worker.gradients(name, 0, 1)
    whole.pop("alone")
    assert ("objective.weights.values" in whole) is (name == "adaptive-pgd")
    assert ("objective.inner.heads.1.key" in whole) is (name == "asa")
    for key, gradient in whole.items():
        for rank in ranks:
            # Rows are padded alike in both, so that only the order of the sums differs.
            torch.testing.assert_close(rank[name][key], gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_gradient_counts_as_zero(name: str, ranks: list[dict]) -> None:
    for rank in ranks:
        assert rank[name]["alone"].tolist() == [0.5, 0.5]


def test_one_process_changes_nothing() -> None:
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([1.0, 2.0])
    average_gradients([parameter])
    assert parameter.grad.tolist() == [1.0, 2.0]
