"""One domain of features for written and attacked texts: SemRoDe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from robustlab.ascent.checks import positive
from robustlab.ascent.gradient import Ascent
from robustlab.gather import gathered
from robustlab.landscape.base import Landscape
from robustlab.objective import attacked
from robustlab.objective.base import Objective, Terms, no_path
from robustlab.objective.discrepancy import Discrepancy
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness
from robustlab.typing import Pooled

FEWEST = 2  # attacked texts in a batch: one point has no distribution


@dataclass(frozen=True, eq=False)
class SemRoDe(Objective):
    """L(x) + λ·D(h(X), h(X')): the features of a batch and of its attacked texts, as two clouds.

    The clouds are compared, not their pairs: which attacked text came from which example does not matter, and no label
    of an attacked text is used. The second cloud holds the texts that the attack has changed; a batch with fewer than
    two of them has the clean loss alone. Under several processes D is taken over the rows of all of them.

    Args:
        weight: λ.
        distance: D, of `robustlab.objective.discrepancy`.

    Shapes: one term [], nats.

    Raises: ValueError: If the weight is not positive; in training, if the batch has no attacked texts.

    MMD as it is here does not depend on the scale of the features, so that its weight does not fade where the features
    hardly differ: a model from scratch, before it has learned anything, is held there by a weight of .01 already. Start
    from a pretrained model, or from an epoch of standard training.

    Source: Formento et al. (SemRoDe, 2024).
    Departs: h is the mean of the last hidden states over the words, which every architecture has; the released code
        takes the pooler's output. The attacked texts of a batch belong to its own rows; the released code draws
        the two clouds independently. With accumulated gradients the clouds are those of a micro-batch.
    """

    weight: float
    distance: Discrepancy
    needs: ClassVar[tuple[str, ...]] = (attacked.NAME,)

    def __post_init__(self) -> None:
        positive("weight", self.weight)

    def check(self, ascent: Ascent) -> None:
        """Raise where there is an ascent.

        Raises: ValueError: If the ascent takes steps, which this objective would ignore.
        """
        no_path("SemRoDe learns from attacked texts", ascent)

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term, through the written and the attacked texts."""
        other = attacked.attacked(landscape)
        clean = landscape.clean()
        if clean.loss is None:
            raise ValueError("the batch has no labels, so there is no clean loss")
        written, theirs = _clouds(clean.pooled, other.clean().pooled, attacked.changed(landscape, other))
        apart = clean.loss.new_zeros(())
        if len(theirs) >= FEWEST:
            apart = self.distance(written, theirs)
        yield clean.loss.mean() + self.weight * apart
        share = len(theirs) / len(written)
        extra = {"clean_loss": clean.loss.detach().mean(), "discrepancy": apart.detach()}
        return Trace(extra=extra | {"attacked_share": torch.as_tensor(share, device=apart.device)})

    def given(self) -> dict[str, Any]:
        """λ."""
        return {"weight": self.weight}

    def units(self, ascent: Ascent) -> int:
        """Two whole passes."""
        return 6


def _clouds(one: Pooled, other: Pooled, changed: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The features of all processes' texts, and of their attacked texts that differ; in one exchange each way."""
    rows = gathered(torch.cat([one, other, changed[:, None].to(one)], dim=1))
    written, theirs, flags = rows.split([one.shape[1], other.shape[1], 1], dim=1)
    return written, theirs[flags[:, 0] > 0]
