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
        method, size, _, _, _, data, _ = training
        control = runs.get((CONTROL, size, 1.0, LEVELS["medium"], 1.0, data, "encoder"), {})
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
    return row["method"], size, row["share"], row["kappa"], row["invariance"], row["data"], site


def _label(training: tuple[Any, ...]) -> str:
    method, size, share, kappa, weight, data, site = training
    parts = [method]
    parts += [f"batch {size}"] if size != 32 else []
    parts += [f"share {share:g}"] if share != 1 else []
    parts += [next(name for name, value in LEVELS.items() if value == kappa)] if kappa != LEVELS["medium"] else []
    parts += [f"weight {weight:g}"] if weight != 1 else []
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
    means = [np.array([[point.mean(name) for point in found]]) for name in (against, what)]
    whole = float(_spearman(*means)[0])
    if np.isnan(whole):
        return None
    drawn = _spearman(*_drawn(found, (against, what), resamples, seed))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Estimate(whole, float(low), float(high))


def _drawn(found: Sequence[Point], names: Sequence[str], resamples: int, seed: int) -> list[np.ndarray]:
    """Means over seeds drawn again, of settings drawn again: a row a resample, one array a gain."""
    rng, n = np.random.default_rng(seed), len(found)
    counts = np.array([len(point.gains[names[0]]) for point in found])
    settings = rng.integers(n, size=(resamples, n))
    sizes = counts[settings][..., None]
    seeds = (rng.random((resamples, n, counts.max())) * sizes).astype(int)
    inside = np.arange(counts.max()) < sizes
    means = []
    for name in names:
        values = np.zeros((n, counts.max()))
        for row, point in zip(values, found, strict=True):
            row[: len(point.gains[name])] = point.gains[name]
        means.append((values[settings[..., None], seeds] * inside).sum(-1) / sizes[..., 0])
    return means


def _spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Rank correlation of each row of two arrays; NaN where all of a row are alike."""
    one, two = (rankdata(values, axis=1) - (values.shape[1] + 1) / 2 for values in (first, second))
    size = np.sqrt((one**2).sum(1) * (two**2).sum(1))
    return np.divide((one * two).sum(1), size, out=np.full_like(size, np.nan), where=size > 0)
