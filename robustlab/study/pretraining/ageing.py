"""How fast what is remembered goes out of date while an encoder learns, for copies of it that follow at many speeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor
from transformers import TrainerCallback

from robustlab.contrastive.geometry import relative_alignment
from robustlab.contrastive.momentum import MomentumEncoder
from robustlab.models.encoders import Encoder, represent

AGES = (1, 2, 4, 8, 16, 32, 64, 128)


class Aged(NamedTuple):
    """Squared distances on the sphere, in shares of that of two sentences.

    Attributes:
        drift: Age in steps -> how far a text has moved, for this copy, from where it was so long ago.
        lag: How far a text is, for this copy, from where the encoder that learns has it.
    """

    drift: dict[int, float]
    lag: float


class Ageing(TrainerCallback):
    """Copies of an encoder that follow it without a part in its training, and what they make of some texts on the way.

    Args:
        encoder: That learns.
        texts: To read.
        momenta: Of the copies; 0 is the encoder itself.
        at: The step at which what has been is compared with what is.
        ages: In steps.

    Raises: ValueError: If the step is not later than the greatest age.
    """

    def __init__(
        self,
        encoder: Encoder,
        texts: Sequence[str],
        momenta: Sequence[float],
        *,
        at: int,
        ages: Sequence[int] = AGES,
    ):
        if at <= max(ages):
            raise ValueError(f"nothing is {max(ages)} steps old at step {at}: expected a later step, or smaller ages")
        self.encoder, self.texts, self.at, self.ages = encoder, texts, at, ages
        self.copies = {momentum: MomentumEncoder(encoder.model, decay=momentum) for momentum in momenta}
        self._read: dict[int, dict[float, Tensor]] = {}
        self._now: Tensor | None = None

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Follow, and read where it is time."""
        for copy in self.copies.values():
            copy.after_step()
        age = self.at - state.global_step
        if age == 0 or age in self.ages:
            learning = self.encoder.model.training
            self._read[age] = {momentum: self._represented(copy.copy) for momentum, copy in self.copies.items()}
            if age == 0:
                self._now = self._represented(self.encoder.model)
            self.encoder.model.train(learning)

    def _represented(self, model: Any) -> Tensor:
        model.eval()
        return represent(Encoder(model, self.encoder.tokenizer), self.texts)

    def found(self) -> dict[float, Aged]:
        """Momentum -> what its copy's memory is worth.

        Raises: ValueError: If the training ended before.
        """
        if self._now is None:
            raise ValueError(f"the training had not come to step {self.at}")
        return {
            momentum: Aged(
                {age: float(relative_alignment(now, self._read[age][momentum])) for age in self.ages},
                float(relative_alignment(self._now, now)),
            )
            for momentum, now in self._read[0].items()
        }
