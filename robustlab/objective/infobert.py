"""FreeLB with two bounds on information: words that say little are forgotten, words that are stable are kept."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from robustlab.ascent.checks import positive
from robustlab.ascent.goals import cross_entropy
from robustlab.ascent.gradient import Ascent, Walker
from robustlab.ascent.starts import zero
from robustlab.gather import gathered
from robustlab.landscape.base import Landscape, Reading
from robustlab.objective.base import Objective, Terms
from robustlab.objective.late import Late
from robustlab.objective.mutual_information import Conditional, InfoNCE, club
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness
from robustlab.typing import Gradient, PerExample, Scalar

UpperBound = Callable[[Conditional, Tensor, Tensor], Scalar]


def stable_words(gradient: Gradient, mask: Tensor, low: float, high: float) -> Bool[Tensor, "b l"]:
    """The words of an example whose gradient is neither small nor among the largest: useful, and hard to attack.

    Args:
        gradient: Of the loss, at the words.
        mask: 0 where there is no word.
        low: Share of the words, in the order of their gradients' norms, that lie below.
        high: Share up to which words are taken.

    Shapes: gradient [b l d], mask broadcasts to it; result [b l].

    Source: Wang et al. (InfoBERT, 2021), Algorithm 1, with its thresholds .5 and .9.
    """
    free = mask.expand(gradient.shape)[..., 0] > 0
    norms = gradient.norm(dim=-1).masked_fill(~free, torch.inf)
    rank = norms.argsort(dim=1, stable=True).argsort(dim=1)
    words = free.sum(1, keepdim=True)
    return free & (rank >= (words * low).ceil()) & (rank < (words * high).ceil())


class InfoBERT(Late, Objective):
    """Learn from k points of a path, and hold the features' information in bounds.

        J = (1/k) Σ_t [ L(x + r_t) + β·CLUB(X; T) - α·InfoNCE(X_s; Z) ]   over r_0 … r_{k-1}

    X are the perturbed words, T the last states of the same tokens, Z their mean over the example, and X_s the stable
    words. The critics learn beside the model: InfoNCE's ascends its bound, CLUB's the likelihood of T given X.

    Args:
        anchor: α.
        bottleneck: β.
        low: See `stable_words`.
        high: See `stable_words`.
        upper: The bound that is lowered, `club` or `leave_one_out`.
        width: Of the critics' networks.
        learning_rate: Of the critics.

    Shapes: steps [k b l d]; terms [], nats.

    Raises: ValueError: If a weight, width or learning rate is not positive, the thresholds are not in order, or the
        ascent takes no step or climbs another goal than the cross-entropy.

    Source: Wang et al. (InfoBERT, 2021), Eqs. 2-8 and Algorithm 1, with α = β = 5e-3.
    Departs: Z is the mean of the last states, which decoders have too, for the first token's. The bounds are taken over
        all words of the batch. The critics are made before the optimiser, whose group they learn in; in the released
        code the optimiser is made first, so that they never learn.
    """

    def __init__(
        self,
        *,
        anchor: float = 5e-3,
        bottleneck: float = 5e-3,
        low: float = 0.5,
        high: float = 0.9,
        upper: UpperBound = club,
        width: int = 64,
        learning_rate: float = 1e-3,
    ):
        super().__init__()
        given = {"anchor": anchor, "bottleneck": bottleneck, "width": width, "learning_rate": learning_rate}
        for name, value in given.items():
            positive(name, value)
        if not 0 <= low < high <= 1:
            raise ValueError(f"low and high must be shares with low below high, got {low} and {high}")
        self.anchor, self.bottleneck, self.low, self.high = anchor, bottleneck, low, high
        self.upper, self.width, self.learning_rate = upper, width, learning_rate

    def check(self, ascent: Ascent) -> None:
        """Raise unless the ascent climbs the loss, whose gradient ranks the words."""
        if not ascent.steps or ascent.goal is not cross_entropy:
            raise ValueError("InfoBERT ranks words by the gradient of the loss: it needs an ascent of cross-entropy")

    def prepare(self, landscapes: Iterable[Landscape], *, learning_rate: float) -> None:
        """Make the critics, at the widths of the first batch's features."""
        if self.inner is None:
            self._make(next(iter(landscapes)))

    def _make(self, landscape: Landscape) -> None:
        with torch.no_grad():
            hidden = landscape.read().hidden  # not clean(), which would be kept, without a graph
        words, states = landscape.shape[-1], hidden.shape[-1]
        if tuple(hidden.shape[:-1]) != tuple(landscape.shape[:-1]):
            raise ValueError(f"the last states {tuple(hidden.shape)} do not fit the site {landscape.shape}")
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            critics = {
                "anchor": InfoNCE(words, states, width=self.width),
                "bottleneck": Conditional(words, states, width=self.width),
            }
        self.make(nn.ModuleDict(critics).to(landscape.mask.device, landscape.mask.dtype))

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """Yield one term a point: its loss and its bounds."""
        if self.inner is None:
            self._make(landscape)
        trace, walker = Trace(starts_clean=ascent.start is zero), Walker(ascent, landscape, generator)
        for t in range(ascent.steps):
            loss, gradient = yield from self._point(landscape, walker.position, ascent.steps, trace)
            if t < ascent.steps - 1 or ascent.remembers:
                trace.visit(walker.step(loss, gradient))
        trace.extra["offset_norm"] = walker.position.flatten(1).norm(dim=1).mean()
        return trace

    def _point(
        self, landscape: Landscape, position: Tensor, points: int, trace: Trace
    ) -> Generator[Scalar, None, tuple[PerExample, Gradient]]:
        probe = position.detach().requires_grad_()
        reading = landscape.read(probe)
        if reading.loss is None:
            raise ValueError("the batch has no labels, so there is no loss")
        (gradient,) = torch.autograd.grad(reading.loss.sum(), probe, retain_graph=True)
        lower, upper, fit = self._bounds(reading, gradient, landscape.mask)
        # The likelihood is for the critic alone: it has a gradient and no part in the value.
        yield (reading.loss.mean() + self.bottleneck * upper - self.anchor * lower - (fit - fit.detach())) / points
        trace.extra |= {"anchored": lower.detach(), "bottleneck": upper.detach(), "critic_fit": fit.detach()}
        return reading.loss.detach(), gradient

    def _bounds(self, reading: Reading, gradient: Gradient, mask: Tensor) -> tuple[Scalar, Scalar, Scalar]:
        assert isinstance(self.inner, nn.ModuleDict)
        assert reading.site is not None
        anchor, q = self.inner["anchor"], self.inner["bottleneck"]
        assert isinstance(q, Conditional)
        words, states = reading.site.to(mask.dtype), reading.hidden.to(mask.dtype)
        free = mask.expand(gradient.shape)[..., 0] > 0
        x, y = gathered(words[free]), gathered(states[free])
        chosen = stable_words(gradient, mask, self.low, self.high)
        counts = gathered(chosen.sum(1))
        stable, means = gathered(words[chosen]), gathered(reading.pooled.to(mask.dtype))
        pair = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
        lower = anchor(stable, means, pair) if len(stable) else means.sum() * 0
        return lower, self.upper(q, x, y), q.log_likelihood(x, y)

    def given(self) -> dict[str, Any]:
        """α and β."""
        return {"anchor": self.anchor, "bottleneck": self.bottleneck}

    def units(self, ascent: Ascent) -> float:
        """4k: a pass that ranks the words, and a whole one through the same forward, at each of k points."""
        return 4 * ascent.steps

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The group of the critics, once they are made."""
        if self.inner is None:
            return []
        return [{"params": list(self.inner.parameters()), "lr": self.learning_rate, "weight_decay": 0.0}]
