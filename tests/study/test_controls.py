"""The controls of the live comparison: each is what it says it is, and scores are what the model answers."""

from typing import Any

import pytest
import torch
from datasets import Dataset

from robustlab import corpora, models
from robustlab.ascent import GradientAscent
from robustlab.evaluation import white_box
from robustlab.models import Loaded
from robustlab.study import controls, rows
from robustlab.study.main_sst2 import MATCHED

NAMES = ["standard", "pgd", MATCHED, "adaptive-pgd"]


@pytest.fixture(scope="module")
def train() -> Dataset:
    return corpora.load("reviews", split="train").select(range(160))


@pytest.fixture(scope="module")
def backbone(train: Dataset) -> Loaded:
    return models.load("tiny", labels=["negative", "positive"], texts=list(train["text"]), seed=0)


@pytest.fixture(scope="module")
def batches(backbone: Loaded) -> list[white_box.Batch]:
    return white_box.batches(corpora.load("reviews", split="dev").select(range(50)), backbone.tokenizer)


@pytest.fixture(scope="module")
def plan(backbone: Loaded, batches: list[white_box.Batch]) -> controls.Plan:
    """Steps of three embeddings' length turn by a right angle, so that the weights change how long the offset is."""
    unit = white_box.embedding_norm(backbone.model, batches)
    attack = GradientAscent(steps=2, step_size=0.1 * unit)
    return controls.Plan(steps=3, step_size=3 * unit, learning_rate=2e-3, attack=attack, weights_learning_rate=0.5)


def run(plan: controls.Plan, backbone: Loaded, train: Dataset, batches: list, seed: int) -> list[dict[str, Any]]:
    return controls.run_all(plan, backbone.model, backbone.tokenizer, train, batches, seed=seed, device="cpu")


@pytest.fixture(scope="module")
def found(plan: controls.Plan, backbone: Loaded, train: Dataset, batches: list) -> list[dict[str, Any]]:
    before = {name: value.clone() for name, value in backbone.model.state_dict().items()}
    found = run(plan, backbone, train, batches, seed=0)
    assert all(torch.equal(value, before[name]) for name, value in backbone.model.state_dict().items())
    return found


def test_there_is_one_row_a_method(found: list[dict[str, Any]], plan: controls.Plan) -> None:
    assert [row["method"] for row in found] == NAMES
    assert [row["step_size"] for row in found] == [None, *[plan.step_size] * 3]
    assert {row["seed"] for row in found} == {0}


def test_the_matched_control_climbs_as_far_as_the_adaptive_run(found: list[dict[str, Any]]) -> None:
    """To first order: the step is scaled once, and a longer step turns a little more."""
    _, uniform, matched, adaptive = (row["offset_norm"] for row in found)
    assert abs(uniform / adaptive - 1) > 0.1, "nothing to match: the test would pass without a match"
    assert matched == pytest.approx(adaptive, rel=0.05)
    assert abs(matched - adaptive) < abs(uniform - adaptive) / 3


def test_only_the_adaptive_run_has_weights(found: list[dict[str, Any]]) -> None:
    *others, adaptive = found
    assert all(row["weights"] is None for row in others)
    assert sum(adaptive["weights"]) == pytest.approx(1)
    assert max(adaptive["weights"]) > 0.4
    assert len(adaptive["weights"]) == 3


def test_masks_counts_and_accuracies_agree(found: list[dict[str, Any]]) -> None:
    for row in found:
        for measure in ("clean", "pgd"):
            right = rows.decode(row[f"{measure}_mask"], row[f"{measure}_n"])
            assert len(right) == row[f"{measure}_n"] == 50
            assert right.sum() == row[f"{measure}_correct"]
            assert row[f"{measure}_accuracy"] == pytest.approx(row[f"{measure}_correct"] / 50)
    assert len({row["pgd_correct"] for row in found}) > 1


def test_a_seed_gives_the_same_rows_and_another_seed_others(
    found: list[dict[str, Any]], plan: controls.Plan, backbone: Loaded, train: Dataset, batches: list
) -> None:
    assert run(plan, backbone, train, batches, seed=0) == found
    other = run(plan, backbone, train, batches, seed=1)
    assert [row["offset_norm"] for row in other[1:]] != [row["offset_norm"] for row in found[1:]]


def test_scores_are_of_the_trained_model_under_the_plan_s_attack(
    backbone: Loaded, batches: list[white_box.Batch], plan: controls.Plan
) -> None:
    score = controls._score(backbone.model, batches, plan.attack)
    labels = torch.cat([batch["labels"] for batch in batches])
    order = torch.cat([batch["row"] for batch in batches]).argsort()
    with torch.no_grad():
        answers = torch.cat([white_box.landscape(backbone.model, batch).logits().argmax(-1) for batch in batches])
    assert rows.decode(score["clean_mask"], 50).tolist() == (answers == labels)[order].tolist()
    assert score["pgd_correct"] == int(white_box.pgd(backbone.model, batches, plan.attack).correct.sum())
