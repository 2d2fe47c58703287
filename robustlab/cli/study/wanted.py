"""Which cells a command is about, as typed and as an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from robustlab.study.engine.finding import find
from robustlab.study.engine.grid import Scalar, Study, as_like, known
from robustlab.study.engine.running import Order
from robustlab.study.engine.store import default_folder


class Wanted(NamedTuple):
    """What was typed.

    Attributes:
        name: Of the study.
        profile: smoke, laptop or gpu.
        seeds: With commas between them.
        given: Each name=value or name=value,value.
        store: Folder of the rows.
        catalogue: File with studies of the user's own.
    """

    name: str
    profile: str
    seeds: str | None
    given: Sequence[str]
    store: Path | None
    catalogue: Path | None

    def order(self, *, retry: bool = False) -> tuple[Order, Study]:
        """What was typed, checked, as an order; and the study.

        Raises: ValueError: If a name or a value is wrong.
        """
        catalogue = None if self.catalogue is None else str(self.catalogue.expanduser().resolve())
        study = find(self.name, catalogue)
        order = Order(
            study=self.name,
            profile=self.profile,
            store=folder(self.store),
            seeds=numbers(self.seeds),
            given=values(self.given, study),
            catalogue=catalogue,
            retry=retry,
        )
        return order, study


def folder(store: Path | None) -> Path:
    """The store's folder, absolute."""
    return (default_folder() if store is None else store.expanduser()).resolve()


def numbers(text: str | None) -> list[int] | None:
    """Seeds that were typed with commas between them, each once.

    Raises: ValueError: If one is no whole number.
    """
    if text is None:
        return None
    try:
        return list(dict.fromkeys(int(one) for one in text.split(",")))
    except ValueError:
        raise ValueError(f"--seeds must be whole numbers with commas between them, got {text!r}") from None


def values(given: Sequence[str], study: Study) -> Mapping[str, Sequence[Scalar]]:
    """Parameters that were set, each as the type of its default.

    Raises: ValueError: If a study has no such parameter, or a value is malformed.
    """
    found: dict[str, Sequence[Scalar]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not value:
            raise ValueError(f"--set {text}: expected name=value or name=value,value")
        known(name, study.defaults, f"unknown parameter of {study.name}")
        try:
            found[name] = [as_like(one, _typical(study, name)) for one in value.split(",")]
        except ValueError as error:
            raise ValueError(f"--set {text}: {error}") from error
    return found


def _typical(study: Study, name: str) -> Scalar:
    """A value of a parameter that shows its type: its default, or the first that a grid gives it."""
    used = [one for scale in study.scales.values() for block in scale.blocks for one in block.get(name, ())]
    return next((one for one in (study.defaults[name], *used) if one is not None), None)
