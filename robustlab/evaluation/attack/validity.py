"""Whether an attack's successes are any: texts that no longer have their label break nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from robustlab.evaluation.attack.rows import Attacked
from robustlab.evaluation.statistics import Estimate, proportion

Judge = Callable[[str], int]
"""Text -> label; raises ValueError where the text has none."""


class Validity(NamedTuple):
    """What a judge says of the successes.

    Attributes:
        kept: Successes whose text still has its label.
        turned: Those whose text has another, so that the model's new answer may well be right.
        unclear: Those that the judge gives no label: contradictions, or no opinion at all.
        reported: Robust accuracy over all examples, with every success counted, and Wilson's interval.
        valid: The same with only the successes that keep their label counted.
    """

    kept: int
    turned: int
    unclear: int
    reported: Estimate
    valid: Estimate

    @property
    def share_kept(self) -> Estimate:
        """Share of the successes that keep their label, with Wilson's interval.

        Raises: ValueError: If there are no successes.
        """
        return proportion(self.kept, self.kept + self.turned + self.unclear)


def verdict(row: Attacked, judge: Judge) -> str:
    """What a judge says of the text that an attack ended with: `kept`, `turned` or `unclear`."""
    try:
        return "kept" if judge(row.attacked_text) == row.label else "turned"
    except ValueError:
        return "unclear"


def only_valid(rows: Sequence[Attacked], judge: Judge) -> list[Attacked]:
    """The rows with each success that does not keep its label counted as a failure of the attack."""
    return [
        replace(row, outcome="failed") if row.outcome == "succeeded" and verdict(row, judge) != "kept" else row
        for row in rows
    ]


def validity(rows: Sequence[Attacked], judge: Judge) -> Validity:
    """Count which successes keep their label, and what is left of the attack without the others.

    An example whose only success was thrown out counts as robust. That is no proof: a search that had been kept to
    valid texts might have found another. The second accuracy is an upper bound, the first bounds nothing.

    Args:
        rows: One an example, of single texts.
        judge: Decides the label of a text.
    Raises: ValueError: If there are no rows.
    """
    if not rows:
        raise ValueError("expected the rows of at least one attacked example, got none")
    said = [verdict(row, judge) for row in rows if row.outcome == "succeeded"]
    robust = [sum(row.outcome == "failed" for row in each) for each in (rows, only_valid(rows, judge))]
    reported, valid = (proportion(count, len(rows)) for count in robust)
    return Validity(said.count("kept"), said.count("turned"), said.count("unclear"), reported, valid)
