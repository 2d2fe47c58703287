"""What the options of a training command say, in the groups that its parts need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from robustlab.training import Recipe

TINY_LEARNING_RATE = 2e-3  # from scratch, a small model needs a larger step than a pretrained one
LEARNING_RATE = 2e-5


@dataclass(frozen=True)
class Rows:
    """Where rows come from: a corpus by name, or a file with named columns."""

    data: str
    text_column: str | None = None
    pair_column: str | None = None
    label_column: str | None = None
    data_dir: Path | None = None
    attacked_column: str | None = None


@dataclass(frozen=True)
class Named:
    """A method by name, and what was given for its parameters."""

    method: str
    steps: int | None = None
    step_size: float | None = None
    beta: float | None = None
    direction: str | None = None
    start: str | None = None
    project: str | None = None
    further: tuple[str, ...] = ()  # "name=value", for what has no option of its own
    share: float | None = None  # of the steps that the method takes; the others are standard training
    seed: int = 0  # draws them


@dataclass(frozen=True)
class Fit:
    """How the model is trained."""

    epochs: int
    batch_size: int
    gradient_accumulation: int
    learning_rate: float | None
    max_length: int
    seed: int
    device: str | None
    bf16: bool

    def recipe(self, learning_rate: float, **further: Any) -> Recipe:
        """What was given, as `robustlab.training` takes it.

        Args:
            learning_rate: The one given, or the one that suits the model.
            **further: What the options leave to the command.
        """
        from robustlab.training import Recipe  # torch is too heavy for --help

        return Recipe(
            epochs=self.epochs,
            batch_size=self.batch_size,
            gradient_accumulation=self.gradient_accumulation,
            learning_rate=learning_rate,
            max_length=self.max_length,
            bf16=self.bf16,
            **further,
        )


@dataclass(frozen=True)
class Place:
    """Where a run is kept."""

    output: Path | None
    resume: bool
    overwrite: bool
    report_to: tuple[str, ...]


class Kept(Protocol):
    """A command whose run is kept in a folder."""

    @property
    def place(self) -> Place:
        """Where, and what to do with a run that is there."""
        ...

    @property
    def output(self) -> Path:
        """The folder of the run: the one given, or one that its parts name."""
        ...


@dataclass(frozen=True)
class Train:
    """One training command."""

    model: str
    rows: Rows
    limit: int | None
    hold_out: float
    named: Named
    fit: Fit
    place: Place
    attacked_share: float = 0.1

    @property
    def learning_rate(self) -> float:
        """The one that was given, or the one that suits the model."""
        if self.fit.learning_rate is not None:
            return self.fit.learning_rate
        return TINY_LEARNING_RATE if self.model == "tiny" else LEARNING_RATE

    @property
    def recipe(self) -> Recipe:
        """What was given, as `robustlab.training.fit` takes it."""
        return self.fit.recipe(self.learning_rate)

    @property
    def output(self) -> Path:
        """The folder of the run: the one given, or one that its parts name."""
        if self.place.output is not None:
            return self.place.output.expanduser()
        parts = (Path(self.rows.data).name.split(".")[0], Path(self.model).name, self.named.method, str(self.fit.seed))
        return Path("runs") / "-".join(parts)


@dataclass(frozen=True)
class Reading:
    """Which model reads how much of what."""

    model: str
    split: str
    limit: int | None
    batch_size: int
    max_length: int
    seed: int
    device: str | None


@dataclass(frozen=True)
class Attack:
    """The attack at the embeddings."""

    radius: float
    steps: int
    restarts: int


@dataclass(frozen=True)
class Pace:
    """How fast words are attacked; what comes of it does not depend on this."""

    width: int
    processes: int


@dataclass(frozen=True)
class AttackOnWords:
    """One command that attacks words."""

    model: str
    rows: Rows
    split: str
    recipe: str
    examples: int | None
    queries: int | None
    words: float | None
    column: str | None
    masked_lm: str | None
    perplexity: str | None
    batch_size: int
    max_length: int | None
    seed: int
    device: str | None
    pace: Pace
    place: Place

    @property
    def output(self) -> Path:
        """The folder of the run: the one given, or one that its parts name."""
        if self.place.output is not None:
            return self.place.output.expanduser()
        parts = (Path(self.rows.data).name.split(".")[0], Path(self.model).name, self.recipe, str(self.seed))
        return Path("runs") / "-".join(("attack", *parts))
