"""Low-rank adapters: several on one frozen classifier, by the `peft` library."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from peft import LoraConfig, PeftModel
    from transformers import PreTrainedModel

# Where peft knows a family, its choice of layers is taken; these are the families it does not know, and one exception:
# DeBERTa sends its table of relative positions through query_proj too, and the examples of a batch share that table, so
# that no example could have a mixture of its own there.
_TARGETS = {
    "deberta-v2": ("value_proj",),
    "distilbert": ("q_lin", "v_lin"),
}


@dataclass(frozen=True, kw_only=True)
class LoRA:
    """The shape of a low-rank adapter.

    Attributes:
        rank: Rank r of its update.
        alpha: The update is scaled by alpha / rank.
        dropout: Dropout before the update, in training.
        targets: Ends of the names of the layers that are adapted; what suits the family where not given: query and
            value projections in most.

    Raises: ValueError: If a number is out of range or `targets` is empty.
    Source: Hu et al. (LoRA), Section 4.
    """

    rank: int = 8
    alpha: float = 16.0
    dropout: float = 0.0
    targets: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("rank", "alpha"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")
        if self.targets is not None and not self.targets:
            raise ValueError("targets must name at least one layer, or be left out for what suits the family")


def attach(model: PreTrainedModel, names: Sequence[str], lora: LoRA | None = None, *, seed: int = 0) -> PeftModel:
    """Put adapters on a classifier: one update of every target and one classification head a name.

    The classifier itself is left as it is: the adapters sit on a second set of modules that reads the same weights.
    They change nothing until they are trained.

    Args:
        model: A sequence classifier of `transformers`.
        names: One an adapter.
        lora: Shape of the adapters.
        seed: Seeds each of them, whatever the others: the same name or place gives no other weights.
    Returns: The adapted model of `peft`, in evaluation mode; the first adapter is active.
    Raises:
        ModuleNotFoundError: If `peft` is not installed.
        ValueError: If there are no names, one is invalid or comes twice, the model has no head, or the layers to adapt
            are not known or not there.
    """
    peft = installed_peft()
    heads = _heads(model)
    _check_names(names, model, heads)
    config = _config(model, LoRA() if lora is None else lora, heads)
    adapted = None
    for name in names:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            if adapted is None:
                adapted = peft.PeftModel(sharing_copy(model), copy.deepcopy(config), adapter_name=name)
            else:
                adapted.add_adapter(name, copy.deepcopy(config))
    assert adapted is not None
    return adapted.eval()


def sharing_copy(model: PreTrainedModel) -> PreTrainedModel:
    """A copy of a model's modules that reads the same weights, frozen; the model keeps its modules and its flags."""
    memo: dict[int, object] = {id(one): nn.Parameter(one.detach(), requires_grad=False) for one in model.parameters()}
    memo |= {id(buffer): buffer for buffer in model.buffers()}
    return copy.deepcopy(model, memo)


def installed_peft() -> ModuleType:
    """The `peft` package.

    Raises: ModuleNotFoundError: If it is not installed; the message says how to get it.
    """
    try:
        import peft
    except ImportError as error:
        raise ModuleNotFoundError("adapters need peft: pip install 'robustlab[adapters]'") from error
    return peft


def _check_names(names: Sequence[str], model: nn.Module, heads: Sequence[str]) -> None:
    if not names:
        raise ValueError("expected the name of at least one adapter, got none")
    # peft finds an adapter's weights by names, in which "lora_" and the layers' names would mislead it: an adapter
    # "query" beside others takes every query layer out of what is saved of them.
    layers = {part for path, _ in model.named_modules() for part in path.split(".") if part}
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name) or "lora_" in name or name in "lora_":
            raise ValueError(f"an adapter's name has letters, digits, - and _ and nothing like lora_, got {name!r}")
        if name in layers or any(name.endswith(head) for head in heads):
            raise ValueError(f"an adapter must not be called like a layer of the model, got {name!r}")
    if len(set(names)) < len(names):
        raise ValueError(f"adapters need different names, got {', '.join(names)}")


def _config(model: PreTrainedModel, lora: LoRA, heads: list[str]) -> LoraConfig:
    import peft

    targets = _targets(model, lora, heads)
    return peft.LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(targets),
        modules_to_save=heads,
        # GPT-2 keeps its weights transposed, in a layer of its own.
        fan_in_fan_out=model.config.model_type == "gpt2",
    )


def _heads(model: PreTrainedModel) -> list[str]:
    """What stands beside the encoder and has weights."""
    children = dict(model.named_children())
    encoder = children.pop(model.base_model_prefix, None)
    heads = [name for name, child in children.items() if any(True for _ in child.parameters())]
    if encoder is None or not heads:
        raise ValueError(f"expected a sequence classifier with a head beside its encoder, got {type(model).__name__}")
    return heads


def _targets(model: PreTrainedModel, lora: LoRA, heads: Sequence[str]) -> Sequence[str]:
    """The layers to adapt, each of which has to be there."""
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as KNOWN

    family = model.config.model_type
    targets = lora.targets or _TARGETS.get(family) or KNOWN.get(family)
    body = [name for name, _ in model.named_modules() if name.split(".")[0] not in heads]
    linear = [name for name in body if re.search(r"Linear|Conv1D", type(model.get_submodule(name)).__name__)]
    there = ", ".join(sorted({name.rsplit(".", 1)[-1] for name in linear}))
    if not targets:
        raise ValueError(f"no layers to adapt are known for {family!r}: give LoRA(targets=…), some of {there}")
    for target in targets:
        if not any(name == target or name.endswith(f".{target}") for name in linear):
            raise ValueError(f"{family} has no layer {target!r} to adapt: give LoRA(targets=…), some of {there}")
    return targets
