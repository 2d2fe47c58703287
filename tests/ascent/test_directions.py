"""Each rule against a loop over examples and tokens."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustlab.ascent import linf, raw, sign, token_l2, unit_l2

RULES = {"raw": raw, "unit_l2": unit_l2, "token_l2": token_l2, "sign": sign, "linf": linf}


def slowly(rule: str, g: torch.Tensor) -> torch.Tensor:
    """One example at a time, one token at a time."""
    made = g.clone()
    for example in made:
        if rule == "unit_l2":
            example /= sum(float(x) ** 2 for x in example.flatten()) ** 0.5
        if rule == "linf":
            example /= max(abs(float(x)) for x in example.flatten())
        if rule == "sign":
            example.copy_(torch.tensor([(x > 0) - (x < 0) for x in example.flatten().tolist()]).view_as(example))
        if rule == "token_l2":
            for token in example:
                token /= sum(float(x) ** 2 for x in token) ** 0.5
    return made


@pytest.mark.parametrize("rule", RULES)
def test_rules_match_a_loop(rule: str) -> None:
    g = torch.randn(3, 4, 5, dtype=torch.float64)
    torch.testing.assert_close(RULES[rule](g), slowly(rule, g), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_a_zero_gradient_is_a_zero_step(rule: str) -> None:
    g = torch.randn(2, 3, 4)
    g[1] = 0
    g[0, 2] = 0  # a pad: its gradient is exactly 0
    step = RULES[rule](g)
    assert step.isfinite().all()
    assert step[1].eq(0).all()
    assert step[0, 2].eq(0).all()


@pytest.mark.parametrize("rule", ["unit_l2", "token_l2", "linf", "sign"])
@pytest.mark.parametrize("exponent", [-35, -30, -25, -20, -8, 0, 8, 20, 25, 35])
def test_unit_steps_are_units_at_every_scale(rule: str, exponent: int) -> None:
    """A margin of 60 nats leaves gradients of 1e-26, whose squares are 0 in float32."""
    g = torch.randn(2, 3, 4)
    torch.testing.assert_close(RULES[rule](g * 10.0**exponent), RULES[rule](g), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), b=st.integers(1, 4), heads=st.integers(1, 3))
def test_examples_do_not_interact(rule: str, seed: int, b: int, heads: int) -> None:
    g = torch.randn(b, heads, 5, generator=torch.Generator().manual_seed(seed))
    alone = torch.cat([RULES[rule](row[None]) for row in g])
    torch.testing.assert_close(RULES[rule](g), alone, rtol=1e-6, atol=1e-7)
