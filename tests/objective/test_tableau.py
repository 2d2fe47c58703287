"""Tableaus: the published weights, plain loops that compute the same gradients, fused terms."""

from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from robustlab import methods
from robustlab.ascent import GradientAscent, kl, normal, raw, starts
from robustlab.landscape import QuadraticLandscape, TransformerLandscape
from robustlab.methods import Method
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import Adaptive, SoftmaxWeights, Tableau, implied_weights
from robustlab.training.step import accumulate

KS = range(1, 31)


def fractions(weights: torch.Tensor) -> list[Fraction]:
    """The fractions that float64 numbers stand for, once rounding in the last places is undone."""
    made = [Fraction(float(w)).limit_denominator(1000) for w in weights]
    assert all(abs(float(made_one) - float(w)) <= 1e-14 for made_one, w in zip(made, weights, strict=True))
    return made


def implied(method: Method) -> tuple[Fraction, list[Fraction]]:
    clean, per_step = implied_weights(method.objective)
    return fractions(clean[None])[0], fractions(per_step)


@pytest.mark.parametrize("k", KS)
def test_pgd_weighs_every_step_once(k: int) -> None:
    assert implied(methods.pgd(steps=k)) == (1, [Fraction(1)] * k)  # Eq. 8


@pytest.mark.parametrize("k", KS)
def test_freelb_weighs_early_steps_more(k: int) -> None:
    weights = [Fraction(k - i + 1, k) for i in range(1, k + 1)]  # Eq. 10
    assert implied(methods.freelb(steps=k)) == (1, weights)
    assert sum(weights) == Fraction(k + 1, 2)


@pytest.mark.parametrize("k", KS)
def test_released_freelb_is_off_by_one(k: int) -> None:
    assert implied(methods.freelb_released(steps=k)) == (1, [Fraction(k - i, k) for i in range(1, k + 1)])


def test_the_short_methods() -> None:
    assert implied(methods.standard()) == (1, [])
    assert implied(methods.fgm()) == (2, [1])
    assert implied(methods.fgsm()) == (1, [1])


@pytest.mark.parametrize("k", KS)
def test_adaptive_weighs_the_clean_loss_once_and_the_steps_by_beta_w(k: int) -> None:
    objective = Adaptive(SoftmaxWeights(k), beta=3.0)
    clean, per_step = implied_weights(objective.tableau)
    assert float(clean) == 1
    torch.testing.assert_close(per_step, torch.full((k,), 3.0 / k))


