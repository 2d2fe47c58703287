"""Every method on every architecture: what must hold whatever the method and whatever the model."""

import copy
import inspect

import pytest
import torch
from torch import nn

from robustlab import methods
from robustlab.landscape import TransformerLandscape
from robustlab.methods import BY_NAME
from robustlab.models import ARCHITECTURES, tiny_architecture, tiny_batch
from robustlab.training.step import accumulate

# Llama's and T5's norms compute in float32 whatever the model's precision: a float64 model of theirs has seven digits.
ROUNDING = {"llama": 1e-6, "t5": 1e-6}
# Few steps, and large enough to matter.
SIZES = {"steps": 2, "step_size": 0.1, "radius": 0.1, "noise": 0.01, "magnitude": 0.1, "largest": 30}
LEVELS = {"flooding-x": 0.1, "dsrm": 10}  # so that the one needs no pilot, and the other shifts
RANDOM = {
    "freelb-released",
    "ta-vat",
    "ta-vat-released",
    "adaptive-ta-vat",
    "vat",
    "trades",
    "smart",
    "r3f",
    "neftune",
    "infobert",
    "asa",
    "self-negative",
    "self-negative-pull",
    "self-negative-infonce",
}  # those that draw by default
ONE_FORWARD = {"standard", "neftune", "flooding-x", "supcon"}


def short(name: str) -> methods.Method:
    """A method with few steps that are large enough to matter."""
    factory = BY_NAME[name]
    if name in LEVELS:
        return factory(level=LEVELS[name])
    return factory(**{size: SIZES[size] for size in inspect.signature(factory).parameters if size in SIZES})


@pytest.fixture(scope="module", params=ARCHITECTURES)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def shared_model(kind: str) -> nn.Module:
    return tiny_architecture(kind, dropout=0.1)


@pytest.fixture
def model(shared_model: nn.Module) -> nn.Module:
    """The model of this architecture, in training mode and without gradients."""
    shared_model.zero_grad()
    return shared_model.train()


@pytest.fixture(scope="module")
def batch(kind: str) -> dict:
    return tiny_batch(kind)


def landscape_of(model: nn.Module, batch: dict, **options: object) -> TransformerLandscape:
    """The landscape of a batch, with another batch of other lengths and the same labels as its attacked texts."""
    other = tiny_batch(model.config.model_type, length=9, seed=1) | {"labels": batch["labels"]}
    companions = {"attacked": TransformerLandscape(model, other, **options)}
    return TransformerLandscape(model, batch, **options, companions=companions)


def hook_count(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules())


def gradients(method: methods.Method, model: nn.Module, batch: dict, seed: int = 0) -> dict[str, torch.Tensor]:
    model.zero_grad()
    accumulate(method, landscape_of(model, batch, seed=3), generator=torch.Generator().manual_seed(seed))
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def test_a_zero_offset_is_the_plain_forward(model: nn.Module, batch: dict) -> None:
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    model.eval()
    plain = model(**inputs).logits
    landscape = TransformerLandscape(model, batch)
    assert torch.equal(landscape.logits(), plain)
    assert torch.equal(landscape.logits(torch.zeros(landscape.shape)), plain)


def test_an_offset_moves_words_and_not_pads(model: nn.Module, batch: dict) -> None:
    model.eval()
    landscape = TransformerLandscape(model, batch)
    pads = (1 - batch["attention_mask"])[..., None].float()
    assert pads.sum() > 0
    offset = torch.randn(landscape.shape)
    assert torch.equal(landscape.logits(offset * pads), landscape.logits())
    assert torch.equal(landscape.logits(offset), landscape.logits(offset * (1 - pads)))
    assert ((landscape.loss(offset) - landscape.loss()).abs() > 1e-6).all()


def test_examples_do_not_interact(model: nn.Module, batch: dict) -> None:
    model.eval()
    landscape = TransformerLandscape(model, batch)
    offset = torch.randn(landscape.shape, generator=torch.Generator().manual_seed(1))
    (gradient,) = torch.autograd.grad(landscape.loss(probe := offset.clone().requires_grad_())[1], probe)
    assert gradient[1].abs().sum() > 0
    assert gradient[[0, 2]].abs().sum() == 0
    assert (gradient * (1 - landscape.mask)).abs().sum() == 0


