"""Counted and recorded costs as tables, and where recorded ones come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

import pandas as pd

from robustlab.evaluation.statistics import Estimate
from robustlab.methods import costs
from robustlab.study.cost import STANDARD, Count


def units(found: Iterable[Count], share: float) -> pd.DataFrame:
    """One line a method: our formula, the counted FLOPs in units, their ratio, and what public code spends.

    `counted / exact` compares with the formula that knows the attention share; `counted / formula` with the plain one.
    """
    lines = []
    for one in found:
        public = costs.public().get(one.method)
        lines.append(
            {
                "method": one.method,
                "units": str(one.formula),
                "here": f"{one.units:g}",
                "counted": f"{one.counted:.2f}",
                "counted / formula": f"{one.counted / one.units:.3f}",
                "counted / exact": f"{one.counted / one.exact(share):.3f}",
                "input only": f"{abs(one.input_only):.1f}",
                "public code": "–" if public is None else str(public.cost),
            }
        )
    return _framed(lines)


def passes() -> pd.DataFrame:
    """Whose public code was read, and where its passes go."""
    lines = [
        {"method": name, "units": str(one.cost), "code": one.code, "passes": one.passes}
        for name, one in costs.public().items()
    ]
    return _framed(lines)


def waste(counted: Mapping[str, tuple[float, float]], formulas: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Units of our step and of a wasteful one that computes the same gradients, with their formulas."""
    lines = [
        {
            "method": name,
            "ours": f"{ours:.2f} ({formulas[name][0]})",
            "wasteful": f"{theirs:.2f} ({formulas[name][1]})",
            "more work": f"{100 * (theirs / ours - 1):.0f} %",
        }
        for name, (ours, theirs) in counted.items()
    ]
    return _framed(lines)


def times(ratios: Mapping[str, Estimate], counted: Mapping[str, float]) -> pd.DataFrame:
    """Time relative to a standard step with the range of its rounds, what FLOPs predict, and the ratio of the two."""
    lines = [
        {
            "method": name,
            "time / standard": f"{value:.2f} ({low:.2f} to {high:.2f})",
            "FLOPs / standard": f"{counted[name] / STANDARD:.2f}",
            "time / FLOPs": f"{value * STANDARD / counted[name]:.2f}",
        }
        for name, (value, low, high) in ratios.items()
    ]
    return _framed(lines)


def seconds(taken: Mapping[str, Sequence[float]], base: str, ratios: Mapping[str, Estimate]) -> pd.DataFrame:
    """Median milliseconds, and the ratio to `base` with the range of the rounds."""
    lines = [
        {
            "method": name,
            "milliseconds": f"{1000 * median(each):.3g}",
            f"ratio to {base}": "1" if name == base else "{:.3g} ({:.3g} to {:.3g})".format(*ratios[name]),
        }
        for name, each in taken.items()
    ]
    return _framed(lines)


def _framed(lines: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(lines).set_index("method").rename_axis(None) if lines else pd.DataFrame()


def provenance(found: Mapping[str, Any]) -> str:
    """Where recorded times come from, in one sentence, or that there are none."""
    if not found:
        return "**Recorded: nothing here.** `benchmarks/results/methods_step.json` is part of the repository."
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    lengths = sorted(found["tokens"])
    return (
        f"**Recorded** on {found['date']} on {found['machine']}, with {versions}: {found['model']}, batches of "
        f"{found['batch_size']} sentences of {found['data']} of {lengths[0]} to {lengths[-1]} tokens, "
        f"k = {found['steps']} where a method takes steps, {found['rounds']} rounds in alternating order; times are "
        f"{found['clock']}. Intervals go from the smallest to the largest of the rounds."
    )
