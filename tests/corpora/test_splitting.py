import pytest
from datasets import ClassLabel, Dataset, Features, Value

from robustlab.corpora import hold_out


def rows(texts: list[str], labels: list[int]) -> Dataset:
    features = Features({"text": Value("string"), "label": ClassLabel(num_classes=2), "example_id": Value("int64")})
    columns = {"text": texts, "label": labels, "example_id": list(range(len(texts)))}
    return Dataset.from_dict(columns, features=features)


def test_a_partition_stratified_by_label() -> None:
    dataset = rows([f"text {i}" for i in range(100)], [int(i < 30) for i in range(100)])
    train, held = hold_out(dataset, 0.2, seed=0)
    assert sorted([*train["example_id"], *held["example_id"]]) == list(range(100))
    assert sum(held["label"]) == 6
    assert len(held) == 20
    assert list(held["example_id"]) == sorted(held["example_id"])


def test_the_seed_decides() -> None:
    dataset = rows([f"text {i}" for i in range(100)], [i % 2 for i in range(100)])
    first, again, other = (list(hold_out(dataset, 0.2, seed)[1]["example_id"]) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_near_duplicates_stay_on_one_side() -> None:
    shapes = ("{} film", "{} film .", "  {}  FILM !", "{}-film")
    dataset = rows(
        [shape.format(f"w{i}") for i in range(50) for shape in shapes], [i % 2 for i in range(50) for _ in shapes]
    )
    for seed in range(5):
        train, held = hold_out(dataset, 0.3, seed)
        assert {row // 4 for row in train["example_id"]}.isdisjoint({row // 4 for row in held["example_id"]})
        assert 40 <= len(held) <= 60


def test_texts_of_punctuation_alone_are_not_duplicates() -> None:
    train, held = hold_out(rows(["!", "?", "...", "-"], [0, 0, 0, 0]), 0.5, seed=0)
    assert len(train) == len(held) == 2


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5])
def test_share_out_of_range(share: float) -> None:
    with pytest.raises(ValueError, match=f"share must be between 0 and 1, got {share}"):
        hold_out(rows(["a", "b"], [0, 1]), share, seed=0)


def test_a_side_without_rows() -> None:
    with pytest.raises(ValueError, match=r"a share of 0.1 of 2 rows leaves no held-out row"):
        hold_out(rows(["a", "b"], [0, 1]), 0.1, seed=0)
    with pytest.raises(ValueError, match=r"a share of 0.9 of 2 rows leaves no remaining row"):
        hold_out(rows(["a", "b"], [0, 1]), 0.9, seed=0)
