"""What an encoder gives for one batch, kept as long as it is true."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from robustlab.landscape.sites import Site, state_site


def draws(model: Any) -> bool:
    """Whether a model in training mode draws random numbers, as its configuration and its modules say."""
    settings = model.config.to_dict().items()
    named = any(name.endswith(("dropout", "dropout_rate", "layerdrop")) and bool(value) for name, value in settings)
    return named or any(isinstance(module, nn.Dropout) and module.p > 0 for module in model.modules())


class Encoded:
    """The states of a batch, made once for all who answer from them.

    They are made anew when a weight of the encoder has changed, when a backward pass has used their graph up, and when
    somebody wants gradients through states that were made without.

    Args:
        encoder: Of an encoder-decoder.
        inputs: What it reads, by name.
    """

    def __init__(self, encoder: nn.Module, inputs: Mapping[str, Tensor]):
        self.encoder, self.inputs = encoder, inputs
        self._states: Tensor | None = None
        self._made_with: tuple[object, ...] = ()
        self._with_gradients = False

    @classmethod
    def of(cls, model: Any, site: Site, inputs: Mapping[str, Tensor]) -> Encoded | None:
        """The states at a site; None where the site is not the encoder's output, all of it."""
        if site != state_site(model):
            return None
        decoders = ("labels", "decoder_input_ids", "decoder_attention_mask")
        return cls(site.module, {name: value for name, value in inputs.items() if name not in decoders})

    def states(self) -> Tensor:
        """The encoder's output, with its graph where gradients are on."""
        weights = tuple((id(weight), weight._version) for weight in self.encoder.parameters())
        if weights != self._made_with or self._with_gradients < torch.is_grad_enabled():
            self._states = None
        if self._states is None:
            output: Any = self.encoder(**self.inputs)
            states = self._states = output if isinstance(output, Tensor) else output[0]
            self._made_with, self._with_gradients = weights, torch.is_grad_enabled()
            own = weakref.ref(self)  # else the states would hold themselves

            def forget(gradient: Tensor) -> None:
                if (encoded := own()) is not None:
                    encoded._states = None

            if states.requires_grad:
                states.register_hook(forget)
            return states
        return self._states
