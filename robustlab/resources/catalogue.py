"""The list of resources, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Kind = Literal["textattack", "nltk", "file", "hub", "tfhub", "carried"]


@dataclass(frozen=True)
class Resource:
    """One resource: what it is, where it comes from and where it is looked for.

    Args:
        name: Its name here.
        summary: What it is, in a line.
        licence: As its source states it.
        kind: How it is found and fetched.
        bytes: What is transferred, approximately; 0 for what the package carries.
        source: An address, or a name on the Hugging Face hub.
        version: Which one: a release, a revision or a commit.
        places: Where it is looked for, relative to what its kind says.
        files: What has to be there, and what the fingerprint covers; empty for a single file.
        sha256: Of the file at `source`; empty where it is not known.
        contents: Fingerprints of what is known to be that version in another form.
        modules: Python packages without which it is of no use.
        package: Folder of a Python package that carries it, too, as `module/folder`.
        edition: Which WordNet it is, where the name of a folder does not tell.
        command: How to get it.
    """

    name: str
    summary: str
    licence: str
    kind: Kind
    bytes: int
    source: str
    version: str
    places: tuple[str, ...]
    files: tuple[str, ...] = ()
    sha256: str = ""
    contents: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    package: str = ""
    edition: str = ""
    command: str = ""

    @property
    def size(self) -> str:
        """Its size as a reader would say it."""
        if self.kind == "carried":
            return "part of robustlab"
        unit, name = next((unit, name) for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")) if self.bytes >= unit)
        return f"about {self.bytes / unit:.3g} {name}"


def names() -> tuple[str, ...]:
    """The names of all resources."""
    return tuple(table("resource"))


def describe(name: str) -> Resource:
    """Describe a resource.

    Args:
        name: One of `names()`.
    Raises: ValueError: If there is none of that name.
    """
    listed = table("resource")
    if name not in listed:
        raise ValueError(f"no resource {name!r}; the resources are {', '.join(listed)}")
    entry = {key: tuple(value) if isinstance(value, list) else value for key, value in listed[name].items()}
    return Resource(name=name, **{"command": _command(name, listed[name]["kind"]), **entry})


def _command(name: str, kind: Kind) -> str:
    return "pip install --force-reinstall robustlab" if kind == "carried" else f"robustlab prefetch {name}"


@cache
def table(which: Literal["resource", "recipe", "substitute", "hints"]) -> Mapping[str, Any]:
    """One part of the list."""
    return tomllib.loads(Path(__file__).with_name("resources.toml").read_text(encoding="utf-8"))[which]
