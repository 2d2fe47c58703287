"""Get a resource that is missing: the only place in the package that downloads resources, and only when asked to."""

from __future__ import annotations

import errno
import importlib.util
import os
from pathlib import Path

from robustlab.resources.catalogue import Resource, describe
from robustlab.resources.download import Progress, download
from robustlab.resources.finding import MissingResourceError, located, whole
from robustlab.resources.places import destination
from robustlab.resources.unpacking import unpack


def fetch(name: str, folder: str | os.PathLike[str] | None = None, *, progress: Progress | None = None) -> Path:
    """Get a resource, unless it is here.

    A copy goes where the program that reads it looks: TextAttack's and TensorFlow Hub's into their caches, models into
    the Hugging Face hub's, NLTK's and files into the folder of local data if there is one. Nothing is ever replaced.

    Args:
        name: One of `names()`.
        folder: The folder of local data; the environment variable ROBUSTLAB_DATA where it is not given.
        progress: Is told how many bytes are there, and how many there will be; the hub shows a bar of its own.
    Returns: Where it is.
    Raises:
        ValueError: If there is no resource of that name, or what came is not it.
        ConnectionError: If its source cannot be reached.
        MissingResourceError: If the package carries it and yet it is not there, or its Python packages are missing.
        FileExistsError: If something else stands where it belongs.
        OSError: If the disk is full.
    """
    return get(describe(name), folder, progress=progress)


def get(resource: Resource, folder: str | os.PathLike[str] | None = None, *, progress: Progress | None = None) -> Path:
    """Get a resource that is described, as `fetch` does."""
    found = located(resource, folder)
    if found is not None:
        return found
    lacking = [module for module in resource.modules if importlib.util.find_spec(module) is None]
    if resource.kind == "carried" or lacking:
        raise MissingResourceError((resource.name,))
    if resource.kind == "hub":
        return _from_the_hub(resource)
    target = destination(resource, folder)
    if resource.kind in ("file", "nltk"):
        download(resource.source, target, sha256=resource.sha256, progress=progress)
    else:
        archive = target.with_name(f"{target.name}.archive")
        address = resource.source + ("?tf-hub-format=compressed" if resource.kind == "tfhub" else "")
        if not archive.exists():
            download(address, archive, sha256=resource.sha256, progress=progress)
        unpack(archive, target, resource.files)
    return _checked(resource, target)


def _checked(resource: Resource, target: Path) -> Path:
    if not whole(resource, target):
        target.unlink()
        raise ValueError(f"{resource.name}: what came from {resource.source} is something else, and was removed")
    return target


def _from_the_hub(resource: Resource) -> Path:
    from huggingface_hub import constants, snapshot_download

    if constants.HF_HUB_OFFLINE:
        raise ConnectionError(
            f"{resource.name} comes from the Hugging Face hub, which HF_HUB_OFFLINE switches off: unset it"
        )
    wanted = [*resource.files, "tokenizer*.json", "special_tokens_map.json", "generation_config.json"]
    try:
        return Path(snapshot_download(resource.source, revision=resource.version, allow_patterns=wanted))
    except OSError as error:  # all that the hub raises is one
        if error.errno == errno.ENOSPC:
            raise
        raise ConnectionError(
            f"cannot get {resource.source} from the Hugging Face hub ({error}): is this machine offline? Fetch it on "
            "another one and copy its cache here"
        ) from error
