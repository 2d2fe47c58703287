"""What a training step costs, in passes: of our methods as formulas in k, and of the loops that public code runs.

A forward pass, a backward pass to the inputs and one to the weights are a unit each; standard training is 3.
"""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, NamedTuple

from robustlab.methods.base import Method


class Linear(NamedTuple):
    """A cost `per_step`·k + `rest`, in units; `str` writes it as a formula.

    Source: robustlab.
    """

    per_step: float
    rest: float

    def __call__(self, steps: int) -> float:
        """Units of a training step with k ascent steps."""
        return self.per_step * steps + self.rest

    def __str__(self) -> str:
        if not self.per_step:
            return f"{self.rest:g}"
        return f"{self.per_step:g}k" + (f" + {self.rest:g}" if self.rest else "")


class Public(NamedTuple):
    """What public code spends on a method: the cost, whose code was read, and where its passes go.

    Source: robustlab.
    """

    cost: Linear
    code: str
    passes: str


def formula(factory: Callable[..., Method]) -> Linear:
    """Units of a method's step, from its objective at two step counts; `per_step` is 0 where it takes no `steps`.

    Source: robustlab.
    """
    if "steps" not in inspect.signature(factory).parameters:
        return Linear(0, _units(factory()))
    two, three = _units(factory(steps=2)), _units(factory(steps=3))
    return Linear(three - two, 3 * two - 2 * three)


def _units(method: Method) -> float:
    return method.objective.units(method.ascent)


@cache
def public() -> Mapping[str, Public]:
    """What public code spends, by the name that the command line has for the method; see `public_costs.toml`.

    Raises: ValueError: If a section of the file is not a cost, a code and its passes.

    Source: the released code of FreeLB, TA-VAT, InfoBERT, TRADES and SMART, and the loops for FGM and PGD on text that
        are copied from project to project; passes counted by reading.
    """
    text = (resources.files("robustlab.methods") / "public_costs.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: read_public(name, section) for name, section in tomllib.loads(text).items()})


def read_public(name: str, section: Mapping[str, Any]) -> Public:
    """Read one section: `cost` as [a step, the rest], `code` and `passes`.

    Raises: ValueError: If it holds anything else.

    Source: robustlab.
    """
    cost = section.get("cost", ())
    if set(section) != {"cost", "code", "passes"} or len(cost) != 2:
        raise ValueError(
            f"public_costs.toml, {name}: expected code, passes and cost = [units a step, units beside], "
            f"got {', '.join(sorted(section)) or 'nothing'} and {len(cost)} numbers"
        )
    return Public(Linear(*cost), section["code"], section["passes"])
