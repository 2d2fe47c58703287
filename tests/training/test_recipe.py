"""A recipe's numbers are checked when it is written; `fit` follows it."""

import math

import pytest
from transformers import TrainerCallback

from robustlab import methods, models
from robustlab.corpora import reviews
from robustlab.training import Recipe, fit


@pytest.mark.parametrize(
    "name", ["epochs", "batch_size", "gradient_accumulation", "learning_rate", "max_length", "validations", "log_every"]
)
@pytest.mark.parametrize("value", [0, -1])
def test_numbers_that_must_be_positive(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} must be positive, got {value}"):
        Recipe(**{name: value})


def test_shares_and_decay() -> None:
    with pytest.raises(ValueError, match=r"warmup must be a share of the steps, 0 to 1, got 1\.5"):
        Recipe(warmup=1.5)
    with pytest.raises(ValueError, match="weight_decay must be 0 or more, got nan"):
        Recipe(weight_decay=math.nan)
    Recipe(warmup=0, weight_decay=0)


@pytest.mark.parametrize(
    ("rows", "size", "micro", "steps"), [(64, 8, 1, 8), (65, 8, 1, 9), (65, 8, 2, 5), (3, 8, 4, 1)]
)
def test_the_last_batch_counts(rows: int, size: int, micro: int, steps: int) -> None:
    assert Recipe(batch_size=size, gradient_accumulation=micro).steps_an_epoch(rows) == steps


class Count(TrainerCallback):
    def __init__(self) -> None:
        self.steps: list[int] = []

    def on_step_end(self, args, state, control, **known) -> None:
        self.steps.append(state.global_step)


def test_fit_takes_as_many_steps_as_the_recipe_says_and_calls_back() -> None:
    train = reviews.load("train", seed=0).select(range(40))
    loaded = models.load("tiny", labels=reviews.LABELS, texts=train["text"])
    recipe, count = Recipe(epochs=2, batch_size=8, gradient_accumulation=2, learning_rate=1e-3, warmup=0.5), Count()
    fitted = fit(*loaded, methods.standard(), train, recipe, validation=train.select(range(8)), callbacks=[count])
    assert count.steps == list(range(1, 2 * recipe.steps_an_epoch(40) + 1))
    rates = [log["learning_rate"] for log in fitted.history if "loss" in log]
    assert max(rates) == pytest.approx(1e-3)
    assert rates.index(max(rates)) == len(rates) // 2  # half of the steps warm up
    assert sum("eval_accuracy" in log for log in fitted.history) == recipe.epochs * recipe.validations


def test_fit_without_rows() -> None:
    train = reviews.load("train", seed=0).select(range(4))
    loaded = models.load("tiny", labels=reviews.LABELS, texts=train["text"])
    with pytest.raises(ValueError, match="the training set is empty"):
        fit(*loaded, methods.standard(), train.select([]))
