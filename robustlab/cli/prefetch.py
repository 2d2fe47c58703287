"""`robustlab prefetch`: get resources of word-level attacks that are missing here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from robustlab import resources
from robustlab.cli import reporting
from robustlab.resources.download import Progress


def run(names: Sequence[str], data_dir: Path | None, *, everything: bool, only_list: bool, as_json: bool) -> None:
    """Run the command.

    Raises:
        ValueError: If a name is no resource and no recipe, or nothing was asked for.
        OSError: If something cannot be fetched.
    """
    chosen = _chosen(names, everything=everything or (only_list and not names))
    if everything and not only_list:
        chosen = [name for name in chosen if resources.describe(name).kind != "carried"]
    if only_list:
        _tell([_state(name, data_dir) for name in chosen], as_json)
        return
    told, errors = [], []
    with reporting.quiet_stdout(as_json):
        for name in chosen:
            try:
                told.append(_fetched(name, data_dir))
            except (OSError, ValueError) as error:  # the others may be had all the same
                errors.append(error)
    if told:
        _tell(told, as_json)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise OSError(f"{len(errors)} of {len(chosen)} could not be had: {'; '.join(map(str, errors))}")


def _chosen(names: Sequence[str], *, everything: bool) -> list[str]:
    """The resources that are named, or that the named recipes read."""
    if everything:
        return list(resources.names())
    if not names:
        raise ValueError("name what to get, a resource or a recipe, or give --all; --list shows what there is")
    known = (*resources.names(), *resources.recipes())
    for name in names:
        if name.partition("+")[0] not in known:
            raise ValueError(f"{name!r} is no resource and no recipe; there are {', '.join(known)}")
    chosen = [part for name in names for part in ([name] if name in resources.names() else resources.needs(name))]
    return list(dict.fromkeys(chosen))


def _state(name: str, data_dir: Path | None) -> dict[str, Any]:
    described, place = resources.describe(name), resources.find(name, data_dir)
    facts = {key: getattr(described, key) for key in ("summary", "bytes", "source", "licence", "command")}
    if place is None:
        return {"name": name, "state": "missing", "path": None, **facts}
    return {"name": name, "state": "here", "path": str(place), **facts}


def _fetched(name: str, data_dir: Path | None) -> dict[str, Any]:
    was_here = resources.find(name, data_dir) is not None
    with _bar(name) as progress:
        resources.fetch(name, data_dir, progress=progress)
    return {**_state(name, data_dir), "state": "was here" if was_here else "fetched"}


@contextmanager
def _bar(name: str) -> Iterator[Progress]:
    """A bar on stderr, shown with the first byte: most calls find that everything is here."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


def _tell(told: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        reporting.as_json_to_stdout(told)
        return
    rows = [
        [entry["name"], entry["state"], resources.describe(entry["name"]).size, entry["path"] or entry["command"]]
        for entry in told
    ]
    reporting.table("Resources of word-level attacks", ["", "state", "size", "where, or how to get it"], rows)
