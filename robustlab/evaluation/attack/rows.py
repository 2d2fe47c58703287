"""What an attack made of one example, and the file that holds one such line an example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Outcome = Literal["succeeded", "failed", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Attacked:
    """One example under attack.

    Attributes:
        example_id: The example's number in its corpus.
        label: Its label.
        outcome: `succeeded`: the attacked text is classified wrongly. `failed`: none was found that is. `skipped`: the
            text as written is classified wrongly already, so that there was nothing to attack.
        text: The text as written.
        text_pair: Its pair, if the corpus has pairs.
        attacked_text: The text that the attack ended with: where it failed the nearest to an error, where it was
            skipped the text as written.
        attacked_pair: The pair that it ended with.
        predicted: The model's answer to the text as written.
        attacked_predicted: Its answer to the text that the attack ended with.
        confidence: Probability of the label, for the text as written.
        attacked_confidence: The same for the text that the attack ended with.
        queries: Texts that the model was asked about, each as often as the search asked.
        exhausted: Whether the budget of queries ended the search.
        words: Number of words that the text and its pair have.
        changed: How many of them differ in the text that the attack ended with.
        similarity: Cosine of the two texts' sentence embeddings; None where no encoder was at hand.
        perplexity: Of the text as written; None where no language model was given.
        attacked_perplexity: Of the text that the attack ended with.
    """

    example_id: int
    label: int
    outcome: Outcome
    text: str
    text_pair: str | None = None
    attacked_text: str
    attacked_pair: str | None = None
    predicted: int
    attacked_predicted: int
    confidence: float
    attacked_confidence: float
    queries: int
    exhausted: bool = False
    words: int
    changed: int
    similarity: float | None = None
    perplexity: float | None = None
    attacked_perplexity: float | None = None

    def plain(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return asdict(self)


def from_plain(row: Mapping[str, Any]) -> Attacked:
    """The inverse of `plain`.

    Raises: ValueError: If a field lacks or is unknown; names it.
    """
    known = {field.name for field in fields(Attacked)}
    if odd := sorted(row.keys() ^ known):
        raise ValueError(f"expected the fields of an attacked example, got these missing or unknown: {', '.join(odd)}")
    return Attacked(**row)


def in_order(rows: Iterable[Attacked]) -> list[Attacked]:
    """Rows by their example's number."""
    return sorted(rows, key=lambda row: row.example_id)
