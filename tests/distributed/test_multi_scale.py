"""Two processes with half of the documents each pre-train as one process with all of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.distributed import multi_scale_worker as worker


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    folder, file = tmp_path_factory.mktemp("gloo"), Path(worker.__file__)
    environment = os.environ | {"PYTHONPATH": str(file.parents[2]), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen([sys.executable, file, str(rank), "2", folder], env=environment, stderr=subprocess.PIPE)
        for rank in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=400)
        assert process.returncode == 0, errors.decode()
    return [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("case", worker.CASES)
def test_two_halves_are_a_whole(case: str, ranks: list[dict]) -> None:
    whole = worker.gradients(case, 0, 1)
    assert sum(bool(gradient.any()) for gradient in whole.values()) > 10
    for rank in ranks:
        assert not any(rank[case][name].any() for name in rank[case].keys() - whole.keys())
        for name, expected in whole.items():
            torch.testing.assert_close(rank[case][name], expected, rtol=1e-8, atol=1e-11)
