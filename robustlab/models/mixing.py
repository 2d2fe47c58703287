"""Mixtures of adapters, another for each example of a batch.

An adapter j adds ΔW_j = (α/r) B_j A_j to a weight and has a classification head of its own. Both enter the layer they
belong to linearly, so a batch in which every example has its own mixture needs one forward and no merged weights:

    W₀x + Σⱼ βⱼ (α/r) BⱼAⱼx = (W₀ + Σⱼ βⱼ ΔWⱼ) x
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from peft import PeftModel


@contextmanager
def mixing(adapted: PeftModel, coefficients: Tensor) -> Iterator[None]:
    """Within it, a forward gives each example its own mixture of the adapters.

        θ(x) = θ₀ + Σⱼ βⱼ(x) Δθⱼ

    Args:
        adapted: A model with adapters, from `attach`.
        coefficients: β, one row an example of the batch and one column an adapter, in the order they were attached.
    Shapes: coefficients [b m].
    Raises:
        ValueError: If `coefficients` has another number of columns, or a row that is not a point of the simplex; in the
            forward, if a layer does not read one row an example.
        TypeError: If a head holds layers whose output is not linear in their weights.
    Source: Nguyen and Le (AdpMixup): adapters mixed by convex combination, the coefficients chosen for each example.
    Departs: The updates of activations are mixed and not the weights, which is the same function up to rounding.
    """
    from peft.tuners.lora import LoraLayer
    from peft.utils.other import ModulesToSaveWrapper

    names = tuple(adapted.peft_config)
    _check_simplex(coefficients, names)
    handles = []
    try:
        with adapted.disable_adapter():
            for module in adapted.modules():
                if isinstance(module, LoraLayer):
                    handles.append(module.register_forward_hook(_add_updates(names, coefficients)))
                elif isinstance(module, ModulesToSaveWrapper):
                    for path, leaf in _leaves(module.original_module):
                        twins = [module.modules_to_save[name].get_submodule(path) for name in names]
                        handles.append(leaf.register_forward_hook(_replace(twins, coefficients)))
            yield
    finally:
        for handle in handles:
            handle.remove()


def _check_simplex(coefficients: Tensor, names: Sequence[str]) -> None:
    if coefficients.dim() != 2 or coefficients.shape[1] != len(names):
        shape = list(coefficients.shape)
        raise ValueError(f"coefficients must be [b {len(names)}], one column each of {', '.join(names)}, got {shape}")
    sums = coefficients.detach().double().sum(1)
    if coefficients.numel() and (coefficients.min() < 0 or not torch.allclose(sums, torch.ones_like(sums), atol=1e-3)):
        raise ValueError("coefficients must not be negative and sum to 1 for each example: heads are averaged by them")


def _leaves(head: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The layers of a head that hold weights."""
    for path, module in head.named_modules():
        if any(True for _ in module.parameters(recurse=False)):
            if not isinstance(module, nn.Linear | nn.LayerNorm):
                raise TypeError(f"heads of Linear and LayerNorm layers can be mixed, got {type(module).__name__}")
            yield path, module


def _spread(coefficients: Tensor, inputs: Tensor, like: Tensor) -> list[Tensor]:
    """The coefficients of each adapter, shaped to scale the rows of a layer's output."""
    if inputs.shape[0] != len(coefficients):
        raise ValueError(
            f"expected every adapted layer to read {len(coefficients)} rows, one an example, got {inputs.shape[0]}: "
            "leave the layers that examples share out of LoRA(targets=…)"
        )
    # The dtype stays: coefficients rounded to bfloat16 would no longer sum to 1.
    columns = coefficients.to(like.device).unbind(1)
    return [column.reshape(-1, *[1] * (like.dim() - 1)) for column in columns]


def _add_updates(names: Sequence[str], coefficients: Tensor) -> Callable[..., Tensor]:
    def hook(layer: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
        inputs, total = arguments[0], output
        for name, beta in zip(names, _spread(coefficients, inputs, output), strict=True):
            down, up = layer.lora_A[name], layer.lora_B[name]
            total = total + beta * (up(down(inputs.to(down.weight.dtype))) * layer.scaling[name])
        return total.to(output.dtype)

    return hook


def _replace(twins: Sequence[nn.Module], coefficients: Tensor) -> Callable[..., Tensor]:
    def hook(layer: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
        betas = _spread(coefficients, arguments[0], output)
        mixed = sum(beta * twin(arguments[0]) for beta, twin in zip(betas, twins, strict=True))
        return mixed.to(output.dtype)

    return hook
