"""What every objective offers a training loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable
from typing import Any, ClassVar

from robustlab.ascent.gradient import Ascent
from robustlab.landscape.base import Landscape
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness
from robustlab.typing import Scalar

Terms = Generator[Scalar, None, Trace]  # yields losses to differentiate one by one, returns what was seen on the way


class Objective(ABC):
    """What is learned from a path: losses, each one backward pass, and what must happen around them.

    Attributes:
        needs: Companions without which there is nothing to learn, such as "attacked".

    Source: robustlab.
    """

    needs: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness) -> Terms:
        """Yield the objective's terms, whose sum is the loss; run the ascent between them as needed."""

    @abstractmethod
    def units(self, ascent: Ascent) -> float:
        """Passes of one training step: a forward, a backward to the inputs and one to the weights are a unit each.

        Standard training is 3; an ascent step that asks for the offset's gradient alone is 2.
        """

    # The rest is optional: most objectives have nothing to tell, check, learn or mend.

    def given(self) -> dict[str, Any]:
        """The numbers that it was made with, by the names of the methods' parameters."""
        return {}

    def check(self, ascent: Ascent) -> None:
        """Raise a ValueError if this objective cannot use the paths of `ascent`."""
        return

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Optimiser groups of the objective's own parameters."""
        return []

    def prepare(self, landscapes: Iterable[Landscape], *, learning_rate: float) -> None:
        """Look at one pass of the training batches before the training, whose highest learning rate is given."""
        return

    def after_step(self) -> None:
        """Follow an optimiser step: projections and averages."""
        return


def no_path(what: str, ascent: Ascent) -> None:
    """Refuse an ascent for an objective that has no use for its path.

    Raises: ValueError: If the ascent takes steps.
    Source: robustlab.
    """
    if ascent.steps:
        raise ValueError(f"{what} and takes no path, got an ascent of {ascent.steps} steps; use ascent.Rest()")
