"""How a trainer carries a method along: what it refuses, and what follows each optimiser step."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from robustlab.methods import Method


def check_scaling(method: Method, *, fp16: bool) -> None:
    """Refuse fp16 for weights that no optimiser group holds.

    Raises: ValueError: If fp16 would scale the gradient that a method's weights move by.
    """
    grouped = {id(parameter) for group in method.parameter_groups() for parameter in group["params"]}
    own = [parameter for parameter in method.parameters() if parameter.requires_grad]
    if fp16 and any(id(parameter) not in grouped for parameter in own):
        raise ValueError(
            "fp16 scales gradients, and this method moves some weights by their gradient itself: its steps would be "
            "thousands of times too long; use bf16, or SoftmaxWeights"
        )


class MethodCallback(TrainerCallback):
    """Lets a method follow each optimiser step, and forgets its gradients, which the trainer does not know of."""

    def __init__(self, method: Method):
        self.method = method

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Follow the step."""
        self.method.after_step()
        self.method.zero_grad(set_to_none=True)
