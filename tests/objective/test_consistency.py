"""TRADES, VAT, SMART, R3F and R-Drop against loops written from their papers, at `inputs_embeds`."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import BertForSequenceClassification

from robustlab import methods
from robustlab.ascent import directions, divergences, l2_ball, linf_ball
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import Consistency, MeanTeacher, RDrop
from tests.ascent.linear import LinearClassifier


@pytest.fixture
def model() -> BertForSequenceClassification:
    return tiny_architecture("bert").double().eval()


@pytest.fixture
def batch() -> dict[str, Tensor]:
    return tiny_batch("bert")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def logits_at(model: nn.Module, batch: dict, offset: Tensor) -> Tensor:
    """The other way to perturb BERT's words: it reads `inputs_embeds` as it reads ids."""
    words = model.bert.embeddings.word_embeddings(batch["input_ids"])
    return model(inputs_embeds=words + offset, attention_mask=batch["attention_mask"]).logits


def torch_kl(p: Tensor, q: Tensor) -> Tensor:
    return F.kl_div(q.log_softmax(1), p.softmax(1), reduction="sum")


def loss_of(method: methods.Method, model: nn.Module, batch: dict, seed: int = 0) -> Tensor:
    (term,) = method.terms(TransformerLandscape(model, batch), generator=generator(seed))
    return term


def same_gradients(model: nn.Module, mine: Tensor, theirs: Tensor, *, atol: float = 1e-10) -> None:
    torch.testing.assert_close(mine, theirs, rtol=0, atol=atol)
    parameters = [p for p in model.parameters() if p.requires_grad]
    for one, other in zip(
        *(torch.autograd.grad(x, parameters, allow_unused=True) for x in (mine, theirs)), strict=True
    ):
        if one is not None or other is not None:
            torch.testing.assert_close(one, other, rtol=1e-6, atol=atol)


def start_of(method: methods.Method, model: nn.Module, batch: dict) -> Tensor:
    return method.ascent(TransformerLandscape(model, batch), generator=generator()).start


def test_trades(model, batch):
    """Algorithm 1 of the paper: sign steps on the KL inside an L∞ ball from a small normal start, then CE + λKL."""
    method = methods.trades(steps=3, step_size=0.02, direction=directions.sign, project=linf_ball(0.05), weight=6)
    offset, labels = start_of(method, model, batch), batch["labels"]
    mask = batch["attention_mask"][..., None]
    for _ in range(3):
        offset = offset.detach().requires_grad_()
        value = torch_kl(logits_at(model, batch, torch.zeros_like(offset)).detach(), logits_at(model, batch, offset))
        (gradient,) = torch.autograd.grad(value, offset)
        offset = (offset + 0.02 * gradient.sign() * mask).clamp(-0.05, 0.05)
    natural, moved = logits_at(model, batch, torch.zeros_like(offset)), logits_at(model, batch, offset.detach())
    expected = F.cross_entropy(natural, labels) + 6 * torch_kl(natural, moved) / len(labels)
    same_gradients(model, loss_of(method, model, batch), expected)


def test_vat(model, batch):
    """Eqs. 5-9: one power iteration from a random direction, then the KL to the output as a constant."""
    method = methods.vat(radius=0.5, probe=0.1, weight=1.5)
    probe = start_of(method, model, batch)
    assert probe.flatten(1).norm(dim=1).sub(0.1).abs().max() < 1e-9
    natural = logits_at(model, batch, torch.zeros_like(probe))
    moved = probe.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(torch_kl(natural.detach(), logits_at(model, batch, moved)), moved)
    worst = 0.5 * gradient / gradient.flatten(1).norm(dim=1)[:, None, None]
    apart = torch_kl(natural.detach(), logits_at(model, batch, worst))
    expected = F.cross_entropy(natural, batch["labels"]) + 1.5 * apart / len(worst)
    same_gradients(model, loss_of(method, model, batch), expected)


