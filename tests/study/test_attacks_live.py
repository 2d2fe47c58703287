"""Attacks that were just run, as tables."""

import pytest
from scipy.stats import binomtest

from robustlab.evaluation.attack.rows import Attacked
from robustlab.study import attacks_live


def attacked(outcomes, queries=7):
    texts = {"text": "a plain film", "attacked_text": "a drab film", "words": 3, "changed": 1, "queries": queries}
    scores = {"predicted": 1, "attacked_predicted": 0, "confidence": 0.9, "attacked_confidence": 0.4, "label": 1}
    return [Attacked(example_id=i, outcome=outcome, **texts, **scores) for i, outcome in enumerate(outcomes)]


@pytest.fixture
def found():
    weak = ["failed"] * 2 + ["succeeded"] * 7 + ["skipped"]
    strong = ["failed"] * 8 + ["succeeded"] + ["skipped"]
    return {"standard": {"a": attacked(weak), "b": attacked(weak)}, "pgd": {"a": attacked(strong), "b": attacked(weak)}}


def test_a_line_a_model_and_attack(found):
    table = attacks_live.table(found)
    assert list(table.index) == [(model, attack) for model in found for attack in "ab"]
    assert table.loc[("pgd", "a"), "robust %"].startswith("80 (")
    assert table.loc[("pgd", "a"), "attack success %"].startswith("11 (")  # 1 of the 9 that were attacked
    assert table.loc[("pgd", "a"), "words changed %"] == "33"  # of one success: no interval
    assert table.loc[("standard", "a"), "queries"] == "7"
    assert attacks_live.table({}).empty


def test_tests_are_paired_and_corrected_together(found):
    one, other = attacks_live.against(found, "standard")
    assert (one.model, one.attack, one.comparison.robust[:2]) == ("pgd", "a", (6, 0))
    assert one.adjusted == pytest.approx(2 * binomtest(6, 6).pvalue)  # two tests
    assert other.adjusted == 1
    table = attacks_live.differences([one, other])
    assert table.loc[("pgd", "a"), "points"].startswith("+60 (")
    assert table.loc[("pgd", "b"), "right in one only"] == "0:0"
    assert attacks_live.differences([]).empty
