"""Find resources, or say in one error which are missing and how to get them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from robustlab.resources import wordnets
from robustlab.resources.catalogue import Resource, describe
from robustlab.resources.contents import Contents
from robustlab.resources.places import candidates
from robustlab.resources.recipes import avoided_by


class MissingResourceError(FileNotFoundError):
    """Resources are missing: `missing` names them, the message says how to get each."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        """Name what is missing."""
        self.missing = missing
        count = "1 resource is" if len(missing) == 1 else f"{len(missing)} resources are"
        super().__init__(f"{count} missing:\n" + "\n".join(f"- {_how_to_get(describe(name))}" for name in missing))

    def __reduce__(self) -> tuple[type[MissingResourceError], tuple[tuple[str, ...]]]:
        """Pickle by what is missing: an OSError would be made anew from its message."""
        return type(self), (self.missing,)


def find(name: str, folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Find a resource on this machine.

    Args:
        name: One of `names()`.
        folder: The folder of local data; the environment variable ROBUSTLAB_DATA where it is not given.
    Returns: The file or folder, which for NLTK's data may be a zip; None where it is not here, or not whole, or lacks
        the Python packages that it is used through.
    Raises: ValueError: If there is no resource of that name.
    """
    return located(describe(name), folder)


def located(resource: Resource, folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Find a resource that is described."""
    if any(importlib.util.find_spec(module) is None for module in resource.modules):
        return None
    return next((place for place in candidates(resource, folder) if whole(resource, place)), None)


def whole(resource: Resource, place: Path) -> bool:
    """Whether a place holds all of a resource, and nothing else under its name."""
    if not place.exists() or not Contents(place).holds(resource.files):
        return False
    if not resource.edition:
        return True
    found = wordnets.edition(place)
    if found is None or found.name != resource.edition:
        return False
    return found.name != wordnets.PRINCETON or found.version == resource.version


def require(*names: str, folder: str | os.PathLike[str] | None = None) -> dict[str, Path]:
    """Find all of several resources.

    Args:
        names: Of `names()`.
        folder: The folder of local data; the environment variable ROBUSTLAB_DATA where it is not given.
    Returns: Where each is.
    Raises:
        ValueError: If there is no resource of a name.
        MissingResourceError: If some are missing: one error for all, with size, source and command of each.
    """
    found = {name: find(name, folder) for name in names}
    missing = tuple(name for name, place in found.items() if place is None)
    if missing:
        raise MissingResourceError(missing)
    return {name: place for name, place in found.items() if place is not None}


def _how_to_get(resource: Resource) -> str:
    if resource.kind == "carried":
        return f"{resource.name} ({resource.summary}), part of robustlab: {resource.command}"
    instead = " or ".join(avoided_by(resource.name))
    avoided = f", or do without: add {instead} to the recipe's name, which makes it another attack" if instead else ""
    what = f"{resource.name} ({resource.summary}; {resource.size} from {resource.source})"
    return f"{what}: {resource.command}{avoided}"
