"""The contrastive loss along ascents at the words, beside random directions of the same length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from robustlab.ascent import directions
from robustlab.ascent.directions import Direction
from robustlab.ascent.projections import relative_norm
from robustlab.ascent.relative import RelativeAscent
from robustlab.ascent.starts import relative
from robustlab.contrastive.landscape import ContrastiveLandscape
from robustlab.models.encoders import Encoder
from robustlab.study.pretraining.probes import landscapes

RULES: dict[str, Direction] = {
    "sentence (unit_l2)": directions.unit_l2,
    "word by word (token_l2)": directions.token_l2,
    "signs (sign)": directions.sign,
}
RANDOM = "random direction"


class Climb(NamedTuple):
    """The contrastive loss along a path, means over sentences, the start first.

    Attributes:
        lengths: Of the offset, in shares of the sentence's word embeddings.
        losses: In nats.
    """

    lengths: list[float]
    losses: list[float]


def climbs(
    encoder: Encoder, texts: Sequence[str], *, step_size: float = 0.05, steps: int = 6, draws: int = 4, seed: int = 0
) -> dict[str, Climb]:
    """Climb from each sentence with each rule, and walk as far in random directions.

    Every step is as long as any other rule's; nothing is projected, and there is no dropout.

    Args:
        encoder: In evaluation mode.
        texts: Sentences; those of a batch are each other's negatives.
        step_size: Share of the sentence's word embeddings.
        steps: Of each climb.
        draws: Random directions a sentence.
        seed: Of these.
    """
    parts = landscapes(encoder, texts)
    found = {rule: _mean([_climbed(part, way, step_size, steps) for part in parts]) for rule, way in RULES.items()}
    generator = torch.Generator().manual_seed(seed)
    walks = [_walked(part, step_size, steps, generator) for part in parts for _ in range(draws)]
    return found | {RANDOM: _mean(walks)}


def _climbed(landscape: ContrastiveLandscape, way: Direction, step_size: float, steps: int) -> Tensor:
    ascent = RelativeAscent(steps=steps, step_size=step_size, direction=way)
    path = ascent(landscape)
    return _read(landscape, [path.at(torch.arange(steps).lt(taken).to(path.steps)) for taken in range(steps + 1)])


def _walked(landscape: ContrastiveLandscape, step_size: float, steps: int, generator: torch.Generator) -> Tensor:
    away = relative(1.0)(landscape, generator=generator)
    return _read(landscape, [taken * step_size * away for taken in range(steps + 1)])


def _read(landscape: ContrastiveLandscape, points: Sequence[Tensor]) -> Tensor:
    """Lengths and losses of each sentence at each point, [points n 2]."""
    with torch.no_grad():
        return torch.stack(
            [torch.stack([relative_norm(point, landscape), landscape.loss(point)], 1) for point in points]
        )


def _mean(read: Sequence[Tensor]) -> Climb:
    lengths, losses = torch.cat(list(read), dim=1).mean(1).T.tolist()
    return Climb(lengths, losses)


def synonym_distance(encoder: Encoder, pairs: Sequence[tuple[str, str]]) -> float:
    """How far the embedding of a word is from that of its synonym, mean share of the word's length.

    Only pairs of words that the tokenizer has whole are counted.

    Raises: ValueError: If there is none.
    """
    table = encoder.model.get_input_embeddings().weight.detach()
    shares = []
    for one, other in pairs:
        ids = [encoder.tokenizer(word, add_special_tokens=False)["input_ids"] for word in (one, other)]
        if all(len(found) == 1 for found in ids):
            here, there = (table[found[0]] for found in ids)
            shares.append((here - there).norm() / here.norm())
    if not shares:
        raise ValueError(f"none of {len(pairs)} pairs has two words that the tokenizer has whole")
    return float(torch.stack(shares).mean())