def on_quadratic(objective: Tableau, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The objective's value and the losses that its points have by hand."""
    hessian = torch.tensor([[[1.0, 0.5], [0.5, -1.0]]], dtype=torch.float64)
    landscape = QuadraticLandscape(torch.tensor([[1.0, 2.0]], dtype=torch.float64), hessian)
    ascent = GradientAscent(steps=steps, step_size=0.3)
    value = sum(Method(ascent, objective).terms(landscape))
    path = ascent(landscape)
    losses = [landscape.loss(torch.einsum("k,kbld->bld", row, path.steps)).mean() for row in objective.points]
    return value, (objective.weights * torch.stack(losses)).sum()


@pytest.mark.parametrize(
    ("weights", "points"),
    [
        ([1.0], [[1.0, 1.0, 1.0]]),
        ([1.0, 2.0, 0.5], [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]),
        ([1.0, 1.0], [[0.0, 1.0, 0.0], [0.3, 0.3, 2.0]]),  # off the path
        ([0.5, 0.5, 1.0], [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),  # on, off, and the first once more
        ([1.0], [[1.0, 0.5, 0.0]]),  # the last step is not needed
        ([-1.0, 2.0], [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]),
    ],
)
def test_a_tableau_is_its_sum(weights: list, points: list) -> None:
    objective = Tableau(torch.tensor(weights, dtype=torch.float64), torch.tensor(points, dtype=torch.float64))
    torch.testing.assert_close(*on_quadratic(objective, 3), rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("unchecked")
def test_shapes_are_named() -> None:
    with pytest.raises(ValueError, match=r"expected weights \[p\] and points \[p k\], got \(2,\) and \(1, 3\)"):
        Tableau(torch.ones(2), torch.ones(1, 3))
    with pytest.raises(ValueError, match="the tableau has 2 columns, one a step, but the ascent takes 3 steps"):
        Method(GradientAscent(steps=3, step_size=0.1), Tableau(torch.ones(1), torch.ones(1, 2)))


class Embedded(nn.Module):
    """A classifier whose words are moved by a hook of the test's own."""

    def __init__(self, model: nn.Module, batch: dict):
        super().__init__()
        self.model, self.batch, self.offset = model, batch, None
        model.bert.embeddings.word_embeddings.register_forward_hook(lambda module, args, out: out + self.offset)

    def losses(self, offset: torch.Tensor) -> torch.Tensor:
        self.offset = offset
        inputs = {name: value for name, value in self.batch.items() if name != "labels"}
        return F.cross_entropy(self.model(**inputs).logits, self.batch["labels"], reduction="none")


def by_a_plain_loop(k: int, alpha: float, terms: dict[int, float], scale: float) -> dict[str, torch.Tensor]:
    """The public way: `loss.backward()` at every step, weight gradients thrown away where no term wants them.

    Args:
        k: Steps.
        alpha: Step size.
        terms: Weight of the loss at each r_t that is learned from.
        scale: What the trainer divides each term by.
    """
    model, batch = tiny_architecture("bert").double().eval(), tiny_batch("bert")
    embedded = Embedded(model, batch)
    r = torch.zeros(*batch["input_ids"].shape, 32, dtype=torch.float64, requires_grad=True)
    total = {name: torch.zeros_like(parameter) for name, parameter in model.named_parameters()}
    for t in range(k + 1):
        model.zero_grad()
        loss = embedded.losses(r)
        loss.sum().backward()  # the loss of each example by itself, so that the ascent does not depend on the batch
        if t in terms:
            model_loss = terms[t] / len(loss) / scale
            for name, parameter in model.named_parameters():
                total[name] += model_loss * parameter.grad
        g = r.grad * batch["attention_mask"][..., None]
        norms = torch.stack([row.square().sum().sqrt() for row in g])
        r = (r + alpha * g / norms[:, None, None]).detach().requires_grad_()
    return total


LOOPS = {
    "standard": (methods.standard(), 0, {0: 1.0}),
    "fgm": (methods.fgm(step_size=0.3), 1, {0: 1.0, 1: 1.0}),
    "pgd": (methods.pgd(steps=3, step_size=0.3), 3, {3: 1.0}),
    "freelb": (methods.freelb(steps=3, step_size=0.3), 3, {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}),
    "freelb-released": (
        methods.freelb_released(steps=3, step_size=0.3, start=starts.zero),
        2,
        {0: 1 / 3, 1: 1 / 3, 2: 1 / 3},
    ),
    "adaptive-pgd": (methods.adaptive_pgd(steps=3, step_size=0.3), 3, {3: 1.0}),
}


@pytest.mark.parametrize("consumer", ["a backward a term", "scaled backward", "one backward"])
@pytest.mark.parametrize("name", LOOPS)
def test_gradients_equal_those_of_a_plain_loop(name: str, consumer: str) -> None:
    method, k, terms = LOOPS[name]
    scale = 4.0 if consumer == "scaled backward" else 1.0
    expected = by_a_plain_loop(k, 0.3, terms, scale)
    model = tiny_architecture("bert").double().eval()
    losses = method.terms(TransformerLandscape(model, tiny_batch("bert")))
    if consumer == "one backward":
        sum(losses).backward()
    else:
        for term in losses:
            (term / scale).backward()
    for parameter_name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[parameter_name], rtol=1e-10, atol=1e-10)
        assert (parameter.grad - expected[parameter_name]).abs().max() < 1e-10


@pytest.mark.parametrize("name", ["fgm", "freelb", "freelb-released"])
@pytest.mark.parametrize("scale", [0.25, 1.0, 65536.0])
def test_a_scaled_backward_changes_neither_steps_nor_gains(name: str, scale: float) -> None:
    """Raw steps are as long as the gradient, so a scale that is not undone shows; unit steps would hide it."""
    ascent = GradientAscent(steps=LOOPS[name][0].ascent.steps, step_size=0.3, direction=raw)
    method = Method(ascent, LOOPS[name][0].objective)
    landscape = TransformerLandscape(tiny_architecture("bert").double().eval(), tiny_batch("bert"))
    logs = accumulate(method, landscape, backward=lambda term: (scale * term).backward())
    gains = ascent(landscape).gains.mean(1)
    for t in range(LOOPS[name][1]):
        torch.testing.assert_close(logs[f"gain_{t + 1}"], gains[t], rtol=1e-9, atol=1e-15)


def test_another_goal_climbs_by_itself_and_learns_the_loss() -> None:
    """Terms on the path of a KL ascent: the loss's gradient must not be taken for the goal's."""
    model, batch = tiny_architecture("bert").double().eval(), tiny_batch("bert")
    landscape = TransformerLandscape(model, batch)
    ascent = GradientAscent(steps=2, step_size=0.3, goal=kl, start=normal(0.1))
    objective = Tableau(torch.tensor([1.0, 1.0]).double(), torch.tensor([[1.0, 0.0], [1.0, 1.0]]).double())
    generator = torch.Generator().manual_seed(3)
    path = ascent(landscape, generator=torch.Generator().manual_seed(3))
    expected = sum(landscape.loss(path.at(row)).mean() for row in objective.points)
    terms = Method(ascent, objective).terms(landscape, generator=generator)
    total = 0.0
    for term in terms:
        term.backward()
        total += term.detach()
    torch.testing.assert_close(total, expected.detach(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["fgm", "freelb", "freelb-released"])
def test_a_term_on_the_way_is_read_once(name: str) -> None:
    """Fusing: as many forwards as there are different points, whatever they serve."""
    method, k, _ = LOOPS[name]
    model = tiny_architecture("bert").eval()
    forwards = []
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    model.classifier.register_forward_hook(lambda *_: forwards.append(1))
    for term in method.terms(landscape):
        term.backward()
    assert len(forwards) == k + 1
