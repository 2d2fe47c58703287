"""What a training step costs, in passes: a forward, a backward to the inputs and one to the weights are a unit each."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from robustlab.methods import Method
from robustlab.objective import Tableau

STANDARD = 3  # forward, input gradient, weight gradient


def units(method: Method) -> int:
    """Units of one step: 2 for an ascent step that asks for the offset's gradient alone, 3 wherever the weights learn.

    Raises: TypeError: If the objective is not a tableau, so that its cost cannot be read off.
    """
    tableau = getattr(method.objective, "tableau", method.objective)
    if not isinstance(tableau, Tableau):
        raise TypeError(f"the cost of {type(method.objective).__name__} cannot be read off a tableau")
    on_path, off_path = tableau.on_path(), tableau.off_path()
    used = tableau.points.detach().ne(0).any(0).nonzero()
    last = int(used.max()) + 1 if len(used) else 0
    climb = sum(3 if on_path.get(t) else 2 for t in range(last))
    return climb + 3 * bool(on_path.get(last)) + 3 * len(off_path)


def formula(factory: Callable[..., Method]) -> str:
    """Units of a step as a formula in k, found from two step counts; a number where the method has one step or none."""
    if "steps" not in inspect.signature(factory).parameters:
        return str(units(factory()))
    two, three = units(factory(steps=2)), units(factory(steps=3))
    slope = three - two
    rest = two - 2 * slope
    return f"{slope}k" + (f" + {rest}" if rest else "")


def flops(units_a_step: int, parameters: int, tokens: int) -> float:
    """Floating-point operations: 2 a unit, parameter and token; the products inside attention are left out."""
    return 2.0 * units_a_step * parameters * tokens
