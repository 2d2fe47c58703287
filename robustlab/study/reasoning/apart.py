"""One training step taken apart: what each term of a loss asks of which weights, and what they ask of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from robustlab.landscape.hooked import HookedLandscape
from robustlab.methods import Method
from robustlab.randomness import Randomness
from robustlab.training.step import accumulate

Gradients = Mapping[str, Tensor]
PLACES = (
    ("words", ("encoder.embed_tokens", "encoder.counts")),
    ("sentences", ("encoder.sentences",)),
    ("encoder", ("encoder",)),
    ("decoder", ("decoder",)),
)
"""Where the weights of the small reasoner are, the first that fits: word embeddings, what makes one state of a
sentence, the blocks that compare sentences, and the decoder behind the states."""


class Step(NamedTuple):
    """A step without the optimiser.

    Attributes:
        values: Of the terms, by name.
        gradients: Term -> weight -> gradient of that term alone.
        logs: What `accumulate` returns.
    """

    values: Mapping[str, float]
    gradients: Mapping[str, Gradients]
    logs: Mapping[str, float]


def take_apart(
    method: Method, landscape: HookedLandscape, names: Sequence[str], *, generator: Randomness = None
) -> Step:
    """The gradient of each term that a method yields; those of the model end where they were.

    Args:
        method: Any.
        landscape: One batch.
        names: Of its terms, in order.
        generator: Of random starts.

    Raises: ValueError: If there are not as many names as terms.
    """
    model, values, gradients = landscape.model, [], []

    def backward(term: Tensor) -> None:
        weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
        found = torch.autograd.grad(term, list(weights.values()), allow_unused=True)
        values.append(float(term.detach()))
        gradients.append(
            {
                name: torch.zeros_like(weight) if one is None else one
                for (name, weight), one in zip(weights.items(), found, strict=True)
            }
        )

    logs = accumulate(method, landscape, generator=generator, backward=backward)
    if len(names) != len(values):
        raise ValueError(f"expected a name for each of {len(values)} terms, got {', '.join(names) or 'none'}")
    plain = {name: float(value) for name, value in logs.items()}
    return Step(dict(zip(names, values, strict=True)), dict(zip(names, gradients, strict=True)), plain)


def flat(gradients: Gradients) -> Tensor:
    """All gradients behind each other."""
    return torch.cat([gradient.flatten() for gradient in gradients.values()])


def by_place(gradients: Gradients) -> dict[str, float]:
    """How long a gradient is in each part of the small reasoner, the parts of `PLACES`."""
    squares = {place: 0.0 for place, _ in PLACES}
    for name, gradient in gradients.items():
        place = next((place for place, starts in PLACES if name.startswith(starts)), None)
        if place is None:
            raise ValueError(f"weight {name!r} is in none of {', '.join(squares)}: this is not a small reasoner")
        squares[place] += float(gradient.double().square().sum())
    return {place: square**0.5 for place, square in squares.items()}


def cosines(step: Step) -> pd.DataFrame:
    """Cosines between the gradients of the terms: above 0 where a small step down one is a step down the other."""
    vectors = {name: flat(gradients).double() for name, gradients in step.gradients.items()}
    lines = {
        name: {other: float(torch.cosine_similarity(one, two, dim=0)) for other, two in vectors.items()}
        for name, one in vectors.items()
    }
    return pd.DataFrame.from_dict(lines, orient="index")
