"""An encoder's states are made once for all readings, and no longer kept than they are true."""

import gc
import weakref

import pytest
import torch

from robustlab import methods
from robustlab.landscape import GenerationLandscape, Site
from robustlab.landscape.encoded import draws
from robustlab.models import tiny_generation_batch, tiny_generator
from robustlab.training.step import accumulate

KINDS = ("t5", "bart")


def made(kind: str, dropout: float = 0.0) -> tuple:
    return tiny_generator(kind, dropout=dropout), tiny_generation_batch(kind)


class Counted:
    """How often the encoder of a model has run."""

    def __init__(self, model: torch.nn.Module):
        self.times = 0
        model.get_encoder().register_forward_pre_hook(self._count)

    def _count(self, *_: object) -> None:
        self.times += 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_ascent_at_the_encoders_output_runs_the_encoder_once(kind: str) -> None:
    model, batch = made(kind)
    counted = Counted(model)
    accumulate(methods.vat(), GenerationLandscape(model.train(), batch))
    once = counted.times
    counted.times = 0
    # The same states, named as the encoder's first call: a site that is not recognised, and therefore hooked.
    accumulate(methods.vat(), GenerationLandscape(model, batch, site=Site(model.get_encoder(), call=0)))
    assert once == 1
    assert counted.times > 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["vat", "trades", "freelb", "self-negative", "lat"])
def test_gradients_are_those_of_an_encoder_that_runs_every_time(kind: str, name: str) -> None:
    model, batch = made(kind)
    model = model.double().train()
    found = []
    for site in (None, Site(model.get_encoder(), call=0)):
        model.zero_grad()
        landscape = GenerationLandscape(model, batch, site=site)
        accumulate(methods.BY_NAME[name](), landscape, generator=torch.Generator().manual_seed(1))
        found.append([parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None])
    exact = (1e-3, 1e-7) if kind == "t5" else (1e-9, 1e-11)  # T5's norms compute in float32
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=exact[0], atol=exact[1])


def test_new_weights_give_new_states() -> None:
    model, batch = made("t5")
    landscape = GenerationLandscape(model.eval(), batch)
    with torch.no_grad():
        before = landscape.logits()
        next(model.get_encoder().parameters()).mul_(1.5)
        after = landscape.logits()
    assert not torch.allclose(before, after)
    torch.testing.assert_close(after, GenerationLandscape(model, batch).logits())


def test_states_made_without_gradients_are_made_again_for_them() -> None:
    model, batch = made("bart")
    with torch.no_grad():
        landscape = GenerationLandscape(model.eval(), batch)
        landscape.logits()
    landscape.loss().sum().backward()
    assert all(weight.grad is not None for weight in model.get_encoder().layers.parameters())
    landscape.loss().sum().backward()  # the first pass used the graph up


def test_dropout_is_drawn_as_in_a_whole_forward() -> None:
    model, batch = made("t5", dropout=0.3)
    landscape = GenerationLandscape(model.train(), batch, seed=5)
    torch.manual_seed(5)
    whole = model(**{name: value for name, value in batch.items() if name not in ("units", "example_id")}).loss
    labelled = batch["labels"] != -100
    torch.testing.assert_close((landscape.loss() * labelled.sum(1)).sum() / labelled.sum(), whole)
    assert draws(model)
    assert not draws(made("t5")[0])


def test_a_landscape_that_nobody_holds_is_gone() -> None:
    model, batch = made("t5")
    gc.disable()
    try:
        landscape = GenerationLandscape(model.train(), batch)
        clean = landscape.clean()
        assert clean.loss is not None
        seen = weakref.ref(landscape), weakref.ref(clean.logits)
        del landscape, clean
        assert [one() for one in seen] == [None, None]
    finally:
        gc.enable()
