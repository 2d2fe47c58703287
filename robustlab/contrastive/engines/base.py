"""What every engine offers a training loop, and the exchange between processes that all of them need."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from robustlab.ascent.checks import positive
from robustlab.contrastive.scores import hard_scores, unit
from robustlab.gather import gathered, own_rows


class Engine(nn.Module, ABC):
    """Where the negatives of a contrastive loss come from, and what is remembered of a step for the next ones.

    What it remembers lies in buffers, the same in every process, and goes into checkpoints. `loss` only notes what has
    been seen; `after_step` writes it down, so that all losses of a step, whatever their number, see one memory.

    Args:
        temperature: τ.

    Attributes:
        needs_momentum: Whether positives must come from a `MomentumEncoder`.

    Raises: ValueError: If the temperature is not positive.

    Source: robustlab; the four kinds are those of Jaiswal et al. (2021), Section 3.
    """

    needs_momentum: ClassVar[bool] = False

    def __init__(self, temperature: float):
        super().__init__()
        positive("temperature", temperature)
        self.temperature = temperature
        self._noting = True

    @abstractmethod
    def loss(
        self,
        anchors: Float[Tensor, "n d"],
        positives: Float[Tensor, "n d"],
        *,
        examples: Int[Tensor, "n"] | None = None,
        negatives: Float[Tensor, "n d"] | None = None,
        there: Bool[Tensor, "n"] | None = None,
    ) -> Float[Tensor, "n"]:
        """The loss of each of this process's examples, in nats.

        Every process must call it, all with hard negatives or all without, and take the mean over its own examples;
        where all have equally many, the mean of their gradients is that of one process with the joined batch.

        Args:
            anchors: z.
            positives: z⁺, row by row.
            examples: Which examples they are, where the engine remembers examples.
            negatives: Hard negatives, row by row.
            there: Which of them exist; all by default.
        """

    def after_step(self) -> None:
        """Remember what the losses since the last step have seen; to be called after every optimiser step."""
        return

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Losses inside leave nothing behind: for the climb of an adversarial view, and for evaluation."""
        before, self._noting = self._noting, False
        try:
            yield
        finally:
            self._noting = before


class Hard(NamedTuple):
    """The hard negatives of all processes.

    Attributes:
        vectors: z⁻, with gradients.
        there: Which of them exist.
        own: Which of them belongs to each of this process's anchors; None where there is not one a row.

    Source: robustlab.
    """

    vectors: Float[Tensor, "m d"]
    there: Bool[Tensor, "m"]
    own: Int[Tensor, "n"] | None


def joined(
    anchors: Float[Tensor, "n d"], negatives: Float[Tensor, "_ d"] | None, there: Bool[Tensor, "_"] | None
) -> Hard | None:
    """Exchange hard negatives between the processes; None where there are none.

    Source: robustlab.
    """
    if negatives is None:
        return None
    if there is None:
        there = torch.ones(len(negatives), dtype=torch.bool, device=negatives.device)
    rows = own_rows(len(negatives), negatives.device)
    own = torch.arange(rows.start, rows.stop, device=negatives.device) if len(negatives) == len(anchors) else None
    # As numbers: not every backend exchanges truth values.
    return Hard(gathered(negatives), gathered(there.long()).bool(), own)


def against(
    anchors: Float[Tensor, "n d"],
    positives: Float[Tensor, "n d"],
    past: Float[Tensor, "n p"],
    hard: Hard | None,
    *,
    temperature: float,
    hard_weight: float,
) -> Float[Tensor, "n"]:
    """-log of the positive's share among itself, what is remembered and the hard negatives.

    Args:
        anchors: z.
        positives: z⁺, row by row.
        past: Cosines over τ with what is remembered; -∞ where a place is empty.
        hard: Those of the batch.
        temperature: τ.
        hard_weight: How often an anchor's own hard negative counts.

    Source: van den Oord et al. (CPC, 2018), Eq. 4, as He et al. (MoCo, 2020), Eq. 1, have it.
    """
    near = (unit(anchors) * unit(positives)).sum(dim=1, keepdim=True) / temperature
    scores = [near, past]
    if hard is not None:
        scores.append(
            hard_scores(
                anchors, hard.vectors, temperature=temperature, hard_weight=hard_weight, own=hard.own, there=hard.there
            )
        )
    target = torch.zeros(len(anchors), dtype=torch.long, device=anchors.device)
    return F.cross_entropy(torch.cat(scores, dim=1), target, reduction="none")


def check_width(width: int, anchors: Tensor) -> None:
    """Raise a ValueError unless the representations are as wide as the memory.

    Source: robustlab.
    """
    if anchors.shape[-1] != width:
        raise ValueError(f"this engine remembers representations of width {width}, got width {anchors.shape[-1]}")


def check_ids(examples: Int[Tensor, "n"] | None, anchors: Tensor, count: int) -> Int[Tensor, "n"]:
    """The ids, once it is known that each has its place.

    Raises: ValueError: If there are none, not one an anchor, or one is out of range.

    Source: robustlab.
    """
    if examples is None:
        raise ValueError("this engine remembers examples: pass their ids as examples=…, one an anchor")
    if examples.shape != anchors.shape[:1]:
        raise ValueError(f"expected one id for each of {len(anchors)} anchors, got {tuple(examples.shape)}")
    wrong = examples[(examples < 0) | (examples >= count)]
    if len(wrong):
        raise ValueError(f"ids must be 0 to {count - 1}, one place an example, got {wrong.tolist()[:5]}")
    return examples
