"""What the rows of Table 1 say, in Markdown: every number and every name in these sentences follows from the rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from robustlab.evaluation.reasoning.metrics import MEASURES
from robustlab.papers.negatives import MEASURES as PRINTED
from robustlab.papers.negatives import table1
from robustlab.study.reasoning.cells import CONTROL, OURS
from robustlab.study.reasoning.lines import Against, Line, Row
from robustlab.study.reasoning.ordering import Agreement, agreement
from robustlab.study.reasoning.tables import told
from robustlab.study.reasoning.ways import NULL_CONTROLS
from robustlab.study.recorded import listed, nothing, origin

PRECISION = 1e-9


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in one sentence, or that there are none."""
    if not rows:
        return nothing("book/results/reasoning/")
    first = rows[0]["protocol"]
    return (
        f"{origin(rows)}: "
        f"{len(rows)} rows, seeds {listed(rows, 'seed')}, profile `{listed(rows, 'profile')}`. Every training starts "
        f"from the model of its seed and sees {first['examples']} documents of {first['sentences']} sentences; every "
        f"row is asked {listed(rows, 'documents')} documents and {listed(rows, 'variants')} variants of them. "
        f"Adversarial Sensitivity is a lower bound from {first['steps']} steps and {first['restarts']} "
        f"{'start' if first['restarts'] == 1 else 'starts'} on {first['sensitive']} of them."
    )


def null_controls(found: Sequence[Line]) -> str:
    """How many documents a serving system changes the answer's rightness of."""
    plain = _line(found, CONTROL)
    there = [line for line in found if line.name in NULL_CONTROLS]
    if plain is None or not there:
        return "There are no rows of a serving system beside those of the plain model."
    by_seed = {row["seed"]: row for row in plain.rows}
    pairs = [(row, by_seed[row["seed"]]) for line in there for row in line.rows if row["seed"] in by_seed]
    looked = sum(len(row["by_document"]["robust_accuracy"]) for row, _ in pairs)
    moved = sum(
        any(row["by_document"][name][place] != other["by_document"][name][place] for name in row["by_document"])
        for row, other in pairs
        for place in range(len(row["by_document"]["robust_accuracy"]))
    )
    return (
        f"Of {looked} documents that {', '.join(f'`{line.name}`' for line in there)} answered with all their variants, "
        f"{moved or 'none'} {'differ' if moved else 'differs'} from the plain model in any metric."
    )


def paper_s_method(found: Sequence[Line]) -> str:
    """Where self-negative stands among all lines, metric by metric, the first place being the best."""
    if _line(found, OURS) is None:
        return f"There are no rows of `{OURS}` yet."
    parts = []
    for measure in PRINTED:
        ranked = ranking(found, measure)
        place = next((number for number, line in enumerate(ranked, 1) if line.name == OURS), None)
        if place is not None:
            best = ranked[0]
            parts.append(
                f"- {MEASURES[measure].label}: place {place} of {len(ranked)}, with "
                f"{told(measure, ranked[place - 1].measures[measure])}; the best is `{best.name}` with "
                f"{told(measure, best.measures[measure])}."
            )
    return "\n".join(parts)


def ranking(found: Sequence[Line], measure: str) -> list[Line]:
    """Lines that have a metric, the best first; of equals the first in the order of the study."""
    there = [line for line in found if line.measures.get(measure) is not None]
    sign = -1 if MEASURES[measure].up else 1
    return sorted(there, key=lambda line: sign * line.measures[measure].value)  # type: ignore[union-attr]


