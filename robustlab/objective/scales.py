"""The weights of multi-scale pre-training."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from robustlab.objective.self_negative import not_negative


@dataclass(frozen=True, kw_only=True)
class Scales:
    """How much each scale counts; 0 leaves it out, with the forwards that only it needs.

    Attributes:
        words: Of the masked words.
        tokens: Of the aligned tokens of the text and the masked text.
        replaced: Of telling replaced words.
        sentences: Of the sentences' views.
        documents: Of the documents' halves.

    Raises: ValueError: If a weight is negative, or all are 0.

    Source: robustlab; α_s of the question in the synthesis on multi-scale contrastive pre-training.
    """

    words: float = 1.0
    tokens: float = 0.1
    replaced: float = 1.0
    sentences: float = 1.0
    documents: float = 0.5

    def __post_init__(self) -> None:
        weights = asdict(self)
        for name, value in weights.items():
            not_negative(name, value)
        if not any(weights.values()):
            raise ValueError(f"expected a scale with a positive weight, got none: {', '.join(weights)} are all 0")

    @property
    def masked(self) -> bool:
        """Whether the masked text is read."""
        return bool(self.words or self.tokens or self.replaced)

    @property
    def contrasted(self) -> bool:
        """Whether sentences are represented."""
        return bool(self.sentences or self.documents)
