"""One of two processes that train together until the loss of one is not finite, and again until its disk is full."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist

from robustlab.models import tiny_architecture
from robustlab.training import NonFiniteLossError, RobustTrainer

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
import toy

PATIENCE = 30  # seconds for which the first to stop waits for the other


def run(folder: Path, rank: int) -> RobustTrainer:
    """Rank 1 reads NaN in the first micro-batch of step 3, and keeps the same weights as rank 0."""
    trainer = toy.trainer(
        folder, model=tiny_architecture("bert"), save_strategy="steps", save_steps=1, save_total_limit=9,
        gradient_accumulation_steps=2, per_device_train_batch_size=2, ddp_backend="gloo",
    )  # fmt: skip
    original = trainer.training_step

    def training_step(model: torch.nn.Module, *arguments: object) -> torch.Tensor:
        if rank == 1 and trainer.state.global_step == 2:
            trainer.model.classifier.register_forward_hook(lambda *seen: seen[-1] * float("nan"))
        return original(model, *arguments)

    trainer.training_step = training_step
    return trainer


def fail_to_write(*_: object) -> None:
    raise OSError(28, "No space left on device", "checkpoint-1/optimizer.pt")


def attempt(job: str, folder: Path, rank: int) -> None:
    """Train, write down what it ended with, and live on until the other process has done so too."""
    trainer = run(folder / job, rank)
    if job == "disk" and rank == 0:
        trainer._save_optimizer_and_scheduler = fail_to_write
    try:
        trainer.train()
    except (NonFiniteLossError, OSError) as error:
        told = {"type": type(error).__name__, "message": str(error), "processes": trainer.args.world_size}
        (folder / f"{job}{rank}.json").write_text(json.dumps(told))
    # The end of a process would wake one that waits for it; a process that lives on would not.
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last and len(list(folder.glob(f"{job}?.json"))) < 2:
        time.sleep(0.05)


if __name__ == "__main__":
    rank, folder = int(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    # accelerate asks for these; the processes have met already, so that the port is not used.
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500", "LOCAL_WORLD_SIZE": "2"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", **meeting}
    for job in ("loss", "disk"):
        attempt(job, folder, rank)
    os._exit(0)  # without the farewell of the process group, which waits for the other
