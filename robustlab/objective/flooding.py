"""A loss that does not fall below a level, and the level found where batches stop helping each other."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator
from copy import deepcopy
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from robustlab.ascent.checks import positive
from robustlab.ascent.gradient import Ascent
from robustlab.gather import gathered
from robustlab.landscape.base import Landscape
from robustlab.objective.base import Objective, Terms, no_path
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness
from robustlab.typing import Scalar

LEARNED = 0.9  # a pilot has learned something where its loss is below this part of a constant answer's

logger = logging.getLogger(__name__)


class PilotPass(NamedTuple):
    """What one pass of the pilot saw: the mean loss of its batches, and the accordance of their gradients after it.

    Source: robustlab.
    """

    loss: float
    accordance: float
    learned: bool = True  # whether the loss was well below that of the best constant answer


def accordance(gradients: Iterable[Tensor]) -> float:
    """Mean cosine between the gradients of two different batches: 1 where all agree, 0 where they are unrelated.

    A small step that lowers the loss of one batch lowers the others' by the product of the gradients. Uses
    ‖Σ ĝ‖² = m + m(m - 1)·mean, so that one gradient is held at a time.

    Shapes: each gradient [n]; result a number.

    Raises: ValueError: If there are fewer than two gradients.

    Source: Liu et al. (Flooding-X, 2022), the criterion; after Fort et al. (stiffness, 2019).
    """
    total, count = torch.zeros(()), 0
    for gradient in gradients:
        exact = gradient.double()
        total = total.to(exact) + exact / exact.norm().clamp_min(torch.finfo(exact.dtype).tiny)
        count += 1
    if count < 2:
        raise ValueError(f"accordance needs at least 2 batches, got {count}")
    return float((total.square().sum() - count) / (count * (count - 1)))


class Flooding(nn.Module, Objective):
    """|L - b| + b on the mean loss of the batch: descend above the level b, ascend below it.

    Where b is not given, `prepare` finds it: a copy of the model is trained without flooding, and b is its mean loss in
    the first pass after which the batches' gradients agree no more, having agreed before. On the plateau where a
    model's answer is still a constant, agreement comes and goes by chance: those passes do not count, and a pilot that
    never leaves it gives b = 0, which is training without flooding, and a warning.

    Args:
        level: b, in nats; found where not given.
        passes: Of the pilot, at most.
        batches: Whose gradients are compared after a pass.

    Shapes: terms [], nats.

    Raises: ValueError: If the level is not positive, there are fewer than one pass or two batches, or the ascent takes
        steps.

    Source: Ishida et al. (2020), Eq. 3; Liu et al. (Flooding-X, 2022), the accordance criterion.
    Departs: the released code takes b as an option, .1 or .2 on SST-2, and holds no criterion. Ours: the mean cosine
        between batches' gradients at the same weights; b at the pass where it turns from positive to not, or at the
        last pass where it does not turn. The pilot is AdamW at the training's highest rate, without a schedule.
    """

    level: Tensor

    def __init__(self, *, level: float | None = None, passes: int = 5, batches: int = 16):
        super().__init__()
        if level is not None:
            positive("level", level)
        positive("passes", passes)
        if batches < 2:
            raise ValueError(f"batches must be at least 2, to be compared with each other, got {batches}")
        self.passes, self.batches = passes, batches
        self.pilot: list[PilotPass] = []
        self.register_buffer("level", torch.tensor(math.nan if level is None else level, dtype=torch.float64))

    def check(self, ascent: Ascent) -> None:
        """Raise where there is an ascent."""
        no_path("flooding holds the loss at a level", ascent)

    def prepare(self, landscapes: Iterable[Landscape], *, learning_rate: float) -> None:
        """Find the level, unless it was given or loaded."""
        if not self.level.isnan():
            return
        self.pilot = list(self._passes(landscapes, learning_rate))
        if not self.pilot:
            raise ValueError("flooding finds its level on the training batches, and there are none; pass level=")
        last = self.pilot[-1]  # the pilot ends where the accordance turns
        if not last.learned:
            logger.warning("flooding: the pilot learned nothing in %d passes; training without a level", self.passes)
        self.level.fill_(last.loss if last.learned else 0.0)
        logger.info("flooding: level %.4f after %d pilot passes", self.level, len(self.pilot))

    def _passes(self, landscapes: Iterable[Landscape], learning_rate: float) -> Iterator[PilotPass]:
        copy = optimiser = None
        agreed = False
        for number in range(self.passes):
            losses, labels = list[Tensor](), list[Tensor]()
            for landscape in landscapes:
                if copy is None or optimiser is None:
                    copy = deepcopy(landscape.model).train()  # type: ignore[attr-defined]
                    optimiser = torch.optim.AdamW(copy.parameters(), lr=learning_rate)
                loss = landscape.with_model(copy).loss().mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                losses.append(loss.detach())
                labels.append(landscape.labels)  # type: ignore[attr-defined]  # there is a loss, so there are labels
            if copy is None:
                return
            again = (landscape.with_model(copy) for landscape in islice(landscapes, self.batches))
            mean, agreement = float(torch.stack(losses).mean()), accordance(_gradient(one, copy) for one in again)
            found = PilotPass(mean, agreement, mean < LEARNED * _constant_loss(torch.cat(labels)))
            logger.info("flooding: pilot pass %d, loss %.4f, accordance %+.4f", number + 1, mean, agreement)
            yield found
            if agreed and found.accordance <= 0:
                return
            agreed = found.learned and (agreed or found.accordance > 0)

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term; the clean loss itself until there is a level."""
        losses = landscape.loss()
        trace = Trace(starts_clean=True, values=[losses.detach()])
        loss = losses.mean()
        if self.level.isnan():
            yield loss
            return trace
        level = self.level.to(loss)
        # Over all processes, or those on either side of the level would pull against each other.
        below = gathered(losses.detach()).mean() < level
        yield _flooded(loss, level, below)
        trace.extra |= {"level": level.clone(), "below_the_level": below.to(loss)}
        return trace

    def given(self) -> dict[str, Any]:
        """b, if it is known, and the length of the pilot."""
        return {"level": None if self.level.isnan() else float(self.level), "passes": self.passes}

    def units(self, ascent: Ascent) -> float:
        """As standard training; the pilot comes on top, once."""
        return 3


def _constant_loss(labels: Tensor) -> float:
    """The loss of the best answer that does not look at the text: the entropy of the labels."""
    shares = labels.flatten().bincount().double() / labels.numel()
    return float(torch.special.entr(shares).sum())


def _flooded(loss: Scalar, level: Scalar, below: Tensor) -> Scalar:
    return torch.where(below, level - loss, loss - level) + level


def _gradient(landscape: Landscape, model: nn.Module) -> Tensor:
    wanted = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found = torch.autograd.grad(landscape.loss().mean(), wanted, allow_unused=True)
    return torch.cat([gradient.flatten() for gradient in found if gradient is not None])
