"""Does latent robustness come with robustness to text? Every recorded model beside standard training of its seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import rankdata

from robustlab.corpora.documents import LEVELS, PERTURBATIONS
from robustlab.evaluation.statistics import Estimate
from robustlab.study.reasoning.cells import CONTROL
from robustlab.study.reasoning.methods import AT_WORDS

Row = Mapping[str, Any]
LATENT = "latent"
AVERAGE, WORST, CLEAN, LOSS = "average", "worst of K", "clean", "kept"
WITH_TEXT = "augmented"
OWN = "self-negative"
RESAMPLES = 2000
LEAST = 0.01  # a point of accuracy, and as much of total variation: less is no gain worth counting
FEWEST = 5  # settings: a rank correlation of fewer says nothing


class Point(NamedTuple):
    """The gains of one setting over standard training: positive is better, by seed.

    Attributes:
        method: How it was trained.
        label: The method and what else is not as usual.
        gains: What -> one number a seed. `latent` is how far the Adversarial Sensitivity falls; `average`, `worst of K`
            and the four kinds of perturbation are Robust Accuracy; `clean` is accuracy; `kept` is what Robust Accuracy
            gains beyond clean accuracy, so that it is positive where less is lost.
    """

    method: str
    label: str
    gains: Mapping[str, Sequence[float]]

    def mean(self, what: str) -> float:
        """Over the seeds."""
        return fmean(self.gains[what])

    def always(self, what: str) -> bool:
        """Whether every seed gains more than `LEAST`."""
        return min(self.gains[what]) > LEAST


def points(rows: Iterable[Row]) -> list[Point]:
    """One a training that is not standard and has its control; a training that several studies share counts once.

    The control has the same seed, batch size and documents. Only models that answer plainly count.
    """
    runs: dict[tuple[Any, ...], dict[int, Row]] = {}
    for row in rows:
        if row["inference"] == "greedy" and row.get("adversarial_sensitivity") is not None:
            runs.setdefault(_training(row), {}).setdefault(row["seed"], row)
    found = []
    for training, by_seed in runs.items():
        method, size, _, _, data, _ = training
        control = runs.get((CONTROL, size, 1.0, LEVELS["medium"], data, "encoder"), {})
        seeds = sorted(by_seed.keys() & control.keys())
        if method != CONTROL and seeds:
            gains = [_gains(by_seed[seed], control[seed]) for seed in seeds]
            columns = {name: [gain[name] for gain in gains] for name in gains[0]}
            found.append(Point(method, _label(training), columns))
    return found


def _training(row: Row) -> tuple[Any, ...]:
    size = row["batch_size"] or row["protocol"]["batch_size"]
    # Where the words are perturbed whatever the cell says, or nothing is, the site says nothing.
    site = "encoder" if row["method"] in AT_WORDS else row["site"]
    return row["method"], size, row["share"], row["kappa"], row["data"], site


def _label(training: tuple[Any, ...]) -> str:
    method, size, share, kappa, data, site = training
    parts = [method]
    parts += [f"batch {size}"] if size != 32 else []
    parts += [f"share {share:g}"] if share != 1 else []
    parts += [next(name for name, value in LEVELS.items() if value == kappa)] if kappa != LEVELS["medium"] else []
    parts += [f"{100 * data:.0f} % of the documents"] if data != 1 else []
    parts += [f"at {site}"] if site != "encoder" else []
    return ", ".join(parts)


def _gains(row: Row, control: Row) -> dict[str, float]:
    better: Callable[[str], float] = lambda name: row[name] - control[name]  # noqa: E731
    average, clean = better("robust_accuracy"), better("clean_accuracy")
    return {
        LATENT: -better("adversarial_sensitivity"),
        AVERAGE: average,
        WORST: better("worst_case_accuracy"),
        CLEAN: clean,
        LOSS: average - clean,
    } | {kind: _of_kind(row, kind) - _of_kind(control, kind) for kind in PERTURBATIONS}


def _of_kind(row: Row, kind: str) -> float:
    return fmean(pair[0] for name, pair in row["by_kind"].items() if name.partition("/")[0] == kind)


def correlation(
    found: Sequence[Point], what: str, *, against: str = LATENT, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate | None:
    """Spearman's rank correlation of two gains over settings, with a percentile interval of the bootstrap.

    Settings are drawn again, and within each its seeds: an interval over both.

    Args:
        found: At least `FEWEST` settings.
        what: One of the gains of a point.
        against: Another.
        resamples: How often to draw.
        seed: Determines the draws.

    Returns: None where there are fewer settings, or all are alike in one of the two.
    """
    if len(found) < FEWEST:
        return None
    whole = _spearman([point.mean(against) for point in found], [point.mean(what) for point in found])
    if np.isnan(whole):
        return None
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(resamples):
        pairs = []
        for point in (found[place] for place in rng.integers(len(found), size=len(found))):
            seeds = rng.integers(len(point.gains[what]), size=len(point.gains[what]))
            pairs.append([fmean(point.gains[name][place] for place in seeds) for name in (against, what)])
        drawn.append(_spearman(*zip(*pairs, strict=True)))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Estimate(whole, float(low), float(high))


def _spearman(first: Sequence[float], second: Sequence[float]) -> float:
    one, two = (rankdata(values) - (len(values) + 1) / 2 for values in (first, second))
    size = float(np.sqrt((one**2).sum() * (two**2).sum()))
    return float((one * two).sum() / size) if size else float("nan")
