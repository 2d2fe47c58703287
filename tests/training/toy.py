"""A task that a tiny BERT learns in seconds: which of two words fills every other place of the row?

Run as a script, it trains to the end, dies at a step or resumes, for the tests that need a process of their own.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import torch
from torch.utils.data import Dataset
from transformers import TrainerCallback, TrainingArguments

from robustlab import methods
from robustlab.ascent import starts
from robustlab.models import tiny_architecture
from robustlab.training import RobustTrainer

GOOD, BAD = 10, 20


class Rows(Dataset):
    """`n` rows of random lengths, in which GOOD or BAD stands between random words."""

    def __init__(self, n: int = 64, *, seed: int = 0, longest: int = 10, shortest: int = 4, attacked: bool = False):
        generator = torch.Generator().manual_seed(seed)
        self.rows = []
        for number in range(n):
            length = int(torch.randint(shortest, longest + 1, (), generator=generator))
            ids = torch.randint(30, 100, (length,), generator=generator)
            label = number % 2
            ids[0] = 1
            ids[1::2] = GOOD if label else BAD
            row = {"input_ids": ids.tolist(), "labels": label, "example_id": number}
            if attacked:  # every third row has other words around the one that tells
                others = ids.where((ids < 30) | torch.tensor(number % 3 != 0), 100 - ids // 2)
                row |= {"attacked_input_ids": others.tolist(), "attacked_attention_mask": [1] * length}
            self.rows.append(row)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict:
        return self.rows[index]


def collate(rows: list[dict]) -> dict[str, torch.Tensor]:
    longest = max(len(row["input_ids"]) for row in rows)
    made = {name: torch.tensor([row[name] for row in rows]) for name in ("labels", "example_id")}
    for prefix in ("", "attacked_"):
        if prefix + "input_ids" in rows[0]:
            padded = [row[prefix + "input_ids"] + [0] * (longest - len(row["input_ids"])) for row in rows]
            made[prefix + "input_ids"] = ids = torch.tensor(padded)
            made[prefix + "attention_mask"] = (ids != 0).long()
    return made


def arguments(folder: Path | str, **changes: object) -> TrainingArguments:
    settings = {
        "output_dir": str(folder),
        "max_steps": 6,
        "per_device_train_batch_size": 8,
        "learning_rate": 5e-3,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
        "seed": 3,
        "dataloader_pin_memory": False,
    }
    return TrainingArguments(**settings | changes)


def trainer(folder: Path | str, **changes: object) -> RobustTrainer:
    """A trainer on the toy task; what is no training argument is taken out of `changes`."""
    model = changes.pop("model", None)
    return RobustTrainer(
        model=tiny_architecture("bert", dropout=0.1) if model is None else model,
        method=changes.pop("method", None) or methods.adaptive_pgd(steps=2, step_size=0.1),
        train_dataset=changes.pop("rows", None) or Rows(),
        eval_dataset=changes.pop("eval_rows", None),
        callbacks=changes.pop("callbacks", None),
        noise=changes.pop("noise", "same"),
        data_collator=collate,
        args=arguments(folder, **changes),
    )


class Die(TrainerCallback):
    """Kill the process without a word once a step is over."""

    def __init__(self, step: int):
        self.step = step

    def on_step_end(self, args: object, state: object, control: object, **kwargs: object) -> None:
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


RESUMED = {"max_steps": 12, "save_strategy": "steps", "save_steps": 5, "gradient_accumulation_steps": 2}


def resumable(folder: Path | str, callbacks: list | None = None, *, attacked: bool = False) -> RobustTrainer:
    """Twelve steps over three epochs with dropout, random starts and learned weights; a checkpoint each fifth step."""
    if attacked:
        rows = Rows(attacked=True)
        return trainer(folder, method=methods.semrode(), rows=rows, callbacks=callbacks, **RESUMED)
    method = methods.adaptive_pgd(steps=2, step_size=0.1, start=starts.freelb(0.3))
    return trainer(folder, method=method, callbacks=callbacks, **RESUMED)


if __name__ == "__main__":
    torch.set_num_threads(1)
    job, folder, attacked = sys.argv[1], sys.argv[2], "attacked" in sys.argv[3:]
    if job == "die":
        resumable(folder, [Die(7)], attacked=attacked).train()
    run = resumable(folder, attacked=attacked)
    run.train(resume_from_checkpoint=True)
    run.save_model(str(Path(folder) / "end"))
    torch.save(run.optimizer.state_dict(), Path(folder) / "optimizer.pt")
