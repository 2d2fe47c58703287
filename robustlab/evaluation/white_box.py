"""Accuracy when the embeddings are attacked by somebody who sees the model, and when they are only shaken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from robustlab.ascent import GradientAscent, zero
from robustlab.ascent.checks import positive
from robustlab.evaluation.metrics import Score
from robustlab.landscape import TransformerLandscape
from robustlab.landscape.base import per_site
from robustlab.randomness import ExampleGenerators, draw
from robustlab.training.step import NonFiniteLossError
from robustlab.typing import Offset

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Batch = Mapping[str, Tensor]
Tries = Callable[[TransformerLandscape, Batch], Iterator[Offset]]


class Attacked(NamedTuple):
    """What is left after an attack, one entry an example, in the order of the dataset.

    Attributes:
        correct: Whether the clean example and every attacked one are classified correctly.
        loss: The largest loss of the attacked examples, nats.
    """

    correct: Bool[Tensor, "n"]
    loss: Float[Tensor, "n"]


def batches(
    dataset: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    *,
    batch_size: int = 32,
    max_length: int = 128,
    device: torch.device | str = "cpu",
) -> list[dict[str, Tensor]]:
    """Tokenise a dataset into padded batches of like length, each with the `row` its examples came from.

    Args:
        dataset: Columns `text`, optional `text_pair`, `label` and `example_id`.
        tokenizer: The model's tokenizer.
        batch_size: Examples a batch.
        max_length: Longer texts are cut to this many tokens.
        device: Where the tensors go.

    Raises: ValueError: If the dataset has no rows, `batch_size` is below 1, or a column is missing.
    """
    from transformers import DataCollatorWithPadding

    from robustlab.models import tokenise
    from robustlab.models.encoding import ATTACKED

    if len(dataset) == 0 or batch_size < 1:
        raise ValueError(f"expected at least one row and one a batch, got {len(dataset)} rows, batch_size={batch_size}")
    dataset = dataset.remove_columns([name for name in dataset.column_names if name.startswith(ATTACKED)])
    tokenised = tokenise(dataset, tokenizer, max_length=max_length)
    lengths = list(tokenised["length"])
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    columns, collate = tokenised.remove_columns("length"), DataCollatorWithPadding(tokenizer)
    made = []
    for first in range(0, len(order), batch_size):
        rows = order[first : first + batch_size]
        padded = collate([columns[row] for row in rows])
        made.append({name: value.to(device) for name, value in padded.items()} | {"row": torch.tensor(rows)})
    return made


def only(batches: Iterable[Batch], keep: Bool[Tensor, "n"]) -> list[Batch]:
    """The batches without the examples that are not to be kept, given in the order of the dataset."""
    chosen = [(batch, keep[batch["row"]]) for batch in batches]
    return [
        {name: value[some.to(value.device)] for name, value in batch.items()} for batch, some in chosen if some.any()
    ]


def landscape(model: PreTrainedModel, batch: Batch) -> TransformerLandscape:
    """The loss of a batch at the word embeddings, without dropout."""
    return TransformerLandscape(model, {name: batch[name] for name in batch if name != "row"}, noise="off")


def embedding_norm(model: PreTrainedModel, batches: Iterable[Batch]) -> float:
    """Mean norm of a token's word embedding: the unit in which radii and step sizes of any model compare."""
    norms = []
    for batch in batches:
        where = landscape(model, batch)
        norms.append(where.base.float().norm(dim=-1)[where.mask.squeeze(-1) > 0])
    return torch.cat(norms).mean().item()


