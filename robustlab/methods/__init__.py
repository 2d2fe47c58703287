"""Methods with a name: each is an ascent and an objective, put together.

A method is called with keyword arguments only. Its defaults are the values of the adaptive adversarial training paper
(AAT: step size .04; k = 5, named there for its timings only and assumed elsewhere) unless its docstring says otherwise.
"""

from collections.abc import Callable, Mapping

from robustlab.methods.adapted import (
    adaptive,
    adaptive_annealed,
    adaptive_balanced,
    adaptive_by_difficulty,
    adaptive_freelb,
    adaptive_learned_beta,
    adaptive_pgd,
    adaptive_ta_vat,
    on_a_share,
)
from robustlab.methods.attacked import augmented, semrode, semrode_ot
from robustlab.methods.attention import asa
from robustlab.methods.base import STEP_SIZE, STEPS, Method
from robustlab.methods.consistent import r3f, r_drop, smart, trades, vat
from robustlab.methods.pretraining import multi_scale
from robustlab.methods.restricted import dsrm, flooding_x, infobert
from robustlab.methods.self_constructed import (
    cat,
    lat,
    self_negative,
    self_negative_infonce,
    self_negative_pull,
    self_negative_push,
)
from robustlab.methods.supervised import supcon, supporting_facts
from robustlab.methods.tableaus import (
    fgm,
    fgsm,
    freelb,
    freelb_plus_plus,
    freelb_released,
    mean_along,
    neftune,
    pgd,
    standard,
    ta_vat,
    ta_vat_released,
)

BY_NAME: Mapping[str, Callable[..., Method]] = {
    "standard": standard,
    "fgsm": fgsm,
    "fgm": fgm,
    "pgd": pgd,
    "freelb": freelb,
    "freelb-released": freelb_released,
    "freelb++": freelb_plus_plus,
    "ta-vat": ta_vat,
    "ta-vat-released": ta_vat_released,
    "vat": vat,
    "trades": trades,
    "smart": smart,
    "r-drop": r_drop,
    "r3f": r3f,
    "neftune": neftune,
    "infobert": infobert,
    "flooding-x": flooding_x,
    "dsrm": dsrm,
    "asa": asa,
    "adaptive-pgd": adaptive_pgd,
    "adaptive-freelb": adaptive_freelb,
    "adaptive-ta-vat": adaptive_ta_vat,
    "adaptive-balanced": adaptive_balanced,
    "adaptive-annealed": adaptive_annealed,
    "adaptive-learned-beta": adaptive_learned_beta,
    "adaptive-by-difficulty": adaptive_by_difficulty,
    "augmented": augmented,
    "semrode": semrode,
    "semrode-ot": semrode_ot,
    "supcon": supcon,
    "self-negative": self_negative,
    "self-negative-pull": self_negative_pull,
    "self-negative-push": self_negative_push,
    "self-negative-infonce": self_negative_infonce,
    "cat": cat,
    "lat": lat,
}

__all__ = [
    "BY_NAME",
    "STEPS",
    "STEP_SIZE",
    "Method",
    "adaptive",
    "adaptive_annealed",
    "adaptive_balanced",
    "adaptive_by_difficulty",
    "adaptive_freelb",
    "adaptive_learned_beta",
    "adaptive_pgd",
    "adaptive_ta_vat",
    "asa",
    "augmented",
    "cat",
    "dsrm",
    "fgm",
    "fgsm",
    "flooding_x",
    "freelb",
    "freelb_plus_plus",
    "freelb_released",
    "infobert",
    "lat",
    "mean_along",
    "multi_scale",
    "neftune",
    "on_a_share",
    "pgd",
    "r3f",
    "r_drop",
    "self_negative",
    "self_negative_infonce",
    "self_negative_pull",
    "self_negative_push",
    "semrode",
    "semrode_ot",
    "smart",
    "standard",
    "supcon",
    "supporting_facts",
    "ta_vat",
    "ta_vat_released",
    "trades",
    "vat",
]
