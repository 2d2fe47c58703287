"""Adapters on every family, and their mixture for each example, against weights merged by hand."""

import copy
import math
import re
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy
from torch import nn

pytest.importorskip("peft")

from robustlab.models import ARCHITECTURES, tiny_architecture, tiny_batch
from robustlab.models.adapter_mixup import MixedClassifier, certainty_weights
from robustlab.models.adapters import LoRA, attach
from robustlab.models.mixing import mixing

# One name is a part of the others.
NAMES = ("pgd", "pgd-a", "my-pgd-a")


def shaken(adapted, seed=1):
    """Adapters as training might leave them: fresh ones change nothing."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in adapted.named_parameters():
            if "lora_B" in name or "modules_to_save" in name:
                value += 0.3 * torch.randn(value.shape, generator=generator, dtype=torch.float64).to(value.dtype)
    return adapted


def simplex(rows, columns, *, dtype=torch.float64):
    drawn = torch.rand(rows, columns, generator=torch.Generator().manual_seed(2), dtype=dtype)
    return drawn / drawn.sum(1, keepdim=True)


def merged(plain, adapted, betas):
    """The plain model with W + Σ β (α/r) B A in place of W, and averaged heads; reads the adapters' tensors by name."""
    model, state = copy.deepcopy(plain), dict(adapted.get_base_model().named_parameters())
    for name, value in model.named_parameters():
        stem, kind = name.rsplit(".", 1)
        if f"{stem}.lora_A.{NAMES[0]}.weight" in state and kind == "weight":
            for adapter, beta in zip(NAMES, betas, strict=True):
                a, b = (state[f"{stem}.lora_{side}.{adapter}.weight"] for side in "AB")
                update = 2 * (b @ a)  # alpha 16 and rank 8
                value.data += beta * (update.T if type(model.get_submodule(stem)).__name__ == "Conv1D" else update)
        head = name.split(".")[0]
        if f"{name.replace(head, f'{head}.modules_to_save.{NAMES[0]}', 1)}" in state:
            twins = [state[name.replace(head, f"{head}.modules_to_save.{adapter}", 1)] for adapter in NAMES]
            value.data = sum(beta * twin.data for beta, twin in zip(betas, twins, strict=True))
    return model


@pytest.mark.parametrize("kind", ARCHITECTURES)
@torch.no_grad()
def test_a_mixed_batch_is_what_merged_weights_give_each_example(kind):
    plain = tiny_architecture(kind, labels=3).double().eval()
    before = {name: value.clone() for name, value in plain.state_dict().items()}
    adapted = shaken(attach(plain, NAMES))
    batch = {name: value for name, value in tiny_batch(kind, batch=4).items() if name != "labels"}
    betas = simplex(4, len(NAMES))
    with mixing(adapted, betas):
        mixed = adapted(**batch).logits
    for row in range(4):
        alone = merged(plain, adapted, betas[row])(**{name: value[row : row + 1] for name, value in batch.items()})
        torch.testing.assert_close(mixed[row], alone.logits[0], atol=1e-9, rtol=1e-9)
    assert (mixed - plain(**batch).logits).abs().max() > 0.05
    assert all(torch.equal(value, before[name]) for name, value in plain.state_dict().items())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("kind", ["bert", "roberta", "gpt2"])
@torch.no_grad()
def test_all_weight_on_one_adapter_is_that_adapter(kind, dtype):
    adapted = shaken(attach(tiny_architecture(kind).to(dtype), NAMES))
    batch = {name: value for name, value in tiny_batch(kind, batch=4).items() if name != "labels"}
    for number, name in enumerate(NAMES):
        adapted.set_adapter(name)
        alone = adapted(**batch).logits
        with mixing(adapted, torch.eye(3)[number].expand(4, 3)):
            mixed = adapted(**batch).logits
        assert mixed.dtype == alone.dtype == dtype
        assert torch.equal(mixed, alone)


