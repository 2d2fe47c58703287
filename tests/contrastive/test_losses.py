"""Every loss against a double loop and against pytorch-metric-learning, values and gradients, in float64."""

import math

import pytest
import torch
from pytorch_metric_learning.losses import NTXentLoss, SupConLoss
from torch import Tensor

from robustlab.contrastive import info_nce, nt_xent, supervised_contrastive
from tests.contrastive import loops

EXISTS = torch.tensor([True, False, True, True, False])


def vectors(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def same(mine: Tensor, theirs: Tensor, *of: Tensor, atol: float = 1e-10) -> None:
    torch.testing.assert_close(mine, theirs, rtol=0, atol=atol)
    weights = torch.arange(1.0, mine.numel() + 1, dtype=mine.dtype).view_as(mine)  # no sum hides an exchange of rows
    gradients = (torch.autograd.grad((x * weights).sum(), of, retain_graph=True) for x in (mine, theirs))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


@pytest.mark.parametrize("weight", [1.0, 2.5])
@pytest.mark.parametrize("there", [None, EXISTS])
@pytest.mark.parametrize("name", ["info_nce", "nt_xent"])
def test_hard_negatives_by_loops(name: str, there: Tensor | None, weight: float) -> None:
    z, plus, minus = (vectors(5, 4, seed=seed) for seed in range(3))
    mine, theirs = {"info_nce": info_nce, "nt_xent": nt_xent}[name], getattr(loops, name)
    found = mine(z, plus, negatives=minus, temperature=0.3, hard_weight=weight, there=there)
    same(found, theirs(z, plus, minus, tau=0.3, weight=weight, there=there), z, plus, minus)


@pytest.mark.parametrize("name", ["info_nce", "nt_xent"])
@pytest.mark.parametrize("count", [0, 3])
def test_without_own_negatives_by_loops(name: str, count: int) -> None:
    z, plus = vectors(4, 6), vectors(4, 6, seed=1)
    minus = vectors(count, 6, seed=2) if count else None
    mine, theirs = {"info_nce": info_nce, "nt_xent": nt_xent}[name], getattr(loops, name)
    same(mine(z, plus, negatives=minus, temperature=0.2), theirs(z, plus, minus, tau=0.2), z, plus)


def test_a_negative_that_is_not_there_gets_no_gradient() -> None:
    z, plus, minus = (vectors(5, 4, seed=seed) for seed in range(3))
    info_nce(z, plus, minus, temperature=0.1, there=EXISTS).sum().backward()
    assert minus.grad.isfinite().all()
    assert minus.grad.any(dim=1).tolist() == EXISTS.tolist()


def test_one_example_with_a_hard_negative_in_closed_form() -> None:
    """Orthogonal negative, equal positive: log(1 + w e^{-1/τ})."""
    z, far = torch.eye(2, dtype=torch.float64)[:1], torch.eye(2, dtype=torch.float64)[1:]
    (value,) = info_nce(z, z, far, temperature=0.5, hard_weight=3.0)
    assert value.item() == pytest.approx(math.log1p(3 * math.exp(-2)), abs=1e-14)


def test_info_nce_is_pytorch_metric_learning_s() -> None:
    z, plus, labels = vectors(7, 5), vectors(7, 5, seed=1), torch.arange(7)
    theirs = NTXentLoss(temperature=0.1)(z, labels, ref_emb=plus, ref_labels=labels.clone())
    same(info_nce(z, plus, temperature=0.1).mean(), theirs, z, plus)


def test_nt_xent_is_pytorch_metric_learning_s() -> None:
    one, other = vectors(7, 5), vectors(7, 5, seed=1)
    theirs = NTXentLoss(temperature=0.1)(torch.cat([one, other]), torch.arange(7).repeat(2))
    same(nt_xent(one, other, temperature=0.1).mean(), theirs, one, other)


def test_supervised_contrast_is_pytorch_metric_learning_s_and_its_loop() -> None:
    z, labels = vectors(8, 5), torch.tensor([0, 1, 0, 2, 1, 0, 3, 1])
    values, there = supervised_contrastive(z, labels, temperature=0.2)
    assert there.tolist() == [True, True, True, False, True, True, False, True]
    assert values[~there].tolist() == [0, 0]
    same(values, loops.supervised(z, labels, tau=0.2), z)
    same(values[there].mean(), SupConLoss(temperature=0.2)(z, labels), z)


@pytest.mark.parametrize("name", ["info_nce", "nt_xent", "supervised"])
def test_finite_at_the_ends_of_the_cosine(name: str) -> None:
    """Positives opposite and negatives equal, or the other way round, at τ = .01: 200 nats, in float32."""
    one = torch.tensor([[1.0, 0.0], [-1.0, 0.0]]).requires_grad_()
    for other, expected in ((-one, 200.0), (one * 3, 0.0)):
        if name == "supervised":
            features, labels = torch.cat([one, other]), torch.tensor([0, 1, 0, 1])
            values, _ = supervised_contrastive(features, labels, temperature=0.01)
        else:
            values = {"info_nce": info_nce, "nt_xent": nt_xent}[name](one, other, temperature=0.01)
        torch.testing.assert_close(values, torch.full_like(values, expected), atol=0.8, rtol=0)
        assert torch.autograd.grad(values.sum(), one)[0].isfinite().all()


def test_coarse_numbers_are_compared_in_float32() -> None:
    z, plus = (vectors(6, 8, seed=seed).detach().bfloat16() for seed in range(2))
    expected = info_nce(z.float(), plus.float(), temperature=0.05)
    assert torch.equal(info_nce(z, plus, temperature=0.05), expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(info_nce(z, plus, temperature=0.05), expected)
        assert torch.equal(nt_xent(z, plus, temperature=0.05), nt_xent(z.float(), plus.float(), temperature=0.05))


@pytest.mark.parametrize("loss", [info_nce, nt_xent])
@pytest.mark.usefixtures("unchecked")
class TestErrors:
    def test_one_example_alone(self, loss) -> None:
        z = vectors(1, 4)
        with pytest.raises(ValueError, match="a batch of one has nothing to be far from: contrast needs at least 2"):
            loss(z, z, temperature=0.1)
        with pytest.raises(ValueError, match="a batch of one has nothing to be far from"):
            loss(z, z, negatives=z, there=torch.tensor([False]), temperature=0.1)
        with pytest.raises(ValueError, match="a batch of none has nothing to be far from"):
            loss(z[:0], z[:0], temperature=0.1)

    @pytest.mark.parametrize("temperature", [0, -0.1, math.nan])
    def test_temperatures(self, loss, temperature: float) -> None:
        with pytest.raises(ValueError, match=f"temperature must be positive, got {temperature}"):
            loss(vectors(2, 4), vectors(2, 4), temperature=temperature)

    def test_shapes(self, loss) -> None:
        z = vectors(3, 4)
        with pytest.raises(ValueError, match=r"must both be \[n d\], one row an example, got \(3, 4\) and \(2, 4\)"):
            loss(z, z[:2], temperature=0.1)
        with pytest.raises(ValueError, match="what is compared must have one width, got 4 and 3; pass both through"):
            loss(z, z, negatives=z[:, :3], temperature=0.1)
        with pytest.raises(ValueError, match=r"there must have one flag for each of 3 negatives, got \(2,\)"):
            loss(z, z, negatives=z, there=torch.tensor([True, True]), temperature=0.1)

    def test_weights(self, loss) -> None:
        z = vectors(3, 4)
        with pytest.raises(ValueError, match="hard_weight=2 is for an anchor's own negative, but there are 2 neg"):
            loss(z, z, negatives=z[:2], hard_weight=2, temperature=0.1)
        with pytest.raises(ValueError, match="hard_weight must be positive, got 0"):
            loss(z, z, negatives=z, hard_weight=0, temperature=0.1)


def test_labels_that_occur_once() -> None:
    with pytest.raises(ValueError, match="no label occurs twice among 3 examples, so that no anchor has a positive"):
        supervised_contrastive(vectors(3, 4), torch.arange(3), temperature=0.1)
    with pytest.raises(ValueError, match="temperature must be positive, got 0"):
        supervised_contrastive(vectors(3, 4), torch.zeros(3, dtype=torch.long), temperature=0)


@pytest.mark.usefixtures("unchecked")
def test_labels_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"expected features \[n d\] and labels \[n\], got \(3, 4\) and \(2,\)"):
        supervised_contrastive(vectors(3, 4), torch.arange(2), temperature=0.1)
