"""The study of heuristic searches: whole rows, nothing made twice, and what is read out of them."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from robustlab.corpora import reviews
from robustlab.evaluation.substitution import worst_case
from robustlab.study import heuristics_reviews as study
from robustlab.study import heuristics_table, rows, zoo_reviews
from robustlab.training import Recipe

QUICK = zoo_reviews.Protocol(train=64, dev=6, warm=1, recipe=Recipe(epochs=1, batch_size=16, learning_rate=1e-3))
TEXTS = [reviews.review("dev", number, max_variants=30) for number in range(8)]


def test_nothing_is_made_twice(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    for search in study.SEARCHES:
        rows.append(file, {"seed": 0, "method": "standard", "search": search})
    rows.append(file, {"seed": 0, "method": "pgd", "search": "beam"})
    ((seed, lacking),) = study.missing(file, [0])
    assert (seed, lacking) == (0, {"pgd": [search for search in study.SEARCHES if search != "beam"]})
    for search in lacking["pgd"]:
        rows.append(file, {"seed": 0, "method": "pgd", "search": search})
    assert list(study.missing(file, [0])) == []


def test_a_row_holds_what_was_measured() -> None:
    torch.set_num_threads(1)
    start = zoo_reviews.warmed(0, QUICK)
    predict = study.trained("pgd", 0, start, QUICK)
    found = worst_case(predict, TEXTS)
    exact, bound = (study.run(search, predict, TEXTS, 0) for search in (study.EXACT, study.LEFT_TO_RIGHT))
    for row in (exact, bound):
        json.dumps(row)
        assert rows.decode(row["clean"]["mask"], 8).tolist() == found.clean.tolist()
        assert row["robust"]["n"] == 8
    assert rows.decode(exact["robust"]["mask"], 8).tolist() == found.robust.tolist()
    counts = [review.count for review, right in zip(TEXTS, found.clean.tolist(), strict=True) if right]
    assert exact["queries"] == pytest.approx(sum(counts) / len(counts))
    assert bound["queries"] < exact["queries"]


@pytest.mark.skipif(find_spec("textattack") is None, reason="needs the extra `attack`")
@pytest.mark.parametrize("search", ["rank-delete", "swarm"])
def test_a_search_of_textattack_makes_the_same_row_twice(search: str) -> None:
    start = zoo_reviews.warmed(0, QUICK)
    predict = study.trained("standard", 0, start, QUICK)
    once, again = (study.run(search, predict, TEXTS, 0) for _ in range(2))
    assert once | {"cpu_seconds": 0} == again | {"cpu_seconds": 0}
    assert once["settings"] == (
        {"wir_method": "delete"} if search == "rank-delete" else {"pop_size": 10, "max_iters": 5}
    )


def made(method: str, search: str, seed: int, robust: str, clean: str = "1111110000", queries: float = 9.0) -> dict:
    parts = {
        name: {"correct": bits.count("1"), "n": 10, "mask": rows.encode(bit == "1" for bit in bits)}
        for name, bits in (("clean", clean), ("robust", robust))
    }
    said = {"date": "2026-01-01", "device": "cpu", "commit": "abc", "variants": 64, "cpu_seconds": 1.5}
    return {"method": method, "search": search, "seed": seed, "queries": queries, **parts, **said}


RECORDED = [
    made("standard", "beam", 0, "1100000000"),
    made("standard", "exhaustive", 0, "1100000000", queries=60),
    made("standard", "exhaustive", 1, "1110000000", queries=64),
    made("standard", "beam", 1, "1111100000", queries=11),
    made("standard", "rank-unk", 1, "1110000000", queries=80),
    made("pgd", "exhaustive", 0, "1111110000"),
    made("pgd", "beam", 0, "1111110000"),
    made("pgd", "beam", 7, "1111110000"),  # no exhaustive search of this seed
]


def test_gaps_in_numbers() -> None:
    found = {(one.method, one.search): one for one in heuristics_table.results(RECORDED)}
    assert list(found) == [
        ("standard", "exhaustive"), ("standard", "beam"), ("standard", "rank-unk"),
        ("pgd", "exhaustive"), ("pgd", "beam"),
    ]  # fmt: skip
    beam = found["standard", "beam"]
    assert (beam.seeds, beam.queries, beam.seconds) == (2, 10, 1.5)
    assert beam.robust.value == pytest.approx(0.35)
    assert beam.gap.value == pytest.approx(10)  # 0 of 10 reviews, and 2 of 10
    assert beam.gap.high - beam.gap.value == pytest.approx(12.706 * 10, rel=1e-3)  # Student's t of two: 12.706 · s/√2
    assert beam.missed == pytest.approx((2 / 7, 0.0822, 0.6411), abs=1e-4)  # Wilson's interval of 2 of 4 + 3
    assert found["standard", "rank-unk"].gap[0] == 0
    assert found["pgd", "beam"].seeds == 1
    assert found["pgd", "beam"].missed.value != found["pgd", "beam"].missed.value


def test_the_table_and_the_words_follow_the_rows() -> None:
    shown = heuristics_table.table(RECORDED)
    assert shown.loc[("standard", "exhaustive"), "gap, points"] == "exact"
    assert shown.loc[("standard", "rank-unk"), "gap, points"] == "+0.0 (one seed)"
    assert shown.loc[("standard", "beam"), "missed %"] == "28.6 (8.2 to 64.1)"
    assert shown.loc[("pgd", "beam"), "missed %"] == "none to break"
    words = heuristics_table.verdict(RECORDED)
    assert "Every breakable review is broken by `rank-unk`; the widest gap is that of `beam`, +10.0" in words
    assert "Reading every variant takes 62 texts a review here; as many or more are asked for by `rank-unk`" in words
    assert "the thriftiest search, `beam`, asks for 10." in words
    assert "3 searches against 4 models, seeds 0, 1, 7, on 10 held-out reviews" in heuristics_table.provenance(RECORDED)


def test_nothing_recorded_is_no_claim() -> None:
    assert heuristics_table.table([]).empty
    assert "there is no worst case yet" in heuristics_table.verdict([])
    assert "there is no worst case yet" in heuristics_table.verdict(RECORDED[:1])
    assert "only the exhaustive search has been run" in heuristics_table.verdict(RECORDED[1:3])
    assert "nothing yet" in heuristics_table.provenance([])


def test_rows_that_do_not_belong_together() -> None:
    other = made("standard", "beam", 0, "1100000000", clean="1111100000")
    with pytest.raises(
        ValueError, match="standard, seed 0, beam: expected the examples and the model of the exhaustive"
    ):
        heuristics_table.results([RECORDED[1], other])
    with pytest.raises(ValueError, match="standard, seed 0, beam: it broke a review that no certified change breaks"):
        heuristics_table.results([RECORDED[1], made("standard", "beam", 0, "1000000000")])
