"""A checkpoint that cannot be written is named, nothing complete is lost, and nothing half-written is resumed from."""

import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import toy
from torch import nn
from transformers import TrainerState

from robustlab.models import tiny_architecture
from robustlab.training import NonFiniteLossError, RobustTrainer, checkpoints
from robustlab.training.checkpoints import CheckpointError

SAVING = {"max_steps": 6, "save_strategy": "steps", "save_steps": 2}
Fill = Callable[..., None]


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fill]:
    """From the `call`-th call of a method on, no file may grow beyond some bytes: writing fails in earnest."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def before(owner: object, name: str, *, room: int, call: int) -> None:
        original, calls = getattr(owner, name), []

        def limited(*arguments: object, **named: object) -> object:
            calls.append(name)
            if len(calls) >= call:
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
            return original(*arguments, **named)

        monkeypatch.setattr(owner, name, limited)

    yield before
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def room(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make room again."""

    def free() -> None:
        monkeypatch.undo()
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    return free


def weights_of(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in model.named_parameters()}


@pytest.mark.parametrize(
    ("owner", "name", "allowed", "file", "reason"),
    [
        (RobustTrainer, "save_model", 5000, "model.safetensors", "File too large"),
        (checkpoints, "save_tensors", 10, "method.safetensors", "File too large"),
        (RobustTrainer, "_save_optimizer_and_scheduler", 1000, "optimizer.pt", "the file broke off"),
        (TrainerState, "save_to_json", 10, "trainer_state.json", "File too large"),
    ],
)
def test_the_file_is_named_and_the_run_goes_on_from_the_last_complete_checkpoint(
    owner: object, name: str, allowed: int, file: str, reason: str, tmp_path: Path, fill: Fill, room: Callable
) -> None:
    whole = toy.trainer(tmp_path / "whole", **SAVING)
    whole.train()
    folder = tmp_path / "cut"
    fill(owner, name, room=allowed, call=2)
    said = (
        rf"could not write {folder}/checkpoint-4/{file}: {reason} \(\d+ MB free on its disk\); "
        rf"the last complete checkpoint, {folder}/checkpoint-2, is intact"
    )
    with pytest.raises(CheckpointError, match=said):
        toy.trainer(folder, **SAVING).train()
    assert [path.name for path in folder.glob("checkpoint-*")] == ["checkpoint-2"]
    room()
    again = toy.trainer(folder, **SAVING)
    again.train(resume_from_checkpoint=True)
    for key, value in weights_of(whole.model).items():
        assert torch.equal(weights_of(again.model)[key], value), key


def test_the_first_checkpoint_may_be_the_one_that_fails(tmp_path: Path, fill: Fill) -> None:
    fill(RobustTrainer, "save_model", room=5000, call=1)
    with pytest.raises(CheckpointError, match="model.safetensors.*; there is no complete checkpoint yet"):
        toy.trainer(tmp_path, **SAVING).train()
    assert not list(tmp_path.glob("checkpoint-*"))


def killed_while_writing(folder: Path) -> None:
    """A run of two checkpoints, the second as a killed process leaves it: weights there, state cut short."""
    toy.trainer(folder, **SAVING | {"max_steps": 2}).train()
    shutil.copytree(folder / "checkpoint-2", folder / "checkpoint-4")
    (folder / "checkpoint-4" / checkpoints.STATE).write_text('{"epoch": 0.')


def test_a_checkpoint_that_was_cut_short_is_not_resumed_from(tmp_path: Path) -> None:
    killed_while_writing(tmp_path)
    assert checkpoints.last_complete(tmp_path) == tmp_path / "checkpoint-2"
    said = f"{tmp_path}/checkpoint-4 is not a complete checkpoint: resume from {tmp_path}/checkpoint-2"
    with pytest.raises(ValueError, match=said):
        toy.trainer(tmp_path, **SAVING).train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    run, steps = toy.trainer(tmp_path, **SAVING), []
    step = run.training_step
    run.training_step = lambda *arguments: (steps.append(run.state.global_step), step(*arguments))[1]
    run.train(resume_from_checkpoint=True)
    assert steps == [2, 3, 4, 5]


def test_only_what_was_cut_short_is_discarded(tmp_path: Path) -> None:
    killed_while_writing(tmp_path)
    (tmp_path / "checkpoint-notes").mkdir()
    checkpoints.discard_incomplete(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-2", "checkpoint-notes"]


def test_nothing_complete_is_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"nothing to resume: {tmp_path} holds no complete checkpoint"):
        toy.trainer(tmp_path, **SAVING).train(resume_from_checkpoint=True)


def test_writing_over_an_earlier_run_s_checkpoint_makes_it_incomplete_first(tmp_path: Path, fill: Fill) -> None:
    """Else a mixture of two runs would pass for a checkpoint."""
    toy.trainer(tmp_path, **SAVING | {"max_steps": 2}).train()
    fill(RobustTrainer, "_save_optimizer_and_scheduler", room=1000, call=1)
    with pytest.raises(CheckpointError, match="there is no complete checkpoint yet"):
        toy.trainer(tmp_path, **SAVING).train()
    assert not list(tmp_path.glob("checkpoint-*"))


def poisoned(run: RobustTrainer, step: int) -> RobustTrainer:
    """Make the loss of a step NaN, and leave the weights as they are."""
    original = run.training_step

    def training_step(model: nn.Module, *arguments: object) -> torch.Tensor:
        if run.state.global_step + 1 == step:
            model.classifier.register_forward_hook(lambda *seen: seen[-1] * float("nan"))
        return original(model, *arguments)

    run.training_step = training_step
    return run


def test_both_failures_are_told_where_the_last_good_weights_cannot_be_kept(tmp_path: Path, fill: Fill) -> None:
    run = poisoned(toy.trainer(tmp_path, model=tiny_architecture("bert"), **SAVING), step=4)
    fill(RobustTrainer, "save_model", room=5000, call=2)
    said = "stopped at step 4: .* is nan; .*could not write .*checkpoint-3/model.safetensors.*checkpoint-2, is intact"
    with pytest.raises(NonFiniteLossError, match=said):
        run.train()
    assert [path.name for path in tmp_path.glob("checkpoint-*")] == ["checkpoint-2"]


def test_a_complete_checkpoint_of_the_same_step_is_not_written_over(tmp_path: Path, fill: Fill) -> None:
    run = poisoned(toy.trainer(tmp_path, model=tiny_architecture("bert"), **SAVING), step=3)
    fill(RobustTrainer, "save_model", room=5000, call=2)
    with pytest.raises(NonFiniteLossError, match="the last good checkpoint is .*checkpoint-2"):
        run.train()
    assert checkpoints.is_complete(tmp_path / "checkpoint-2")


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ConnectionError("the tracker is away"), OSError("no errno")])
def test_other_errors_stay_what_they_are(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(RobustTrainer, "_save_optimizer_and_scheduler", fail)
    with pytest.raises(type(error)) as caught:
        toy.trainer(tmp_path, **SAVING).train()
    assert caught.value is error
