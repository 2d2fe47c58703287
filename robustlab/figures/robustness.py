"""The first chapter: what may replace a review's words, which words break a model, and what robustness costs."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from robustlab.corpora import lexicon
from robustlab.corpora.reviews import Review
from robustlab.evaluation.statistics import Estimate, proportion, seed_interval
from robustlab.evaluation.substitution import Predict, worst_case
from robustlab.figures.style import INK, colour, marker

# A slot is recognised by its words alone, so a kind holds every family that shares words with another of its own.
_KINDS: Mapping[str, tuple[lexicon.Family, ...]] = MappingProxyType(
    {
        "opinion": tuple(family for family in lexicon.FAMILIES if family.sign != lexicon.NEUTRAL),
        "negation": (lexicon.NOT, lexicon.NOT_ALONE),
        "degree": (
            lexicon.PLAIN_DEGREE,
            lexicon.STRONG_DEGREE,
            lexicon.NEGATED_DEGREE,
            lexicon.MANNER,
            lexicon.NEGATED_MANNER,
        ),
        "aspect": (*(noun for noun, _ in lexicon.ASPECTS.values()), lexicon.THING),
        "aside": tuple(family for _, family, _ in lexicon.DISTRACTORS),
        "grammar": (
            lexicon.THIS,
            lexicon.SPEAKER,
            lexicon.COPULA,
            lexicon.BE,
            lexicon.BUT,
            lexicon.ALTHOUGH,
            lexicon.ALTHOUGH_AFTER,
        ),
    }
)
KINDS = tuple(_KINDS)


class Point(NamedTuple):
    """A method in the plane of clean and robust accuracy.

    Attributes:
        method: Decides colour and marker; a name of `robustlab.methods.BY_NAME`.
        label: What is written beside it.
        clean: Clean accuracy of each seed's model.
        robust: Robust accuracy of each seed's model, in the same order.
    """

    method: str
    label: str
    clean: Sequence[float]
    robust: Sequence[float]


class Broken(NamedTuple):
    """How often the slots of one kind suffice to break a model.

    Attributes:
        share: Of the reviews that are right as written and have such a slot, those that can be made wrong by it.
        reviews: Number of those reviews.
    """

    share: Estimate
    reviews: int


def slot_kind(words: Sequence[str]) -> str:
    """Say what the interchangeable words of a slot do in a review: one of `KINDS`.

    Raises: ValueError: If no family of the grammar holds all of the words.
    """
    for kind, families in _KINDS.items():
        if any(set(words) <= set(family.words) for family in families):
            return kind
    raise ValueError(f"expected the words of a slot of the built-in reviews, got {', '.join(words)}")


def slot_table(review: Review) -> str:
    """Tabulate a review as HTML: each word, what the grammar certifies in its place, and the kind of slot."""
    rows = []
    for at, word in enumerate(review.words):
        slot = review.slots.get(at, ())
        rows.append((word, ", ".join(other for other in slot if other != word), slot_kind(slot) if slot else ""))
    return _table(("as written", "may also be", "kind of slot"), rows)


def fewest_swaps(predict: Predict, review: Review) -> str | None:
    """The misclassified variant that exchanges the fewest words, or None where every variant is right.

    Among equals, the first in the order of `Review.variants`.
    """
    variants = sorted(review.variants(), key=lambda text: len(swapped(review, text)))
    wrong = (predict(variants).argmax(1) != review.label).nonzero()
    return variants[int(wrong[0])] if len(wrong) else None


def swapped(review: Review, text: str) -> list[tuple[str, str]]:
    """The words of a review that a variant exchanges, each with its replacement."""
    return [(old, new) for old, new in zip(review.words, text.split(" "), strict=True) if old != new]


def show_swaps(review: Review, text: str) -> str:
    """Write a variant as Markdown: each new word in bold, with the one it replaces after it."""
    pairs = zip(review.words, text.split(" "), strict=True)
    return " ".join(new if old == new else f"**{new}** (*{old}*)" for old, new in pairs)


def broken_by_kind(predict: Predict, reviews: Sequence[Review]) -> dict[str, Broken]:
    """Search the slots of one kind at a time, all others as written, in the reviews that are right as written.

    The search is exact, so the shares are no estimates of an attack's success; their intervals are for the reviews.
    """
    right = predict([review.text for review in reviews]).argmax(1).tolist()
    found = {}
    for kind in KINDS:
        opened = []
        for review, guess in zip(reviews, right, strict=True):
            slots = {at: words for at, words in review.slots.items() if slot_kind(words) == kind}
            if slots and guess == review.label:
                opened.append(replace(review, slots=slots))
        if opened:
            wrong = int((~worst_case(predict, opened).robust).sum())
            found[kind] = Broken(proportion(wrong, len(opened)), len(opened))
    return found


def over_seeds(shares: Sequence[float]) -> Estimate:
    """Mean share over seeds with Student's 95 % interval, cut where shares end."""
    value, low, high = seed_interval(shares)
    return Estimate(value, max(low, 0.0), min(high, 1.0))


