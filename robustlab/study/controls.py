"""Adaptive PGD and the controls that any adaptive result has to beat, trained live."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from robustlab import methods
from robustlab.ascent import GradientAscent
from robustlab.evaluation import white_box
from robustlab.methods import Method
from robustlab.objective import SoftmaxWeights
from robustlab.study.main_sst2 import MATCHED, scored
from robustlab.training import Recipe, fit


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the runs of one comparison share.

    Attributes:
        steps: k.
        step_size: α of adaptive PGD and of PGD.
        learning_rate: The model's.
        attack: What the trained models are attacked with.
        weights_learning_rate: Of w, a softmax.
    """

    steps: int
    step_size: float
    learning_rate: float
    attack: GradientAscent
    weights_learning_rate: float = 0.05


def run_all(
    plan: Plan,
    backbone: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    train: Dataset,
    batches: Sequence[white_box.Batch],
    *,
    seed: int,
    device: str | None = None,
) -> list[dict[str, Any]]:
    """Fine-tune copies of a model for one epoch with adaptive PGD and with what it has to beat, and score them all.

    The controls: standard training, PGD (which is fixed uniform weights), and PGD whose offsets are as long on average
    as the adaptive run's.

    Args:
        plan: What the runs share.
        backbone: The model to start from; it stays as it is.
        tokenizer: Its tokenizer.
        train: Rows to train on.
        batches: What to score on, from `white_box.batches`.
        seed: Of order and dropout.
        device: As for `fit`.
    """
    pgd = methods.pgd(steps=plan.steps, step_size=plan.step_size)
    weights = SoftmaxWeights(plan.steps, learning_rate=plan.weights_learning_rate)

    def run(name: str, method: Method) -> dict[str, Any]:
        model = deepcopy(backbone)
        recipe = Recipe(epochs=1, learning_rate=plan.learning_rate)
        fitted = fit(model, tokenizer, method, train, recipe, seed=seed, device=device)
        logs = [log for log in fitted.history if "loss" in log]
        row = {"method": name, "seed": seed, "step_size": None if name == "standard" else plan.step_size}
        row |= {key: fmean(log[key] for log in logs) for key in ("offset_norm", "step_cosine") if key in logs[0]}
        row["weights"] = [logs[-1][f"w_{i}"] for i in range(1, plan.steps + 1)] if "w_1" in logs[-1] else None
        return row | _score(model, batches, plan.attack)

    uniform, learned = run("pgd", pgd), run("adaptive-pgd", methods.adaptive(pgd, weights=weights))
    matched = plan.step_size * learned["offset_norm"] / uniform["offset_norm"]
    control = run(MATCHED, methods.pgd(steps=plan.steps, step_size=matched))
    return [run("standard", methods.standard()), uniform, control, learned]


def _score(model: PreTrainedModel, batches: Sequence[white_box.Batch], attack: GradientAscent) -> dict[str, Any]:
    clean, attacked = white_box.clean(model, batches), white_box.pgd(model, batches, attack)
    return scored("clean", clean.correct) | scored("pgd", attacked.correct)
