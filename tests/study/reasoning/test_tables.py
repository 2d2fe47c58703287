"""Table 1 as tables and words: every cell and sentence follows from a few made rows."""

import math
from dataclasses import replace

import pytest
from scipy.stats import pearsonr

from robustlab.evaluation.reasoning import metrics
from robustlab.evaluation.reasoning.asking import ask
from robustlab.evaluation.reasoning.constant import constant, constant_rows
from robustlab.evaluation.reasoning.grouping import by_document
from robustlab.papers.negatives import MEASURES, table1
from robustlab.study.reasoning import findings, lines, tables
from robustlab.study.reasoning.exam import exam
from robustlab.study.reasoning.protocol import profile
from tests.table_rows import five, made

KINDS = {"ambiguity/easy": [0.8, 0.5], "ambiguity/hard": [0.6, 0.3], "redundancy/easy": [0.9, 0.9]}


def whole(name, seed, level, **others):
    """A row with everything that the tables read."""
    row = made(name, seed, level, **others)
    row |= {"by_kind": KINDS, "last_quarter": {"clean_loss": 0.1 * (seed + 1), "loss": 1.0}, "documents": 40}
    row |= {"variants": 320, "commit": "c0ffee", "date": "2026-01-02", "device": "cpu"}
    return row | {"protocol": {"examples": 64, "sentences": 24, "steps": 20, "restarts": 1, "sensitive": 5}}


@pytest.fixture
def found():
    rows = [whole("standard", seed, 0.5) for seed in (0, 1)]
    rows += [whole("augmented", seed, 0.8) | {"units": 6, "train_cpu_seconds": 33.0} for seed in (0, 1)]
    rows += [whole("self-negative", seed, 0.4) | {"units": 15} for seed in (0, 1)]
    rows += [row | {"inference": "guide"} for row in rows[:2]]
    return lines.lines(rows)


def test_the_paper_s_metrics_and_what_they_need(found):
    four, beside = tables.four(found), tables.beside(found)
    assert list(four.index) == list(beside.index) == ["standard", "guide", "augmented", "self-negative"]
    assert list(four.loc["standard"])[-1] == 2
    assert four.loc["standard", "Sem. Dev. ↓"] == "0.500 (0.500 to 0.500)"
    assert four.loc["augmented", "Robust Acc. ↑"].startswith("80.0 (7")
    assert (beside.loc["augmented", "passes a step"], beside.loc["augmented", "CPU s"]) == ("6", "33")
    assert tables.told("consistency", None) == "–"


def test_a_star_marks_what_survives(found):
    shown = tables.differences(lines.against(found), ("robust_accuracy", "adversarial_sensitivity"))
    assert shown.loc["augmented", "Robust Acc. ↑"].startswith("+30.0 (")
    assert shown.loc["augmented", "Robust Acc. ↑"].endswith(" *")
    assert not shown.loc["guide", "Robust Acc. ↑"].endswith("*")
    assert "standard" not in shown.index


def test_kinds_are_means_over_levels_and_seeds(found):
    assert tables.by_kind(found).loc["standard"].to_dict() == {"ambiguity": "70.0", "redundancy": "90.0"}
    assert tables.by_kind(found, worst=True).loc["standard", "ambiguity"] == "40.0"


def test_trainings_are_in_plain_trainings(found):
    shown = tables.trainings(found)
    assert shown.loc["augmented"].to_dict() == {
        "clean loss": "0.150", "D": "–", "S": "–", "InfoNCE": "–",
        "cost, passes": "2.0", "cost, clock": f"{33 / 10.5:.1f}", "seeds": 2,
    }  # fmt: skip


def test_sensitivities_where_rows_have_them(found):
    assert tables.sensitivities(found).empty
    at = {"words": {"mean": 0.25, "noise": 0.01}, "encoder": {"mean": 0.5, "noise": 0.02}}
    some = [whole("lat", seed, 0.5) | {"sensitivity_at": at} for seed in (0, 1)]
    some.append(whole("standard", 0, 0.5) | {"sensitivity_at": at | {"encoder.0": {"mean": 0.1, "noise": 0.0}}})
    shown = tables.sensitivities(lines.lines(some))
    assert shown.loc["lat"].to_dict() == {
        "words, found": "0.250", "words, at random": "0.010", "encoder, found": "0.500", "encoder, at random": "0.020",
    }  # fmt: skip


def test_the_printed_table_is_the_paper_s():
    shown = tables.printed()
    assert list(shown.index) == [row.printed for row in table1()]
    assert shown.loc["Ours"].tolist() == [89.7, 81.4, 0.127, 0.192]


