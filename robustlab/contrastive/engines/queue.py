"""A queue: representations of the last batches, from a slow copy of the encoder, are the negatives."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from robustlab.ascent.checks import positive
from robustlab.contrastive.engines.base import Engine, against, check_width, joined
from robustlab.contrastive.scores import cosines, unit
from robustlab.gather import gathered


class MomentumQueue(Engine):
    """-log [ e^{s(q, k⁺)/τ} / (e^{s(q, k⁺)/τ} + Σ_{k in the queue} e^{s(q, k)/τ}) ], beside the batch's hard negatives.

    The queue holds the last `size` positives, first in, first out; they enter it after the step in which they were
    positives, and get no gradient. Before it is full only what is in it counts; while it is empty, and without hard
    negatives, the loss is 0.

    Args:
        width: Of a representation.
        size: How many keys the queue holds.
        temperature: τ.
        hard_weight: How often an anchor's own hard negative counts.

    Raises: ValueError: If a number is not positive; in `loss`, if the joined batch is larger than the queue, or widths
        differ.

    Source: He et al. (MoCo, 2020), Eq. 1 and Algorithm 1.
    Departs: the queue starts empty, and theirs with random keys, which no encoder has made.
    """

    needs_momentum = True
    queue: Tensor
    filled: Tensor
    place: Tensor

    def __init__(self, width: int, size: int, temperature: float, *, hard_weight: float = 1.0):
        super().__init__(temperature)
        for name, value in (("width", width), ("size", size), ("hard_weight", hard_weight)):
            positive(name, value)
        self.width, self.size, self.hard_weight = width, size, hard_weight
        self.register_buffer("queue", torch.zeros(size, width))
        self.register_buffer("filled", torch.zeros((), dtype=torch.long))
        self.register_buffer("place", torch.zeros((), dtype=torch.long))
        self._seen: list[Tensor] = []

    def loss(
        self,
        anchors: Float[Tensor, "n d"],
        positives: Float[Tensor, "n d"],
        *,
        examples: Int[Tensor, "n"] | None = None,
        negatives: Float[Tensor, "n d"] | None = None,
        there: Bool[Tensor, "n"] | None = None,
    ) -> Float[Tensor, "n"]:
        """The loss of this process's examples; their positives wait for `after_step`."""
        check_width(self.width, anchors)
        keys = gathered(unit(positives.detach()))
        if len(keys) > self.size:
            raise ValueError(
                f"a queue of {self.size} keys cannot hold a batch of {len(keys)} (that of all processes): "
                f"make the queue at least {len(keys)} long"
            )
        if self._noting:
            self._seen.append(keys)
        past = cosines(anchors, self.queue[: int(self.filled)], temperature=self.temperature)
        hard = joined(anchors, negatives, there)
        return against(
            anchors, positives.detach(), past, hard, temperature=self.temperature, hard_weight=self.hard_weight
        )

    @torch.no_grad()
    def after_step(self) -> None:
        """Put the keys that were seen in line; the oldest make room."""
        for keys in self._seen:
            places = (self.place + torch.arange(len(keys), device=self.queue.device)) % self.size
            self.queue[places] = keys.to(self.queue)
            self.place += len(keys)
            self.place %= self.size
            self.filled += len(keys)
            self.filled.clamp_(max=self.size)
        self._seen.clear()
