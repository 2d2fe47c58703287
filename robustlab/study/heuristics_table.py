"""Recorded searches on reviews (`heuristics_reviews`) as a table, and in words that follow the rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import pandas as pd

from robustlab.evaluation.statistics import Estimate, proportion, seed_interval
from robustlab.study.recorded import listed, nothing, origin
from robustlab.study.rows import decode

Row = Mapping[str, Any]
EXACT = "exhaustive"


class Result(NamedTuple):
    """One search against the models of one method.

    Attributes:
        method: How the models were trained.
        search: What attacked them.
        seeds: Models, one a seed.
        robust: Share of reviews that the search reports as robust, with its interval over seeds.
        gap: By how many points that is above the exact robust accuracy, the same.
        missed: Share of the breakable reviews of all seeds that the search did not break, with Wilson's interval.
        queries: Texts asked about for each review that was attacked, mean over seeds.
        seconds: Of processor time for all reviews, mean over seeds.
    """

    method: str
    search: str
    seeds: int
    robust: Estimate
    gap: Estimate
    missed: Estimate
    queries: float
    seconds: float


def results(rows: Iterable[Row]) -> list[Result]:
    """One result for each method and search, of the seeds that have an exhaustive search; the exhaustive one first.

    Raises: ValueError: If two rows of a model were measured on different examples, or a search broke a review that the
        exhaustive one did not.
    """
    runs = {(row["method"], row["search"], row["seed"]): row for row in rows}
    found = {}
    for (method, search, seed), row in runs.items():
        if (exact := runs.get((method, EXACT, seed))) is not None:
            found.setdefault((method, search), []).append((row, *_beside(row, exact)))
    made = [_result(method, search, members) for (method, search), members in found.items()]
    methods = list(dict.fromkeys(one.method for one in made))
    return sorted(made, key=lambda one: (methods.index(one.method), one.search != EXACT, one.queries))


def _beside(row: Row, exact: Row) -> tuple[int, int]:
    """How many breakable reviews a search missed, and how many there are."""
    told = f"{row['method']}, seed {row['seed']}, {row['search']}"
    if any(row["clean"][name] != exact["clean"][name] for name in ("n", "mask")):
        raise ValueError(
            f"{told}: expected the examples and the model of the exhaustive search; remove the row to redo it"
        )
    clean, reported, robust = (
        decode(part["mask"], part["n"]) for part in (exact["clean"], row["robust"], exact["robust"])
    )
    if (robust & ~reported).any():
        raise ValueError(f"{told}: it broke a review that no certified change breaks; remove the row to redo it")
    return int((reported & ~robust).sum()), int((clean & ~robust).sum())


def _result(method: str, search: str, members: Sequence[tuple[Row, int, int]]) -> Result:
    rows = [row for row, _, _ in members]
    missed, breakable = (sum(counts) for counts in list(zip(*members, strict=True))[1:])
    return Result(
        method,
        search,
        len(rows),
        _mean([row["robust"]["correct"] / row["robust"]["n"] for row in rows]),
        _mean([100 * lost / row["robust"]["n"] for row, lost, _ in members]),
        proportion(missed, breakable) if breakable else Estimate(math.nan, math.nan, math.nan),
        fmean(row["queries"] for row in rows),
        fmean(row["cpu_seconds"] for row in rows),
    )


def _mean(values: Sequence[float]) -> Estimate:
    return seed_interval(values) if len(values) > 1 else Estimate(values[0], math.nan, math.nan)


def table(rows: Iterable[Row]) -> pd.DataFrame:
    """One line a model and search: the robust accuracy it reports, what it missed, and what it asked."""
    lines = [
        {
            "trained": one.method,
            "search": one.search,
            "robust %": _spread([100 * part for part in one.robust], ".1f"),
            "gap, points": "exact" if one.search == EXACT else _spread(one.gap, "+.1f"),
            "missed %": "–" if one.search == EXACT else _share(one.missed),
            "queries a review": f"{one.queries:.0f}",
            "seconds": f"{one.seconds:.0f}",
        }
        for one in results(rows)
    ]
    return pd.DataFrame(lines).set_index(["trained", "search"]) if lines else pd.DataFrame()


def _spread(values: Sequence[float], spelled: str) -> str:
    value, low, high = values
    return (
        f"{value:{spelled}} (one seed)"
        if math.isnan(low)
        else f"{value:{spelled}} ({low:{spelled}} to {high:{spelled}})"
    )


def _share(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "none to break"
    value, low, high = (100 * part for part in estimate)
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in one sentence, or that there are none."""
    if not rows:
        return nothing("book/results/attacks/heuristics-reviews.jsonl")
    models = len({(row["method"], row["seed"]) for row in rows})
    sizes = " or ".join(str(n) for n in sorted({row["robust"]["n"] for row in rows}))
    return (
        f"{origin(rows)}: "
        f"{len({row['search'] for row in rows})} searches against {models} models, seeds {listed(rows, 'seed')}, on "
        f"{sizes} held-out reviews of at most {listed(rows, 'variants')} variants each."
    )


def verdict(rows: Iterable[Row]) -> str:
    """What the searches left unfound and what they cost, in Markdown; no claim without runs."""
    found = results(rows)
    lines = [line for method in dict.fromkeys(one.method for one in found) for line in _told(method, found)]
    return "\n".join(f"- {line}" for line in lines) or "No model has an exhaustive search: there is no worst case yet."


def _told(method: str, found: Sequence[Result]) -> list[str]:
    exact = next(one for one in found if (one.method, one.search) == (method, EXACT))
    others = [one for one in found if one.method == method and one.search != EXACT]
    if not others:
        return [f"`{method}`: only the exhaustive search has been run."]
    whole = [one.search for one in others if one.missed.value == 0]
    widest = max(others, key=lambda one: one.gap.value)
    dearer = [one.search for one in others if one.queries >= exact.queries]
    return [
        f"Models trained by `{method}` have an exact robust accuracy, in percent, of "
        f"{_spread([100 * part for part in exact.robust], '.1f')}. Every breakable review is broken by "
        f"{_named(whole)}; the widest gap is that of `{widest.search}`, "
        f"{_spread(widest.gap, '+.1f')} points.",
        f"Reading every variant takes {exact.queries:.0f} texts a review here; as many or more are asked for by "
        f"{_named(dearer)}, and the thriftiest search, `{(least := min(others, key=lambda one: one.queries)).search}`, "
        f"asks for {least.queries:.0f}.",
    ]


def _named(searches: Sequence[str]) -> str:
    return ", ".join(f"`{search}`" for search in searches) or "none"
