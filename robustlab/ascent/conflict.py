"""Which sentences of a document contradict each other, as a probe reads it from their states."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from robustlab.ascent.checks import positive
from robustlab.ascent.detectors import Passes
from robustlab.ascent.units import exact, states_of, units_of
from robustlab.landscape.base import Landscape
from robustlab.randomness import Randomness
from robustlab.typing import UnitScores

CONFLICTS = "conflicts"  # in a batch: [b u u], 1 where two units conflict, 0 where they do not, -1 where nobody knows
SHAPED = ("matrix", "bias", "centre", "spread")


class SemanticConflict(nn.Module):
    """c_i = max_{j ≠ i} σ(u_iᵀ M u_j + m), M symmetric: a bilinear probe that knows pairs of conflicting units.

    It costs no pass: the states of the site are read anyway. `robustlab.training.conflicts.conflict_probe` fits one to
    a model's states of generated documents; `prepare` fits it to the conflicts that the batches name.

    Args:
        decay: Weight of ½‖M‖² beside the mean cross-entropy of the pairs.
        iterations: Of L-BFGS.

    Shapes: result [b u], probabilities; 0 for the only unit of a document.

    Raises: ValueError: If the decay or the iterations are not positive; if it scores before it was fitted.

    Source: robustlab; the semantic conflict that Song (SCN, 2026) leaves undefined.
    Departs: units are centred and scaled by what the probe was fitted to, and there is a bias: sentence states share a
        large common part, which a bare bilinear form would spend M on.
    """

    matrix: Tensor
    bias: Tensor
    centre: Tensor
    spread: Tensor

    def __init__(self, *, decay: float = 1e-3, iterations: int = 100):
        super().__init__()
        positive("decay", decay)
        positive("iterations", iterations)
        self.decay, self.iterations = decay, iterations
        for name in SHAPED:  # no shape until the width of the states is known
            self.register_buffer(name, torch.zeros(0))

    @property
    def passes(self) -> Passes:
        """None."""
        return Passes(0)

    def logits(self, one: Float[Tensor, "*n d"], other: Float[Tensor, "*n d"]) -> Float[Tensor, "*n"]:
        """Log-odds that two units conflict."""
        return _odds(self._scaled(one), self._scaled(other), self.matrix, self.bias)

    def fit(self, pairs: Float[Tensor, "n 2 d"], labels: Float[Tensor, "n"]) -> SemanticConflict:
        """Fit M and m by logistic regression.

        Args:
            pairs: Two units each.
            labels: 1 where they conflict, 0 where they do not.

        Raises: ValueError: If there is no pair of the one kind or of the other.
        """
        kinds = labels.unique().tolist()
        if kinds != [0.0, 1.0]:
            raise ValueError(f"expected pairs labelled 0 and pairs labelled 1, got labels {kinds}; give some of both")
        pairs = pairs.detach().to(torch.promote_types(pairs.dtype, torch.float32))
        seen = pairs.flatten(0, 1)
        self.centre, self.spread = seen.mean(0), seen.std(0, correction=0).clamp_min(1e-6) * seen.shape[1] ** 0.25
        with torch.enable_grad():
            self._minimise(self._scaled(pairs[:, 0]), self._scaled(pairs[:, 1]), labels.to(seen))
        return self

    def _minimise(self, one: Tensor, other: Tensor, labels: Tensor) -> None:
        matrix = one.new_zeros(one.shape[1], one.shape[1], requires_grad=True)
        bias = one.new_zeros((), requires_grad=True)
        search = torch.optim.LBFGS([matrix, bias], max_iter=self.iterations, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            search.zero_grad()
            # Who conflicts with whom has no order; pairs are labelled in one and scored in both.
            either = (matrix + matrix.mT) / 2
            likely = F.binary_cross_entropy_with_logits(_odds(one, other, either, bias), labels)
            value = likely + self.decay / 2 * matrix.square().sum()
            value.backward()
            return value

        search.step(loss)
        self.matrix, self.bias = (matrix.detach() + matrix.detach().mT) / 2, bias.detach()

    def prepare(self, landscapes: Iterable[Landscape]) -> None:
        """Fit to the pairs that the batches say conflict or not, in `conflicts` [b u u].

        A probe that is fitted already stays as it is.

        Raises: ValueError: If a batch does not say.
        """
        if len(self.matrix):
            return
        pairs, labels = list[Tensor](), list[Tensor]()
        for landscape in landscapes:
            known = getattr(landscape, "batch", {}).get(CONFLICTS)
            if known is None:
                raise ValueError(
                    f"the probe of semantic conflicts needs labels: expected {CONFLICTS!r} [b u u] in the batch, got "
                    "none; fit it first with robustlab.training.conflicts.conflict_probe(reasoner, documents), or with "
                    "fit(pairs, labels)"
                )
            means = units_of(landscape).means(states_of(landscape))
            row, i, j = known.ge(0).nonzero(as_tuple=True)
            pairs.append(torch.stack([means[row, i], means[row, j]], 1))
            labels.append(known[row, i, j].to(means))
        self.fit(torch.cat(pairs), torch.cat(labels))

    def forward(self, landscape: Landscape, *, generator: Randomness = None) -> UnitScores:
        """Score each unit by its worst conflict."""
        if not len(self.matrix):
            raise ValueError("the probe of semantic conflicts is not fitted; call prepare(landscapes) or fit(…) first")
        units = units_of(landscape)
        scaled = self._scaled(units.means(states_of(landscape)))
        with exact(scaled):
            odds = scaled @ self.matrix.to(scaled) @ scaled.mT + self.bias.to(scaled)
        alone = torch.eye(odds.shape[1], dtype=torch.bool, device=odds.device)
        pairs = units.real[:, None, :] & units.real[:, :, None] & ~alone
        return odds.masked_fill(~pairs, -math.inf).amax(2).sigmoid()  # σ(-inf) = 0: no other unit, no conflict

    def _scaled(self, units: Tensor) -> Tensor:
        return (units - self.centre.to(units)) / self.spread.to(units)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: Any, **named: Any) -> None:
        for name in SHAPED:
            if (found := state_dict.get(f"{prefix}{name}")) is not None:
                setattr(self, name, torch.empty_like(found, device=getattr(self, name).device))
        super()._load_from_state_dict(state_dict, prefix, *rest, **named)


def _odds(one: Tensor, other: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
    return ((one @ matrix.to(one)) * other).sum(-1) + bias.to(one)
