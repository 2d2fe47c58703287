"""What an engine learns from all sentences at once: prototypes before every epoch, a bank before the first step."""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from transformers import TrainerCallback

from robustlab.contrastive.engines import MemoryBank, Prototypes
from robustlab.models.encoders import Encoder, represent_ids


class FitPrototypes(TrainerCallback):
    """Lets an engine of prototypes see all sentences where an epoch begins.

    A run that is resumed within an epoch goes on with the clusters of its checkpoint.

    Args:
        engine: The prototypes.
        encoder: That is trained.
        rows: The training rows of `sentence_rows`, whose sentences are numbered in their order.
    """

    def __init__(self, engine: Prototypes, encoder: Encoder, rows: Dataset):
        self.engine, self.encoder, self.rows = engine, encoder, rows

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Cluster."""
        if float(state.epoch or 0.0).is_integer():
            features = represent_ids(self.encoder, (ids for row in self.rows["ids"] for ids in row))
            self.engine.fit(features.to(self.encoder.model.device))


class FillBank(TrainerCallback):
    """Lets a memory bank know all sentences before the first step, so that its positives are as old as its negatives.

    A run that is resumed goes on with the bank of its checkpoint.

    Args:
        engine: The bank.
        encoder: That is trained.
        rows: The training rows of `sentence_rows`, whose sentences are numbered in their order.
    """

    def __init__(self, engine: MemoryBank, encoder: Encoder, rows: Dataset):
        self.engine, self.encoder, self.rows = engine, encoder, rows

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Fill."""
        if not self.engine.filled.any():
            features = represent_ids(self.encoder, (ids for row in self.rows["ids"] for ids in row))
            self.engine.fit(features.to(self.encoder.model.device))
