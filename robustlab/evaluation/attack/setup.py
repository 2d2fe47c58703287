"""Everything that an attack's rows depend on, as plain values: another process builds the same attack from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from robustlab import models
from robustlab.evaluation.attack.attacking import Attacker, attacker
from robustlab.evaluation.attack.bench import Bench
from robustlab.evaluation.attack.limits import Limits
from robustlab.evaluation.attack.names import Recipe


@dataclass(frozen=True, kw_only=True)
class Setup:
    """An attack.

    Attributes:
        model: The trained classifier: a folder, or a name on the hub.
        labels: Its labels, in the order of their numbers.
        recipe: What attacks it.
        limits: What the recipe may do.
        seed: Decides, with an example's number, every random draw.
        device: Where the models run.
        batch_size: Rows of a forward; on an accelerator it decides an answer's last digits.
        max_length: Longer texts are cut to this many tokens; None takes what the model can read.
    """

    model: str
    labels: tuple[str, ...]
    recipe: Recipe
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    device: str = "cpu"
    batch_size: int = 16
    max_length: int | None = None

    def make(self, loaded: models.Loaded | None = None) -> Attacker:
        """Build it.

        Args:
            loaded: The classifier, where it has been loaded already.
        Raises:
            FileNotFoundError: If there is no such classifier.
            ModuleNotFoundError: If the extra `attack` is not installed.
            ValueError: If there is no such recipe, or a substitute stands in for nothing that it needs.
            MissingResourceError: If this machine lacks resources; names all of them.
        """
        if loaded is None:
            loaded = models.load(self.model, labels=self.labels)
        loaded.model.to(torch.device(self.device)).eval()
        bench = Bench(loaded, self.recipe, self.batch_size, self.max_length)
        return attacker(bench, self.limits, seed=self.seed)


def longest_first(texts: Sequence[str]) -> list[int]:
    """The order in which to begin: at the end few examples are left to share a batch, and those should be short."""
    return sorted(range(len(texts)), key=lambda at: (-len(texts[at]), at))
