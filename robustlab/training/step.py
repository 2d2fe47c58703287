"""One training step's gradients, for any loop: run the terms of a method and keep what was seen."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from robustlab.landscape.base import Landscape
from robustlab.methods import Method
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness


class NonFiniteLossError(ArithmeticError):
    """A loss, or the gain of an ascent step, became infinite or not a number."""


def accumulate(
    method: Method,
    landscape: Landscape,
    *,
    generator: Randomness = None,
    backward: Callable[[Tensor], object] = Tensor.backward,
) -> dict[str, Tensor]:
    """Add the gradients of a method's loss on one batch to the model's and the method's parameters.

    Call it where a plain loop calls `loss.backward()`, then step the optimiser, zero the gradients of model and method,
    and call `method.after_step()` in between. Methods with weights of their own want `method.prepare(…)` before the
    optimiser is made.

    Args:
        method: From `robustlab.methods`.
        landscape: The batch, for instance a `TransformerLandscape(model, batch)`.
        generator: Where random starts come from; None uses torch's global state.
        backward: How a term is differentiated, for instance `accelerator.backward`.

    Returns:
        What the step saw, by name, as tensors without graph: `loss` and whatever the method traced (`clean_loss`,
        `gain_1` …, `implied_weight_1` …, `w_1` …, `w_entropy`, `offset_norm`, `step_cosine`).

    Raises:
        NonFiniteLossError: If any loss or gain is not finite; names the ascent step. Gradients are then unusable.
    """
    terms = method.terms(landscape, generator=generator)
    losses: list[Tensor] = []
    while True:
        try:
            term = next(terms)
        except StopIteration as end:
            trace: Trace = end.value
            break
        backward(term)
        losses.append(term.detach())
    logs = trace.logs()
    _check_finite(trace, losses)
    return {"loss": torch.stack(losses).sum(), **logs}


def _check_finite(trace: Trace, losses: list[Tensor]) -> None:
    # In the order of the walk, so that the first offender is named and not one that inherited its NaN.
    seen: list[tuple[str, Tensor]] = []
    for t, value in enumerate(trace.values):
        seen.append((f"the loss at ascent step {t}", value.sum()))
        if t < len(trace.gains):
            seen.append((f"the gain of ascent step {t + 1}", trace.gains[t].sum()))
    seen += [(f"term {p} of the loss", loss) for p, loss in enumerate(losses, start=1)]
    finite = torch.stack([value.to(losses[0]) for _, value in seen]).isfinite().tolist()  # one look, one device sync
    for (what, value), good in zip(seen, finite, strict=True):
        if not good:
            raise NonFiniteLossError(f"{what} is {float(value)}; lower the step size or the learning rate")
