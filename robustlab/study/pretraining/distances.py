"""Where an encoder puts held-out sentences: how far from their others, and in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from robustlab.contrastive.scores import cosines, unit
from robustlab.models.encoders import Encoder, represent
from robustlab.study.pretraining.courses import Held


class Distances(NamedTuple):
    """Mean squared distances on the unit sphere, in shares of that of two sentences.

    Attributes:
        view: To a text that says the same.
        form: To the same words in another form.
        words: To the same in other words.
        negative: To a text that says something else in almost the same words.
        told: Share of the sentences whose view is nearer than their negative.
        neighbour: Share of the sentences whose nearest other sentence has their label.
    """

    view: float
    form: float
    words: float
    negative: float
    told: float
    neighbour: float


def distances(encoder: Encoder, held: Sequence[Held]) -> Distances:
    """How far an encoder puts sentences from what says the same, and from what does not."""
    texts, *sides = (unit(represent(encoder, side)) for side in list(zip(*held, strict=True))[:-1])
    view, form, words, negative = ((texts - side).square().sum(1) for side in sides)
    apart = 2 - 2 * cosines(texts, texts, temperature=1.0)
    others = apart.sum() / (len(held) * (len(held) - 1))
    labels = torch.tensor([one.label for one in held])
    nearest = apart.fill_diagonal_(torch.inf).argmin(1)
    return Distances(
        view=float(view.mean() / others),
        form=float(form.mean() / others),
        words=float(words.mean() / others),
        negative=float(negative.mean() / others),
        told=float((view < negative).float().mean()),
        neighbour=float((labels[nearest] == labels).float().mean()),
    )


def plane(features: Tensor) -> tuple[Tensor, float]:
    """The two directions in which points on the sphere differ most, and their share of the variance.

    Returns: Coordinates [n 2], and the share.
    """
    points = unit(features)
    _, strengths, directions = torch.linalg.svd(points - points.mean(0), full_matrices=False)
    share = strengths[:2].square().sum() / strengths.square().sum()
    return (points - points.mean(0)) @ directions[:2].T, float(share)
