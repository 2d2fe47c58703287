"""Two attack runs on the same examples: whether one model is more robust than the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from robustlab.evaluation.attack.rows import Attacked
from robustlab.evaluation.attack.summary import plain, robust
from robustlab.evaluation.statistics import LEVEL, RESAMPLES, Estimate, McNemar, mcnemar, paired_difference


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What two runs say about the same examples.

    Attributes:
        examples: How many are compared.
        left_out: How many are in the first run only, and how many in the second only.
        clean_accuracy: Of the first and of the second, on the compared examples.
        robust_accuracy: The same under attack.
        clean: Whether they differ on the texts as written.
        robust: Whether they differ under attack.
        difference: Robust accuracy of the first less that of the second, by the bootstrap over examples.
        level: Coverage of its interval.
    """

    examples: int
    left_out: tuple[int, int]
    clean_accuracy: tuple[float, float]
    robust_accuracy: tuple[float, float]
    clean: McNemar
    robust: McNemar
    difference: Estimate
    level: float

    def plain(self) -> dict[str, Any]:
        """The comparison as JSON has it."""
        tests = {"clean": self.clean._asdict(), "robust": self.robust._asdict()}
        return asdict(self) | tests | {"difference": plain(self.difference)}


def compare(
    first: Sequence[Attacked],
    second: Sequence[Attacked],
    *,
    common: bool = False,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare two attack runs example by example.

    An example is the same in both where number, texts and label agree.

    Args:
        first: Rows of one run.
        second: Rows of the other.
        common: Whether to compare the examples in common where the runs hold different ones.
        level: Coverage of the interval.
        resamples: How often the examples are drawn again.
        seed: Determines the draws.

    Raises:
        ValueError: If a run has no rows or two of the same example, the runs hold different examples and `common` does
            not allow that, or fewer than 2 are in common.
    """
    one, other = _by_example(first, "first"), _by_example(second, "second")
    shared = [key for key in one if key in other]
    left_out = (len(one) - len(shared), len(other) - len(shared))
    if any(left_out) and not common:
        raise ValueError(
            "expected the same examples, with the same texts and labels, in both runs: "
            f"{left_out[0]} of {len(one)} are in the first only, {left_out[1]} of {len(other)} in the second only, "
            f"{len(shared)} in both; compare those {len(shared)} alone by asking for the common ones (--common)"
        )
    if len(shared) < 2:
        raise ValueError(f"expected at least 2 examples in both runs, got {len(shared)}")
    pairs = [(one[key], other[key]) for key in shared]
    clean = [[row.outcome != "skipped" for row in rows] for rows in zip(*pairs, strict=True)]
    under_attack = [[robust(row) for row in rows] for rows in zip(*pairs, strict=True)]
    return Comparison(
        examples=len(shared),
        left_out=left_out,
        clean_accuracy=_shares(clean),
        robust_accuracy=_shares(under_attack),
        clean=mcnemar(*clean),
        robust=mcnemar(*under_attack),
        difference=paired_difference(*under_attack, level=level, resamples=resamples, seed=seed),
        level=level,
    )


_Key = tuple[int, str, str | None, int]


def _by_example(rows: Sequence[Attacked], which: str) -> dict[_Key, Attacked]:
    if not rows:
        raise ValueError(f"expected at least one attacked example in the {which} run, got none")
    found = {(row.example_id, row.text, row.text_pair, row.label): row for row in rows}
    if len(found) < len(rows):
        raise ValueError(f"the {which} run holds {len(rows) - len(found)} of its examples more than once")
    return found


def _shares(correct: Sequence[Sequence[bool]]) -> tuple[float, float]:
    first, second = (sum(those) / len(those) for those in correct)
    return first, second
