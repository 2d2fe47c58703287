import pytest
import torch
from datasets import Dataset

from robustlab import models
from robustlab.evaluation import metrics, statistics


def rows(labels: list[int], pairs: bool = False) -> Dataset:
    columns = {"text": [f"text {i}" for i in range(len(labels))], "label": labels}
    return Dataset.from_dict(columns | ({"text_pair": [f"pair {i}" for i in range(len(labels))]} if pairs else {}))


def always(*logits: float):
    return lambda texts: torch.tensor([logits]).repeat(len(texts), 1)


def test_correct_is_kept_example_by_example():
    score = metrics.accuracy(always(0.0, 1.0), rows([1, 0, 1, 1]))
    assert score.correct.tolist() == [True, False, True, True]
    assert (score.n, score.accuracy) == (4, 0.75)
    assert score.interval == statistics.proportion(3, 4)


def test_pairs_reach_the_model_as_pairs():
    seen = []
    metrics.accuracy(lambda texts: seen.extend(texts) or torch.zeros(len(texts), 2), rows([0, 0], pairs=True))
    assert seen == [("text 0", "pair 0"), ("text 1", "pair 1")]


def test_a_real_model_and_its_predictor(honest, sentences):
    score = metrics.accuracy(models.predictor(*honest), sentences)
    assert score.accuracy > 0.9
    assert score.n == len(sentences)


def test_more_labels_than_the_model_has():
    with pytest.raises(ValueError, match=r"the model has 2 labels, the dataset has labels 0\.\.3; evaluate"):
        metrics.accuracy(always(0.0, 1.0), rows([0, 3]))


def test_hidden_labels_are_refused():
    with pytest.raises(ValueError, match=r"the dataset has labels -1\.\.-1"):
        metrics.accuracy(always(0.0, 1.0), rows([-1, -1]))


def test_no_examples():
    with pytest.raises(ValueError, match="expected at least one example, got none"):
        metrics.accuracy(always(0.0, 1.0), rows([0]).select([]))


def test_logits_of_another_shape():
    with pytest.raises(ValueError, match=r"predict must return logits \[2 c\], got \[3, 2\]"):
        metrics.accuracy(lambda texts: torch.zeros(3, 2), rows([0, 1]))


def test_logits_that_are_not_finite():
    with pytest.raises(ValueError, match="predict must return finite logits, got 2 bad rows"):
        metrics.accuracy(always(0.0, float("nan")), rows([0, 1]))
