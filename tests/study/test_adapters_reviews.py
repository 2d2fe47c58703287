"""The study of adapter mixtures: its attacked rows, its controls, and one small seed of it."""

import pytest
import torch

pytest.importorskip("peft")

from robustlab.corpora import reviews
from robustlab.study import rows
from robustlab.study.adapters_reviews import Settings, attack, equal, joined, run


def suspicious(texts):
    """Calls a text positive, the less the more letters it has: the worst variant is then the longest or shortest."""
    length = torch.tensor([float(len(text)) for text in texts])
    return torch.stack([length, -length + 100], dim=1)


def test_attacked_rows_are_worst_variants_with_everything_else_as_it_was():
    clean = reviews.load("train", 30, max_variants=8)
    attacked = attack(suspicious, clean)
    assert attacked.column_names == clean.column_names
    assert attacked.features == clean.features
    for before, after in zip(clean, attacked, strict=True):
        variants = list(reviews.from_row(before).variants())
        extreme = max if before["label"] == 1 else min
        assert len(after["text"]) == extreme(map(len, variants))
        assert after["text"] in variants
        assert {key: value for key, value in after.items() if key != "text"} == {
            key: value for key, value in before.items() if key != "text"
        }


def test_joined_rows_have_ids_of_their_own():
    clean = reviews.load("train", 5)
    both = joined(clean, clean)
    assert both["example_id"][:] == list(range(10))
    assert both["text"][:] == clean["text"][:] * 2
    assert both.column_names == clean.column_names


def test_equal_weights():
    assert torch.equal(equal(torch.randn(4, 3, 2)), torch.full((3, 4), 0.25))


def test_a_small_seed():
    small = Settings(train_size=48, base_epochs=1, epochs=1, reviews=4, max_variants=4)
    found = {row["method"]: row for row in run(0, small)}
    assert list(found) == ["base", "clean adapter", "attacked adapter", "mixture", "equal mixture", "both sets"]
    for row in found.values():
        assert row["robust_accuracy"] <= row["clean_accuracy"]
        assert rows.decode(row["robust_mask"], 4).mean() == row["robust_accuracy"]
        assert row["clean_interval"][0] <= row["clean_accuracy"] <= row["clean_interval"][1]
        assert 4 <= row["texts_read"] <= 16
    assert 0 <= found["mixture"]["share_written"] <= 1
    assert 0 <= found["mixture"]["share_attacked"] <= 1
