"""A memory bank: one remembered representation an example, slowly renewed."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from robustlab.ascent.checks import positive
from robustlab.contrastive.engines.base import Engine, Hard, against, check_ids, check_width, joined
from robustlab.contrastive.scores import cosines, unit
from robustlab.gather import gathered
from robustlab.randomness import ExampleGenerators


class MemoryBank(Engine):
    """-log [ e^{s(z_i, v_i)/τ} / (e^{s(z_i, v_i)/τ} + Σ_j e^{s(z_i, v_j)/τ}) ], v the bank, j drawn from the others.

    An example that the bank does not know yet has the given positive instead. After a step v ← m·v + (1 - m)·z, back on
    the sphere, or z itself where v was empty. What is drawn depends on the seed, the step and the example alone.

    Call `fit` before the first step, or the encoder may run away from its memory: as long as positives are fresh and
    negatives are old, moving all representations in one direction lowers the loss, and tells nothing apart.

    Where v_i is known, z_i⁺ has no part in this loss. Symmetric, an example's loss is the mean of that of z_i and that
    of z_i⁺, against the same entries, so that both come near to what is remembered.

    Args:
        examples: How many there are; their ids are 0 … examples - 1.
        width: Of a representation.
        temperature: τ.
        negatives: How many entries are drawn for an anchor, with replacement.
        momentum: m, 0 to 1.
        hard_weight: How often an anchor's own hard negative counts.
        symmetric: Whether positives are anchors too.
        seed: Of the draws.

    Raises: ValueError: If a number is not positive or the momentum not within [0, 1); in `loss`, without ids or with
        one that the bank has no place for.

    Source: Wu et al. (2018), Sections 3.1-3.2; the average is that of their released code. Symmetric as Misra & van
        der Maaten (PIRL, 2020), Eq. 5, with λ = 1/2.
    Departs: a softmax over what is drawn, where the papers classify data from noise (NCE); the bank starts empty; PIRL
        has heads of their own for images and their transforms.
    """

    bank: Tensor
    filled: Tensor
    steps: Tensor

    def __init__(
        self,
        examples: int,
        width: int,
        temperature: float,
        *,
        negatives: int = 256,
        momentum: float = 0.5,
        hard_weight: float = 1.0,
        symmetric: bool = False,
        seed: int = 0,
    ):
        super().__init__(temperature)
        sizes = {"examples": examples, "width": width, "negatives": negatives, "hard_weight": hard_weight}
        for name, value in sizes.items():
            positive(name, value)
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}")
        self.width, self.negatives, self.momentum = width, negatives, momentum
        self.hard_weight, self.symmetric, self.seed = hard_weight, symmetric, seed
        self.register_buffer("bank", torch.zeros(examples, width))
        self.register_buffer("filled", torch.zeros(examples, dtype=torch.bool))
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self._seen: list[tuple[Tensor, Tensor]] = []

    def fit(self, features: Float[Tensor, "N d"]) -> None:
        """Remember every example before the first step: row i is example i.

        Raises: ValueError: If there is not one feature an example.
        """
        if features.shape != self.bank.shape:
            expected = " ".join(map(str, self.bank.shape))
            raise ValueError(f"expected the features of all examples, [{expected}], got {tuple(features.shape)}")
        self.bank.copy_(unit(features.detach()))
        self.filled.fill_(True)

    def loss(
        self,
        anchors: Float[Tensor, "n d"],
        positives: Float[Tensor, "n d"],
        *,
        examples: Int[Tensor, "n"] | None = None,
        negatives: Float[Tensor, "n d"] | None = None,
        there: Bool[Tensor, "n"] | None = None,
    ) -> Float[Tensor, "n"]:
        """The loss of this process's examples; their anchors wait for `after_step`."""
        check_width(self.width, anchors)
        ids = check_ids(examples, anchors, len(self.bank))
        if self._noting:
            self._seen.append((gathered(ids), gathered(unit(anchors.detach()))))
        chosen, some = self._past(ids)
        hard = joined(anchors, negatives, there)
        values = self._against(anchors, positives, ids, chosen, some, hard)
        return (values + self._against(positives, anchors, ids, chosen, some, hard)) / 2 if self.symmetric else values

    def _against(
        self,
        anchors: Float[Tensor, "n d"],
        positives: Float[Tensor, "n d"],
        ids: Int[Tensor, "n"],
        chosen: Int[Tensor, "n p"],
        some: Bool[Tensor, "n"],
        hard: Hard | None,
    ) -> Float[Tensor, "n"]:
        near = torch.where(self.filled[ids, None], self.bank[ids].to(anchors.dtype), positives)
        past = cosines(anchors[:, None], self.bank[chosen], temperature=self.temperature).squeeze(1)
        past = past.masked_fill(~some[:, None], -torch.inf)
        return against(anchors, near, past, hard, temperature=self.temperature, hard_weight=self.hard_weight)

    def _past(self, ids: Int[Tensor, "n"]) -> tuple[Int[Tensor, "n p"], Bool[Tensor, "n"]]:
        """The examples whose entries are drawn for each anchor, and which anchors there are entries of others for."""
        entries = self.filled.nonzero().squeeze(1)
        known = self.filled[ids]
        others = len(entries) - known.long()
        draws = torch.stack(
            [
                torch.randint(max(int(high), 1), (self.negatives,), generator=own)
                for own, high in zip(
                    ExampleGenerators(ids.tolist(), self.seed, "bank", int(self.steps)).generators,
                    others.tolist(),
                    strict=True,
                )
            ]
        ).to(ids.device)
        if not len(entries):
            return draws[:, :1], others > 0
        # An anchor's own entry is stepped over.
        rank = torch.searchsorted(entries, ids)[:, None]
        draws = draws + (known[:, None] & (draws >= rank))
        return entries[draws.clamp(max=len(entries) - 1)], others > 0

    @torch.no_grad()
    def after_step(self) -> None:
        """Renew the entries of the examples that were seen, one after the other where one was seen twice."""
        for ids, anchors in self._seen:
            left = torch.ones_like(ids, dtype=torch.bool)
            while left.any():
                rows = _first_of_each(ids, left)
                self._renew(ids[rows], anchors[rows])
                left[rows] = False
        self._seen.clear()
        self.steps += 1

    def _renew(self, ids: Int[Tensor, "r"], new: Float[Tensor, "r d"]) -> None:
        mixed = unit(self.momentum * self.bank[ids] + (1 - self.momentum) * new.to(self.bank))
        # Where nothing was remembered the mixture is (1 - m)·z, which the sphere makes z.
        self.bank[ids] = mixed.to(self.bank)
        self.filled[ids] = True


def _first_of_each(ids: Int[Tensor, "n"], left: Bool[Tensor, "n"]) -> Int[Tensor, "r"]:
    """Places, among those that are left, where an id stands for the first time."""
    places = left.nonzero().squeeze(1)
    distinct, which = ids[places].unique(return_inverse=True)
    first = torch.full_like(distinct, len(ids))
    return first.scatter_reduce(0, which, places, reduce="amin")
