"""A disk that fills up while a run trains or saves: one line that says what to do, and --resume that does it."""

import json
import resource
import shutil
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from transformers import PreTrainedModel

from robustlab.cli import run_folder
from robustlab.training import RobustTrainer

ARGUMENTS = (
    *("train", "--limit", "60", "--epochs", "2", "--batch-size", "16", "--device", "cpu", "--report-to", "none"),
    *("--method", "adaptive-pgd", "--steps", "2", "--step-size", ".01", "--json"),
)


@pytest.fixture(scope="module")
def whole(run, tmp_path_factory):
    """What an undisturbed run says, and its folder."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    return json.loads(run(*ARGUMENTS, "--output", folder).stdout), folder


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable]:
    """While `call` runs, from the `nth` call of a method on, no file may grow beyond some bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def during(call: Callable, owner: type, name: str, *, nth: int) -> str:
        original, calls = getattr(owner, name), []

        def limited(*arguments, **named):
            calls.append(name)
            if len(calls) == nth:
                resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
            return original(*arguments, **named)

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, limited)
            try:
                return call()
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    yield during
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def goes_on(run, folder, whole):
    resumed = json.loads(run(*ARGUMENTS, "--output", folder, "--resume").stdout)
    assert resumed["finished"]
    assert (resumed["results"], resumed["weights"]) == (whole["results"], whole["weights"])


def test_a_checkpoint_that_cannot_be_written(run, refuse, fill, whole, tmp_path):
    folder = tmp_path / "run"
    train = lambda: refuse(*ARGUMENTS, "--output", folder)  # noqa: E731
    said = fill(train, RobustTrainer, "_save_optimizer_and_scheduler", nth=2)
    checkpoints = folder / "checkpoints"
    assert f"could not write {checkpoints}/checkpoint-8/optimizer.pt" in said
    assert f"the last complete checkpoint, {checkpoints}/checkpoint-4, is intact" in said
    assert said.endswith("make room, then give the same command with --resume to go on")
    assert [path.name for path in checkpoints.glob("checkpoint-*")] == ["checkpoint-4"]
    assert not json.loads((folder / "robustlab.json").read_text())["finished"]
    goes_on(run, folder, whole[0])


def test_a_trained_model_that_cannot_be_saved(run, refuse, fill, whole, tmp_path):
    folder = tmp_path / "run"
    train = lambda: refuse(*ARGUMENTS, "--output", folder)  # noqa: E731
    said = fill(train, PreTrainedModel, "save_pretrained", nth=3)  # after two checkpoints
    assert f"could not write {folder}/model.safetensors: File too large" in said
    assert said.endswith("make room, then give the same command with --resume to go on")
    assert not json.loads((folder / "robustlab.json").read_text())["finished"]
    goes_on(run, folder, whole[0])


@pytest.mark.parametrize("cut", [(8,), (4, 8)], ids=["the second", "both"])
def test_a_killed_run_does_not_resume_from_half_a_checkpoint(run, whole, tmp_path, cut):
    """Where none is whole, it starts anew."""
    told, finished = whole
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    for step in cut:
        half = folder / "checkpoints" / f"checkpoint-{step}"
        (half / "trainer_state.json").unlink()
        (half / "optimizer.pt").write_bytes(b"")
    goes_on(run, folder, told)


def test_what_the_run_holds_already_counts_as_room(run, refuse, whole, tmp_path, monkeypatch):
    told, finished = whole
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    needed = 4 * told["plan"]["parameters"] * run_folder.COPIES
    held = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    for free, enough in ((needed - held + 10_000, True), (needed - held - 10_000, False)):
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr(run_folder.shutil, "disk_usage", lambda _, usage=usage: usage)
        if enough:
            goes_on(run, folder, told)
        else:
            assert "and the run needs about" in refuse(*ARGUMENTS, "--output", folder, "--resume")
