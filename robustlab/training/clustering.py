"""Prototypes are found anew before every epoch, from what the encoder makes of all sentences by then."""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from transformers import TrainerCallback

from robustlab.contrastive.engines import Prototypes
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
