"""What the options of `robustlab pretrain` say, in the groups that its parts need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from robustlab.cli.settings import Fit, Place

if TYPE_CHECKING:
    from robustlab.training import Recipe

TINY_LEARNING_RATE = 1e-3
LEARNING_RATE = 3e-5
CHECKPOINTS = 10  # an epoch, of which most runs have one


@dataclass(frozen=True)
class Texts:
    """Which texts."""

    sources: tuple[str, ...]
    column: str
    folder: Path | None
    limit: int | None
    held_out: int
    sentences: int


@dataclass(frozen=True)
class Scales:
    """The weights α."""

    words: float
    tokens: float
    replaced: float
    sentences: float
    documents: float


@dataclass(frozen=True)
class Contrast:
    """What is compared with what."""

    view: str
    engine: str
    hard: bool
    temperature: float
    chunk: int | None


@dataclass(frozen=True)
class Pretrain:
    """One command."""

    model: str
    texts: Texts
    scales: Scales
    contrast: Contrast
    fit: Fit
    place: Place

    @property
    def learning_rate(self) -> float:
        """The one that was given, or the one that suits the model."""
        if self.fit.learning_rate is not None:
            return self.fit.learning_rate
        return TINY_LEARNING_RATE if self.model == "tiny" else LEARNING_RATE

    @property
    def recipe(self) -> Recipe:
        """What was given, as `robustlab.training.pretrain` takes it."""
        return self.fit.recipe(self.learning_rate, validations=CHECKPOINTS, log_every=10)

    @property
    def output(self) -> Path:
        """The folder of the run: the one given, or one that its parts name."""
        if self.place.output is not None:
            return self.place.output.expanduser()
        data = "+".join(Path(source).name.split(".")[0] for source in self.texts.sources)
        return Path("runs") / f"pretrain-{data}-{Path(self.model).name}-{self.fit.seed}"
