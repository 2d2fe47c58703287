"""How far encoders put held-out sentences from each kind of change and of negative, and how far they can be moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustlab.contrastive.landscape import ContrastiveLandscape
from robustlab.contrastive.scores import cosines, unit
from robustlab.contrastive.texts import View, hard_negative
from robustlab.contrastive.texts.sentences import KINDS
from robustlab.methods import multi_scale
from robustlab.models.encoders import Encoder, represent
from robustlab.models.reading import encode
from robustlab.study.pretraining.courses import Held
from robustlab.training.sentence_batches import SentenceCollator

OFFSET = "adversarial offset"
RADIUS, STEPS = 0.2, 5
BATCH = 32


class Probe(NamedTuple):
    """Other texts of held-out sentences, None where a sentence has none of a kind.

    Attributes:
        changes: Kind of change -> texts that say the same.
        negatives: Kind of negative -> texts that say something else.
    """

    changes: dict[str, list[str | None]]
    negatives: dict[str, list[str | None]]


def probe(held: Sequence[Held], changes: Mapping[str, View], *, seed: int = 0) -> Probe:
    """Change each sentence in each way, and make each kind of negative of it."""
    texts = [one.text for one in held]
    same = {
        name: [_other(change(text, seed, number), text) for number, text in enumerate(texts)]
        for name, change in changes.items()
    }
    return Probe(same, {kind: [_negative(text, kind, seed, i) for i, text in enumerate(texts)] for kind in KINDS})


def _other(made: str, text: str) -> str | None:
    return made if made != text else None


def _negative(text: str, kind: str, seed: int, number: int) -> str | None:
    made = hard_negative(text, seed=seed, example=number, kinds=(kind,))
    return made and made.text


def measured(encoder: Encoder, held: Sequence[Held], others: Probe) -> dict[str, dict[str, float]]:
    """What a row of the study says of an encoder; distances are squared, in shares of that of two sentences.

    Returns: `changes`, mean distance by kind of change, an adversarial offset among them; `negatives`, the same by kind
        of negative; `told`, the share of the sentences that are nearer to their view than to their negative, by kind;
        `counts`, of how many sentences each kind is.
    """
    texts = unit(represent(encoder, [one.text for one in held]))
    others_apart = (2 - 2 * cosines(texts, texts, temperature=1.0)).sum() / (len(texts) * (len(texts) - 1))
    view = (texts - unit(represent(encoder, [one.view for one in held]))).square().sum(1)
    found: dict[str, dict[str, float]] = {"changes": {}, "negatives": {}, "told": {}, "counts": {}}
    for part, made in others._asdict().items():
        for kind, written in made.items():
            there, apart = _apart(encoder, texts, written)
            found[part][kind] = float(apart.mean() / others_apart)
            found["counts"][kind] = len(apart)
            if part == "negatives":
                found["told"][kind] = float((view[there] < apart).double().mean())
    found["changes"][OFFSET] = float(offset_distance(encoder, held) / others_apart)
    return found


def _apart(encoder: Encoder, texts: Tensor, written: Sequence[str | None]) -> tuple[Tensor, Tensor]:
    there = torch.tensor([number for number, text in enumerate(written) if text is not None])
    read = unit(represent(encoder, [text for text in written if text is not None]))
    return there, (texts[there] - read).square().sum(1)


def landscapes(encoder: Encoder, texts: Sequence[str], *, temperature: float = 0.05) -> list[ContrastiveLandscape]:
    """Sentences as batches whose contrastive loss can be climbed, without dropout; a last one of one is left out."""
    rows = encode(list(texts), None, encoder.tokenizer, 128)["input_ids"]
    collate, found = SentenceCollator(encoder.tokenizer), []
    for first in range(0, len(rows), BATCH):
        part = rows[first : first + BATCH]
        if len(part) > 1:
            batch = collate([{"ids": [ids], "example_id": [first + i]} for i, ids in enumerate(part)])
            found.append(ContrastiveLandscape(encoder.model, batch, temperature=temperature, noise="off"))
    return found


def offset_distance(encoder: Encoder, held: Sequence[Held], *, radius: float = RADIUS, steps: int = STEPS) -> Tensor:
    """Mean squared distance that an ascent of the contrastive loss moves a sentence, each word by its length's share."""
    ascent: Any = multi_scale(view="adversarial", steps=steps, step_size=2 * radius / steps, radius=radius).ascent
    moved = []
    for landscape in landscapes(encoder, [one.text for one in held]):
        end = ascent(landscape, generator=torch.Generator().manual_seed(0)).end
        with torch.no_grad():
            z, there = unit(landscape.features()), unit(landscape.features(end))
        moved.append((z - there).square().sum(1))
    return torch.cat(moved).mean()
