"""Successes that a judge throws out."""

import pytest

from robustlab.corpora import judge as corpus
from robustlab.evaluation.attack.validity import only_valid, validity, verdict
from tests.evaluation.attack.example_rows import attacked


def judge(text: str) -> int:
    """1 for a great film, 0 for a bad one, and nothing else."""
    if ("great" in text) == ("bad" in text):
        raise ValueError("no verdict")
    return int("great" in text)


ROWS = [
    attacked(0, "succeeded", attacked_text="a great film"),
    attacked(1, "succeeded", attacked_text="a bad film"),
    attacked(2, "succeeded", attacked_text="a bad film"),
    attacked(3, "succeeded", attacked_text="a film"),
    attacked(4, "succeeded", attacked_text="a bad film", label=0),
    attacked(5, "failed", attacked_text="a bad film"),
    attacked(6, "skipped", attacked_text="a bad film"),
    attacked(7, "skipped"),
]


def test_counts_and_accuracies() -> None:
    found = validity(ROWS, judge)
    assert found[:3] == (2, 2, 1)
    assert found.reported.value == 1 / 8
    assert found.valid.value == 4 / 8  # the failure and three thrown out; what was wrong as written stays wrong
    assert found.valid == pytest.approx((0.5, 0.2152, 0.7848), abs=1e-4)  # Wilson's interval of 4 of 8
    assert found.share_kept.value == 2 / 5


def test_rows_that_are_thrown_out_become_failures() -> None:
    assert [row.outcome for row in only_valid(ROWS, judge)] == [
        "succeeded", "failed", "failed", "failed", "succeeded", "failed", "skipped", "skipped",
    ]  # fmt: skip


def test_the_judge_of_the_reviews() -> None:
    kept, turned = "the plot was good .", "the plot was not good ."
    assert [verdict(attacked(0, attacked_text=text), corpus.judge) for text in (kept, turned, "the plot .")] == [
        "kept",
        "turned",
        "unclear",
    ]


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="rows of at least one attacked example, got none"):
        validity([], judge)
    with pytest.raises(ValueError, match="hits from 0 to n and n of at least 1"):
        _ = validity(ROWS[5:], judge).share_kept
