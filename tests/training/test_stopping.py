"""A run that cannot go on says at which step, and loses nothing."""

from pathlib import Path

import pytest
import torch
import toy
from safetensors.torch import load_file
from torch import nn

from robustlab import methods
from robustlab.models import tiny_architecture
from robustlab.training import NonFiniteLossError


def weights_of(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in model.named_parameters()}


class Poisoned(nn.Module):
    """A head that answers NaN from a certain training forward on."""

    def __init__(self, head: nn.Module, good: int):
        super().__init__()
        self.head, self.good, self.forwards = head, good, 0

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        self.forwards += 1
        return self.head(hidden) * (1.0 if self.forwards <= self.good else float("nan"))


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_weights(tmp_path: Path) -> None:
    model = tiny_architecture("bert")
    # PGD-2 reads thrice a step: step 4 begins with reading 10, and reading 11 is its ascent step 1.
    model.classifier = Poisoned(model.classifier, good=10)
    run = toy.trainer(tmp_path, model=model, max_steps=9, save_strategy="steps", save_steps=2)
    kept = {}
    step = run.training_step
    run.training_step = lambda model, inputs, *rest: (kept.update(weights_of(model)), step(model, inputs))[1]
    said = r"stopped at step 4: the loss at ascent step 1 is nan; .*; the last good checkpoint is .*checkpoint-3"
    with pytest.raises(NonFiniteLossError, match=said):
        run.train()
    saved = load_file(tmp_path / "checkpoint-3" / "model.safetensors")
    assert saved.keys() == kept.keys()
    assert all(torch.equal(saved[name], kept[name]) for name in saved)
    assert (tmp_path / "checkpoint-3" / "method.safetensors").is_file()
    assert (tmp_path / "checkpoint-2").is_dir()

    healthy = tiny_architecture("bert")
    healthy.classifier = Poisoned(healthy.classifier, good=10**9)
    again = toy.trainer(tmp_path, model=healthy, max_steps=5)
    assert again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3")).global_step == 5


def test_broken_weights_are_not_kept(tmp_path: Path) -> None:
    run = toy.trainer(tmp_path, max_steps=3)
    with torch.no_grad():
        run.model.classifier.weight.fill_(float("nan"))
    said = "stopped at step 1: the loss at ascent step 0 is nan.*no earlier checkpoint"
    with pytest.raises(NonFiniteLossError, match=said):
        run.train()
    assert not list(tmp_path.glob("checkpoint-*"))


def test_a_checkpoint_of_another_method_is_refused(tmp_path: Path) -> None:
    toy.trainer(tmp_path, method=methods.pgd(steps=1), max_steps=1, save_strategy="steps", save_steps=1).train()
    with pytest.raises(FileNotFoundError, match=r"holds no method.safetensors: it was not written with this method"):
        toy.trainer(tmp_path, max_steps=2).train(resume_from_checkpoint=str(tmp_path / "checkpoint-1"))
