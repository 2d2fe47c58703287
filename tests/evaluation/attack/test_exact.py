"""The exact attack as rows, against a loop over all variants; and the gap of a search."""

from dataclasses import replace
from types import MappingProxyType

import pytest
import torch
from torch import Tensor

from robustlab.corpora import reviews
from robustlab.corpora.reviews import Review
from robustlab.evaluation.attack.exact import exact_rows, gap

MADE = [reviews.review("dev", row, max_variants=60) for row in range(40)]


def weight(word: str) -> float:
    """A fixed pseudo-random weight in [-1, 1), different for every word."""
    return (sum(map(ord, word)) * 7919 + len(word) * 104729) % 2000 / 1000 - 1


def positional(texts: list[str]) -> Tensor:
    """Logits (-s, s) of pairs of words, which interact: a greedy search may miss the worst."""
    score = []
    for text in texts:
        words = text.split(" ")
        score.append(sum(weight(one + other) for one, other in zip(words, words[1:], strict=False)))
    return torch.stack([-torch.tensor(score), torch.tensor(score)], dim=1)


def confidence(text: str, label: int) -> float:
    return float(torch.softmax(positional([text])[0].double(), 0)[label])


def test_rows_say_what_a_loop_over_the_variants_finds() -> None:
    rows = exact_rows(positional, MADE, batch_size=7)
    assert {row.outcome for row in rows} == {"succeeded", "failed", "skipped"}
    for number, (row, review) in enumerate(zip(rows, MADE, strict=True)):
        answers = {text: int(positional([text])[0].argmax()) for text in review.variants()}
        wrong = [text for text, answer in answers.items() if answer != review.label]
        expected = "skipped" if review.text in wrong else "succeeded" if wrong else "failed"
        assert (row.example_id, row.label, row.outcome) == (number, review.label, expected)
        assert (row.text, row.queries) == (review.text, review.count)
        worst = min(answers, key=lambda text: confidence(text, review.label))
        ending = row.text if expected == "skipped" else row.attacked_text
        assert row.attacked_confidence == pytest.approx(confidence(ending, review.label), abs=1e-6)
        if expected != "skipped":
            assert row.attacked_confidence == pytest.approx(confidence(worst, review.label), abs=1e-6)
        assert row.confidence == pytest.approx(confidence(review.text, review.label), abs=1e-6)
        assert (row.predicted, row.attacked_predicted) == (answers[review.text], answers[row.attacked_text])
        before, after = row.text.split(" "), row.attacked_text.split(" ")
        assert row.changed == sum(one != other for one, other in zip(before, after, strict=True))
        assert row.words == sum(word not in (".", ",") for word in before)


def test_greedy_reads_less_and_breaks_no_more() -> None:
    exact, bound = exact_rows(positional, MADE), exact_rows(positional, MADE, search="greedy")
    assert sum(row.queries for row in bound) < sum(row.queries for row in exact)
    found = gap(exact, bound)
    assert (found.n, found.robust) == (40, sum(row.outcome == "failed" for row in exact))
    assert found.reported >= found.robust


def test_a_tie_is_an_error_with_an_answer_to_match() -> None:
    row = exact_rows(lambda texts: torch.zeros(len(texts), 3), [Review(("x",), MappingProxyType({}), 0)])[0]
    assert (row.outcome, row.predicted, row.attacked_predicted) == ("skipped", 1, 1)


def test_gap_in_numbers() -> None:
    row = exact_rows(positional, MADE)[0]
    truth = ["failed"] * 2 + ["succeeded"] * 5 + ["skipped"] * 3
    found = ["failed"] * 3 + ["succeeded"] * 4 + ["skipped"] * 3
    rows = [[replace(row, example_id=i, outcome=one) for i, one in enumerate(each)] for each in (truth, found)]
    measured = gap(rows[0], rows[1][::-1])
    assert measured[:3] == (10, 2, 3)
    assert (measured.exact_accuracy, measured.reported_accuracy) == (0.2, 0.3)
    assert measured.points == pytest.approx(10)
    assert measured.missed == pytest.approx((0.2, 0.0362, 0.6245), abs=1e-4)  # Wilson's interval of 1 of 5
    assert gap(rows[0][7:], rows[0][7:]).missed.value != gap(rows[0][7:], rows[0][7:]).missed.value


def test_what_gap_refuses() -> None:
    rows = exact_rows(positional, MADE)
    number = next(row.example_id for row in rows if row.outcome == "failed")

    def changed(outcome: str) -> list:
        return [replace(row, outcome=outcome) if row.example_id == number else row for row in rows]

    with pytest.raises(ValueError, match="rows of the same examples, got 40 and 39, 1 of one"):
        gap(rows, rows[1:])
    with pytest.raises(ValueError, match="rows of the same examples, got 0 and 0"):
        gap([], [])
    with pytest.raises(ValueError, match=f"example {number}: one attack skipped it and the other did not"):
        gap(rows, changed("skipped"))
    with pytest.raises(ValueError, match=f"example {number}: the search broke what the exhaustive one did not"):
        gap(rows, changed("succeeded"))


def test_unknown_search() -> None:
    with pytest.raises(ValueError, match="search must be one of exhaustive, greedy, got 'beam'"):
        exact_rows(positional, MADE, search="beam")  # type: ignore[arg-type]
