"""What is added to the scores reaches every self-attention, and nothing of it stays."""

import pytest
import torch
from torch import nn
from torch.overrides import _get_current_function_mode_stack

from robustlab.landscape import TransformerLandscape, biased, find_attentions
from robustlab.models import ARCHITECTURES, tiny_architecture, tiny_batch

LAYERS = {"t5": 4, "bart": 4}  # encoder and decoder
CAUSAL = ("gpt2", "llama")
IMPLEMENTATIONS = ("eager", "sdpa")


def zero(place, states, allowed):
    return torch.zeros(len(states), 1, *allowed.shape[1:])


def build(kind, implementation, dropout=0.1):
    """A tiny model with one way to compute attention; skips where the family does not have it."""
    from transformers import AutoModelForSequenceClassification

    config = tiny_architecture(kind, dropout=dropout).config
    torch.manual_seed(0)
    try:
        model = AutoModelForSequenceClassification.from_config(config, attn_implementation=implementation)
    except ValueError:
        pytest.skip(f"{kind} has no {implementation} attention in this version of transformers")
    assert model.config._attn_implementation == implementation
    return model


@pytest.fixture(params=[(kind, way) for kind in ARCHITECTURES for way in IMPLEMENTATIONS], ids="-".join)
def setting(request):
    kind, way = request.param
    model = build(kind, way)
    return kind, model, TransformerLandscape(model, tiny_batch(kind), seed=3)