def test_smart_without_teacher(model, batch):
    """Algorithm 1: ascend the symmetric KL by g/‖g‖_∞, project on the L∞ ball, add λ times the symmetric KL."""
    radius, size = 0.02, 0.5
    method = methods.smart(step_size=size, radius=radius, noise=0.01, weight=3, teacher=0)
    noise = start_of(method, model, batch)
    natural = logits_at(model, batch, torch.zeros_like(noise))

    def symmetric(p: Tensor, q: Tensor) -> Tensor:
        return torch_kl(p, q) + torch_kl(q, p)

    probe = noise.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(symmetric(natural.detach(), logits_at(model, batch, probe)), probe)
    largest = gradient.flatten(1).abs().amax(1)[:, None, None]
    offset = (noise + size * gradient / largest * batch["attention_mask"][..., None]).clamp(-radius, radius)
    moved = logits_at(model, batch, offset.detach())
    expected = F.cross_entropy(natural, batch["labels"]) + 3 * symmetric(natural, moved) / len(noise)
    same_gradients(model, loss_of(method, model, batch), expected)


@pytest.mark.parametrize("radius", [1e-5, 0.01, 0.3])
def test_smarts_offset_is_as_long_as_epsilon(model, batch, radius):
    """Popular code normalises after the projection and ends with components near 1."""
    method = methods.smart(radius=radius, step_size=100 * radius, noise=radius)
    end = method.ascent(TransformerLandscape(model, batch), generator=generator()).end
    torch.testing.assert_close(end.flatten(1).abs().amax(1), torch.full((len(end),), radius, dtype=end.dtype))


def test_r3f_is_symmetric_kl_to_noise(model, batch):
    method = methods.r3f(noise=0.1, weight=2)
    noise = start_of(method, model, batch)
    assert 0.09 < noise.abs().max() <= 0.1
    assert (noise * (1 - batch["attention_mask"][..., None])).abs().max() == 0
    natural, moved = logits_at(model, batch, torch.zeros_like(noise)), logits_at(model, batch, noise)
    apart = (torch_kl(natural, moved) + torch_kl(moved, natural)) / len(noise)
    same_gradients(model, loss_of(method, model, batch), F.cross_entropy(natural, batch["labels"]) + 2 * apart)


def test_neftune_adds_noise_of_the_papers_size(model, batch):
    method = methods.neftune(magnitude=5)
    noise = start_of(method, model, batch)
    length = batch["attention_mask"].sum(1)
    bound = 5 / (length * noise.shape[-1]).double().sqrt()
    largest = noise.flatten(1).abs().amax(1)
    assert (largest <= bound).all()
    assert (largest > 0.9 * bound).all()
    same_gradients(
        model, loss_of(method, model, batch), F.cross_entropy(logits_at(model, batch, noise), batch["labels"])
    )


def test_r_drop_is_the_paper_halved(batch):
    model = tiny_architecture("bert", dropout=0.3).double().train()
    landscape = TransformerLandscape(model, batch, seed=1)
    first, second = landscape.logits(), landscape.redrawn().logits()
    assert not torch.allclose(first, second)
    assert torch.equal(second, landscape.redrawn().logits())  # as deterministic as the first
    labels = batch["labels"]
    losses = F.cross_entropy(first, labels) + F.cross_entropy(second, labels)
    paper = losses + 0.7 * (torch_kl(first, second) + torch_kl(second, first)) / (2 * len(labels))
    (term,) = methods.r_drop(weight=0.7).terms(TransformerLandscape(model, batch, seed=1))
    same_gradients(model, term, paper / 2)


def test_r_drop_is_standard_training_without_dropout(model, batch):
    same_gradients(model, loss_of(methods.r_drop(weight=5), model, batch), loss_of(methods.standard(), model, batch))


def test_r_drop_refuses_a_path():
    with pytest.raises(ValueError, match="takes no path, got an ascent of 5 steps"):
        methods.Method(methods.pgd().ascent, RDrop(1.0))


