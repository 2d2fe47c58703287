"""From what was typed to a method: names, sizes and radii."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, astuple
from typing import Any

from robustlab.ascent import GradientAscent, directions, projections, starts
from robustlab.cli.settings import Named
from robustlab.methods import BY_NAME, Method
from robustlab.objective import Adaptive

DIRECTIONS = {name: getattr(directions, name) for name in ("raw", "unit_l2", "token_l2", "sign", "linf")}
STARTS = {"uniform": starts.uniform, "normal": starts.normal, "freelb": starts.freelb}
PROJECTIONS = {
    "l2": projections.l2_ball,
    "linf": projections.linf_ball,
    "token-l2": projections.token_l2_ball,
    "relative": projections.relative_ball,
}


def method(named: Named) -> Method:
    """Build a method from its name and the options given for it.

    Raises: ValueError: If the name is unknown, the method does not take an option, or a value is malformed.
    """
    if named.method not in BY_NAME:
        raise ValueError(f"unknown method {named.method!r}: {guess(named.method, BY_NAME)}")
    factory = BY_NAME[named.method]
    given = {name: value for name, value in asdict(named).items() if name != "method" and value is not None}
    takes = list(inspect.signature(factory).parameters)
    for name in given:
        if name not in takes:
            theirs = ", ".join(map(flag, takes)) or "no options of its own"
            raise ValueError(f"method {named.method} takes no {flag(name)}; it takes {theirs}")
    parse: dict[str, Callable[[str], Any]] = {"direction": direction, "start": start, "project": projection}
    return factory(**{name: parse[name](value) if name in parse else value for name, value in given.items()})


def direction(name: str) -> directions.Direction:
    """A direction by name; hyphens serve as well as underscores.

    Raises: ValueError: If there is no such direction.
    """
    plain = name.replace("-", "_")
    if plain not in DIRECTIONS:
        raise ValueError(f"unknown --direction {name!r}: {guess(plain, DIRECTIONS)}")
    return DIRECTIONS[plain]


def start(text: str) -> starts.Start:
    """A start: zero, or NAME:SIZE.

    Raises: ValueError: If the name is unknown, or its size missing, not a number or not positive.
    """
    return starts.zero if text == "zero" else _sized(text, "--start", STARTS, "zero")


def projection(text: str) -> projections.Projection:
    """A projection: none, or NAME:RADIUS.

    Raises: ValueError: If the name is unknown, or its radius missing, not a number or not positive.
    """
    return projections.unbounded if text == "none" else _sized(text, "--project", PROJECTIONS, "none")


def _sized(text: str, option: str, makers: Mapping[str, Callable[[float], Any]], plain: str) -> Any:
    name, colon, size = text.partition(":")
    if name not in makers:
        expected = ", ".join([plain, *(f"{maker}:NUMBER" for maker in makers)])
        raise ValueError(f"{option} must be one of {expected}, got {text!r}")
    try:
        number = float(size)
    except ValueError:
        problem = f"{size!r} is not a number" if colon else "it needs a number"
        raise ValueError(f"{option} {text}: {problem}; write for instance {option} {name}:0.1") from None
    return makers[name](number)


def describe(built: Method) -> dict[str, Any]:
    """The parameters of a method, defaults included, as plain data."""
    ascent, told = built.ascent, {}
    if isinstance(ascent, GradientAscent):
        told = {"steps": ascent.steps, "step_size": ascent.step_size}
        parts = {"direction": ascent.direction, "start": ascent.start, "project": ascent.project}
        told |= {name: spelled(part) for name, part in parts.items()}
    if isinstance(built.objective, Adaptive):
        told |= {"beta": built.objective.beta, "weights": type(built.objective.weights).__name__}
    return told


def spelled(part: Any) -> str:
    """A direction, start or projection as its option spells it."""
    if part is projections.unbounded:
        return "none"
    for name, maker in [*STARTS.items(), *PROJECTIONS.items()]:
        if isinstance(part, maker):
            (number,) = astuple(part)
            return f"{name}:{number:g}"
    return part.__name__


def flag(name: str) -> str:
    """The option of a parameter."""
    return "--" + name.replace("_", "-")


def guess(name: str, known: Iterable[str]) -> str:
    """What was probably meant, and what there is."""
    nearest = difflib.get_close_matches(name, known, n=1)
    return (f"did you mean {nearest[0]!r}? " if nearest else "") + f"expected one of {', '.join(known)}"