def hook_count(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_every_self_attention_is_found_once(setting):
    kind, model, landscape = setting
    found = find_attentions(model, landscape.logits)
    assert len(found) == LAYERS.get(kind, 2)
    assert {(attention.calls, attention.width, attention.dtype) for attention in found} == {(1, 32, torch.float32)}
    assert not any("EncDec" in attention.name or "encoder_attn" in attention.name for attention in found)
    assert hook_count(model) == 0
    assert not _get_current_function_mode_stack()


def test_adding_nothing_changes_no_bit(setting):
    _, model, landscape = setting
    found = find_attentions(model, landscape.logits)
    for mode in (model.eval, model.train):  # dropout is replayed through it, too
        mode()
        plain = landscape.logits()
        for bias in (zero, lambda *_: None):
            with biased(model, found, bias):
                assert torch.equal(landscape.logits(), plain)


def test_each_layer_gets_its_own(setting):
    _, model, landscape = setting
    model.double().eval()  # a layer of a random model moves the output little
    found = find_attentions(model, landscape.logits)
    plain = landscape.logits()
    outputs = []
    for chosen in range(len(found)):

        def bias(place, states, allowed, chosen=chosen):
            return (10 * (place == chosen) * torch.eye(allowed.shape[1]))[None, None].expand(len(states), -1, -1, -1)

        with biased(model, found, bias):
            outputs.append(landscape.logits().detach())
    for place, output in enumerate(outputs):
        assert (output - plain).abs().max() > 1e-12
        assert all(not torch.equal(output, other) for other in outputs[:place])


def test_what_may_be_seen_is_what_the_model_allows(setting):
    kind, model, landscape = setting
    found = find_attentions(model, landscape.logits)
    seen = []

    def keep(place, states, allowed):
        seen.append(allowed)

    with biased(model, found, keep):
        landscape.logits()
    keys = landscape.batch["attention_mask"].bool()
    for attention, allowed in zip(found, seen, strict=True):
        causal = kind in CAUSAL or "decoder" in attention.name
        for b in range(len(keys)):
            for i in range(int(keys[b].sum())):
                row = torch.ones_like(keys[b]) if "decoder" in attention.name else keys[b]
                expected = [bool(row[j]) and (j <= i or not causal) for j in range(keys.shape[1])]
                assert allowed[b, i].tolist() == expected, (attention.name, b, i)


def test_a_gradient_comes_back(setting):
    _, model, landscape = setting
    found = find_attentions(model, landscape.logits)
    values = [torch.zeros(3, 1, 8, 8, requires_grad=True) for _ in found]
    with biased(model, found, lambda place, states, allowed: values[place]):
        landscape.loss().sum().backward()
    for value in values:
        assert value.grad is not None
        assert value.grad.isfinite().all()
        assert value.grad.abs().max() > 0


def test_an_exception_leaves_nothing_behind(setting):
    _, model, landscape = setting
    found = find_attentions(model, landscape.logits)
    plain = landscape.logits()

    def fail(place, states, allowed):
        raise RuntimeError("broken mask")

    with pytest.raises(RuntimeError, match="broken mask"), biased(model, found, fail):
        landscape.logits()
    with pytest.raises(RuntimeError, match="broken mask"):
        find_attentions(model, lambda: fail(0, None, None))
    assert hook_count(model) == 0
    assert not _get_current_function_mode_stack()
    assert torch.equal(landscape.logits(), plain)


def test_a_mask_in_the_eager_and_the_fused_attention_is_the_same():
    results = []
    for way in IMPLEMENTATIONS:
        model = build("bert", way, dropout=0.0).eval()
        landscape = TransformerLandscape(model, tiny_batch("bert"))
        found = find_attentions(model, landscape.logits)
        noise = torch.randn(2, 3, 1, 8, 8, generator=torch.Generator().manual_seed(1))
        with biased(model, found, lambda place, states, allowed, noise=noise: 5 * noise[place]):
            results.append(landscape.logits())
    torch.testing.assert_close(*results)


@pytest.fixture
def bert():
    model = tiny_architecture("bert").eval()
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    return model, landscape, find_attentions(model, landscape.logits)


def test_an_attention_that_is_not_reached_is_an_error(bert):
    model, landscape, found = bert
    with (
        pytest.raises(ValueError, match=r"layer\.0\.attention\.self was reached 0 times in this forward and 1 times"),
        biased(model, found, zero),
    ):
        pass
    with pytest.raises(ValueError, match="was reached 2 times"), biased(model, found, zero):
        landscape.logits(), landscape.logits()
    # An attention that is computed by other means (a kernel of its own, say) is not skipped in silence.
    model.bert.encoder.layer[1].attention.self.forward = lambda states, *args, **kwargs: (states, None)
    with (
        pytest.raises(ValueError, match=r"layer\.1\.attention\.self was reached 0 times.*sdpa.*bert, roberta"),
        biased(model, found, zero),
    ):
        landscape.logits()


def test_a_model_without_attention_is_refused():
    model = nn.Linear(3, 2)
    message = r'no self-attention of Linear can be reached; load it with attn_implementation="sdpa" or "eager"; bert, '
    with pytest.raises(ValueError, match=message):
        find_attentions(model, lambda: model(torch.zeros(1, 3)).softmax(-1))


def test_another_model_is_refused(bert):
    with (
        pytest.raises(ValueError, match=r"has no module bert\.encoder\.layer\.0\.attention\.self"),
        biased(tiny_architecture("roberta"), bert[2], zero),
    ):
        pass


def test_gradient_checkpointing_is_refused(bert):
    model, landscape, found = bert
    model.gradient_checkpointing_enable()
    with biased(model, found, zero):  # nothing is computed again in evaluation mode
        landscape.logits()
    model.train()
    with (
        pytest.raises(ValueError, match="gradient checkpointing computes attention again outside this context"),
        biased(model, found, zero),
    ):
        pass


def test_a_shared_layer_is_called_as_often_as_it_is():
    from transformers import AlbertConfig, AlbertForSequenceClassification

    config = AlbertConfig(vocab_size=100, embedding_size=16, hidden_size=32, num_hidden_layers=3, num_attention_heads=2,
                          intermediate_size=64, max_position_embeddings=64)  # fmt: skip
    model = AlbertForSequenceClassification(config).eval()
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    (found,) = find_attentions(model, landscape.logits)
    assert found.calls == 3
    with biased(model, [found], zero):
        landscape.logits()