def test_the_model_keeps_its_modules_flags_and_storage():
    plain = tiny_architecture("bert").train()
    modules = [type(module) for module in plain.modules()]
    adapted = attach(plain, ["clean", "greedy"])
    assert [type(module) for module in plain.modules()] == modules
    assert all(value.requires_grad for value in plain.parameters())
    assert plain.training
    layer = adapted.get_base_model().bert.encoder.layer[0].attention.self.query
    assert layer.base_layer.weight.data_ptr() == plain.bert.encoder.layer[0].attention.self.query.weight.data_ptr()
    adapted.set_adapter("greedy")
    trained = {name for name, value in adapted.named_parameters() if value.requires_grad}
    assert trained
    assert all(".greedy." in name and re.search(r"lora_[AB]|modules_to_save", name) for name in trained)


@torch.no_grad()
def test_fresh_adapters_change_nothing_and_depend_on_the_seed_alone():
    plain, state = tiny_architecture("bert").eval(), torch.get_rng_state()
    one, two, other = attach(plain, ["x"]), attach(plain, ["y", "x"]), attach(plain, ["x"], seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    batch = tiny_batch("bert")
    assert torch.equal(one(**batch).logits, plain(**batch).logits)
    starts = [dict(adapted.named_parameters()) for adapted in (one, two, other)]
    key = next(name for name in starts[0] if "lora_A" in name)
    assert torch.equal(starts[0][key], starts[1][key])
    assert not torch.equal(starts[0][key], starts[2][key])


@torch.no_grad()
def test_adapters_and_hooks_are_back_after_an_exception():
    adapted = shaken(attach(tiny_architecture("bert"), NAMES))
    batch = tiny_batch("bert")
    before = adapted(**batch).logits
    with pytest.raises(KeyError, match="lost"), mixing(adapted, simplex(3, 3)):
        raise KeyError("lost")
    assert torch.equal(adapted(**batch).logits, before)


@torch.no_grad()
def test_the_classifier_mixes_by_its_adapters_certainty():
    adapted = shaken(attach(tiny_architecture("bert", labels=3).double(), NAMES))
    batch = {name: value for name, value in tiny_batch("bert", batch=5).items() if name != "labels"}
    said = MixedClassifier(adapted)(**batch)
    for number, name in enumerate(NAMES):
        adapted.set_adapter(name)
        assert torch.equal(said.alone[number], adapted(**batch).logits)
    certainty = 1 - entropy(said.alone.softmax(-1).numpy(), base=3, axis=-1)
    np.testing.assert_allclose(said.coefficients, (certainty / certainty.sum(0)).T, atol=1e-12)
    for row in range(5):
        model = merged(tiny_architecture("bert", labels=3).double().eval(), adapted, said.coefficients[row])
        expected = model(**{name: value[row : row + 1] for name, value in batch.items()}).logits[0]
        torch.testing.assert_close(said.logits[row], expected, atol=1e-9, rtol=1e-9)


def test_weights_are_shares_of_certainty():
    share = torch.tensor([0.9, 0.5, 0.6], dtype=torch.float64)
    logits = torch.stack([share.log(), (1 - share).log()], dim=-1)[:, None]
    bits = [1 + p * math.log2(p) + (1 - p) * math.log2(1 - p) for p in share.tolist()]
    expected = torch.tensor(bits, dtype=torch.float64)[None] / sum(bits)
    torch.testing.assert_close(certainty_weights(logits), expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_limits_of_the_rule(dtype):
    sure, even = [50.0, -50.0, -50.0], [2.0, 2.0, 2.0]
    logits = torch.tensor([[sure, even, even, sure], [even, sure, even, sure]], dtype=dtype)
    expected = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.5, 0.5]])
    torch.testing.assert_close(certainty_weights(logits).float(), expected, atol=1e-6, rtol=0)
    assert certainty_weights(logits[:, :0]).shape == (0, 2)
    torch.testing.assert_close(certainty_weights(logits[:1]).float(), torch.ones(4, 1))


