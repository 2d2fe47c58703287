"""What every method gets in the studies that compare them all: one length, one number of steps, one share of attacks.

Lengths are parts of the mean norm of a word's embedding, so that models of any scale are perturbed alike. An ascent of
k steps reaches as far as a single step does, and noise is as long as both.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from robustlab import methods
from robustlab.ascent import starts
from robustlab.methods import BY_NAME, Method

STEPS = 3
ELSEWHERE = (
    "self-negative", "self-negative-pull", "self-negative-push", "self-negative-infonce", "cat", "lat", "supcon",
)  # fmt: skip
"""Methods that are compared elsewhere: on documents, at latent states, or after pre-training."""
NAMES = tuple(name for name in BY_NAME if name not in ELSEWHERE)
REACH = 0.3  # of an embedding's norm, over a whole example, for every method that moves inputs


def settings(name: str, unit: float, components: float, steps: int, *, share: float = REACH) -> dict[str, Any]:
    """The arguments of one method.

    Args:
        name: One of `NAMES`.
        unit: Mean norm of a word's embedding.
        components: Mean number of components n·d of an example's offset: what a bound on each becomes in L2.
        steps: Optimiser steps of the training, over which a schedule runs.
        share: How far an ascent leads, in such norms.
    """
    reach = share * unit
    each = reach / math.sqrt(components)
    special: Mapping[str, dict[str, Any]] = {
        "fgsm": {"step_size": each},
        "fgm": {"step_size": reach},
        "freelb-released": {"start": starts.freelb(reach)},
        "freelb++": {"steps": 10, "step_size": reach / 10},
        "ta-vat": {"radius": reach, "magnitude": reach / 3},
        "ta-vat-released": {"radius": reach, "magnitude": reach / 3},
        "adaptive-ta-vat": {"radius": reach, "magnitude": reach / 3},
        "vat": {"steps": 1, "radius": reach, "probe": reach / 3},
        "trades": {"start": starts.normal(each / 100)},
        "smart": {"steps": 1, "step_size": 100 * each, "radius": each, "noise": each},
        "r3f": {"noise": math.sqrt(3) * each},  # uniform noise is 1/√3 as long as its bound
        "neftune": {"magnitude": math.sqrt(3) * reach},
        "infobert": {"start": starts.freelb(reach / 3)},
        "adaptive-annealed": {"over": steps},
    }
    shared = {"steps": STEPS, "step_size": reach / STEPS}
    takes = inspect.signature(BY_NAME[name]).parameters
    return {key: value for key, value in shared.items() if key in takes} | special.get(name, {})


def build(name: str, unit: float, components: float, steps: int, *, share: float = REACH) -> Method:
    """The method with the arguments that it gets in these studies; see `settings`."""
    make: Callable[..., Method] = methods.BY_NAME[name]
    return make(**settings(name, unit, components, steps, share=share))