def test_dropout_is_replayed_and_the_global_stream_untouched(model: nn.Module, batch: dict) -> None:
    before = torch.get_rng_state()
    landscape = TransformerLandscape(model, batch, seed=2)
    offset = 0.1 * landscape.base
    assert torch.equal(landscape.loss(offset), landscape.loss(offset))
    assert not torch.equal(landscape.loss(), TransformerLandscape(model, batch, seed=3).loss())
    fresh = TransformerLandscape(model, batch, noise="fresh")
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.equal(fresh.loss(offset), fresh.loss(offset))
    off = TransformerLandscape(model, batch, noise="off").loss(offset)
    assert torch.equal(off, TransformerLandscape(model.eval(), batch).loss(offset))


@pytest.mark.parametrize("name", BY_NAME)
def test_every_parameter_in_use_learns(name: str, model: nn.Module, batch: dict) -> None:
    inputs = {key: value for key, value in batch.items() if key != "labels"}
    model(**inputs).logits.square().sum().backward()
    used = {key for key, parameter in model.named_parameters() if parameter.grad is not None}
    method = short(name)
    found = gradients(method, model, batch)
    assert set(found) == used
    assert all(gradient.isfinite().all() for gradient in found.values())
    assert any(gradient.abs().max() > 0 for gradient in found.values())
    for parameter in method.parameters():
        assert not parameter.requires_grad or parameter.grad.abs().sum() > 0
    assert hook_count(model) == 0


@pytest.mark.parametrize("name", BY_NAME)
def test_the_generator_decides_everything(name: str, model: nn.Module, batch: dict) -> None:
    method = short(name)
    first = gradients(method, model, batch)
    torch.rand(7)
    again = gradients(method, model, batch)
    assert all(torch.equal(first[key], again[key]) for key in first)
    other = gradients(method, model, batch, seed=1)
    assert all(torch.equal(first[key], other[key]) for key in first) == (name not in RANDOM)


@pytest.mark.parametrize("name", BY_NAME)
def test_hooks_are_gone_after_an_exception_inside_the_forward(name: str, model: nn.Module, batch: dict) -> None:
    method, landscape = short(name), landscape_of(model, batch)
    before = hook_count(model)
    head = list(model.children())[-1]
    forwards = 0

    def fail(module: nn.Module, args: tuple) -> None:
        nonlocal forwards
        forwards += 1
        if name in ONE_FORWARD or forwards == 2:  # while the site is hooked, in the middle of the walk
            raise RuntimeError("broken head")

    handle = head.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="broken head"):
        accumulate(method, landscape)
    handle.remove()
    assert hook_count(model) == before
    assert torch.equal(landscape.loss(), landscape.loss())


@pytest.mark.parametrize("name", BY_NAME)
def test_term_by_term_is_the_sum(name: str, kind: str, batch: dict) -> None:
    model = tiny_architecture(kind, dropout=0.1).double().train()
    tolerance = ROUNDING.get(kind, 1e-10)
    one = short(name).double()
    other = copy.deepcopy(one)
    by_term = gradients(one, model, batch)
    model.zero_grad()
    landscape = landscape_of(model, batch, seed=3)
    sum(other.terms(landscape, generator=torch.Generator().manual_seed(0))).backward()
    for key, parameter in model.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(by_term[key], parameter.grad, rtol=tolerance, atol=tolerance)
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        if mine.requires_grad:
            torch.testing.assert_close(mine.grad, theirs.grad, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", BY_NAME)
def test_the_state_survives_a_round_trip(name: str) -> None:
    method, fresh = short(name), short(name)
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.copy_(torch.randn_like(parameter))
    fresh.load_state_dict(method.state_dict())
    assert fresh.state_dict().keys() == method.state_dict().keys()
    for mine, theirs in zip(method.parameters(), fresh.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert [type(m) for m in fresh.modules()] == [type(m) for m in method.modules()]
