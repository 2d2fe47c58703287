"""What exactly was found: for the records of a run, the same wherever it lies and whether or not it is zipped."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from robustlab.resources import wordnets
from robustlab.resources.catalogue import Resource, describe
from robustlab.resources.contents import Contents
from robustlab.resources.finding import MissingResourceError, located
from robustlab.resources.places import packaged

CHUNK = 1 << 20


def fingerprint(name: str, folder: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Say which version of a resource is here.

    Args:
        name: One of `names()`.
        folder: The folder of local data; the environment variable ROBUSTLAB_DATA where it is not given.
    Returns: The name as `resource`, then `version`, `bytes` and `sha256` of the file; of several files, sorted by name,
        `sha256` is that of the lines which the command `sha256sum` prints for them. No path is in it.
    Raises:
        ValueError: If there is no resource of that name.
        MissingResourceError: If it is not here.
    """
    resource = describe(name)
    place = located(resource, folder)
    if place is None:
        raise MissingResourceError((name,))
    return {"resource": name, "version": version(resource, place), **contents_of(resource, place)}


def contents_of(resource: Resource, place: Path) -> dict[str, Any]:
    """Bytes and hash of what a resource reads at a place."""
    if not resource.files:
        digest, size = file_digest(place)
        return {"bytes": size, "sha256": digest}
    found = {file: file_digest(place, file) for file in sorted(resource.files)}
    lines = "".join(f"{digest}  {file}\n" for file, (digest, _) in found.items())
    return {"bytes": sum(size for _, size in found.values()), "sha256": hashlib.sha256(lines.encode()).hexdigest()}


def file_digest(place: Path, file: str = "") -> tuple[str, int]:
    """Sha256 and size of a file, or of one in a folder or zip; kept until the file changes, as some are large."""
    status = (place if place.is_file() else place / file).stat()
    return _digest(place, file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _digest(place: Path, file: str, _changed: int, _bytes: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with Contents(place).open(file) as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def version(resource: Resource, place: Path) -> str:
    """Which version lies at a place, which may be another than the one that is fetched; `unknown` where that is so.

    Args:
        resource: What was found; only a small one is read for this.
        place: Where.
    """
    if resource.edition and (found := wordnets.edition(place)) is not None:
        return f"{found.name} {found.version}, {found.synsets} synsets"
    if resource.kind == "hub" and place.parent.name == "snapshots":
        return place.name  # the hub's cache names the folder by the commit
    if resource.package and place == packaged(resource.package):
        module = resource.package.partition("/")[0].replace("_", "-")
        return f"{module} {importlib.metadata.version(module)}"
    if resource.kind == "carried":
        return f"sha256 {contents_of(resource, place)['sha256'][:12]}"
    if resource.kind in ("file", "nltk"):
        fetched = place.is_file() and file_digest(place)[0] == resource.sha256
        known = fetched or contents_of(resource, place)["sha256"] in resource.contents
        return resource.version if known else "unknown"
    return resource.version
