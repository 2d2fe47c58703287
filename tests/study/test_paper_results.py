"""What is read off the paper's printed tables."""

from fractions import Fraction

import pytest

from robustlab.study import paper_results


def test_tables_are_as_printed():
    table = paper_results.table(2)
    assert table.loc["PGD +Ours", "TextFooler"] == "16.06 (+3.10)"
    assert table.loc["BERT-base", "AdvGLUE"] == "31.32"
    assert "AdvGLUE" not in paper_results.table(4)
    with pytest.raises(ValueError, match="the main results are Tables 2, 3, 4, 5, got 6"):
        paper_results.table(6)


def test_gains_are_the_printed_ones_with_the_error_of_two_samples():
    found = {(gain.dataset, gain.base, gain.measure): gain for gain in paper_results.gains(1000, 148)}
    assert len(found) == 3 * (5 + 5 + 4 + 4)
    one = found["SST-2", "pgd", "TextFooler"]
    assert one.points == pytest.approx(3.10)
    by_hand = 1.959964 * ((0.1606 * 0.8394 + 0.1296 * 0.8704) / 1000) ** 0.5
    assert one.half_width == pytest.approx(100 * by_hand, rel=1e-6)
    assert (one.n, found["QNLI", "freelb", "AdvGLUE"].n) == (1000, 148)
    assert found["IMDB", "ta-vat", "TextFooler"].points == pytest.approx(-1.70)
    with pytest.raises(ValueError, match="expected at least 1 example, got 1000 and 0"):
        paper_results.gains(1000, 0)


@pytest.mark.parametrize("n", [7, 148, 872, 1000])
def test_shares_of_n_are_those_that_rounding_gives(n):
    """Against exact fractions: a percentage is a share if some count rounds to it."""
    rounded = {round(float(Fraction(100 * hits, n)), 2) for hits in range(n + 1)}
    found = {percent / 100 for percent in range(10_001) if paper_results.is_share(percent / 100, n)}
    assert rounded <= found
    assert len(found - rounded) <= n / 8  # a tie, such as 12.345, may be rounded either way


def test_shares_are_counted_a_table_and_compared_with_chance():
    table = paper_results.shares((148, 872))
    assert table.loc["SST-2, AdvGLUE", "n = 148"] == "0 of 11"
    assert table.loc["QNLI, AdvGLUE", "n = 148"] == "0 of 11"
    assert table.loc["by chance", "n = 872"] == "9%"
    assert table.loc["IMDB", "n = 872"].endswith(" of 33")
