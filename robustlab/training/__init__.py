"""Training: one step's gradients for any loop, and a trainer on top of transformers.

`RobustTrainer`, `fit`, `fit_adapters` and `pretrain` are imported when they are first asked for, so that `accumulate`
alone needs torch only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from robustlab.training.recipe import Recipe
from robustlab.training.step import NonFiniteLossError, accumulate

if TYPE_CHECKING:
    from robustlab.training.adapter_mixup import fit_adapters
    from robustlab.training.fitting import Fitted, fit
    from robustlab.training.pretraining import pretrain
    from robustlab.training.trainer import RobustTrainer

__all__ = ["Fitted", "NonFiniteLossError", "Recipe", "RobustTrainer", "accumulate", "fit", "fit_adapters", "pretrain"]


def __getattr__(name: str) -> Any:
    if name == "RobustTrainer":
        from robustlab.training.trainer import RobustTrainer

        return RobustTrainer
    if name in ("Fitted", "fit"):
        from robustlab.training import fitting

        return getattr(fitting, name)
    if name == "fit_adapters":
        from robustlab.training.adapter_mixup import fit_adapters

        return fit_adapters
    if name == "pretrain":
        from robustlab.training.pretraining import pretrain

        return pretrain
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
