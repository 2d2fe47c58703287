"""The study of heuristic searches: whole rows, nothing made twice, and what is read out of them."""

import json
from pathlib import Path

import pytest
import torch

from robustlab.corpora import reviews
from robustlab.evaluation.substitution import worst_case
from robustlab.study import heuristics_reviews as study
from robustlab.study import rows, zoo_reviews
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


@pytest.mark.parametrize("search", ["rank-delete", "swarm"])
def test_a_search_of_textattack_makes_the_same_row_twice(search: str) -> None:
    pytest.importorskip("textattack", reason="needs the extra `attack`")
    start = zoo_reviews.warmed(0, QUICK)
    predict = study.trained("standard", 0, start, QUICK)
    once, again = (study.run(search, predict, TEXTS, 0) for _ in range(2))
    assert once | {"cpu_seconds": 0} == again | {"cpu_seconds": 0}
    assert once["settings"] == (
        {"wir_method": "delete"} if search == "rank-delete" else {"pop_size": 10, "max_iters": 5}
    )