def survivors(tests: Sequence[Against]) -> str:
    """Which differences to the control survive the paired tests, for better and for worse."""
    tested = [one for one in tests if one.adjusted is not None]
    if not tested:
        return f"No seed has rows of both `{CONTROL}` and another line: there is nothing to test yet."
    seeds = max(len(one.differences) for one in tested)
    lines = []
    for measure in dict.fromkeys(one.measure for one in tested):
        mine = [one for one in tested if one.measure == measure]
        parts = []
        for word, wanted in (("better", True), ("worse", False)):
            names = [f"`{one.name}` ({_points(one)})" for one in mine if one.survives and one.better == wanted]
            parts.append(f"{word}: {', '.join(names) or 'none'}")
        lines.append(f"- {MEASURES[measure].label}, {len(mine)} lines. {'; '.join(parts)}.")
    end = (
        f"These are Wilcoxon's tests over documents below .05 after Holm's correction for all {len(tested)}, with the "
        "same sign in every seed."
    )
    if seeds > 1:
        end += (
            f" {seeds} seeds alone could not settle it: if signs were coins, all {seeds} would agree with probability "
            f"{2 ** (1 - seeds):g}."
        )
    return "\n".join([*lines, "", end])


def _points(one: Against) -> str:
    scale = MEASURES[one.measure].scale
    return f"{scale * one.estimate.value:+.{1 if scale == 100 else 3}f}"


def orders(found: Sequence[Line]) -> list[Agreement]:
    """The paper's order against ours for each of its metrics that enough rows have."""
    alike = [name for name in NULL_CONTROLS if _line(found, name) is not None]
    every = (agreement(found, measure, alike=alike if len(alike) > 1 else ()) for measure in PRINTED)
    return [one for one in every if one is not None]


def order_words(ranked: Sequence[Agreement]) -> str:
    """What the rank correlations say."""
    if not ranked:
        return "Too few of the paper's rows have been made to speak of an order."
    lines = []
    for one in ranked:
        shown = "undefined: all are equal" if math.isnan(one.tau) else f"{one.tau + 0.0:+.2f}"
        spread = "" if math.isnan(one.low) else f" ({one.low + 0.0:+.2f} to {one.high + 0.0:+.2f})"
        lines.append(
            f"- {MEASURES[one.measure].label}, {len(one.names)} rows: τ = {shown}{spread}; the most that is possible "
            f"here is {one.largest:+.2f}."
        )
    whole = [one for one in ranked if one.tau > one.largest - PRECISION]
    certain = [one for one in ranked if one.low > 0]
    against = [one for one in ranked if one.high < 0]
    lines += [
        "",
        f"The paper's order is reached as far as it can be in {len(whole)} of {len(ranked)} metrics. The interval is "
        f"above 0 in {len(certain)}, below 0 in {len(against)}, and leaves it open in "
        f"{len(ranked) - len(certain) - len(against)}.",
    ]
    return "\n".join(lines)


def clean_behind(found: Iterable[Line]) -> str:
    """How much of the order by Robust Accuracy is the order by clean accuracy."""
    both = [_pair(line) for line in found if line.measures.get("clean_accuracy") and line.measures["robust_accuracy"]]
    if len(both) < 3:
        return "Too few lines to relate Robust Accuracy to clean accuracy."
    from scipy.stats import spearmanr

    clean, robust = zip(*both, strict=True)
    if len(set(clean)) < 2 or len(set(robust)) < 2:
        return "All lines are equally accurate."
    rank = float(spearmanr(clean, robust).statistic)
    spread = 100 * (max(robust) - min(robust)), 100 * (max(clean) - min(clean))
    return (
        f"Rank correlation of Robust Accuracy with clean accuracy over {len(both)} lines: {rank:+.2f}. Robust Accuracy "
        f"spans {spread[0]:.1f} points, clean accuracy {spread[1]:.1f}."
    )


def worst_floor(found: Sequence[Line]) -> str:
    """How much room the worst of K leaves to tell lines apart."""
    there = [(line.name, line.measures["worst_case_accuracy"]) for line in found]
    best = max((one for one in there if one[1] is not None), key=lambda one: one[1].value, default=None)  # type: ignore[union-attr]
    if best is None:
        return "No row has a worst case."
    row = found[0].rows[0]
    return (
        f"The worst case is over K = {row['variants'] // row['documents']} variants of every kind and level. The best "
        f"line in it is `{best[0]}` with {told('worst_case_accuracy', best[1])}."
    )


