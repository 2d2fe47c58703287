"""The exact attack on reviews in the form of every other attack's results, and how far a search stays behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from robustlab.evaluation import substitution
from robustlab.evaluation.attack import words
from robustlab.evaluation.attack.rows import Attacked, Outcome
from robustlab.evaluation.statistics import Estimate, proportion
from robustlab.evaluation.substitution import Predict

if TYPE_CHECKING:
    from robustlab.corpora.reviews import Review

Search = Literal["exhaustive", "greedy"]
_SEARCHES = {"exhaustive": substitution.worst_case, "greedy": substitution.greedy}


def exact_rows(
    predict: Predict, reviews: Sequence[Review], *, search: Search = "exhaustive", batch_size: int = 256
) -> list[Attacked]:
    """Attack reviews within their certified substitutions, one row a review.

    The exhaustive search reads every variant, so that `failed` says that none fools the model: the share of failed rows
    is the robust accuracy itself, and no bound. A tie between the label and another counts as an error.

    Args:
        predict: Texts to logits, as `robustlab.models.predictor` makes it.
        reviews: Reviews with their certified slots.
        search: `exhaustive`: every variant. `greedy`: slot by slot from the left, which may miss the worst.
        batch_size: Texts handed to `predict` at once.
    Returns: Rows with the reviews' positions as `example_id`; `queries` counts the texts that were read, for the text
        as written and for a review that was skipped too.
    Raises: ValueError: If the search is unknown, there are no reviews, or the logits have a wrong shape or are not
        finite.
    """
    if search not in _SEARCHES:
        raise ValueError(f"search must be one of {', '.join(get_args(Search))}, got {search!r}")
    found = _SEARCHES[search](predict, reviews, batch_size=batch_size)
    before = predict([review.text for review in reviews]).double().cpu()
    after = predict(list(found.texts)).double().cpu()
    rows = []
    for index, review in enumerate(reviews):
        clean, robust = bool(found.clean[index]), bool(found.robust[index])
        outcome: Outcome = "skipped" if not clean else "failed" if robust else "succeeded"
        ending = (found.texts[index], after[index], robust) if clean else (review.text, before[index], False)
        start = (review.text, before[index], clean)
        rows.append(_row(index, review.label, outcome, start, ending, int(found.tried[index])))
    return rows


def _row(
    number: int,
    label: int,
    outcome: Outcome,
    start: tuple[str, Float[Tensor, "c"], bool],
    ending: tuple[str, Float[Tensor, "c"], bool],
    queries: int,
) -> Attacked:
    text, attacked_text = start[0], ending[0]
    return Attacked(
        example_id=number,
        label=label,
        outcome=outcome,
        text=text,
        attacked_text=attacked_text,
        predicted=_answer(start[1], label, start[2]),
        attacked_predicted=_answer(ending[1], label, ending[2]),
        confidence=float(start[1].softmax(0)[label]),
        attacked_confidence=float(ending[1].softmax(0)[label]),
        queries=queries,
        words=len(words.of(text)),
        changed=words.changed(text, attacked_text),
    )


def _answer(logits: Float[Tensor, "c"], label: int, right: bool) -> int:
    """The label where the search counts the answer as right, else the highest of the others: so in a tie, too."""
    others = logits.index_fill(0, torch.tensor([label]), float("-inf"))
    return label if right else int(others.argmax())


class Gap(NamedTuple):
    """How far a search stays behind the exact worst case on the same examples.

    Attributes:
        n: Examples.
        robust: Those that no certified change breaks.
        reported: Those that the search did not break: what it would report as robust.
        missed: Share of the breakable ones that the search did not break, with its Wilson interval; NaN where there
            are none.
    """

    n: int
    robust: int
    reported: int
    missed: Estimate

    @property
    def exact_accuracy(self) -> float:
        """The robust accuracy."""
        return self.robust / self.n

    @property
    def reported_accuracy(self) -> float:
        """The bound on it that the search gives."""
        return self.reported / self.n

    @property
    def points(self) -> float:
        """By how many points the bound is too high."""
        return 100 * (self.reported_accuracy - self.exact_accuracy)


def gap(exact: Sequence[Attacked], found: Sequence[Attacked]) -> Gap:
    """Hold what a search found against the exhaustive search on the same examples and within the same changes.

    Args:
        exact: Rows of the exhaustive search.
        found: Rows of the other, in any order.
    Raises: ValueError: If the examples differ, there are none, the two disagree on which texts are classified rightly
        as written, or the search broke an example that the exhaustive one did not.
    """
    truth, other = ({(row.example_id, row.text): row.outcome for row in rows} for rows in (exact, found))
    if truth.keys() != other.keys() or not truth:
        differing = len(truth.keys() ^ other.keys())
        raise ValueError(f"expected rows of the same examples, got {len(truth)} and {len(other)}, {differing} of one")
    for (number, _), outcome in other.items():
        known = truth[number, _]
        if (known == "skipped") != (outcome == "skipped"):
            raise ValueError(f"example {number}: one attack skipped it and the other did not; expected the same model")
        if known == "failed" and outcome == "succeeded":
            raise ValueError(
                f"example {number}: the search broke what the exhaustive one did not; expected the same changes"
            )
    robust, reported = (sum(outcome == "failed" for outcome in rows.values()) for rows in (truth, other))
    breakable = sum(outcome == "succeeded" for outcome in truth.values())
    nothing = Estimate(float("nan"), float("nan"), float("nan"))
    missed = proportion(reported - robust, breakable) if breakable else nothing
    return Gap(len(truth), robust, reported, missed)
