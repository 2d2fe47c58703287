"""Is it robustness, or a masked gradient? Five checks that every robust number should come with.

An attack that follows gradients fails on a robust model, and just as well on one whose gradients are useless:
saturated, rounded away or noisy. The second kind falls to an attack that does not need them. Each check is an ordering
that holds for useful gradients, after the lists of Athalye et al. (2018) and Carlini et al. (2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from robustlab.ascent import GradientAscent, cross_entropy, freelb, gradient_at, l2_ball, unbounded, zero
from robustlab.ascent.checks import positive
from robustlab.evaluation import white_box
from robustlab.evaluation.white_box import Attacked, Batch

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

RADIUS = 0.5  # of a token's embedding, for a whole example: enough to move a fine-tuned model, not to break it outright
STEPS = 10
FEWEST = 10  # below this many examples an accuracy says nothing about an ordering
MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the radius
STRONGER = 4  # times the steps
TOLERANCE = 0.05  # accuracy that more steps and restarts may cost before the attack counts as not converged
REST = 0.01  # accuracy that an unbounded attack may leave: an example may be stuck by accident
# Step sizes of the unbounded attack, in embedding norms: a long step may leap over the region that a short one ends in.
UNBOUNDED_STEPS = (0.25, 1.0, 4.0, 16.0)


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: What should hold.
        passed: Whether it does; None where it was not run.
        evidence: The numbers it was decided by.
        meaning: What the outcome says.
    """

    name: str
    passed: bool | None
    evidence: Mapping[str, float]
    meaning: str


@dataclass(frozen=True)
class MaskingReport:
    """The checks of one model.

    Attributes:
        checks: In the order they were run.
        examples: Number of examples they were run on: those the clean model gets right.
        radius: Radius of the attacks, ‖r‖₂ over an example, in embedding units.
    """

    checks: tuple[Check, ...]
    examples: int
    radius: float

    @property
    def passed(self) -> bool:
        """Whether no check that was run failed."""
        return all(check.passed is not False for check in self.checks)


def check(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    dataset: Dataset,
    *,
    radius: float = RADIUS,
    steps: int = STEPS,
    restarts: int = 2,
    surrogate: PreTrainedModel | None = None,
    batch_size: int = 32,
    max_length: int = 128,
    seed: int = 0,
) -> MaskingReport:
    """Run the five checks on the examples that the clean model gets right.

    The others would hide a saturated gradient: their loss always rises.

    Args:
        model: A classifier.
        tokenizer: Its tokenizer.
        dataset: Columns `text`, optional `text_pair`, `label` and `example_id`; a hundred rows are enough.
        radius: Radius of the attacks over a whole example, in mean norms of a token's embedding.
        steps: Steps of the attack, each 2.5·radius/steps long; the stronger attack takes four times as many.
        restarts: Random starts of the stronger attack.
        surrogate: A model with the same tokenizer and width, trained apart, for the transfer check.
        batch_size: Examples a batch.
        max_length: Longer texts are cut to this many tokens.
        seed: Determines random starts and noise.

    Raises: ValueError: If an argument is out of range, fewer than 10 examples are classified correctly, or no gradient
        reaches the embeddings.
    """
    positive("radius", radius)
    device = model.device

    def prepare(rows: Dataset) -> list[dict[str, torch.Tensor]]:
        return white_box.batches(rows, tokenizer, batch_size=batch_size, max_length=max_length, device=device)

    right = white_box.clean(model, prepare(dataset)).correct.nonzero().flatten().tolist()
    if len(right) < FEWEST:
        raise ValueError(
            f"the checks need at least {FEWEST} examples that the model gets right, got {len(right)} of {len(dataset)}"
        )
    examples = prepare(dataset.select(right))
    _check_gradient(model, examples[0])
    unit = white_box.embedding_norm(model, examples)
    suspect = _Suspect(model, examples, radius * unit, steps, seed)
    base = suspect.attack(suspect.radius)
    checks = (
        suspect.loss_rises(base),
        suspect.attack_converged(base, restarts),
        suspect.noise_is_weaker(base),
        suspect.transfer_is_weaker(base, surrogate),
        suspect.unbounded_reaches_zero(unit),
    )
    return MaskingReport(checks, len(right), radius * unit)


