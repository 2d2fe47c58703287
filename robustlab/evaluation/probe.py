"""What a step size does to a model, measured before training with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustlab.ascent import GradientAscent
from robustlab.ascent.checks import positive
from robustlab.evaluation import paths, white_box
from robustlab.evaluation.white_box import Batch

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

STEP_SIZES = (0.01, 0.03, 0.1, 0.2, 0.3, 1.0)  # relative; with k = 3 their reach spans .03 to 3 embedding norms
REACH = (0.3, 1.0)  # kα in embedding norms, within which weights on the steps are worth a study
COLLINEAR = 0.95  # mean cosine above which the steps point the same way, so that only their summed length counts


@dataclass(frozen=True)
class Row:
    """One step size.

    Attributes:
        relative: α in mean norms of a token's embedding.
        step_size: α in embedding units, as `--step-size` takes it.
        reach: kα in mean embedding norms: how far the path can lead.
        gains: Mean first-order gain of each step, nats.
        rise: Mean of L(x + r_k) - L(x), nats.
        cosine: Mean cosine between different steps; None for a single step.
        accuracy: Accuracy at the ends of the paths.
    """

    relative: float
    step_size: float
    reach: float
    gains: tuple[float, ...]
    rise: float
    cosine: float | None
    accuracy: float


@dataclass(frozen=True)
class Probe:
    """What was measured.

    Attributes:
        embedding_norm: Mean norm of a token's word embedding.
        clean_loss: Mean loss where nothing is perturbed, nats.
        clean_accuracy: Accuracy there.
        examples: Number of examples.
        steps: k.
        rows: One a step size, in rising order.
        suggestion: A step size in embedding units, or None where no row qualifies.
        reason: Why.
    """

    embedding_norm: float
    clean_loss: float
    clean_accuracy: float
    examples: int
    steps: int
    rows: tuple[Row, ...]
    suggestion: float | None
    reason: str


def probe(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    dataset: Dataset,
    *,
    steps: int = 3,
    step_sizes: Sequence[float] = STEP_SIZES,
    batch_size: int = 32,
    max_length: int = 128,
) -> Probe:
    """Climb from every example with L2-normalised steps of several sizes, without dropout.

    The suggestion is the smallest of the measured step sizes with a reach kα of .3 to 1 embedding norms and a mean step
    cosine below .95. It is meant for studying weights on the steps: below, the steps point the same way and w changes
    nothing but the length of their sum; above, the offset is longer than a word and few examples survive it. For the
    robust accuracy of a particular task, a step size still has to be chosen on held-out data.

    Args:
        model: A classifier; before any training it tells nothing about the trained one but the embedding norm.
        tokenizer: Its tokenizer.
        dataset: Columns `text`, optional `text_pair`, `label` and `example_id`; a few dozen rows are enough.
        steps: k.
        step_sizes: α relative to the mean norm of a token's embedding.
        batch_size: Examples a batch.
        max_length: Longer texts are cut to this many tokens.

    Raises: ValueError: If there are no step sizes, or `steps` or one of them is not positive.
    """
    if not step_sizes:
        raise ValueError("expected at least one step size, got none")
    for relative in step_sizes:
        positive("a relative step size", relative)
    batches = white_box.batches(dataset, tokenizer, batch_size=batch_size, max_length=max_length, device=model.device)
    unit = white_box.embedding_norm(model, batches)
    clean = white_box.clean(model, batches)
    rows = tuple(_row(model, batches, relative, unit, steps) for relative in sorted(step_sizes))
    suggestion, reason = suggest(rows)
    return Probe(
        embedding_norm=unit,
        clean_loss=clean.loss.double().mean().item(),
        clean_accuracy=clean.correct.double().mean().item(),
        examples=len(dataset),
        steps=steps,
        rows=rows,
        suggestion=suggestion,
        reason=reason,
    )


def suggest(rows: Sequence[Row]) -> tuple[float | None, str]:
    """Choose a step size for studying weights on the steps, and say why; the rule is that of `probe`."""
    low, high = REACH
    within = [row for row in rows if low - 1e-9 <= row.reach <= high + 1e-9]
    if not within:
        return None, f"no measured step size reaches {low:g} to {high:g} embedding norms in its steps: measure others"
    spread = [row for row in within if row.cosine is not None and row.cosine < COLLINEAR]
    if not spread:
        return None, (
            f"with a reach of {low:g} to {high:g} embedding norms the steps are collinear, no cosine is below "
            f"{COLLINEAR:g}: weights on them would change the length of their sum and nothing else; take more steps"
        )
    best = min(spread, key=lambda row: row.relative)
    return best.step_size, (
        f"the smallest measured step size whose reach is {low:g} to {high:g} embedding norms ({best.reach:.2g}) and "
        f"whose steps are not collinear (cosine {best.cosine:.2f}, below {COLLINEAR:g}), so that weights on them can "
        "matter"
    )


def _row(model: PreTrainedModel, batches: Sequence[Batch], relative: float, unit: float, steps: int) -> Row:
    found = paths.follow(model, batches, GradientAscent(steps=steps, step_size=relative * unit))
    return Row(
        relative=relative,
        step_size=relative * unit,
        reach=steps * relative,
        gains=tuple(found.gains.double().mean(1).tolist()),
        rise=found.rise.double().mean().item(),
        cosine=found.cosine.double().mean().item() if steps > 1 else None,
        accuracy=found.correct.double().mean().item(),
    )
