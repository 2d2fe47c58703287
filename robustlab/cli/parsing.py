"""From what was typed to a method: names, sizes and radii."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, astuple
from types import MappingProxyType
from typing import Any

from robustlab.ascent import GradientAscent, PowerIteration, Rest, TokenAware, directions, projections, starts
from robustlab.cli.settings import Named
from robustlab.methods import BY_NAME, Method, on_a_share
from robustlab.objective import SemRoDe, sinkhorn

DIRECTIONS = {name: getattr(directions, name) for name in ("raw", "unit_l2", "token_l2", "sign", "linf")}
STARTS = {"uniform": starts.uniform, "normal": starts.normal, "freelb": starts.freelb, "relative": starts.relative}
PROJECTIONS = {
    "l2": projections.l2_ball,
    "linf": projections.linf_ball,
    "token-l2": projections.token_l2_ball,
    "relative": projections.relative_ball,
    "token-relative": projections.token_relative_ball,
}


# Parameters of methods with an option of their own; the others are numbers, and set by --set.
OPTIONS = ("steps", "step_size", "beta", "direction", "start", "project")


def method(
    named: Named,
    values: Mapping[str, Any] = MappingProxyType({}),
    known: Mapping[str, Callable[..., Method]] = BY_NAME,
) -> Method:
    """Build a method from its name and the options given for it.

    Args:
        named: The name and the options.
        values: Of parameters that the options leave open; the factory's own where not given.
        known: The methods by name.

    Raises: ValueError: If the name is unknown, the method does not take an option, or a value is malformed.
    """
    if named.method not in known:
        raise ValueError(f"unknown method {named.method!r}: {guess(named.method, known)}")
    factory = known[named.method]
    takes = inspect.signature(factory).parameters
    given = {name: getattr(named, name) for name in OPTIONS if getattr(named, name) is not None}
    for name in given:
        if name not in takes:
            theirs = ", ".join(flag(one) for one in takes if _typed(takes[one], one)) or "no options of its own"
            raise ValueError(f"method {named.method} takes no {flag(name)}; it takes {theirs}")
    parse: dict[str, Callable[[str], Any]] = {"direction": direction, "start": start, "project": projection}
    arguments = {name: parse[name](value) if name in parse else value for name, value in given.items()}
    further = dict(_further(text, named.method, takes) for text in named.further)
    built = factory(**{**values, **arguments, **further})
    return built if named.share is None else on_a_share(built, named.share, seed=named.seed)


def _further(text: str, method: str, takes: Mapping[str, inspect.Parameter]) -> tuple[str, int | float]:
    """A parameter and its value, from what was typed after --set."""
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    known = [one for one in takes if one not in OPTIONS and _typed(takes[one], one)]
    if name in OPTIONS:
        raise ValueError(f"--set {text}: {name} has an option of its own, {flag(name)}")
    if not equals or name not in known:
        theirs = ", ".join(f"{one}=NUMBER" for one in known) or "nothing to set"
        raise ValueError(f"--set {text}: method {method} has {theirs}")
    try:
        return name, (int if _whole(takes[name]) else float)(value)
    except ValueError:
        raise ValueError(f"--set {text}: {value!r} is not a number") from None


def _typed(parameter: inspect.Parameter, name: str) -> bool:
    """Whether a parameter can be given on the command line: by an option of its own, or as a number."""
    return name in OPTIONS or isinstance(parameter.default, int | float) or parameter.annotation == "float | None"


def _whole(parameter: inspect.Parameter) -> bool:
    return isinstance(parameter.default, int)


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
    if isinstance(ascent, TokenAware):
        told = {"steps": ascent.steps, "step_size": ascent.step_size, "radius": ascent.project.radius}
        told |= {"magnitude": ascent.table.magnitude}
    if isinstance(ascent, PowerIteration):
        told = {"steps": ascent.steps, "radius": ascent.radius, "probe": ascent.probe}
    if isinstance(ascent, Rest) and ascent.start is not starts.zero:
        told = {"start": spelled(ascent.start)}
    if isinstance(built.objective, SemRoDe):
        distance = built.objective.distance
        told |= asdict(distance) if isinstance(distance, sinkhorn) else {"distance": spelled(distance)}
    return told | built.objective.given()


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
    return "--" + name.replace("_", "-") if name in OPTIONS else f"--set {name}="


def guess(name: str, known: Iterable[str]) -> str:
    """What was probably meant, and what there is."""
    nearest = difflib.get_close_matches(name, known, n=1)
    return (f"did you mean {nearest[0]!r}? " if nearest else "") + f"expected one of {', '.join(known)}"
