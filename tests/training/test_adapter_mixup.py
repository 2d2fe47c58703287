"""Two adapters trained on reviews and their attacked variants, used, saved and loaded."""

import json
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file

pytest.importorskip("peft")

from robustlab import methods, models
from robustlab.corpora import reviews
from robustlab.evaluation import metrics, substitution
from robustlab.models.adapter_mixup import MANIFEST, WEIGHTS, AdapterMixup, certainty_weights
from robustlab.training import Recipe, fit, fit_adapters
from robustlab.training.adapter_mixup import CLEAN

RECIPE = Recipe(epochs=1, learning_rate=2e-3, batch_size=16)


@pytest.fixture(scope="module")
def rows() -> Dataset:
    return reviews.load("train", 96)


@pytest.fixture(scope="module")
def base(rows) -> models.Loaded:
    loaded = models.load("tiny", labels=reviews.LABELS, texts=rows["text"])
    fit(*loaded, methods.standard(), rows, RECIPE, device="cpu")
    return loaded


@pytest.fixture(scope="module")
def attacked(rows, base) -> Dataset:
    found = substitution.greedy(models.predictor(*base), [reviews.from_row(row) for row in rows])
    return rows.remove_columns("text").add_column("text", list(found.texts))


@pytest.fixture(scope="module")
def trained(rows, base, attacked):
    """The mixture, and the base's weights and flags before and after."""
    before = {name: value.clone() for name, value in base.model.state_dict().items()}
    flags = [value.requires_grad for value in base.model.parameters()]
    mixup = fit_adapters(*base, rows, {"greedy": attacked}, RECIPE, seed=1, device="cpu")
    return mixup, before, flags


def test_the_base_is_untouched_bit_for_bit(base, trained):
    _, before, flags = trained
    after = base.model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(value, before[name]) for name, value in after.items())
    assert [value.requires_grad for value in base.model.parameters()] == flags
    assert not base.model.training


