"""Recorded gradient-masking checks, as a table and in words that follow the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from types import MappingProxyType

import pandas as pd

from robustlab.study.compare import Group, Row, groups
from robustlab.study.recorded import listed, origin

# What `evaluation.masking` calls its checks, and their columns.
CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "the loss rises with the radius": "loss rises",
        "more steps and restarts do not help much": "converged",
        "random noise is weaker than the attack": "noise weaker",
        "a transfer attack is weaker than the attack": "transfer weaker",
        "an unbounded attack reaches 0": "unbounded wins",
    }
)
CONVERGED = "more steps and restarts do not help much"


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """One line a method and setting: models, how many of them passed each check, and what more steps cost.

    The two accuracies are means over models, in percent of the sentences that a model gets right unattacked.
    """
    lines = []
    for group in groups(rows, ()):
        line: dict[str, object] = {"method": group.label, "models": len(group.rows)}
        line |= {column: _passed(group, check) for check, column in CHECKS.items()}
        for column, accuracies in zip(("under attack %", "more steps %"), _accuracies(group), strict=True):
            line[column] = f"{100 * fmean(accuracies):.1f}" if accuracies else "–"
        lines.append(line)
    return pd.DataFrame(lines).set_index("method").rename_axis(None) if lines else pd.DataFrame()


def _passed(group: Group, check: str) -> str:
    outcomes = [row["checks"][check]["passed"] for row in group.rows if check in row["checks"]]
    run = [outcome for outcome in outcomes if outcome is not None]
    return f"{sum(run)} of {len(run)}" if run else "not run"


def _accuracies(group: Group) -> tuple[list[float], list[float]]:
    evidence = [row["checks"][CONVERGED] for row in group.rows if CONVERGED in row["checks"]]
    # The keys say how many steps; a row's are sorted, so their order does not say which attack is the stronger one.
    found = [(name, value) for one in evidence for name, value in one.items() if name.startswith("accuracy")]
    before, after = ([value for name, value in found if ("starts" in name) is strong] for strong in (False, True))
    return before, after


def provenance(rows: Sequence[Row]) -> str:
    """Where recorded checks come from, in Markdown, or that there are none."""
    if not rows:
        return "**Recorded: no checks yet.** No rows are in `book/results/masking/`, so these models are unchecked."
    same = sum(row["different_answers"] == 0 for row in rows)
    right = sorted(row["examples"] for row in rows)
    return (
        f"{origin(rows)}: "
        f"{_models(len(rows))}, seeds {listed(rows, 'seed')}, each trained again from its recorded settings; "
        f"{same} of {len(rows)} then answered every dev sentence as recorded. The checks use the sentences among the "
        f"first hundred that a model gets right, {right[0]} to {right[-1]} of them, and a radius of "
        f"{fmean(row['radius'] for row in rows):.2f} around the embeddings of a whole sentence."
    )


def verdict(rows: Sequence[Row]) -> str:
    """Which checks failed, and where, in one sentence; empty without rows."""
    if not rows:
        return ""
    failed = []
    for group in groups(rows, ()):
        names = Counter(name for row in group.rows for name, check in row["checks"].items() if check["passed"] is False)
        if names:
            counts = [f"{names[name]} of {len(group.rows)} on “{CHECKS[name]}”" for name in CHECKS if names[name]]
            parts = ", ".join(counts)
            failed.append(f"{group.label} ({parts})")
    passed = sum(bool(row["passed"]) for row in rows)
    if not failed:
        return f"**No check failed** on any of {_models(len(rows))}."
    return f"**{passed} of {_models(len(rows))} passed** every check that was run; failed: {'; '.join(failed)}."


def _models(number: int) -> str:
    return f"{number} model{'' if number == 1 else 's'}"
