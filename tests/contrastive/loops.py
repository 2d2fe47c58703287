"""The losses once more, from their equations, a pair at a time."""

import math

import torch
from torch import Tensor


def cosine(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum() / (a.norm() * b.norm())


def share(near: Tensor, far: list[Tensor]) -> Tensor:
    """-log of e^near among itself and all of `far`, which are pairs of (score, weight)."""
    total = near.exp()
    for score, weight in far:
        total = total + weight * score.exp()
    return -torch.log(near.exp() / total)


def hard(anchor: Tensor, i: int, n: int, negatives: Tensor | None, weight: float, there, tau: float) -> list:
    found = []
    for j in range(0 if negatives is None else len(negatives)):
        if there is None or there[j]:
            found.append((cosine(anchor, negatives[j]) / tau, weight if i == j and len(negatives) == n else 1.0))
    return found


def info_nce(z, plus, minus=None, *, tau, weight=1.0, there=None) -> Tensor:
    values = []
    for i in range(len(z)):
        far = [(cosine(z[i], plus[j]) / tau, 1.0) for j in range(len(z)) if j != i]
        values.append(share(cosine(z[i], plus[i]) / tau, far + hard(z[i], i, len(z), minus, weight, there, tau)))
    return torch.stack(values)


def nt_xent(one, other, minus=None, *, tau, weight=1.0, there=None) -> Tensor:
    n, values = len(one), []
    for mine, theirs in ((one, other), (other, one)):
        for i in range(n):
            far = [(cosine(mine[i], view[j]) / tau, 1.0) for view in (mine, theirs) for j in range(n) if j != i]
            values.append(share(cosine(mine[i], theirs[i]) / tau, far + hard(mine[i], i, n, minus, weight, there, tau)))
    return torch.stack(values)


def supervised(z, labels, *, tau) -> Tensor:
    values = []
    for i in range(len(z)):
        positives = [p for p in range(len(z)) if p != i and labels[p] == labels[i]]
        value = (z[i] * 0).sum()
        for p in positives:
            others = [(cosine(z[i], z[a]) / tau, 1.0) for a in range(len(z)) if a not in (i, p)]
            value = value + share(cosine(z[i], z[p]) / tau, others) / len(positives)
        values.append(value)
    return torch.stack(values)


def tokens(one, other, mask, *, tau, across) -> Tensor:
    places = [(i, t) for i in range(len(one)) for t in range(mask.shape[1]) if mask[i, t]]
    values = [[] for _ in one]
    for i, t in places:
        far = [
            (cosine(one[i, t], other[j, u]) / tau, 1.0)
            for j, u in places
            if (j, u) != (i, t) and (across == "batch" or j == i)
        ]
        values[i].append(share(cosine(one[i, t], other[i, t]) / tau, far))
    return torch.stack([sum(row) / len(row) for row in values])


def replaced(logits, real, mask) -> Tensor:
    values = [[] for _ in logits]
    for i in range(len(logits)):
        for t in range(logits.shape[1]):
            if mask[i, t]:
                p = 1 / (1 + torch.exp(-logits[i, t]))
                values[i].append(-torch.log(p if real[i, t] else 1 - p))
    return torch.stack([sum(row) / len(row) for row in values])


def masked(logits, labels) -> Tensor:
    values = []
    for i in range(len(logits)):
        row = [-torch.log(logits[i, t].exp()[w] / logits[i, t].exp().sum()) for t, w in enumerate(labels[i]) if w >= 0]
        values.append(sum(row) / len(row) if row else (logits[i] * 0).sum())
    return torch.stack(values)


def prototypes(z, centres, phi, assigned) -> Tensor:
    values = []
    for i in range(len(z)):
        scores = [cosine(z[i], centre) / width for centre, width in zip(centres, phi, strict=True)]
        near = int(assigned[i])
        values.append(share(scores[near], [(score, 1.0) for j, score in enumerate(scores) if j != near]))
    return torch.stack(values)


def concentration(points, centres, assigned) -> list[float]:
    """φ before it is clipped and scaled."""
    found = []
    for j in range(len(centres)):
        members = [points[i] for i in range(len(points)) if assigned[i] == j]
        apart = sum(float((point - centres[j]).norm()) for point in members)
        found.append(apart / (len(members) * math.log(len(members) + 10)))
    return found
