"""Prototypes: what k-means finds, how wide each cluster is, and the loss by a loop, in float64."""

import numpy as np
import pytest
import torch

from robustlab.contrastive import InBatch, Prototypes
from robustlab.contrastive.engines import concentrations
from tests.contrastive import loops
from tests.contrastive.test_losses import same, vectors


def blobs() -> torch.Tensor:
    """Four points about each of three axes, of any length."""
    return torch.eye(5, dtype=torch.float64)[:3].repeat(4, 1) * 3 + 0.1 * vectors(12, 5).detach()


def engine(*clusters: int) -> Prototypes:
    return Prototypes(clusters or (3, 2), 12, 5, 0.2).double()


def test_before_the_first_fit_it_is_in_batch_alone() -> None:
    z, plus = vectors(4, 5), vectors(4, 5, seed=1)
    assert torch.equal(engine().loss(z, plus, examples=torch.arange(4)), InBatch(0.2).loss(z, plus))


def test_separate_clusters_are_found() -> None:
    made = engine(3)
    made.fit(blobs())
    (found,) = made.clusterings
    assigned = found.assigned.view(4, 3)
    assert torch.equal(assigned, assigned[:1].expand(4, 3))  # row i is example i, and i mod 3 its axis
    assert sorted(assigned[0].tolist()) == [0, 1, 2]
    torch.testing.assert_close(found.centres.norm(dim=1), torch.ones(3, dtype=torch.float64))
    unit = [point / point.norm() for point in blobs()]
    for axis in range(3):
        mean = sum(unit[axis::3]) / 4
        torch.testing.assert_close(found.centres[assigned[0, axis]], mean / mean.norm())


def test_the_loss_by_loops() -> None:
    made = engine(3, 2)
    made.fit(vectors(12, 5, seed=4))
    z, plus, ids = vectors(4, 5), vectors(4, 5, seed=1), torch.tensor([7, 0, 11, 7])
    found = made.loss(z, plus, examples=ids)
    both = loops.nt_xent(z, plus, tau=0.2)
    terms = [loops.prototypes(z, c.centres, c.concentrations, c.assigned[ids]) for c in made.clusterings]
    same(found, (both[:4] + both[4:]) / 2 + sum(terms) / 2, z, plus)


def test_concentrations_by_loops() -> None:
    points, assigned = vectors(40, 5).detach(), torch.arange(40) % 4
    assigned[:30] = 0  # sizes 33, 2, 3 and 2
    centres = torch.stack([points[assigned == j].mean(0) for j in range(4)])
    raw = np.array(loops.concentration(points, centres, assigned))
    clipped = raw.clip(np.percentile(raw, 10), np.percentile(raw, 90))
    distances = (points - centres[assigned]).norm(dim=1)
    found = concentrations(distances, assigned, 4, temperature=0.2)
    np.testing.assert_allclose(found.numpy(), 0.2 * clipped / clipped.mean(), rtol=1e-12)
    assert found.mean().item() == pytest.approx(0.2, abs=1e-14)


def test_a_cluster_of_one_is_as_wide_as_the_widest() -> None:
    distances = torch.tensor([1.0, 1.0, 3.0, 3.0, 0.0], dtype=torch.float64)
    found = concentrations(distances, torch.tensor([0, 0, 1, 1, 2]), 3, temperature=0.2)
    assert found[2] == found[1] > found[0]
    equal = concentrations(torch.zeros(4), torch.tensor([0, 1, 1, 0]), 2, temperature=0.3)
    assert equal.tolist() == pytest.approx([0.3, 0.3])


def test_the_same_features_give_the_same_clusters() -> None:
    one, other = engine(), engine()
    for made in (one, other):
        made.fit(vectors(12, 5, seed=4))
    for a, b in zip(one.buffers(), other.buffers(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.usefixtures("unchecked")
def test_errors() -> None:
    made = engine()
    with pytest.raises(ValueError, match=r"expected the features of all examples, \[12 5\], got \(11, 5\)"):
        made.fit(vectors(11, 5))
    for clusters in ((), (1, 3), (3, 13)):
        with pytest.raises(ValueError, match="clusters must hold numbers from 2 to the 12 examples that there are"):
            Prototypes(clusters, 12, 5, 0.2)
    z = vectors(3, 5)
    with pytest.raises(ValueError, match="this engine remembers examples: pass their ids"):
        made.loss(z, z)
    with pytest.raises(ValueError, match=r"ids must be 0 to 11, one place an example, got \[12\]"):
        made.loss(z, z, examples=torch.tensor([0, 12, 1]))
    with pytest.raises(ValueError, match="width 5, got width 4"):
        made.loss(z[:, :4], z[:, :4], examples=torch.arange(3))
