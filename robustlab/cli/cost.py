"""What a training step costs, in passes: a forward, a backward to the inputs and one to the weights are a unit each."""

from __future__ import annotations

from collections.abc import Callable

from robustlab.methods import Method, costs

STANDARD = 3  # forward, input gradient, weight gradient


def units(method: Method) -> float:
    """Units of one step."""
    return method.objective.units(method.ascent)


def formula(factory: Callable[..., Method]) -> str:
    """Units of a step as a formula in k; a number where the method has one step or none."""
    return str(costs.formula(factory))


def flops(units_a_step: int, parameters: int, tokens: int) -> float:
    """Floating-point operations: 2 a unit, parameter and token; the products inside attention are left out."""
    return 2.0 * units_a_step * parameters * tokens
