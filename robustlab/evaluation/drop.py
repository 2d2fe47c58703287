"""What an attack takes of a model's accuracy, absolute and relative, with intervals over examples and seeds.

    drop = Acc - RA        relative drop = (Acc - RA) / Acc

A relative drop makes models of different accuracy comparable and flatters none: of two models that lose five points,
the better one loses the smaller share.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from robustlab.evaluation.statistics import LEVEL, RESAMPLES, Estimate, ratio_draws, with_seeds


class Drop(NamedTuple):
    """Accuracy as written and under attack on the same examples, or the same of one model minus another.

    Attributes:
        clean: Acc.
        robust: RA.
        absolute: Acc - RA.
        relative: (Acc - RA) / Acc; None where a run gets nothing right as written, so that it has none.
    """

    clean: Estimate
    robust: Estimate
    absolute: Estimate
    relative: Estimate | None


def drop(
    clean: ArrayLike, robust: ArrayLike, *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Drop:
    """The drop of one model, or of the runs of one method.

    The value is the mean over the seeds; of the relative drop it is the ratio of the means. Its interval is the
    bootstrap's over examples, of what they have on average over the seeds, and Student's over the seeds, of what each
    seed has: half-widths add in squares. One run has the interval over examples alone.

    Args:
        clean: Whether each text as written is classified rightly.
        robust: Whether it is and stays so under attack, in the same order.
        level: Coverage of the intervals.
        resamples: How often the examples are drawn again.
        seed: Determines the draws.

    Shapes: clean [n] or [s n] for s seeds; robust the same.
    Raises: ValueError: If the shapes differ or are others, something else than 0 and 1 is held, or an example is right
        under attack and wrong as written.
    """
    runs = _runs(clean, robust)
    values, draws = _examples(runs, resamples, seed)
    return _with_seeds(values, draws, _of_seeds(runs), level)


def drop_difference(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Drop:
    """The first minus the second, on the same examples and seeds, which are kept together in every draw.

    Args:
        first: `clean` and `robust` of the one, as `drop` takes them.
        second: Those of the other, examples and seeds in the same order.
        level: Coverage of the intervals.
        resamples: How often the examples are drawn again.
        seed: Determines the draws.

    Raises: ValueError: If the two differ in shape, or as for `drop`.
    """
    one, other = _runs(*first), _runs(*second)
    if one.shape != other.shape:
        raise ValueError(
            f"expected the same seeds and examples of both, got {one.shape[1]} seeds of {one.shape[2]} examples and "
            f"{other.shape[1]} of {other.shape[2]}"
        )
    (value, draws), (theirs, drawn) = (_examples(runs, resamples, seed) for runs in (one, other))
    return _with_seeds(value - theirs, draws - drawn, _of_seeds(one) - _of_seeds(other), level)


def _runs(clean: ArrayLike, robust: ArrayLike) -> np.ndarray:
    """Both [2 s n], checked."""
    both = [np.atleast_2d(np.asarray(side, dtype=float)) for side in (clean, robust)]
    shapes = " and ".join(str(np.shape(side)) for side in (clean, robust))
    if both[0].shape != both[1].shape or both[0].ndim != 2 or not both[0].size:
        raise ValueError(f"expected clean and robust answers to the same examples, [n] or [seeds n], got {shapes}")
    runs = np.stack(both)
    if not np.isin(runs, (0, 1)).all():
        raise ValueError("expected whether each example is right, as booleans or 0 and 1")
    if odd := int((runs[1] > runs[0]).sum()):
        raise ValueError(
            f"{odd} answers are right under attack and wrong as written: nothing is attacked that is wrong already, so "
            "count it as not robust"
        )
    return runs


def _examples(runs: np.ndarray, resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The four values, and what the draws of examples make of them [resamples 4]; NaN for a ratio that is none."""
    clean, robust = runs.mean(1)
    columns, ones = [clean, robust, clean - robust], np.ones_like(clean)
    exists = bool(runs[0].any(1).all())
    tops = np.stack([*columns, clean - robust if exists else ones], axis=1)
    bottoms = np.stack([ones, ones, ones, clean if exists else ones], axis=1)
    values, draws = ratio_draws(tops, bottoms, resamples=resamples, seed=seed)
    if not exists:
        values[3], draws[:, 3] = np.nan, np.nan
    return values, draws


def _of_seeds(runs: np.ndarray) -> np.ndarray:
    """The four values of each seed [s 4]."""
    clean, robust = runs.mean(2)
    share = np.divide(clean - robust, clean, out=np.full_like(clean, np.nan), where=clean > 0)
    return np.stack([clean, robust, clean - robust, share], axis=1)


def _with_seeds(values: np.ndarray, draws: np.ndarray, seeds: np.ndarray, level: float) -> Drop:
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    tails = (1 - level) / 2
    found: list[Estimate | None] = []
    for value, column, own in zip(values, draws.T, seeds.T, strict=True):
        if np.isnan(value):
            found.append(None)
            continue
        low, high = np.nanquantile(column, [tails, 1 - tails])
        found.append(with_seeds(Estimate(float(value), float(low), float(high)), own.tolist(), level=level))
    return Drop(*found)  # type: ignore[arg-type]  # only the last may be None: _examples has seen to it