def test_both_adapters_have_learned_and_are_not_the_same(rows, base, trained):
    texts = rows["text"]
    said = [trained[0].alone(name)(texts) for name in (CLEAN, "greedy")] + [models.predictor(*base)(texts)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (said[one] - said[other]).abs().max() > 1e-3
    state = trained[0].classifier.adapted.state_dict()
    for name in (CLEAN, "greedy"):
        assert all(state[key].abs().max() > 0 for key in state if f"lora_B.{name}." in key)


def test_each_adapter_is_trained_as_if_alone(rows, base, trained, attacked):
    again = fit_adapters(*base, attacked, {"other": rows}, RECIPE, seed=1, device="cpu")
    texts = rows["text"][:10]
    assert torch.equal(again.alone("other")(texts), trained[0].alone(CLEAN)(texts))
    assert torch.equal(again.alone(CLEAN)(texts), trained[0].alone("greedy")(texts))


def test_it_predicts_where_a_predictor_is_wanted(trained):
    mixup, dev = trained[0], reviews.load("dev", 6, max_variants=16)
    found = substitution.worst_case(mixup, [reviews.from_row(row) for row in dev])
    assert metrics.accuracy(mixup, dev).accuracy == found.clean_accuracy >= found.robust_accuracy
    assert mixup(dev["text"]).shape == (6, 2)
    assert mixup([]).shape == (0, 2)


def test_coefficients_are_of_the_adapters_alone_and_lie_on_the_simplex(trained):
    mixup, texts = trained[0], reviews.load("dev", 30)["text"]
    found = mixup.coefficients(texts)
    assert mixup.names == (CLEAN, "greedy")
    assert found.shape == (30, 2)
    assert (found >= 0).all()
    torch.testing.assert_close(found.sum(1), torch.ones(30))
    assert found.std(0).min() > 0
    torch.testing.assert_close(found, certainty_weights(torch.stack([mixup.alone(n)(texts) for n in mixup.names])))


def test_a_rule_of_ones_own(base, trained, tmp_path):
    def last(alone):
        return torch.eye(len(alone))[-1].expand(alone.shape[1], -1)

    texts = reviews.load("dev", 5)["text"]
    mixup = AdapterMixup(trained[0].classifier.adapted, base.tokenizer, rule=last)
    assert torch.equal(mixup.coefficients(texts), torch.tensor([[0.0, 1.0]]).expand(5, 2))
    assert torch.equal(mixup(texts), mixup.alone("greedy")(texts))
    mixup.save(tmp_path)
    assert torch.equal(AdapterMixup.load(tmp_path, *base, rule=last)(texts), mixup(texts))


def test_a_text_gets_the_same_answer_in_any_company(trained):
    mixup, texts = trained[0], reviews.load("dev", 9)["text"]
    torch.testing.assert_close(torch.cat([mixup([text]) for text in texts]), mixup(texts), atol=1e-5, rtol=1e-5)


def test_save_and_load(base, trained, tmp_path):
    mixup, texts = trained[0], reviews.load("dev", 5)["text"]
    mixup.save(tmp_path / "mixup")
    assert {file.suffix for file in tmp_path.rglob("*") if file.is_file()} == {".json", ".safetensors"}
    again = AdapterMixup.load(tmp_path / "mixup", *base)
    assert again.names == mixup.names
    assert torch.equal(again(texts), mixup(texts))
    assert (again.batch_size, again.max_length) == (mixup.batch_size, mixup.max_length)
    again.save(tmp_path / "again")
    assert (tmp_path / "again" / MANIFEST).read_text() == (tmp_path / "mixup" / MANIFEST).read_text()


def test_the_library_reads_what_is_saved(base, trained, tmp_path):
    import peft

    mixup, texts = trained[0], reviews.load("dev", 5)["text"]
    mixup.save(tmp_path)
    fresh = models.load("tiny", labels=reviews.LABELS, texts=reviews.load("train", 96)["text"]).model
    fresh.load_state_dict(base.model.state_dict())
    theirs = peft.PeftModel.from_pretrained(fresh, str(tmp_path / "greedy")).get_base_model()
    assert torch.equal(models.predictor(theirs, base.tokenizer)(texts), mixup.alone("greedy")(texts))


def test_names_in_other_names_are_kept_apart_on_disk(base, tmp_path):
    from robustlab.models.adapters import attach

    adapted = attach(base.model, ["pgd", "pgd-a", "my-pgd-a"])
    own = [value for name, value in adapted.named_parameters() if ".lora_" in name or ".modules_to_save." in name]
    with torch.no_grad():
        for value in own:
            value += torch.randn_like(value)
    mixup = AdapterMixup(adapted, base.tokenizer)
    mixup.save(tmp_path)
    expected = adapted.state_dict()
    found = AdapterMixup.load(tmp_path, *base).classifier.adapted.state_dict()
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


def test_errors_of_loading(base, trained, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no adapters in .*: expected the mixup.json that AdapterMixup.save"):
        AdapterMixup.load(tmp_path, *base)
    trained[0].save(tmp_path)
    other = models.load("tiny", labels=reviews.LABELS, texts=reviews.load("train", 96)["text"], seed=5)
    with pytest.raises(ValueError, match="were trained on another base model: load the weights it had"):
        AdapterMixup.load(tmp_path, *other)
    manifest = Path(tmp_path / MANIFEST)
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 2}))
    with pytest.raises(ValueError, match="mixup.json: expected format 1, got 2"):
        AdapterMixup.load(tmp_path, *base)


def test_an_adapter_that_is_not_whole_is_not_loaded(base, trained, tmp_path):
    trained[0].save(tmp_path)
    file = tmp_path / "greedy" / WEIGHTS
    state = load_file(file)
    lost = next(name for name in state if "lora_B" in name)
    save_file({name: value for name, value in state.items() if name != lost}, file)
    with pytest.raises(ValueError, match=rf"greedy/adapter_model.safetensors: .* 1 missing or unknown, {lost}: save"):
        AdapterMixup.load(tmp_path, *base)


def test_errors_of_training(rows, base, attacked):
    def train(clean, attacks):
        fit_adapters(*base, clean, attacks, RECIPE, device="cpu")

    with pytest.raises(ValueError, match="expected the rows of at least one attack, got none"):
        train(rows, {})
    with pytest.raises(ValueError, match="'clean' is the name of the adapter of clean rows: give the attack another"):
        train(rows, {"clean": attacked})
    with pytest.raises(ValueError, match="the rows of 'greedy' are empty"):
        train(rows, {"greedy": attacked.select([])})
    with pytest.raises(
        ValueError, match="'greedy' need the columns of the clean ones, .*slots, text; got example_id, "
    ):
        train(rows, {"greedy": attacked.remove_columns("slots")})


def test_errors_of_use(base, trained):
    with pytest.raises(ValueError, match="no adapter 'pgd': there are clean, greedy"):
        trained[0].alone("pgd")
    with pytest.raises(ValueError, match="batch_size must be positive, got 0"):
        AdapterMixup(trained[0].classifier.adapted, base.tokenizer, batch_size=0)
