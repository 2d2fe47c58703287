"""What an attack may do."""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = ("text", "text_pair")


@dataclass(frozen=True)
class Limits:
    """Bounds on an attack.

    Attributes:
        queries: Most queries for one example; None leaves them free.
        words: Largest share of an example's words that may be changed, the number rounded up as TextAttack does; None
            leaves it to the recipe.
        column: Which column of a pair may be changed, `text` or `text_pair`; None leaves it to the recipe.
    Raises: ValueError: If a bound is out of range or there is no such column.
    """

    queries: int | None = None
    words: float | None = None
    column: str | None = None

    def __post_init__(self) -> None:
        """Check."""
        if self.queries is not None and self.queries < 1:
            raise ValueError(f"queries must be at least 1, got {self.queries}")
        if self.words is not None and not 0 < self.words <= 1:
            raise ValueError(f"words must be a share, above 0 and at most 1, got {self.words}")
        if self.column is not None and self.column not in COLUMNS:
            raise ValueError(f"column must be one of {', '.join(COLUMNS)}, got {self.column!r}")
