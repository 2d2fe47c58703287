"""Equation 6 with one negative, and its contrastive form, against loops in float64."""

import inspect
import math

import pytest
import torch
from torch import Tensor

from robustlab import methods
from robustlab.ascent import LearnedOperator, Rest, divergences, starts
from robustlab.methods import Method
from robustlab.methods.self_constructed import erased
from robustlab.objective import Consistency, OneNegative, info_nce
from tests.objective.answers import AnswerLandscape, Toy
from tests.objective.test_self_negative import answer, free, generator, gradients, naive_js, naive_loss, same, terms


@pytest.fixture
def model() -> Toy:
    return Toy()


def somewhere() -> Rest:
    return Rest(starts.normal(0.5))


def offset_of(ascent: Rest, landscape: AnswerLandscape) -> Tensor:
    return ascent(landscape, generator=generator()).end


def each_apart(landscape: AnswerLandscape, offset: Tensor, *, fixed: bool) -> list[list[Tensor]]:
    found = []
    for i in range(3):
        clean = answer(landscape.model, free(landscape, i), i)
        moved = answer(landscape.model, free(landscape, i, offset), i)
        found.append([naive_js(p.detach() if fixed else p, q) for p, q in zip(clean, moved, strict=True)])
    return found


def built(form: str, **given: float) -> Method:
    return Method(somewhere(), OneNegative(form=form, divergence=divergences.js, **given))


def test_pull_is_consistency(model: Toy) -> None:
    landscape, ascent = AnswerLandscape(model), somewhere()
    (mine,) = terms(built("pull", weight=2.0), landscape)
    other = Method(ascent, Consistency(divergences.js, weight=2.0))
    same(mine, terms(other, landscape)[0], model, 1e-14)
    apart = each_apart(landscape, offset_of(ascent, landscape), fixed=False)
    same(
        mine,
        naive_loss(landscape) + 2 * sum(sum(words) / len(words) for words in apart) / 3,
        model,
    )


def test_literal_adds_a_number_and_no_gradient(model: Toy) -> None:
    landscape = AnswerLandscape(model)
    (literal,) = terms(built("literal", weight=2.0, semantic_weight=0.7), landscape)
    (pull,) = terms(built("pull", weight=2.0), landscape)
    offset = offset_of(somewhere(), landscape)
    lengths = [math.sqrt(sum(float(x) ** 2 for x in offset[i][landscape.units[i] >= 0].flatten())) for i in range(3)]
    assert literal.item() - pull.item() == pytest.approx(0.7 * sum(lengths) / 3, rel=1e-12)
    for one, other in zip(gradients(literal, model), gradients(pull, model), strict=True):
        assert torch.equal(one, other)


def test_literal_teaches_a_network_to_do_nothing(model: Toy) -> None:
    """Trap (a) with the package's own objective: the operator's offsets only ever shrink the loss by vanishing."""
    landscape, operator = AnswerLandscape(model), LearnedOperator(width=5, between=8).double()
    objective = OneNegative(form="literal", divergence=divergences.js, weight=1.0, semantic_weight=1.0)
    method = Method(operator, objective)
    assert len(method.parameter_groups()) == 1
    optimiser = torch.optim.Adam(method.parameter_groups(), lr=0.02)
    sizes = []
    for _ in range(150):
        optimiser.zero_grad()
        sizes.append(operator(landscape).end.norm().item())
        terms(method, landscape)[0].backward()
        optimiser.step()
    assert sizes[-1] < 0.1 * sizes[0]


@pytest.mark.parametrize("distance", [0.05, 0.3, 0.69])
def test_push_is_a_hinge_and_its_target_is_fixed(distance: float, model: Toy) -> None:
    landscape = AnswerLandscape(model)
    (mine,) = terms(built("push", weight=1.5, distance=distance), landscape)
    apart = each_apart(landscape, offset_of(somewhere(), landscape), fixed=True)
    zero = torch.zeros((), dtype=torch.float64)
    expected = naive_loss(landscape) + 1.5 * sum(max(distance - max(words), zero) for words in apart) / 3
    same(mine, expected, model)


@pytest.mark.parametrize("form", ["literal", "pull", "push"])
def test_without_weight_it_is_standard_training(form: str, model: Toy) -> None:
    landscape = AnswerLandscape(model)
    same(terms(built(form, weight=0.0), landscape)[0], terms(methods.standard(), landscape)[0], model, 1e-14)


def test_the_names_are_the_forms() -> None:
    assert methods.self_negative_pull(steps=2).objective.form == "pull"
    push = methods.self_negative_push()
    assert (push.objective.form, push.objective.given()["distance"]) == ("push", 0.3466)


def test_what_is_refused() -> None:
    given = {"divergence": divergences.js, "weight": 1.0}
    with pytest.raises(ValueError, match="form must be one of literal, pull, push, got 'both'"):
        inspect.unwrap(OneNegative.__init__)(OneNegative.__new__(OneNegative), form="both", **given)
    with pytest.raises(ValueError, match=r"""semantic_weight belongs to the form "literal", got 1 for 'pull'"""):
        OneNegative(form="pull", semantic_weight=1, **given)
    with pytest.raises(ValueError, match=r"""distance belongs to the form "push", got 0.1 for 'literal'"""):
        OneNegative(form="literal", distance=0.1, **given)
    with pytest.raises(ValueError, match=r"distance must be at most 0.693, which is all that the divergence"):
        OneNegative(form="push", distance=0.8, **given)
    with pytest.raises(ValueError, match="weight must be at least 0, got -1"):
        OneNegative(form="pull", divergence=divergences.js, weight=-1)
    with pytest.raises(ValueError, match="temperature must be positive, got 0"):
        methods.self_negative_infonce(temperature=0)


def cosine(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum() / (a.norm() * b.norm())


def test_info_nce_by_loops() -> None:
    z, plus, minus = torch.randn(3, 5, 4, dtype=torch.float64, generator=generator())
    total = 0.0
    for i in range(5):
        others = [torch.exp(cosine(z[i], one) / 0.3) for one in [*plus, *minus]]
        total = total - torch.log(others[i] / sum(others)) / 5
    torch.testing.assert_close(info_nce(z, plus, minus, temperature=0.3), total)


def test_the_contrast_reads_three_points(model: Toy) -> None:
    landscape = AnswerLandscape(model)
    method = methods.self_negative_infonce(steps=2, weight=0.5, temperature=0.3)
    (mine,) = terms(method, landscape)
    near, far = method.ascent(landscape, generator=generator()).end, erased(0.25)(landscape).end
    z, plus, minus = ([free(landscape, i, offset).mean(0) for i in range(3)] for offset in (None, near, far))
    total = 0.0
    for i in range(3):
        others = [torch.exp(cosine(z[i], one) / 0.3) for one in [*plus, *minus]]
        total = total - torch.log(others[i] / sum(others)) / 3
    same(mine, naive_loss(landscape) + 0.5 * total, model, 1e-10)
    (plain,) = terms(methods.self_negative_infonce(weight=0), landscape)
    same(plain, naive_loss(landscape), model)
