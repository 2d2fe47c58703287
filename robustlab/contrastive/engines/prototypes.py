"""Prototypes: the centres of clusters of all examples are what an anchor is near to and far from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from robustlab.ascent.checks import positive
from robustlab.contrastive.engines.base import Engine, check_ids, check_width
from robustlab.contrastive.engines.in_batch import InBatch
from robustlab.contrastive.scores import cosines, unit
from robustlab.gather import from_first, is_first

SMOOTHING = 10.0  # α of the concentration: it keeps that of small clusters from being extreme


class Clustering(nn.Module):
    """One partition of all examples, with a centre and a concentration a cluster.

    Args:
        clusters: k.
        examples: How many examples there are.
        width: Of a representation.

    Source: Li et al. (PCL, 2021), Section 3.
    """

    centres: Tensor
    concentrations: Tensor
    assigned: Tensor

    def __init__(self, clusters: int, examples: int, width: int):
        super().__init__()
        self.clusters = clusters
        self.register_buffer("centres", torch.zeros(clusters, width))
        self.register_buffer("concentrations", torch.ones(clusters))
        self.register_buffer("assigned", torch.zeros(examples, dtype=torch.long))

    @torch.no_grad()
    def fit(self, points: Float[Tensor, "N d"], *, temperature: float, seed: int) -> None:
        """Partition the points, which lie on the unit sphere, by k-means."""
        from sklearn.cluster import KMeans

        found = KMeans(self.clusters, random_state=seed).fit(points.cpu().numpy())
        centres = torch.as_tensor(found.cluster_centers_).to(points)
        assigned = torch.as_tensor(found.labels_, dtype=torch.long, device=points.device)
        self.assigned.copy_(assigned)
        self.centres.copy_(unit(centres))
        distances = (points - centres[assigned]).norm(dim=1)
        self.concentrations.copy_(concentrations(distances, assigned, self.clusters, temperature=temperature))

    def forward(self, anchors: Float[Tensor, "n d"], examples: Int[Tensor, "n"]) -> Float[Tensor, "n"]:
        """-log [ e^{s(z_i, c_s)/φ_s} / Σ_j e^{s(z_i, c_j)/φ_j} ], s the cluster of example i."""
        scores = cosines(anchors, self.centres, temperature=1.0) / self.concentrations
        return F.cross_entropy(scores, self.assigned[examples], reduction="none")


def concentrations(
    distances: Float[Tensor, "N"], assigned: Int[Tensor, "N"], clusters: int, *, temperature: float
) -> Float[Tensor, "k"]:
    """φ = Σ_z ‖v_z - c‖ / (Z log(Z + α)) over a cluster's Z points, scaled so that their mean is τ.

    Args:
        distances: Of each point from its centre.
        assigned: Each point's cluster.
        clusters: How many there are.
        temperature: τ.

    Shapes: distances, assigned [N]; result [k].

    Source: Li et al. (PCL, 2021), Eq. 12. As in their released code a cluster of one point, whose φ would be 0, takes
        the largest, and all are clipped to their 10th and 90th percentiles.
    Departs: where every φ is 0 all are τ.
    """
    sizes = torch.bincount(assigned, minlength=clusters).to(distances)
    sums = torch.zeros_like(sizes).index_add(0, assigned, distances)
    raw = sums / (sizes.clamp(min=1) * torch.log(sizes + SMOOTHING))
    if not raw.max() > 0:
        return torch.full_like(raw, temperature)
    raw = torch.where(sizes <= 1, raw.max(), raw)
    raw = raw.clamp(*raw.quantile(raw.new_tensor([0.1, 0.9])))
    return temperature * raw / raw.mean()


class Prototypes(Engine):
    """In-batch InfoNCE plus the mean over clusterings of -log [ e^{s(z_i, c_s)/φ_s} / Σ_j e^{s(z_i, c_j)/φ_j} ].

    Whoever trains calls `fit` before each epoch, or less often; before the first time the loss is `InBatch`'s alone.

    Args:
        clusters: k of each clustering.
        examples: How many examples there are; their ids are 0 … examples - 1.
        width: Of a representation.
        temperature: τ of the in-batch term, and the mean of the concentrations φ.
        hard_weight: How often an anchor's own hard negative counts, in the in-batch term.
        symmetric: Whether positives are anchors too, in the in-batch term.
        seed: Of k-means.

    Raises: ValueError: If a number is not positive, or a clustering has fewer than two clusters or more than there are
        examples; in `loss`, without ids or with one out of range.

    Source: Li et al. (PCL, 2021), Eq. 11 and Algorithm 1.
    Departs: all prototypes are in the denominator, where the paper draws some; the in-batch term has no queue, and the
        points that are clustered are whatever `fit` is given, not necessarily a momentum encoder's.
    """

    fitted: Tensor

    def __init__(
        self,
        clusters: Sequence[int],
        examples: int,
        width: int,
        temperature: float,
        *,
        hard_weight: float = 1.0,
        symmetric: bool = True,
        seed: int = 0,
    ):
        super().__init__(temperature)
        for name, value in (("examples", examples), ("width", width)):
            positive(name, value)
        if not clusters or min(clusters) < 2 or max(clusters) > examples:
            raise ValueError(
                f"clusters must hold numbers from 2 to the {examples} examples that there are, got {tuple(clusters)}"
            )
        self.examples, self.width, self.seed = examples, width, seed
        self.in_batch = InBatch(temperature, hard_weight=hard_weight, symmetric=symmetric)
        self.clusterings = nn.ModuleList([Clustering(k, examples, width) for k in clusters])
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))

    def fit(self, features: Float[Tensor, "N d"]) -> None:
        """Cluster all examples anew: row i is example i. Every process calls it; the first one clusters for all.

        Raises: ValueError: If there is not one feature an example.
        """
        if features.shape != (self.examples, self.width):
            raise ValueError(
                f"expected the features of all examples, [{self.examples} {self.width}], got {tuple(features.shape)}"
            )
        points = unit(features.detach())
        if is_first():  # k-means rounds differently on different machines
            for number, clustering in enumerate(self.clusterings):
                assert isinstance(clustering, Clustering)
                clustering.fit(points, temperature=self.temperature, seed=self.seed + number)
        from_first(self.clusterings.buffers())
        self.fitted.fill_(True)

    def loss(
        self,
        anchors: Float[Tensor, "n d"],
        positives: Float[Tensor, "n d"],
        *,
        examples: Int[Tensor, "n"] | None = None,
        negatives: Float[Tensor, "n d"] | None = None,
        there: Bool[Tensor, "n"] | None = None,
    ) -> Float[Tensor, "n"]:
        """The loss of this process's examples."""
        check_width(self.width, anchors)
        ids = check_ids(examples, anchors, self.examples)
        values = self.in_batch.loss(anchors, positives, negatives=negatives, there=there)
        if not self.fitted:
            return values
        return values + torch.stack([clustering(anchors, ids) for clustering in self.clusterings]).mean(dim=0)
