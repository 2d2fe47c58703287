"""From what was typed to a method of the reasoning studies, with their values where nothing else was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from robustlab import methods
from robustlab.cli import parsing, settings
from robustlab.cli.parsing import guess
from robustlab.cli.reason import supported
from robustlab.cli.reason.settings import Named
from robustlab.corpora.documents import LEVELS
from robustlab.methods import Method
from robustlab.study.reasoning.cells import Cell
from robustlab.study.reasoning.methods import AT_WORDS, METHODS, REACH

CLIMBING = ("self-negative", "self-negative-pull", "self-negative-infonce")
ERASING = "self-negative-push"
STEPS = 3
STILL = ("standard", "augmented", "r-drop", supported.NAME)  # they perturb nothing

KNOWN: Mapping[str, Callable[..., Method]] = MappingProxyType(
    {supported.NAME: methods.supporting_facts}
    | {name: methods.BY_NAME[name] for name in METHODS if name in methods.BY_NAME}
)
"""Name -> what makes the method."""


def build(named: Named, *, by_unit: bool = True) -> Method:
    """The method, as the studies have it but for what was given.

    Args:
        named: The name and the options.
        by_unit: Whether the model has one state a sentence: the states of a counterfactual then lie on those of its
            document. Where they do not, self-negative learns from constructed negatives alone.

    Raises: ValueError: If the name is unknown, the method does not take an option, or a value is malformed.
    """
    if named.method not in KNOWN:
        raise ValueError(f"unknown method {named.method!r}: {guess(named.method, KNOWN)}")
    _check_radius(named)
    general = settings.Named(
        named.method,
        steps=named.steps,
        step_size=named.step_size,
        further=named.further,
        share=named.share,
        seed=named.seed,
    )
    try:
        return parsing.method(general, _values(named, by_unit), KNOWN)
    except ValueError as error:  # --steps are the optimiser's here
        raise ValueError(str(error).replace("--steps", "--ascent-steps")) from error


def _check_radius(named: Named) -> None:
    """Refuse a radius by --set, which the step size would not follow."""
    name = "share" if named.method == ERASING else "radius" if named.method in CLIMBING else ""
    for text in named.further:
        if name and text.partition("=")[0].strip() == name:
            raise ValueError(f"--set {text}: {name} of {named.method} has an option of its own, --kappa")


def _values(named: Named, by_unit: bool) -> dict[str, Any]:
    """What the studies give a method beside its name."""
    kappa = LEVELS["medium"] if named.kappa is None else named.kappa
    if named.method == ERASING:
        return {"share": kappa}
    if named.method in CLIMBING:
        values: dict[str, Any] = {"radius": kappa, "step_size": REACH * kappa, "steps": STEPS}
        return values | ({"change": "counterfactual"} if by_unit and named.method == CLIMBING[0] else {})
    if named.kappa is not None:
        raise ValueError(
            f"--kappa is for {', '.join((*CLIMBING, ERASING))}; what {named.method} takes is given with --set"
        )
    return {}


def cell(named: Named) -> Cell:
    """The cell of a study that perturbs at the same place.

    Raises: ValueError: If the method has a place of its own, or perturbs nothing.
    """
    if named.site is not None and named.method in STILL:
        raise ValueError(f"{named.method} perturbs nothing: leave out --site {named.site}")
    if named.site not in (None, "words") and named.method in AT_WORDS:
        raise ValueError(f"{named.method} perturbs the words, as its source does: leave out --site {named.site}")
    return Cell(study="", seed=named.seed, method=named.method, site=named.site or "encoder")