def pgd(
    model: PreTrainedModel,
    batches: Sequence[Batch],
    ascent: GradientAscent,
    *,
    restarts: int = 1,
    surrogate: PreTrainedModel | None = None,
    seed: int = 0,
) -> Attacked:
    """Climb from every example, `restarts` times, and read the model at the ends.

    Args:
        model: The classifier that is read.
        batches: From `batches`, or dicts of tensors in the order of the dataset.
        ascent: The attack.
        restarts: How many climbs, each from another draw of the ascent's start.
        surrogate: The classifier that is climbed instead: a transfer attack. Its embeddings have the model's width.
        seed: With the example's id, determines the random starts.

    Raises:
        ValueError: If `restarts` is below 1, or above it with a start that is not random; if the widths differ.
        NonFiniteLossError: If a loss is not finite.
    """
    if restarts < 1 or (restarts > 1 and ascent.start is zero):
        hint = "at least 1" if restarts < 1 else "1 where the start is zero: every climb would be the same"
        raise ValueError(f"restarts must be {hint}, got {restarts}")

    def ends(target: TransformerLandscape, batch: Batch) -> Iterator[Offset]:
        climbed = target if surrogate is None else landscape(surrogate, batch)
        if climbed.shape != target.shape:
            raise ValueError(
                f"an offset for the surrogate's embeddings {climbed.shape} does not fit the model's {target.shape}; "
                "a transfer attack needs a surrogate with the same tokenizer and width"
            )
        for restart in range(restarts):
            yield ascent(climbed, generator=_generators(batch, seed, "restart", restart)).end

    return _worst(model, batches, ends)


def noise(
    model: PreTrainedModel, batches: Sequence[Batch], *, radius: float, draws: int = 1, seed: int = 0
) -> Attacked:
    """Read the model at random offsets whose norm over the whole example is `radius`.

    Args:
        model: The classifier.
        batches: As for `pgd`.
        radius: ‖r‖₂, in embedding units.
        draws: How many random directions an example.
        seed: With the example's id, determines them.

    Raises: ValueError: If the radius is not positive or `draws` is below 1.
    """
    positive("radius", radius)
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")

    def ends(target: TransformerLandscape, batch: Batch) -> Iterator[Offset]:
        for number in range(draws):
            generator = _generators(batch, seed, "noise", number)
            direction = draw(target.shape, target.mask, lambda out, own: out.normal_(generator=own), generator)
            yield radius * direction / per_site(direction.flatten(1).norm(dim=1), direction)

    return _worst(model, batches, ends)


def clean(model: PreTrainedModel, batches: Sequence[Batch]) -> Attacked:
    """Read the model where nothing is perturbed."""
    return _worst(model, batches, lambda target, batch: iter([torch.zeros(target.shape).to(target.mask)]))


def pgd_accuracy(
    model: PreTrainedModel, batches: Sequence[Batch], ascent: GradientAscent, *, restarts: int = 1, seed: int = 0
) -> Score:
    """Accuracy under `pgd`: an upper bound on the accuracy under the strongest attack of this kind."""
    return Score(pgd(model, batches, ascent, restarts=restarts, seed=seed).correct)


def noise_accuracy(
    model: PreTrainedModel, batches: Sequence[Batch], *, radius: float, draws: int = 1, seed: int = 0
) -> Score:
    """Accuracy under `noise`: what a perturbation costs that does not know the model."""
    return Score(noise(model, batches, radius=radius, draws=draws, seed=seed).correct)


def _worst(model: PreTrainedModel, batches: Sequence[Batch], tries: Tries) -> Attacked:
    correct, loss, rows = [], [], []
    for batch in batches:
        target = landscape(model, batch)
        with torch.no_grad():
            right = target.clean().logits.argmax(-1) == batch["labels"]
        worst = torch.full_like(right, float("-inf"), dtype=torch.float32)
        for offset in tries(target, batch):
            with torch.no_grad():
                reading = target.read(offset)
            assert reading.loss is not None  # the batches have labels
            right &= reading.logits.argmax(-1) == batch["labels"]
            worst = torch.maximum(worst, reading.loss.float())
        if not worst.isfinite().all():
            raise NonFiniteLossError(f"the loss under attack is {worst[~worst.isfinite()][0].item()}")
        correct.append(right.cpu())
        loss.append(worst.cpu())
        rows.append(batch.get("row", torch.arange(len(right)) + sum(map(len, rows))))
    order = torch.cat(rows).argsort()
    return Attacked(torch.cat(correct)[order], torch.cat(loss)[order])


def _generators(batch: Batch, *context: int | str) -> ExampleGenerators:
    examples = batch.get("example_id", batch.get("row"))
    if examples is None:
        raise ValueError("a random start needs `example_id` in every batch, so that it does not depend on the batch")
    return ExampleGenerators(examples.tolist(), *context)
