"""How much runs of one model differ that share all but the seed, what cannot be seen beside that, and interactions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from robustlab.evaluation.power import least_difference, paired_power
from robustlab.evaluation.statistics import Estimate
from robustlab.study.glue.table import Line, estimate, masks


def drops(line: Line) -> list[float]:
    """The absolute drop of each seed of a line."""
    clean, robust = masks(line.rows)
    return (clean.mean(1) - robust.mean(1)).tolist()


def disagreements(line: Line) -> list[float]:
    """For each two seeds of a line, the share of attacked examples that survive in one of them only."""
    _, robust = masks(line.rows)
    return [float((one != other).mean()) for one, other in combinations(robust.astype(bool), 2)]


def least_noticed(examples: int, disagreement: float, *, power: float = 0.8) -> float:
    """The smallest difference in robust accuracy that one run of each model shows, by McNemar's exact test.

    Args:
        examples: Attacked ones.
        disagreement: Share of them on which two runs differ, whichever way.
        power: Chance to notice it.

    Raises: ValueError: If even a disagreement in one direction alone would not be noticed.
    """
    return least_difference(
        lambda gap: paired_power(examples, (disagreement + gap) / 2, (disagreement - gap) / 2),
        most=disagreement,
        power=power,
    )


def interaction(found: Sequence[Line], task: str, changed: tuple[str, str], plain: tuple[str, str]) -> Estimate | None:
    """What one change does to the drop beside another: [(a, b) - (a, plain)] - [(plain, b) - (plain, plain)].

    Below 0, the two together lower the drop by more than each of them does alone.

    Args:
        found: Lines.
        task: Whose.
        changed: The pre-training a and the fine-tuning b, as names of lines have them.
        plain: Those that they are held against.

    Returns: Over the seeds that all four lines have; None where a line is missing or they share no seed.
    """
    by_name = {line.name: line for line in found if line.task == task}
    names = [f"{one}, {two}" for one in (changed[0], plain[0]) for two in (changed[1], plain[1])]
    if not all(name in by_name for name in names):
        return None
    own = [{row["seed"]: row for row in by_name[name].rows} for name in names]
    seeds = sorted(set.intersection(*(set(rows) for rows in own)))
    if not seeds:
        return None
    both = (masks([rows[seed] for seed in seeds]) for rows in own)
    drops = [clean.astype(float) - robust for clean, robust in both]
    return estimate((drops[0] - drops[1]) - (drops[2] - drops[3]))