@given(st.integers(1, 4), st.integers(2, 5), st.floats(0, 100), st.integers(0, 100))
@settings(deadline=None, max_examples=50)
def test_weights_lie_on_the_simplex_whatever_the_scale(adapters, classes, scale, seed):
    drawn = torch.randn(adapters, 7, classes, generator=torch.Generator().manual_seed(seed)) * scale
    weights = certainty_weights(drawn)
    assert weights.shape == (7, adapters)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(1), torch.ones(7))


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        (torch.zeros(2, 3), r"logits must be \[m b c\] with at least 2 classes, got \[2, 3\]"),
        (torch.zeros(2, 3, 1), r"at least 2 classes, got \[2, 3, 1\]"),
        (torch.tensor([[[0.0, math.nan]]]), "logits must be finite"),
    ],
)
def test_logits_that_say_nothing(logits, message):
    with pytest.raises(ValueError, match=message):
        certainty_weights(logits)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rank": 0}, "rank must be positive, got 0"),
        ({"alpha": -1.0}, "alpha must be positive, got -1.0"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"targets": ()}, "targets must name at least one layer"),
    ],
)
def test_shapes_that_are_none(arguments, message):
    with pytest.raises(ValueError, match=message):
        LoRA(**arguments)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "expected the name of at least one adapter, got none"),
        (("a.b",), "letters, digits, - and _ and nothing like lora_, got 'a.b'"),
        (("my_lora_1",), "nothing like lora_, got 'my_lora_1'"),
        (("lora",), "nothing like lora_, got 'lora'"),
        (("bad-classifier",), "must not be called like a layer of the model, got 'bad-classifier'"),
        (("query",), "must not be called like a layer of the model, got 'query'"),
        (("x", "y", "x"), "adapters need different names, got x, y, x"),
    ],
)
def test_names_that_are_none(names, message):
    with pytest.raises(ValueError, match=message):
        attach(tiny_architecture("bert"), names)


def test_layers_that_are_not_there():
    with pytest.raises(
        ValueError, match=r"bert has no layer 'q_proj' to adapt: give LoRA\(targets=…\), some of dense, "
    ):
        attach(tiny_architecture("bert"), ["x"], LoRA(targets=("q_proj",)))
    unknown = tiny_architecture("bert")
    unknown.config.model_type = "novel"
    with pytest.raises(ValueError, match="no layers to adapt are known for 'novel': .* key, query, value"):
        attach(unknown, ["x"])
    assert attach(unknown, ["x"], LoRA(targets=("key",))).peft_config["x"].target_modules == {"key"}


def test_a_model_without_a_head():
    with pytest.raises(
        ValueError, match="expected a sequence classifier with a head beside its encoder, got BertModel"
    ):
        attach(tiny_architecture("bert").bert, ["x"])


@pytest.mark.parametrize(
    ("coefficients", "message"),
    [
        (torch.ones(3, 1), r"coefficients must be \[b 3\], one column each of pgd, pgd-a, my-pgd-a, got \[3, 1\]"),
        (torch.tensor([[2.0, -1.0, 0.0]]), "coefficients must not be negative and sum to 1"),
        (torch.tensor([[0.2, 0.2, 0.2]]), "coefficients must not be negative and sum to 1"),
        (torch.full((2, 3), 1 / 3), "expected every adapted layer to read 2 rows, one an example, got 3"),
    ],
)
def test_coefficients_that_do_not_fit(coefficients, message):
    adapted = attach(tiny_architecture("bert"), NAMES)
    with pytest.raises(ValueError, match=message), mixing(adapted, coefficients):
        adapted(**tiny_batch("bert"))


def test_what_examples_share_cannot_be_mixed():
    adapted = attach(tiny_architecture("deberta-v2"), NAMES, LoRA(targets=("key_proj",)))
    expected = pytest.raises(ValueError, match=r"got 1: leave the layers that examples share out of LoRA\(targets=…\)")
    with expected, mixing(adapted, simplex(3, 3)):
        adapted(**tiny_batch("deberta-v2"))


def test_a_head_that_is_not_linear_in_its_weights():
    model = tiny_architecture("bert")
    model.classifier = nn.Sequential(nn.Linear(64, 4), nn.PReLU(), nn.Linear(4, 2))
    expected = pytest.raises(TypeError, match="heads of Linear and LayerNorm layers can be mixed, got PReLU")
    with expected, mixing(attach(model, NAMES), simplex(3, 3)):
        pass


def test_without_peft_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ModuleNotFoundError, match=r"adapters need peft: pip install 'robustlab\[adapters\]'"):
        attach(tiny_architecture("bert"), ["x"])
