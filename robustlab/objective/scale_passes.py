"""What multi-scale pre-training reads of one part of a batch, each text in one forward that all its scales share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from robustlab.contrastive.landscape import ContrastiveLandscape
from robustlab.contrastive.momentum import MomentumEncoder
from robustlab.contrastive.tokens import masked_tokens, replaced_token_detection, token_contrast
from robustlab.objective.heads import sampled
from robustlab.objective.scales import Scales
from robustlab.randomness import key
from robustlab.typing import Offset, PerExample, Pooled

View = Literal["dropout", "text", "adversarial"]


@dataclass(frozen=True, kw_only=True)
class Passes:
    """The forwards of one part.

    Attributes:
        scales: Which are wanted.
        view: What a sentence's positive is.
        hard: Whether the companion "negative" is read.
        heads: "words", "replaced" and "momentum", as far as they are needed.
        token_temperature: τ of the tokens' loss.

    Source: robustlab.
    """

    scales: Scales
    view: View
    hard: bool
    heads: Mapping[str, nn.Module]
    token_temperature: float

    def read(self, part: ContrastiveLandscape, offset: Offset | None) -> dict[str, Tensor]:
        """Representations of the sentences, and the losses that each sentence has by itself: one row a sentence.

        Raises: ValueError: If a companion is missing that a scale needs.
        """
        found: dict[str, Tensor] = {}
        if self.scales.contrasted:
            found["anchors"] = part.clean().pooled
            found["views"] = self._view(part, offset)
            if self.hard:
                found["negatives"] = companion(part, "negative").features()
        return found | (self._masked(part) if self.scales.masked else {})

    def _view(self, part: ContrastiveLandscape, offset: Offset | None) -> Pooled:
        slow = self.heads.get("momentum")
        if not isinstance(slow, MomentumEncoder):
            return self._seen(part, offset)
        with torch.no_grad():
            return self._seen(part.with_model(slow.model), offset)

    def _seen(self, part: ContrastiveLandscape, offset: Offset | None) -> Pooled:
        if self.view == "text":
            return companion(part, "view").features()
        return part.redrawn().features() if self.view == "dropout" else part.features(offset)

    def _masked(self, part: ContrastiveLandscape) -> dict[str, Tensor]:
        other = companion(part, "masked")
        labels = other.batch["labels"]
        places, states = labels >= 0, other.read().hidden
        found: dict[str, Tensor] = {}
        if self.scales.tokens:
            hidden, mask = part.clean().hidden, part.attention
            found["tokens"] = token_contrast(hidden, states, mask, temperature=self.token_temperature, across="example")
        if "words" in self.heads:
            table = part.model.get_input_embeddings().weight
            logits = self.heads["words"](states[places], table)
            found["words"] = masked_tokens(logits, labels)
            if self.scales.replaced:
                found["replaced"] = self._replaced(part, places, logits)
        return found

    def _replaced(
        self, part: ContrastiveLandscape, places: Bool[Tensor, "n l"], logits: Float[Tensor, "m v"]
    ) -> PerExample:
        ids = part.batch["input_ids"]
        generator = torch.Generator().manual_seed(key(part.seed, "replaced"))
        written = sampled(ids, places, logits, generator)
        hidden = part.with_ids(written).read().hidden
        return replaced_token_detection(self.heads["replaced"](hidden), written != ids, part.attention)


def companion(part: ContrastiveLandscape, name: str) -> ContrastiveLandscape:
    """Another text of the sentences.

    Raises: ValueError: If there is none of this name.
    Source: robustlab.
    """
    other = part.companions.get(name)
    if not isinstance(other, ContrastiveLandscape):
        raise ValueError(
            f"the batch has no companion {name!r}, which this scale reads; it has {sorted(part.companions)}"
        )
    return other
