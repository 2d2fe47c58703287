"""Methods that train on texts that an attack has made beforehand; see `robustlab.evaluation.attacked.attack_rows`."""

from __future__ import annotations

from robustlab.ascent.gradient import Rest
from robustlab.methods.base import Method
from robustlab.objective import discrepancy
from robustlab.objective.augmented import Augmented
from robustlab.objective.semrode import SemRoDe


def semrode(*, weight: float = 1.0, distance: discrepancy.Discrepancy = discrepancy.mmd) -> Method:
    """L(x) + λ·MMD²(h(X), h(X')): the features of a batch and of its attacked texts, as two clouds, become one.

    Source: Formento et al. (SemRoDe, 2024), with λ = 1 and the kernels of its released code.
    Departs: h is the mean of the last hidden states; the released code takes the pooler's output. Attacked texts that
        changed nothing are left out, and a batch with fewer than two others has the clean loss alone.
    """
    return Method(Rest(), SemRoDe(weight, distance))


def semrode_ot(*, weight: float = 1.0, blur: float = 0.05, iterations: int = 10) -> Method:
    """L(x) + λ·S(h(X), h(X')): SemRoDe with an optimal transport between the clouds.

    Source: Formento et al. (SemRoDe, 2024), whose second distance it is; the blur of its released code.
    Departs: as `semrode`; the λ of the paper for this distance could not be established, and 1 is MMD's.
    """
    return Method(Rest(), SemRoDe(weight, discrepancy.sinkhorn(blur=blur, iterations=iterations)))


def augmented(*, weight: float = 0.5) -> Method:
    """(1 - λ)·L(x) + λ·L(x'): the label for the attacked text as for the text itself.

    Source: Goodfellow et al. (2015), Section 6, with λ = ½ as there and texts from an attack.
    Departs: the attacked texts are made once, before the training, from another model of the same architecture.
    """
    return Method(Rest(), Augmented(weight))