def latent_and_text(found: Sequence[Line]) -> str:
    """Whether lines that are calm in the latent space are also right on changed texts."""
    from scipy.stats import spearmanr

    trained = [line.measures for line in found if line.rows[0]["inference"] == "greedy"]
    pairs = [(one["adversarial_sensitivity"], one["robust_accuracy"]) for one in trained]
    both = [(one, other) for one, other in pairs if one is not None and other is not None]
    calm, right = [one.value for one, _ in both], [other.value for _, other in both]
    if len(set(calm)) < 3 or len(set(right)) < 3:
        return "Too few methods to relate Adversarial Sensitivity to Robust Accuracy."
    rank = float(spearmanr(calm, right).statistic)
    return (
        f"Rank correlation of Adversarial Sensitivity with Robust Accuracy over {len(both)} methods of training: "
        f"{rank:+.2f}; below 0, calmer methods would be the more robust ones. Sensitivity goes from {min(calm):.3f} to "
        f"{max(calm):.3f} between methods, Robust Accuracy from {100 * min(right):.1f} to {100 * max(right):.1f}."
    )


def _pair(line: Line) -> tuple[float, float]:
    clean, robust = line.measures["clean_accuracy"], line.measures["robust_accuracy"]
    assert clean is not None
    assert robust is not None
    return clean.value, robust.value


def cheaper(tests: Sequence[Against], found: Sequence[Line], measure: str = "robust_accuracy") -> str:
    """What is at least as good as self-negative and costs less, on one metric."""
    ours = _line(found, OURS)
    if ours is None or ours.measures.get(measure) is None:
        return f"There are no rows of `{OURS}` yet."
    ranked = ranking(found, measure)
    ahead = ranked[: next(place for place, line in enumerate(ranked) if line.name == OURS)]
    less = [line for line in ahead if line.units < ours.units and line.rows[0]["inference"] == "greedy"]
    names = ", ".join(f"`{line.name}` ({line.units:g} passes)" for line in less) or "none"
    gained = next((one for one in tests if (one.name, one.measure) == (OURS, measure)), None)
    shown = "" if gained is None else f", {_points(gained)} points beside `{CONTROL}`"
    return (
        f"A step of `{OURS}` takes {ours.units:g} passes, {ours.units / 3:.1f} times a plain one, and ends at "
        f"{told(measure, ours.measures[measure])}{shown}. "
        f"At least as good on average and cheaper, among the methods of training: {names}."
    )


def bounds_hold(rows: Iterable[Row]) -> tuple[int, int, float]:
    """In how many rows |Acc - RA| ≤ 1 - CS, of how many, and the least room that one leaves."""
    rooms = [(1 - row["consistency"]) - abs(row["clean_accuracy"] - row["robust_accuracy"]) for row in rows]
    return sum(room > -1e-6 for room in rooms), len(rooms), min(rooms, default=math.nan)


def documents_needed(level: float = 1.96) -> list[tuple[str, str, int]]:
    """How many documents separate neighbours of the printed table: n with z = (p - q)/√(p(1-p)/n + q(1-q)/n).

    Robust Accuracy as a share of n independent documents, two models on documents of their own; one seed each.
    """
    found = []
    for one, other in pairwise(table1()):
        p, q = one.robust_accuracy / 100, other.robust_accuracy / 100
        n = (level / (p - q)) ** 2 * (p * (1 - p) + q * (1 - q))
        found.append((one.printed, other.printed, math.ceil(n)))
    return found


def columns_alike() -> float:
    """The least size of a correlation between two columns of the printed table."""
    table = np.array([[getattr(row, one) for one in PRINTED] for row in table1()])
    return float(np.abs(np.corrcoef(table.T)).min())


def _line(found: Iterable[Line], name: str) -> Line | None:
    return next((line for line in found if line.name == name), None)