def broken_over_seeds(runs: Sequence[Mapping[str, Broken]]) -> dict[str, Broken]:
    """Average what `broken_by_kind` found for the models of several seeds; `reviews` is summed.

    A kind that is missing for one of the seeds is left out.
    """
    return {
        kind: Broken(over_seeds([run[kind].share.value for run in runs]), sum(run[kind].reviews for run in runs))
        for kind in KINDS
        if all(kind in run for run in runs)
    }


def draw_plane(points: Sequence[Point]) -> Figure:
    """Robust against clean accuracy: means over seeds with 95 % intervals, and each seed's model as a dot.

    On the dashed line no clean success can be undone.
    """
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=1)
    seen: list[str] = []
    means = [(over_seeds(point.clean), over_seeds(point.robust)) for point in points]
    for point, ((clean, low, high), (robust, below, above)) in zip(points, means, strict=True):
        axes.plot(point.clean, point.robust, color=colour(point.method), marker=".", linestyle="none", alpha=0.6)
        axes.errorbar(
            clean,
            robust,
            xerr=[[clean - low], [high - clean]],
            yerr=[[robust - below], [above - robust]],
            color=colour(point.method),
            marker=marker(point.method),
            markerfacecolor="none" if point.method in seen else colour(point.method),
            markersize=9,
            linestyle="none",
            elinewidth=1,
            label=point.label,
        )
        seen.append(point.method)
    left, bottom = (min(mean[axis].low for mean in means) - 0.02 for axis in (0, 1))
    axes.set(xlabel="clean accuracy", ylabel="worst-case accuracy, exact", xlim=(left, 1), ylim=(bottom, 1))
    axes.legend(loc="upper left", fontsize="small")
    return figure


def draw_kinds(models: Mapping[str, tuple[str, Mapping[str, Broken]]]) -> Figure:
    """One group of bars a kind of slot, one bar a model: the share of right reviews that this kind alone can break.

    Args:
        models: Label -> the method that decides the colour, and what `broken_by_kind` found.
    """
    figure, axes = plt.subplots()
    kinds = [kind for kind in KINDS if any(kind in broken for _, broken in models.values())]
    height = 0.8 / len(models)
    for number, (label, (method, broken)) in enumerate(models.items()):
        rows = np.array([row for row, kind in enumerate(kinds) if kind in broken])
        value, low, high = np.array([broken[kinds[row]].share for row in rows]).T
        axes.barh(
            rows + (number - (len(models) - 1) / 2) * height,
            value,
            height=0.85 * height,
            xerr=[value - low, high - value],
            color=colour(method),
            alpha=0.55,  # the lower half of an interval lies on its bar
            error_kw={"ecolor": colour(method), "elinewidth": 1.2, "capsize": 2},
            label=label,
        )
    axes.set_yticks(range(len(kinds)), kinds)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes.set(xlabel="right reviews that this kind of slot alone can break", ylabel="kind of slot")
    axes.legend(loc="lower right", fontsize="small")
    return figure


def recorded_gap(rows: Sequence[Mapping[str, Any]]) -> str:
    """Tabulate recorded runs of standard training, clean beside AdvGLUE, as HTML; says so where there are none.

    Source: Zhu et al. (AAT), Table 2, for the paper's row.
    """
    ours = sorted((row for row in rows if row["method"] == "standard"), key=lambda row: (row["model"], row["seed"]))
    cells = [
        (row["model"], row["train_size"], row["seed"], _percent(row, "clean"), _percent(row, "advglue")) for row in ours
    ]
    cells.append(("BERT-base, AAT's Table 2", 67349, "not stated", "92.3 %", "31.3 %"))
    table = _table(("model", "training sentences", "seed", "SST-2 dev", "AdvGLUE-SST-2"), cells)
    drops = [100 * (row["clean_accuracy"] - row["advglue_accuracy"]) for row in ours]
    if not drops:
        return f"{table}<p>No runs are recorded yet; the table holds the paper's row alone.</p>"
    if len(drops) < 2:
        return f"{table}<p>The drop is {drops[0]:.1f} points, from one run.</p>"
    mean, low, high = seed_interval(drops)
    return f"{table}<p>The drop is {mean:.1f} points on average over {len(drops)} runs ({low:.1f} to {high:.1f}).</p>"


def _percent(row: Mapping[str, Any], name: str) -> str:
    value, low, high = (100 * part for part in proportion(row[f"{name}_correct"], row[f"{name}_n"]))
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    # HTML, because Jupyter Book reads Markdown outputs as CommonMark, which has no tables.
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
