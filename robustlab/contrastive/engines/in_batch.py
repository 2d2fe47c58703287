"""End to end: the other examples of the batch, of all processes, are the negatives."""

from __future__ import annotations

from jaxtyping import Bool, Float, Int
from torch import Tensor

from robustlab.ascent.checks import positive
from robustlab.contrastive.engines.base import Engine, joined
from robustlab.contrastive.losses import info_nce, nt_xent
from robustlab.gather import gathered, own_rows


class InBatch(Engine):
    """`nt_xent` or `info_nce` over the joined batch of all processes; remembers nothing.

    Args:
        temperature: τ.
        hard_weight: How often an anchor's own hard negative counts.
        symmetric: Whether positives are anchors too: an example's loss is then the mean of its two views'.

    Raises: ValueError: If the temperature or the weight is not positive; in `loss`, as these two functions.

    Source: Chen et al. (SimCLR, 2020), Algorithm 1; Gao et al. (SimCSE, 2021).
    """

    def __init__(self, temperature: float, *, hard_weight: float = 1.0, symmetric: bool = True):
        super().__init__(temperature)
        positive("hard_weight", hard_weight)
        self.hard_weight, self.symmetric = hard_weight, symmetric

    def loss(
        self,
        anchors: Float[Tensor, "n d"],
        positives: Float[Tensor, "n d"],
        *,
        examples: Int[Tensor, "n"] | None = None,
        negatives: Float[Tensor, "n d"] | None = None,
        there: Bool[Tensor, "n"] | None = None,
    ) -> Float[Tensor, "n"]:
        """The loss of this process's examples among all."""
        own = own_rows(len(anchors), anchors.device)
        one, other = gathered(anchors), gathered(positives)
        hard = joined(anchors, negatives, there)
        far, real = (None, None) if hard is None else (hard.vectors, hard.there)
        if not self.symmetric:
            return info_nce(one, other, far, temperature=self.temperature, hard_weight=self.hard_weight, there=real)[
                own
            ]
        values = nt_xent(
            one, other, temperature=self.temperature, negatives=far, hard_weight=self.hard_weight, there=real
        )
        return values.unflatten(0, (2, len(one))).mean(dim=0)[own]
