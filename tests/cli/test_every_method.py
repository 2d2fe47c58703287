"""Every method from the command line to a saved model, killed and resumed in between."""

import json

import pytest

from robustlab.methods import BY_NAME
from robustlab.training import RobustTrainer

QUICK = ("--limit", "48", "--epochs", "2", "--batch-size", "16", "--device", "cpu", "--report-to", "none")


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_NAME)
def test_it_trains_and_resumes_bit_for_bit(name, run, interrupted, tmp_path, monkeypatch):
    command = ("train", *QUICK, "--method", name)
    whole = json.loads(run(*command, "--output", tmp_path / "whole", "--json").stdout)
    assert whole["finished"]
    step = RobustTrainer.training_step

    def stop(self, *arguments):
        if self.state.global_step == 4:  # in the second epoch
            raise KeyboardInterrupt
        return step(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(RobustTrainer, "training_step", stop)
        interrupted(*command, "--output", tmp_path / "cut")
    resumed = json.loads(run(*command, "--output", tmp_path / "cut", "--resume", "--json").stdout)
    assert resumed["results"] == whole["results"]
    files = [(tmp_path / folder / "model.safetensors").read_bytes() for folder in ("whole", "cut")]
    assert files[0] == files[1]
