"""Where each method comes from: its papers, the places in them, and the values that are quoted from them.

The data are in `sources.toml`, one section a method. A `Source:` line tells the same to readers of the code; this is
for programs: `robustlab cite` and the paper index of the book.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Place:
    """A paper, by its key in `robustlab/references.bib`, and where in it the method is.

    Source: robustlab.
    """

    key: str
    where: str = ""


@dataclass(frozen=True)
class Value:
    """A setting that a paper states; `argument` is the parameter of ours that has it as its default.

    Source: robustlab.
    """

    name: str
    value: float | str
    key: str
    where: str
    argument: str = ""


@dataclass(frozen=True)
class Provenance:
    """The papers of a method, the one that proposes it first, and what is quoted from them.

    Source: robustlab.
    """

    places: tuple[Place, ...]
    values: tuple[Value, ...] = ()
    note: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the papers."""
        return tuple(place.key for place in self.places)


@cache
def sources() -> Mapping[str, Provenance]:
    """The provenance of each method by the name that the command line has for it.

    Raises: ValueError: If a section of `sources.toml` has no paper, or a value from a paper that it does not list.

    Source: robustlab.
    """
    text = (resources.files("robustlab.methods") / "sources.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: provenance(name, section) for name, section in tomllib.loads(text).items()})


def provenance(name: str, section: Mapping[str, Any]) -> Provenance:
    """Read one section: `papers` of key and place, `values` of name, value, key, place and argument, and a `note`.

    Raises: ValueError: If it has no paper, a value from a paper that it does not list, or a field that is unknown.

    Source: robustlab.
    """
    unknown = sorted(set(section) - {"papers", "values", "note"})
    if unknown:
        raise ValueError(f"sources.toml, {name}: expected papers, values and note, got {', '.join(unknown)}")
    places = tuple(Place(key, where) for key, where in section.get("papers", {}).items())
    if not places:
        raise ValueError(f"sources.toml, {name}: expected at least one paper, got none")
    values = tuple(Value(*fields) for fields in section.get("values", ()))
    for value in values:
        if value.key not in {place.key for place in places}:
            raise ValueError(f"sources.toml, {name}: {value.name} is quoted from {value.key!r}, which is not listed")
    return Provenance(places, values, section.get("note", ""))
