"""What the options of a command about documents say, in the groups that its parts need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from robustlab.cli.settings import Place

SMALL = "small"
RECORDED = "recorded"  # the reasoner that the book keeps
SUITING = ""  # in place of a method's name, where none was given


@dataclass(frozen=True)
class Source:
    """Where documents come from: a set by name, or a file."""

    data: str
    split: str
    data_dir: Path | None = None
    sentences: int | None = None  # of a generated document

    @property
    def stem(self) -> str:
        """What a folder is called after."""
        return Path(self.data).name.split(".")[0]


@dataclass(frozen=True)
class Changes:
    """How documents are changed: variants that keep the answer, counterfactuals that do not."""

    kinds: tuple[str, ...]  # none for all that the set allows
    levels: tuple[str, ...]
    draws: int
    counterfactual: bool
    uncertified: bool
    seed: int


@dataclass(frozen=True)
class Named:
    """A method by name, `SUITING` where none was given, and what was given for its parameters."""

    method: str
    kappa: float | None
    site: str | None
    steps: int | None
    step_size: float | None
    further: tuple[str, ...]
    share: float | None
    seed: int


@dataclass(frozen=True)
class Fit:
    """How the model is trained."""

    steps: int | None
    examples: int | None
    batch_size: int | None
    learning_rate: float | None
    hold_out: int
    look: int
    every: int | None
    chain: bool | None
    overlong: str
    seed: int
    device: str | None


@dataclass(frozen=True)
class Train:
    """One training command."""

    model: str
    source: Source
    named: Named
    fit: Fit
    place: Place

    @property
    def fresh(self) -> bool:
        """Whether the model starts from scratch."""
        return self.model == SMALL

    @property
    def output(self) -> Path:
        """The folder of the run: the one given, or one that its parts name."""
        if self.place.output is not None:
            return self.place.output.expanduser()
        parts = ("reason", self.source.stem, Path(self.model).name, self.named.method, str(self.fit.seed))
        return Path("runs") / "-".join(parts)


@dataclass(frozen=True)
class Latent:
    """How Adversarial Sensitivity is measured."""

    measured: bool
    steps: int
    restarts: int


@dataclass(frozen=True)
class Evaluate:
    """One command that asks a model."""

    model: str
    source: Source
    examples: int | None
    changes: Changes
    inference: str
    draft: str | None
    profile: str
    latent: Latent
    overlong: str
    seed: int
    device: str | None
    place: Place

    @property
    def output(self) -> Path:
        """The folder of the run: the one given, or one that its parts name."""
        if self.place.output is not None:
            return self.place.output.expanduser()
        parts = ("asked", self.source.stem, Path(self.model).name, self.inference, str(self.seed))
        return Path("runs") / "-".join(parts)