@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_weights_are_positive(weight):
    with pytest.raises(ValueError, match=f"weight must be positive, got {weight}"):
        Consistency(divergences.kl, weight=weight)
    with pytest.raises(ValueError, match=f"weight must be positive, got {weight}"):
        RDrop(weight)
    with pytest.raises(ValueError, match=f"weight must be positive, got {weight}; for none pass teacher=None"):
        MeanTeacher(weight=weight)


def test_decay_is_a_share():
    with pytest.raises(ValueError, match=r"decay must be at least 0 and below 1, got 1\.0"):
        MeanTeacher(decay=1.0)


def test_trades_in_closed_form_on_a_linear_classifier():
    """Two classes, a short path: r ends at ε·v/‖v‖, v = w₁ - w₀, whichever way the start leaned."""
    landscape = LinearClassifier(classes=2)
    method = methods.trades(steps=8, step_size=0.02, project=l2_ball(0.01), weight=2)
    (term,) = method.terms(landscape, generator=generator())
    start = method.ascent(landscape, generator=generator()).start.flatten(1)
    v = landscape.weight[1] - landscape.weight[0]
    ends = 0.01 * torch.sign(start @ v)[:, None] * v / v.norm()
    p, q = landscape.logits(), landscape.logits(ends[:, None])
    expected = F.cross_entropy(p, landscape.labels) + 2 * torch_kl(p, q) / len(p)
    torch.testing.assert_close(term, expected, rtol=1e-9, atol=1e-12)


class TestMeanTeacher:
    def step(self, method, model, batch, optimiser):
        (term,) = method.terms(TransformerLandscape(model, batch), generator=generator())
        term.backward()
        optimiser.step()
        optimiser.zero_grad()
        method.after_step()

    def test_follows_the_model_by_its_decay(self, model, batch):
        method = methods.smart(teacher=0.5, decay=0.9)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        expected = copy.deepcopy(model.state_dict())
        for _ in range(3):
            self.step(method, model, batch, optimiser)
            expected = {name: 0.9 * old + 0.1 * model.state_dict()[name] for name, old in expected.items()}
        for name, value in method.objective.teacher.inner.state_dict().items():
            torch.testing.assert_close(value, expected[name])
        assert not any(parameter.requires_grad for parameter in method.parameters())

    def test_adds_mu_times_the_divergence_from_it(self, model, batch):
        method, plain = methods.smart(teacher=0.5, decay=0.9), methods.smart(teacher=0)
        same_gradients(model, loss_of(method, model, batch), loss_of(plain, model, batch))  # it starts as the model
        old = logits_at(model, batch, torch.zeros(()))
        self.step(method, model, batch, torch.optim.SGD(model.parameters(), lr=1.0))
        teacher = method.objective.teacher.inner
        clean, kept = model(**batch).logits, teacher(**batch).logits.detach()
        assert not torch.allclose(kept, old)
        apart = (torch_kl(clean, kept) + torch_kl(kept, clean)) / len(clean)
        same_gradients(model, loss_of(method, model, batch), loss_of(plain, model, batch) + 0.5 * apart)

    def test_state_that_was_loaded_first_waits_for_the_model(self, model, batch):
        method = methods.smart(decay=0.9)
        self.step(method, model, batch, torch.optim.SGD(model.parameters(), lr=1.0))
        state = method.state_dict()
        fresh = methods.smart(decay=0.9)
        fresh.load_state_dict(state)
        assert fresh.state_dict().keys() == state.keys()  # saved again before it was used, nothing is lost
        loss_of(fresh, model, batch)
        for name, value in fresh.objective.teacher.inner.state_dict().items():
            assert torch.equal(value, state[f"objective.teacher.inner.{name}"])

    def test_replays_the_models_dropout(self, batch):
        model = tiny_architecture("bert", dropout=0.3).double().train()
        method = methods.smart()
        landscape = TransformerLandscape(model, batch, seed=4)
        terms = method.terms(landscape, generator=generator())
        next(terms)
        assert method.objective.teacher.divergence(landscape, landscape.clean().logits).abs().max() < 1e-12