def test_the_constant_s_line_is_what_the_exam_says_of_it():
    small = replace(profile("smoke"), documents=6)
    line = tables.constant_line(small)
    rows = constant_rows(ask(constant(""), exam(small).asked, progress=False))
    columns = metrics.values(by_document(rows))
    for measure in (
        "clean_accuracy",
        "robust_accuracy",
        "worst_case_accuracy",
        "consistency",
        "counterfactual_accuracy",
    ):
        assert line.measures[measure].value == pytest.approx(columns[measure].mean())
    assert tables.four([line]).loc["constant", "Sem. Dev. ↓"] == "0.000"


def test_words_on_survivors_and_costs(found):
    tests = lines.against(found)
    words = findings.survivors(tests)
    assert "- Robust Accuracy, 3 lines. better: `augmented` (+30.0); worse: `self-negative` (-10.0)." in words
    assert "all 2 would agree with probability 0.5." in words
    assert "Adversarial Sensitivity, 3 lines. better: none" in words  # five documents are too few
    told = findings.cheaper(tests, found)
    assert "takes 15 passes, 5.0 times a plain one" in told
    assert told.endswith("`augmented` (6 passes), `standard` (3 passes).")
    assert "-10.0 points beside `standard`" in told
    assert "nothing to test yet" in findings.survivors([])
    assert findings.cheaper(tests, found[:1]) == "There are no rows of `self-negative` yet."


def test_words_on_the_controls(found):
    assert findings.null_controls(found).startswith(
        "Of 80 documents that `guide` answered with all their variants, none"
    )
    moved = [row | {"by_document": row["by_document"] | {"consistency": [0.0, *row["by_document"]["consistency"][1:]]}}
             for row in found[1].rows]  # fmt: skip
    other = [found[0], found[1]._replace(rows=moved)]
    assert ", 2 differ from the plain model" in findings.null_controls(other)
    assert "no rows of a serving system" in findings.null_controls(found[:1])


def test_words_on_the_paper_s_method(found):
    words = findings.paper_s_method(found)
    assert "- Robust Accuracy: place 4 of 4, with 40.0 (" in words
    assert "the best is `augmented` with 80.0 (" in words
    assert findings.paper_s_method(found[:1]) == "There are no rows of `self-negative` yet."


def test_words_on_the_order():
    words = findings.order_words(findings.orders(five((0.3, 0.5, 0.7))))
    assert "- Robust Accuracy, 5 rows: τ = +0.84 (+0.84 to +0.84); the most that is possible here is +0.84." in words
    assert "reached as far as it can be in 4 of 4 metrics. The interval is above 0 in 4, below 0 in 0" in words
    turned = findings.order_words(findings.orders(five((0.7, 0.5, 0.3))))
    assert "in 0 of 4 metrics. The interval is above 0 in 0, below 0 in 4, and leaves it open in 0." in turned
    assert "Too few" in findings.order_words([])


def test_words_on_what_is_behind(found):
    assert "over 4 lines: +1.00. Robust Accuracy spans 40.0 points" in findings.clean_behind(found)
    assert "Too few" in findings.clean_behind(found[:2])


def test_words_on_the_worst_case_and_on_latent_calm(found):
    words = findings.worst_floor(found)
    assert words.startswith(
        "The worst case is over K = 8 variants of every kind and level. The best line in it is `aug"
    )
    assert findings.worst_floor([]) == "No row has a worst case."
    told = findings.latent_and_text(found)
    assert "over 3 methods of training: -1.00; below 0" in told
    assert "from 0.200 to 0.600 between methods, Robust Accuracy from 40.0 to 80.0." in told
    assert "Too few" in findings.latent_and_text(found[:2])


def test_provenance_says_what_was_asked(found):
    words = findings.provenance([row for line in found for row in line.rows])
    assert words.startswith("**Recorded** on 2026-01-02 on cpu, commit c0ffee: 8 rows, seeds 0, 1, profile `p`. ")
    assert "64 documents of 24 sentences; every row is asked 40 documents and 320 variants" in words
    assert "20 steps and 1 start on 5 of them." in words
    assert "nothing yet" in findings.provenance([])


def test_the_inequality_is_counted():
    row = {"consistency": 0.9, "clean_accuracy": 0.8, "robust_accuracy": 0.75}
    assert findings.bounds_hold([row, row | {"robust_accuracy": 0.6}]) == (1, 2, pytest.approx(-0.1))
    assert math.isnan(findings.bounds_hold([])[2])


def test_the_printed_table_by_other_means():
    for (one, other, n), row, following in zip(findings.documents_needed(), table1(), table1()[1:], strict=False):
        assert (one, other) == (row.printed, following.printed)
        p, q = row.robust_accuracy / 100, following.robust_accuracy / 100
        for count, beyond in ((n, True), (n - 1, False)):
            error = math.sqrt(p * (1 - p) / count + q * (1 - q) / count)
            assert ((q - p) / error >= 1.96) == beyond
    columns = [[getattr(row, name) for row in table1()] for name in MEASURES]
    least = min(abs(pearsonr(a, b).statistic) for a in columns for b in columns)
    assert findings.columns_alike() == pytest.approx(least)
