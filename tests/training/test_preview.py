"""What methods do before the training: critics that the optimiser knows of, and the level of flooding."""

from pathlib import Path

import pytest
import torch
import toy

from robustlab import methods
from robustlab.models import tiny_architecture


def test_the_critics_of_infobert_learn(tmp_path: Path) -> None:
    """In the released code they are made after the optimiser, which never hears of them."""
    method = methods.infobert(steps=2, step_size=0.05)
    run = toy.trainer(tmp_path, method=method, model=tiny_architecture("bert"), rows=toy.Rows(256), max_steps=60)
    run.create_optimizer()
    before = {name: value.detach().clone() for name, value in method.named_parameters()}
    assert before  # they are there before the first step
    held = {id(parameter) for group in run.optimizer.param_groups for parameter in group["params"]}
    assert all(id(parameter) in held for parameter in method.parameters())
    run.optimizer = None
    run.train()
    assert all(not torch.equal(value, before[name]) for name, value in method.named_parameters())
    bound = [log["anchored"] for log in run.state.log_history if "anchored" in log]
    assert sum(bound[-10:]) > 10 * sum(bound[:10])


def flooded(folder: Path, **changes: object) -> object:
    settings = {"max_steps": 40, "save_strategy": "steps", "save_steps": 20, "learning_rate": 3e-3}
    return toy.trainer(folder, method=methods.flooding_x(), model=tiny_architecture("bert"), **settings | changes)


def test_the_level_of_flooding_is_found_before_the_training(tmp_path: Path) -> None:
    run = flooded(tmp_path)
    weights = {name: value.detach().clone() for name, value in run.model.named_parameters()}
    state = torch.get_rng_state()
    run.create_optimizer()
    assert torch.equal(state, torch.get_rng_state())
    for name, value in run.model.named_parameters():  # the pilot trains a copy
        assert torch.equal(value, weights[name])
    pilot, level = run.method.objective.pilot, float(run.method.objective.level)
    assert 1 <= len(pilot) <= 5
    assert level == pytest.approx(pilot[-1].loss)


def test_the_loss_floats_at_the_level(tmp_path: Path) -> None:
    """On rows that can be learned by heart, the loss stays near b and does not reach 0."""
    ended = {}
    for name, method in {"flooded": methods.flooding_x(level=0.3), "plain": methods.standard()}.items():
        settings = {"max_steps": 200, "learning_rate": 3e-3, "lr_scheduler_type": "constant"}
        run = toy.trainer(tmp_path / name, method=method, model=tiny_architecture("bert"), **settings)
        run.train()
        ended[name] = sum(log["clean_loss"] for log in run.state.log_history[-60:] if "clean_loss" in log) / 60
    assert ended["plain"] < 0.05
    assert 0.2 < ended["flooded"] < 0.45


def test_a_resumed_run_keeps_its_level(tmp_path: Path) -> None:
    """And makes no second pilot: by then the model has been trained."""
    run = flooded(tmp_path)
    run.train()
    level = run.method.objective.level.clone()
    again = flooded(tmp_path, max_steps=42)
    again.train(resume_from_checkpoint=True)
    assert torch.equal(again.method.objective.level, level)
    assert again.method.objective.pilot == []
