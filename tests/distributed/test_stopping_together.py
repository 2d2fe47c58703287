"""When one of two processes cannot go on, both stop with the same words, and neither waits for the other."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

WORKER = Path(__file__).with_name("stopping_worker.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both processes have written how they ended."""
    folder = tmp_path_factory.mktemp("stopping")
    environment = os.environ | {"PYTHONPATH": str(WORKER.parents[2]), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen([sys.executable, WORKER, str(rank), folder], env=environment, stderr=subprocess.DEVNULL)
        for rank in range(2)
    ]
    try:
        for process in processes:
            process.wait(timeout=300)
    finally:
        for process in processes:
            process.kill()
    return folder


def ending(folder: Path, job: str) -> dict:
    """How both ended."""
    first, second = (folder / f"{job}{rank}.json" for rank in range(2))
    assert first.is_file(), "rank 0 did not stop"
    assert second.is_file(), "rank 1 did not stop"
    assert first.read_text() == second.read_text()
    told = json.loads(first.read_text())
    assert told["processes"] == 2
    return told


def test_a_loss_that_is_no_number_on_one_rank_stops_both(folder: Path) -> None:
    told = ending(folder, "loss")
    assert told["type"] == "NonFiniteLossError"
    assert told["message"].startswith("stopped at step 3 on rank 1: the loss at ascent step 0 is nan; ")
    assert told["message"].endswith(f"the last good checkpoint is {folder}/loss/checkpoint-2")


def test_a_checkpoint_that_one_rank_cannot_write_stops_both(folder: Path) -> None:
    told = ending(folder, "disk")
    assert told["type"] == "CheckpointError"
    assert "could not write checkpoint-1/optimizer.pt: No space left on device" in told["message"]
    assert not list((folder / "disk").glob("checkpoint-*"))
