"""Two processes with half of each batch train as one process with all of it, whatever the engine remembers."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

WORKER = Path(__file__).with_name("engines_worker.py")


@pytest.fixture(scope="module")
def worker() -> object:
    spec = importlib.util.spec_from_file_location("engines_worker", WORKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    folder = tmp_path_factory.mktemp("gloo")
    environment = os.environ | {"PYTHONPATH": str(WORKER.parents[2]), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen([sys.executable, WORKER, str(rank), "2", folder], env=environment, stderr=subprocess.PIPE)
        for rank in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=400)
        assert process.returncode == 0, errors.decode()
    return [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("name", ["symmetric", "one-sided", "queue", "bank", "full bank", "prototypes", "cached"])
def test_two_halves_are_a_whole(name: str, ranks: list[dict], worker: object) -> None:
    whole = worker.trained("symmetric" if name == "cached" else name, 0, 1)
    assert all(whole[f"gradient {step}"].any() for step in range(worker.STEPS))
    for rank in ranks:
        assert rank[name].keys() == whole.keys()
        for key, expected in whole.items():
            torch.testing.assert_close(rank[name][key], expected, rtol=1e-9, atol=1e-12)