@dataclass(frozen=True)
class _Suspect:
    """A model under examination, and the attacks on it."""

    model: PreTrainedModel
    batches: Sequence[Batch]
    radius: float
    steps: int
    seed: int

    def attack(self, radius: float, *, surrogate: PreTrainedModel | None = None) -> Attacked:
        ascent = GradientAscent(steps=self.steps, step_size=2.5 * radius / self.steps, project=l2_ball(radius))
        return white_box.pgd(self.model, self.batches, ascent, surrogate=surrogate, seed=self.seed)

    def loss_rises(self, base: Attacked) -> Check:
        losses = {"0": _loss(white_box.clean(self.model, self.batches))}
        for multiple in MULTIPLES:
            losses[f"{multiple:g}"] = _loss(base if multiple == 1 else self.attack(multiple * self.radius))
        values = list(losses.values())
        # A twentieth of slack: a longer step may overshoot where the attack has won already.
        steady = all(later >= 0.95 * earlier for earlier, later in zip(values, values[1:], strict=False))
        rises = values[-1] > max(1.05 * values[0], values[0] + 1e-4)
        return Check(
            "the loss rises with the radius",
            steady and rises,
            {f"loss at {multiple} radii": loss for multiple, loss in losses.items()},
            "a larger ball holds the smaller one, so the worst loss in it cannot be lower; a loss that stays where it "
            "is means that the gradient does not lead upwards",
        )

    def attack_converged(self, base: Attacked, restarts: int) -> Check:
        steps = STRONGER * self.steps
        ascent = GradientAscent(
            steps=steps, step_size=2.5 * self.radius / steps, project=l2_ball(self.radius), start=freelb(self.radius)
        )
        strong = _accuracy(base)
        if base.correct.any():  # what the short attack broke is broken
            left = white_box.only(self.batches, base.correct)
            strong *= _accuracy(white_box.pgd(self.model, left, ascent, restarts=restarts, seed=self.seed))
        evidence = {
            f"accuracy, {self.steps} steps": _accuracy(base),
            f"accuracy, {steps} steps, {restarts} random starts": strong,
        }
        return Check(
            "more steps and restarts do not help much",
            _accuracy(base) - strong <= TOLERANCE,
            evidence,
            f"if they cost more than {TOLERANCE:.0%} accuracy, the attack had not converged, and the accuracy under it "
            "says more about the attack than about the model",
        )

    def noise_is_weaker(self, base: Attacked) -> Check:
        shaken = white_box.noise(self.model, self.batches, radius=self.radius, draws=self.steps, seed=self.seed)
        return Check(
            "random noise is weaker than the attack",
            _accuracy(base) <= _accuracy(shaken) and _loss(base) > _loss(shaken),
            _compared(base, shaken, "noise"),
            "the attack knows the gradient and the noise does not; where noise of the same size does as much, the "
            "gradient is of no use",
        )

    def transfer_is_weaker(self, base: Attacked, surrogate: PreTrainedModel | None) -> Check:
        name = "a transfer attack is weaker than the attack"
        if surrogate is None:
            return Check(name, None, {}, "not run: it needs a surrogate, a model of the same kind trained apart")
        moved = self.attack(self.radius, surrogate=surrogate)
        return Check(
            name,
            _accuracy(base) <= _accuracy(moved) and _loss(base) >= _loss(moved),
            _compared(base, moved, "transfer"),
            "somebody else's gradients should not serve better than the model's own; where they do, its own are masked",
        )

    def unbounded_reaches_zero(self, unit: float) -> Check:
        left = torch.ones(sum(len(batch["labels"]) for batch in self.batches), dtype=torch.bool)
        for length in UNBOUNDED_STEPS:
            if left.any():
                steps = STRONGER * self.steps
                ascent = GradientAscent(steps=steps, step_size=length * unit, project=unbounded, start=zero)
                rest = white_box.only(self.batches, left)
                left[left.clone()] = white_box.pgd(self.model, rest, ascent, seed=self.seed).correct
        accuracy = left.double().mean().item()
        return Check(
            "an unbounded attack reaches 0",
            accuracy <= REST,
            {"accuracy": accuracy},
            "with no bound the attack can make any text into any other; a model that survives does not follow its "
            "input, or hides its gradient",
        )


def _accuracy(attacked: Attacked) -> float:
    return attacked.correct.double().mean().item()


def _loss(attacked: Attacked) -> float:
    return attacked.loss.double().mean().item()


def _compared(base: Attacked, other: Attacked, name: str) -> dict[str, float]:
    return {
        "accuracy, attack": _accuracy(base),
        f"accuracy, {name}": _accuracy(other),
        "loss, attack": _loss(base),
        f"loss, {name}": _loss(other),
    }


def _check_gradient(model: PreTrainedModel, batch: Batch) -> None:
    target = white_box.landscape(model, batch)
    try:
        gradient_at(target, cross_entropy, zero(target))
    except RuntimeError as error:
        if "grad" not in str(error) and "graph" not in str(error):
            raise
        raise ValueError(
            "no gradient reaches the word embeddings: something in the model's forward detaches them, so no white-box "
            f"attack at the embeddings says anything about it ({error})"
        ) from error
