"""`robustlab methods`: the named methods, from their docstrings and signatures."""

from __future__ import annotations

import inspect
from typing import Any

from robustlab.cli import cost, parsing, reporting
from robustlab.methods import BY_NAME


def run(*, as_json: bool) -> None:
    """Print the methods."""
    told = [entry(name) for name in BY_NAME]
    if as_json:
        reporting.as_json_to_stdout(told)
        return
    reporting.table(
        "Methods",
        ["name", "loss", "cost", "options", "source"],
        [[m["name"], m["loss"], m["cost"], _options(m["options"]), m["source"]] for m in told],
    )
    reporting.say(
        "loss: r_t is the offset after t steps. cost: passes over the model a training step; a plain step makes 3.",
        "Options in brackets have that default. `robustlab train --method NAME` takes them.",
    )


def entry(name: str) -> dict[str, Any]:
    """What there is to know about a method."""
    factory = BY_NAME[name]
    summary, sections = _docstring(factory.__doc__ or "")
    built = parsing.describe(factory())
    parameters = inspect.signature(factory).parameters
    options = {name: built.get(name, parameter.default) for name, parameter in parameters.items()}
    if "beta" in options:
        options["beta"] = None  # it follows the steps
    return {
        "name": name,
        "loss": summary,
        "cost": cost.formula(factory),
        "options": options,
        "source": sections.get("Source", ""),
        "departs": sections.get("Departs", ""),
    }


def _docstring(text: str) -> tuple[str, dict[str, str]]:
    summary, *rest = inspect.cleandoc(text).split("\n\n")
    sections: dict[str, str] = {}
    for line in "\n".join(rest).splitlines():
        head, colon, tail = line.partition(": ")
        if colon and head in ("Source", "Departs"):
            sections[head] = tail
        elif sections and not head[:1].isupper():
            sections[next(reversed(sections))] += " " + line.strip()
    return " ".join(summary.split()), sections


def _options(defaults: dict[str, Any]) -> str:
    return "\n".join(parsing.flag(name) + ("" if value is None else f" [{value}]") for name, value in defaults.items())
