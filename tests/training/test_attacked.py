"""Attacked texts on their way to a method: rows, batches, landscapes, and what is said where they are missing."""

from pathlib import Path

import pytest
import torch
import toy
from datasets import Dataset

from robustlab import methods, models
from robustlab.models import tiny_architecture
from robustlab.training import Recipe, fit
from robustlab.training.batches import Collator, landscape_of

TEXTS = ["a good film .", "a bad film and a long one .", "fine .", "the plot is dull ."]
ATTACKED = ["a decent film .", "a bad film and a long one .", "fine fine fine fine fine fine fine fine .", "plot ."]


@pytest.fixture(scope="module")
def loaded() -> models.Loaded:
    return models.load("tiny", labels=["bad", "good"], texts=[*TEXTS, *ATTACKED])


@pytest.fixture
def rows() -> Dataset:
    columns = {"text": TEXTS, "attacked_text": ATTACKED, "label": [1, 0, 1, 0], "example_id": range(4)}
    return Dataset.from_dict({name: list(values) for name, values in columns.items()})


def plain(loaded: models.Loaded, texts: list[str]) -> dict[str, torch.Tensor]:
    return dict(loaded.tokenizer(texts, padding=True, return_tensors="pt"))


def test_rows_get_a_second_set_of_ids(loaded: models.Loaded, rows: Dataset) -> None:
    made = models.tokenise(rows, loaded.tokenizer)
    assert made["attacked_input_ids"] == loaded.tokenizer(ATTACKED)["input_ids"]
    assert made["input_ids"] == loaded.tokenizer(TEXTS)["input_ids"]
    assert made["length"] == [len(ids) for ids in made["input_ids"]]
    cut = models.tokenise(rows, loaded.tokenizer, max_length=5)
    assert max(map(len, cut["attacked_input_ids"])) == 5


def test_an_attacked_pair_or_the_pair_itself(loaded: models.Loaded, rows: Dataset) -> None:
    paired = rows.add_column("text_pair", TEXTS[::-1])
    made = models.tokenise(paired, loaded.tokenizer)
    assert made["attacked_input_ids"] == loaded.tokenizer(ATTACKED, TEXTS[::-1])["input_ids"]
    both = models.tokenise(paired.add_column("attacked_text_pair", ATTACKED[::-1]), loaded.tokenizer)
    assert both["attacked_input_ids"] == loaded.tokenizer(ATTACKED, ATTACKED[::-1])["input_ids"]


def test_each_set_is_padded_to_its_own_longest(loaded: models.Loaded, rows: Dataset) -> None:
    made = models.tokenise(rows, loaded.tokenizer)
    batch = Collator(loaded.tokenizer)([made[row] for row in range(4)])
    for prefix, texts in (("", TEXTS), ("attacked_", ATTACKED)):
        for name, value in plain(loaded, texts).items():
            assert torch.equal(batch[prefix + name], value), prefix + name
    assert batch["input_ids"].shape != batch["attacked_input_ids"].shape
    without = models.tokenise(rows.remove_columns("attacked_text"), loaded.tokenizer)
    batch = Collator(loaded.tokenizer)([without[row] for row in range(4)])
    assert not [name for name in batch if name.startswith("attacked_")]


def test_a_batch_with_attacked_texts_has_a_companion(loaded: models.Loaded, rows: Dataset) -> None:
    model = loaded.model.train()
    made = models.tokenise(rows, loaded.tokenizer)
    batch = Collator(loaded.tokenizer)([made[row] for row in range(4)])
    landscape = landscape_of(model, batch, site=None, noise="off", seed=4)
    (other,) = landscape.companions.values()
    assert landscape.companions["attacked"] is other
    assert other.seed == landscape.seed == 4
    model.eval()
    labels = torch.tensor([1, 0, 1, 0])
    for one, texts in ((landscape, TEXTS), (other, ATTACKED)):
        expected = model(**plain(loaded, texts)).logits
        torch.testing.assert_close(one.logits(), expected)
        torch.testing.assert_close(one.loss(), torch.nn.functional.cross_entropy(expected, labels, reduction="none"))


def test_the_trainer_gives_the_companion_and_evaluation_drops_it(tmp_path: Path) -> None:
    seen = []
    run = toy.trainer(tmp_path, rows=toy.Rows(16, attacked=True), eval_rows=toy.Rows(8, attacked=True), max_steps=1)
    made = run._landscape

    def watched(model: torch.nn.Module, inputs: dict) -> object:
        seen.append(made(model, inputs))
        return seen[-1]

    run._landscape = watched
    run.train()
    (landscape,) = seen
    assert landscape.companions["attacked"].labels.tolist() == landscape.labels.tolist()
    assert landscape.companions["attacked"].ids.shape == landscape.ids.shape
    assert "eval_loss" in run.evaluate()


@pytest.mark.parametrize("name", ["augmented", "semrode", "semrode-ot"])
def test_without_attacked_texts_it_says_what_to_add(name: str, loaded: models.Loaded, rows: Dataset) -> None:
    missing = rows.remove_columns("attacked_text")
    method = methods.BY_NAME[name]()
    with pytest.raises(ValueError, match="add a column `attacked_text` .* robustlab.evaluation.attacked.attack_rows"):
        fit(loaded.model, loaded.tokenizer, method, missing, Recipe(epochs=1, batch_size=2), device="cpu")


def test_a_trainer_without_attacked_texts_says_it_too(tmp_path: Path) -> None:
    run = toy.trainer(tmp_path, method=methods.semrode(), max_steps=1)
    with pytest.raises(ValueError, match="the batch has none; add a column `attacked_text` to the training rows"):
        run.train()


@pytest.mark.parametrize("name", ["augmented", "semrode", "semrode-ot"])
def test_fit_with_attacked_texts(name: str, loaded: models.Loaded, rows: Dataset) -> None:
    model = tiny_architecture("bert", dropout=0.1)
    model.resize_token_embeddings(len(loaded.tokenizer))
    recipe = Recipe(epochs=2, batch_size=4)
    fitted = fit(model, loaded.tokenizer, methods.BY_NAME[name](), rows, recipe, validation=rows, device="cpu")
    logs = [entry for entry in fitted.history if "clean_loss" in entry]
    assert len(logs) == 2
    if name != "augmented":
        assert all(entry["discrepancy"] > 0 for entry in logs)
        assert [entry["attacked_share"] for entry in logs] == [0.75, 0.75]
