"""The device that was asked for, if it is there."""

from __future__ import annotations

import torch


def available() -> list[str]:
    """The devices of this machine, the fastest first."""
    found = ["cuda"] if torch.cuda.is_available() else []
    found += ["mps"] if torch.backends.mps.is_available() else []
    return [*found, "cpu"]


def choose(name: str | None) -> str:
    """The device of that name, or the fastest.

    Raises: ValueError: If it is not here.
    """
    here = available()
    if name is None:
        return here[0]
    if name.partition(":")[0] not in here:
        raise ValueError(f"--device {name} is not available; here: {', '.join(here)}")
    if name.startswith("cuda:"):
        raise ValueError("to choose one GPU, set CUDA_VISIBLE_DEVICES and give --device cuda")
    return name
