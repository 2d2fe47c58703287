"""The clean loss, and a model that answers alike when an adversary masks its attention: ASA."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robustlab.ascent.checks import positive
from robustlab.ascent.divergences import symmetric_kl
from robustlab.ascent.gradient import Ascent
from robustlab.landscape.attention import SelfAttention, biased, find_attentions
from robustlab.landscape.base import Landscape, Reading
from robustlab.objective.attention_masks import ConcreteMasks, maskable, reverse
from robustlab.objective.base import Objective, Terms, no_path
from robustlab.objective.late import Late
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness
from robustlab.typing import PerExample


class AdversarialAttention(Late, Objective):
    """Answer right, and alike when a learned adversary masks the attention of every layer.

        J = L(θ, x, y) + λ·½[KL(p ‖ p_m) + KL(p_m ‖ p)] + τ²·(share of the attention that is masked)

    The model descends J. The masks m are predicted by a head a layer, whose gradient through p_m is reversed: it climbs
    the divergence and pays τ² nats for masking everything there is to mask. The layer's input is a constant to its
    head.

    Where no mask moves the output there is nothing to climb, and the budget alone unmasks everything: a `masked_share`
    near 0 in the logs is an adversary that has given up, and the training is the standard one.

    The heads are built by `prepare`, before the optimiser, or from the first batch where nobody prepared. Their state
    is part of the method's; what is loaded before they are built waits for them.

    Args:
        weight: λ.
        budget: τ; 0 masks for nothing.
        temperature: T of the relaxed masks, see `ConcreteMasks`.

    Shapes: terms [], nats.

    Raises: ValueError: If the weight or the temperature is not positive or the budget is negative.

    Source: Wu et al. (ASA, 2023): the objective, gradient reversal and τ = .5 of the released code.
    Departs: the budget is paid for the share of what may be masked, in each example; the code adds τ² for each
        unmasked unit of each layer and reverses that too, the same game at a price that grows with the layers and with
        the length squared, a thousand nats where the divergence has two. See also `ConcreteMasks` and `maskable`.
    """

    def __init__(self, *, weight: float, budget: float, temperature: float):
        super().__init__()
        positive("weight", weight)
        positive("temperature", temperature)
        if not budget >= 0:
            raise ValueError(f"budget must not be negative, got {budget}")
        self.weight, self.budget, self.temperature = weight, budget, temperature
        self.attentions: tuple[SelfAttention, ...] = ()

    @property
    def masks(self) -> ConcreteMasks | None:
        """The mask heads, once they are made."""
        assert self.inner is None or isinstance(self.inner, ConcreteMasks)
        return self.inner

    def check(self, ascent: Ascent) -> None:
        """Raise where there is an ascent.

        Raises: ValueError: If the ascent takes steps, which this objective would ignore.
        """
        no_path("ASA masks attention", ascent)

    def prepare(self, landscapes: Iterable[Landscape], *, learning_rate: float) -> None:
        """Find the self-attentions in the first landscape and build their heads."""
        if self.masks is None:
            for landscape in landscapes:
                self._build(landscape)
                return

    def _build(self, landscape: Landscape) -> None:
        model = _model_of(landscape)
        self.attentions = find_attentions(model, landscape.logits)
        device = landscape.mask.device
        dtype = torch.promote_types(self.attentions[0].dtype, torch.float32)
        widths = [attention.width for attention in self.attentions]
        self.make(ConcreteMasks(widths, temperature=self.temperature, dtype=dtype).to(device))

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term, through the clean and the masked output."""
        if self.masks is None:
            self.check_in_time()
            self._build(landscape)
        clean = landscape.clean()
        if clean.loss is None:
            raise ValueError("the batch has no labels, so there is no clean loss")
        masked, share = self.read_masked(landscape, generator=generator)
        assert masked.loss is not None
        apart = 0.5 * symmetric_kl(clean.logits, masked.logits).mean()
        yield clean.loss.mean() + self.weight * apart + self.budget**2 * share.mean()
        seen = {"clean_loss": clean.loss, "divergence": apart, "masked_loss": masked.loss, "masked_share": share}
        return Trace(extra={name: value.detach().mean() for name, value in seen.items()})

    def read_masked(self, landscape: Landscape, *, generator: Randomness) -> tuple[Reading, PerExample]:
        """The reading under the masks, with the heads' gradient reversed, and the share that each example has masked.

        The share's gradient is not reversed.
        """
        assert self.masks is not None
        masks, attention_mask = self.masks, getattr(landscape, "inputs", {}).get("attention_mask")
        source = _own_stream(generator)
        masked: list[Tensor] = []
        free_units: list[Tensor] = []

        def bias(place: int, states: Tensor, allowed: Tensor) -> Tensor:
            free = maskable(allowed, attention_mask)
            logits = masks(place, states, free, source)
            masked.append(logits.sigmoid().sum((1, 2)))
            free_units.append(free.sum((1, 2)))
            return -F.softplus(reverse(logits))[:, None]  # log(1 - m), for all attention heads alike

        with biased(_model_of(landscape), self.attentions, bias):
            reading = landscape.read()
        share = torch.stack(masked).sum(0) / torch.stack(free_units).sum(0).clamp_min(1)
        return reading, share

    def given(self) -> dict[str, Any]:
        """λ, τ and T."""
        return {"weight": self.weight, "budget": self.budget, "temperature": self.temperature}

    def units(self, ascent: Ascent) -> int:
        """Two whole passes.

        The heads are not counted: (8d + 6l)/(24d + 4l) of a unit, a third where the length is small against the width.
        """
        return 6

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The heads, without weight decay."""
        learned = self.learned()
        return [{"params": learned, "weight_decay": 0.0}] if learned else []


def _model_of(landscape: Landscape) -> nn.Module:
    model = getattr(landscape, "model", None)
    if not isinstance(model, nn.Module):
        raise ValueError(f"ASA masks the attention of a model, and {type(landscape).__name__} has none")
    return model


def _own_stream(generator: Randomness) -> Randomness:
    """Keep the masks' noise out of the global stream during the forward, where dropout is replayed from it."""
    if generator is not None:
        return generator
    return torch.Generator().manual_seed(int(torch.randint(2**62, ())))
