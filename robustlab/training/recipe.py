"""How long, how fast and in what batches a model is fine-tuned: what a fit needs besides data and method."""

from __future__ import annotations

import math
from dataclasses import dataclass

from robustlab.ascent.checks import positive


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The hyperparameters of one fine-tuning, apart from the method's own.

    Attributes:
        epochs: Passes over the training rows.
        batch_size: Examples a device and micro-step.
        gradient_accumulation: Micro-steps an optimiser step.
        learning_rate: The highest one; linear warm-up and decay.
        warmup: Share of the optimiser steps that warm up, 0 to 1.
        weight_decay: AdamW's.
        max_length: Longer texts are cut to this many tokens.
        validations: How many times an epoch the validation rows are looked at, where there are any.
        bf16: Mixed precision.
        log_every: Optimiser steps between logs.

    Raises: ValueError: If a number is out of range.
    """

    epochs: int = 3
    batch_size: int = 32
    gradient_accumulation: int = 1
    learning_rate: float = 2e-5
    warmup: float = 0.1
    weight_decay: float = 0.01
    max_length: int = 128
    validations: int = 1
    bf16: bool = False
    log_every: int = 1

    def __post_init__(self) -> None:
        counts = ("epochs", "batch_size", "gradient_accumulation", "max_length", "validations", "log_every")
        for name in (*counts, "learning_rate"):
            positive(name, getattr(self, name))
        if not 0 <= self.warmup <= 1:
            raise ValueError(f"warmup must be a share of the steps, 0 to 1, got {self.warmup}")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise ValueError(f"weight_decay must be 0 or more, got {self.weight_decay}")

    def steps_an_epoch(self, rows: int) -> int:
        """Optimiser steps of one pass over `rows` rows on one device."""
        return math.ceil(math.ceil(rows / self.batch_size) / self.gradient_accumulation)
