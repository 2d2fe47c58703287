"""Wasteful loops: the same gradients as ours, and the FLOPs that were read off public code."""

import pytest
import torch

import robustlab
from robustlab import methods
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.study import cost, wasteful

STEP = 0.3
STEPS = 3
LOOPS = {
    "pgd": (lambda view, draw: wasteful.pgd(view, steps=STEPS, step_size=STEP), 3 * STEPS + 3, 0),
    "fgm": (lambda view, draw: wasteful.fgm(view, step_size=STEP), 8, 1),
    "trades": (
        lambda view, draw: wasteful.trades(view, steps=STEPS, step_size=STEP, generator=draw),
        3 * STEPS + 9,
        STEPS,
    ),
}
OURS = {
    "pgd": methods.pgd(steps=STEPS, step_size=STEP),
    "fgm": methods.fgm(step_size=STEP),
    "trades": methods.trades(steps=STEPS, step_size=STEP),
}


@pytest.fixture(scope="module")
def model():
    return tiny_architecture("bert").double().eval()


def gradients(model, work):
    model.zero_grad()
    work()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", LOOPS)
def test_the_gradients_are_ours(name, model):
    batch = tiny_batch("bert", batch=4, length=10)
    draws = [torch.Generator().manual_seed(3) for _ in range(2)]
    ours = gradients(
        model, lambda: robustlab.accumulate(OURS[name], TransformerLandscape(model, batch), generator=draws[0])
    )
    theirs = gradients(model, lambda: LOOPS[name][0](TransformerLandscape(model, batch), draws[1]))
    assert set(ours) == set(theirs)
    assert max(grad.abs().max() for grad in ours.values()) > 1e-3
    for parameter, grad in ours.items():
        torch.testing.assert_close(grad, theirs[parameter], rtol=1e-9, atol=1e-12, msg=parameter)


@pytest.mark.parametrize("name", LOOPS)
def test_the_work_is_what_was_read(name, model):
    batch = tiny_batch("bert", batch=4, length=40)
    view = TransformerLandscape(model, batch)
    work, units, input_only = LOOPS[name]
    standard = cost.count(lambda: robustlab.accumulate(methods.standard(), view)).get_total_flops()
    spent = cost.count(lambda: work(view, torch.Generator().manual_seed(0))).get_total_flops()
    exact = units + input_only * cost.attention_share(view)
    assert 3 * spent / standard == pytest.approx(exact, rel=0.01)
