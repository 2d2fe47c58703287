"""The part of `robustlab doctor` about word-level attacks: which resources are here, and which recipes can run."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from robustlab import resources
from robustlab.cli.findings import Finding
from robustlab.resources.fingerprints import version


def examine(data_dir: Path | None) -> list[Finding]:
    """Look for every resource, then say which recipes have all of theirs."""
    found = {name: resources.find(name, data_dir) for name in resources.names()}
    here = {name for name, place in found.items() if place is not None}
    listed = [_resource(name, place) for name, place in found.items()]
    return [*listed, *(_recipe(recipe, here) for recipe in resources.recipes())]


def _resource(name: str, place: Path | None) -> Finding:
    described = resources.describe(name)
    if place is None:
        return Finding(f"resource {name}", "missing", f"{described.summary}; {described.size}", described.command)
    return Finding(f"resource {name}", "ok", f"version {version(described, place)}, {place}")


def _recipe(recipe: str, here: set[str]) -> Finding:
    lacking = [name for name in resources.needs(recipe) if name not in here]
    if not lacking:
        return Finding(f"recipe {recipe}", "ok", "can run as it stands")
    possible = _with_substitutes(recipe, here)
    instead = f"; another attack, {possible}, can run" if possible else ""
    return Finding(
        f"recipe {recipe}", "missing", f"lacks {', '.join(lacking)}{instead}", f"robustlab prefetch {recipe}"
    )


def _with_substitutes(recipe: str, here: set[str]) -> str:
    """The recipe with the fewest substitutes that can run, if any can."""
    useful = dict.fromkeys(suffix for name in resources.needs(recipe) for suffix in resources.avoided_by(name))
    for count in range(1, len(useful) + 1):
        for chosen in combinations(useful, count):
            name = recipe + "".join(sorted(chosen))
            try:
                if set(resources.needs(name)) <= here:
                    return name
            except ValueError:  # one substitute leaves nothing for another to stand in for
                continue
    return ""
