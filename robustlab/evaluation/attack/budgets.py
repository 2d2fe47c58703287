"""Robust accuracy as a function of what an attack may spend, from one run that could spend it all."""

from __future__ import annotations

import math
from collections.abc import Sequence

from robustlab.evaluation.attack.rows import Attacked
from robustlab.evaluation.statistics import LEVEL, Estimate, proportion


def by_queries(rows: Sequence[Attacked], budgets: Sequence[int], *, level: float = LEVEL) -> list[Estimate]:
    """The share of all examples that is still right if a success counts only within so many queries.

    A search that is stopped at the budget has done until then what the free one did. It may even find a little more:
    searches ask for several texts at once, TextAttack cuts the last such request at the budget, and what is left of it
    may hold a success that the free run counted as a whole. The share here is therefore an upper bound on that of a run
    with the budget, and the two agree where no budget falls within an example's last request.

    Args:
        rows: One an example, of a run with no budget or a larger one.
        budgets: Queries allowed for an example.
        level: Coverage of Wilson's intervals.
    Raises: ValueError: If there are no rows, a budget is below 1, or the run stopped an example before a budget was
        spent.
    """
    _some(rows)
    for budget in budgets:
        if budget < 1:
            raise ValueError(f"a budget must be at least 1 query, got {budget}")
        if cut := [row for row in rows if row.exhausted and row.queries < budget]:
            raise ValueError(
                f"expected a run that spent {budget} queries where it had to, got one that stopped example "
                f"{cut[0].example_id} after {cut[0].queries}; ask for at most that, or attack without a budget"
            )
    return [_left(rows, [row.queries <= budget for row in rows], level) for budget in budgets]


def by_words(rows: Sequence[Attacked], shares: Sequence[float], *, level: float = LEVEL) -> list[Estimate]:
    """The share of all examples that is still right if a success counts only with so few words changed.

    For searches that change one word more at each step, and stop at the first success, this is what a run with that
    limit finds: its path is the beginning of the free one's. A limit that is no whole number of words is rounded up, as
    TextAttack does it, so that a single word may be changed in any text.

    Args:
        rows: One an example, of a run that could change any number of words.
        shares: Share of an example's words that may be changed.
        level: Coverage of Wilson's intervals.
    Raises: ValueError: If there are no rows, or a share is not within [0, 1].
    """
    _some(rows)
    for share in shares:
        if not 0 <= share <= 1:
            raise ValueError(f"a share of words must be from 0 to 1, got {share}")
    allowed = [[math.ceil(share * max(row.words, 1)) for row in rows] for share in shares]
    within = [[row.changed <= most for row, most in zip(rows, each, strict=True)] for each in allowed]
    return [_left(rows, counts, level) for counts in within]


def _left(rows: Sequence[Attacked], counts: Sequence[bool], level: float) -> Estimate:
    broken = [row.outcome == "succeeded" and within for row, within in zip(rows, counts, strict=True)]
    right = sum(row.outcome != "skipped" for row in rows)
    return proportion(right - sum(broken), len(rows), level=level)


def _some(rows: Sequence[Attacked]) -> None:
    if not rows:
        raise ValueError("expected the rows of at least one attacked example, got none")
