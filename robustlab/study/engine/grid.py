"""What a study is: one notebook, its parameters, and the cells of each profile."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROFILES = ("smoke", "laptop", "gpu")
RESERVED = ("study", "profile", "seed")

Scalar = bool | int | float | str | None
Cell = Mapping[str, Scalar]
Block = Mapping[str, Sequence[Scalar]]
"""Values by parameter; a block stands for all their combinations."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What a profile makes of a study.

    Attributes:
        blocks: Each one a product of values; parameters that a block leaves out have the study's defaults.
        seeds: Of every cell.
        minutes: That a cell takes on the machine the profile is for: the estimate before the first one has finished.
        needs: What the machine must have, in words; empty for nothing.
    """

    blocks: Sequence[Block]
    seeds: Sequence[int]
    minutes: float
    needs: str = ""


@dataclass(frozen=True, kw_only=True)
class Study:
    """One notebook and its grids.

    Attributes:
        name: By which commands and rows call it.
        shows: What a reader learns from it, in a line.
        source: Table or figure of a paper that it stands beside; empty where it is ours.
        notebook: File that measures and shows it.
        defaults: Every parameter that a cell may have, with its value where no block says otherwise.
        scales: By profile.
    """

    name: str
    shows: str
    notebook: Path
    defaults: Cell
    scales: Mapping[str, Scale]
    source: str = ""
    metrics: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        for name in RESERVED:
            if name in self.defaults:
                raise ValueError(f"{self.name}: {name!r} is no parameter of a study, every cell has it")
        for profile, scale in self.scales.items():
            known(profile, PROFILES, f"{self.name}: profile")
            for block in scale.blocks:
                for name in block:
                    known(name, self.defaults, f"{self.name}, {profile}: parameter")

    def scale(self, profile: str) -> Scale:
        """What a profile makes of it.

        Raises: ValueError: If the study does not have the profile.
        """
        known(profile, self.scales, f"{self.name} has no profile")
        return self.scales[profile]

    def cells(
        self, profile: str, *, seeds: Sequence[int] | None = None, given: Mapping[str, Sequence[Scalar]] | None = None
    ) -> list[dict[str, Scalar]]:
        """All cells of a profile, seed by seed, in a fixed order and each once.

        Args:
            profile: One of `PROFILES`.
            seeds: In place of the profile's.
            given: Values of parameters in place of those of every block; a parameter that no block varies is set for
                all cells.

        Raises: ValueError: If there is no such profile or parameter, no seed, or no value.
        """
        scale, given = self.scale(profile), dict(given or {})
        for name, values in given.items():
            known(name, self.defaults, f"unknown parameter of {self.name}")
            if not values:
                raise ValueError(f"{name}: expected at least one value, got none")
        chosen = list(scale.seeds if seeds is None else seeds)
        if not chosen:
            raise ValueError("expected at least one seed, got none")
        found = {}
        for seed in chosen:
            for parameters in self._combinations(scale.blocks, given):
                cell = {"study": self.name, "profile": profile, "seed": seed, **parameters}
                found.setdefault(tuple(cell.items()), cell)
        return list(found.values())

    def cell(self, profile: str, given: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """One cell, whatever the profile's grid is; what is not given has the default, and the profile's first seed.

        Raises: ValueError: If a parameter is unknown, or the cell is one of another study or profile.
        """
        for name, mine in (("study", self.name), ("profile", profile)):
            if given.get(name, mine) != mine:
                raise ValueError(f"the cell is one of {given[name]!r}, and the {name} is {mine!r}")
        for name in given:
            known(name, {**self.defaults, **dict.fromkeys(RESERVED)}, f"unknown parameter of {self.name}")
        whole = {"study": self.name, "profile": profile, "seed": self.scale(profile).seeds[0], **self.defaults}
        return whole | dict(given)

    def _combinations(
        self, blocks: Sequence[Block], given: Mapping[str, Sequence[Scalar]]
    ) -> Iterator[dict[str, Scalar]]:
        varied = {name for block in blocks for name in block}
        everywhere = {name: values for name, values in given.items() if name not in varied}
        for block in blocks:
            axes = {name: given.get(name, values) for name, values in block.items()} | everywhere
            for values in itertools.product(*axes.values()):
                yield {**self.defaults, **dict(zip(axes, values, strict=True))}


def known(name: str, names: Sequence[str] | Mapping[str, Any], what: str) -> None:
    """Refuse a name that is not among others.

    Raises: ValueError: If it is not; names the nearest.
    """
    if name not in names:
        nearest = difflib.get_close_matches(name, list(names), n=1)
        guess = f"did you mean {nearest[0]!r}? " if nearest else ""
        raise ValueError(f"{what} {name!r}: {guess}expected one of {', '.join(names)}")


def as_like(text: str, default: Scalar) -> Scalar:
    """A value that was written on the command line, of the type of the parameter's default.

    Raises: ValueError: If it cannot be read so.
    """
    if text == "none":
        return None
    kinds: tuple[type, ...] = (int, float) if default is None else (type(default),)
    for kind in kinds:
        if kind is bool:
            if text in ("true", "false"):
                return text == "true"
            break
        try:
            return kind(text)
        except ValueError:
            continue
    if default is None:
        return text
    raise ValueError(f"expected a value like {default!r}, got {text!r}")
