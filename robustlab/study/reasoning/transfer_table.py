"""What the rank correlations between latent gains and gains on text say, in a table and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import pandas as pd

from robustlab.corpora.documents import PERTURBATIONS
from robustlab.evaluation.statistics import Estimate
from robustlab.study.reasoning.transfer import (
    AVERAGE,
    CLEAN,
    LATENT,
    LEAST,
    LOSS,
    OWN,
    WITH_TEXT,
    WORST,
    Point,
    correlation,
)

TEXT = (AVERAGE, WORST, *PERTURBATIONS, LOSS)


def groups(found: Sequence[Point]) -> dict[str, list[Point]]:
    """The settings that a correlation is told for: all, those that saw no changed text, and one method's own."""
    return {
        "all": list(found),
        f"without {WITH_TEXT}": [point for point in found if point.method != WITH_TEXT],
        f"{OWN} alone": [point for point in found if point.method == OWN],
    }


def table(found: Sequence[Point], *, resamples: int = 2000) -> pd.DataFrame:
    """Rank correlation of the latent gain with each gain, a column a group of settings."""
    columns: dict[str, dict[str, str]] = {}
    for name, some in groups(found).items():
        told = {what: correlation(some, what, resamples=resamples) for what in (*TEXT, CLEAN)}
        if any(one is not None for one in told.values()):
            columns[f"{name} ({len(some)})"] = {what: spoken(one) for what, one in told.items()}
    return pd.DataFrame(columns)


def spoken(one: Estimate | None) -> str:
    """A correlation with its interval."""
    if one is None:
        return "–"
    value, low, high = (f"{part:+.2f}".replace("-", "−") for part in one)
    return f"{value} ({low} to {high})"


def counts(found: Sequence[Point], what: str = AVERAGE) -> Mapping[str, int]:
    """In how many settings every seed gains: in latent robustness, against text, and in both."""
    latent, text = ([point.always(name) for point in found] for name in (LATENT, what))
    return {
        "settings": len(found),
        "latent": sum(latent),
        "text": sum(text),
        "both": sum(one and two for one, two in zip(latent, text, strict=True)),
    }


def verdict(found: Sequence[Point]) -> str:
    """What the settings say, as lines of Markdown; nothing where there are none."""
    if not found:
        return ""
    number = counts(found)
    lines = [
        f"- Of {number['settings']} settings, {number['latent']} are less sensitive in the states than standard "
        f"training, by more than {LEAST} in every seed. Of these, {number['both']} gain more than a point of Robust "
        f"Accuracy in every seed; of the other {number['settings'] - number['latent']}, "
        f"{number['text'] - number['both']} do."
    ]
    for what in (LATENT, AVERAGE):
        ranked = sorted(found, key=lambda point: -point.mean(what))[:3]
        top = "; ".join(f"`{point.label}` ({_gain(point, what)})" for point in ranked)
        lines.append(f"- Largest gain {'in the states' if what == LATENT else 'against text'}: {top}.")
    ranked = sorted(found, key=lambda point: -point.mean(LATENT))
    for place, point in enumerate(ranked, start=1):
        if point.method == WITH_TEXT:
            lines.append(
                f"- `{WITH_TEXT}`, which trains on changed texts: {_gain(point, AVERAGE)}. Its {_gain(point, LATENT)}, "
                f"which is place {place} of {len(ranked)}."
            )
    return "\n".join(lines)


def _gain(point: Point, what: str) -> str:
    value = point.mean(what)
    if what == LATENT:
        return f"Adversarial Sensitivity {'falls' if value >= 0 else 'rises'} by {abs(value):.3f}"
    return f"Robust Accuracy {100 * value:+.1f} points".replace("-", "−")


def described(found: Sequence[Point]) -> str:
    """The figure of the gains in words: what stands where on average, a method each."""
    parts = []
    for method in dict.fromkeys(point.method for point in found):
        mine = [point for point in found if point.method == method]
        latent, average = (fmean(point.mean(what) for point in mine) for what in (LATENT, AVERAGE))
        parts.append(f"{method} ({len(mine)}) {latent:.3f} and {100 * average:.1f} points")
    return (
        "Gain of Robust Accuracy under four kinds of change against the fall of Adversarial Sensitivity. Means over "
        f"the settings of a method, fall and average gain: {'; '.join(parts)}."
    )


def conclusion(found: Sequence[Point]) -> str:
    """What the rank correlation of latent gains and gains against text allows to say; nothing without one."""
    whole = correlation(found, AVERAGE)
    if whole is None:
        return ""
    if whole.low > 0:
        told = "Settings that gain more in the states gain more against text here: the two go together."
    elif whole.high < 0:
        told = "Settings that gain more in the states gain less against text here, or lose more: no transfer, a price."
    else:
        told = "These settings show no relation between gains in the states and gains against text, either way."
    lines = [f"**{told}** The rank correlation over {len(found)} settings is {spoken(whole)}."]
    for name, some in list(groups(found).items())[1:]:
        one = correlation(some, AVERAGE)
        if one is not None:
            lines.append(f"For the group “{name}” it is {spoken(one)}.")
    clean = correlation(found, CLEAN)
    lines.append(f"With the gain of clean accuracy it is {spoken(clean)}." if clean is not None else "")
    return " ".join(lines).strip()
