"""Names are compositions: what each is made of, and what is refused."""

import inspect

import pytest
import torch

from robustlab import ascent, methods
from robustlab.methods import BY_NAME, Method
from robustlab.objective import Adaptive, ProjectedWeights, SoftmaxWeights, Tableau, implied_weights


def test_the_names_of_the_command_line() -> None:
    assert list(BY_NAME) == [
        "standard", "fgsm", "fgm", "pgd", "freelb", "freelb-released", "freelb++",
        "ta-vat", "ta-vat-released", "vat", "trades", "smart", "r-drop", "r3f", "neftune",
        "infobert", "flooding-x", "dsrm", "asa", "adaptive-pgd", "adaptive-freelb", "adaptive-ta-vat",
        "adaptive-balanced", "adaptive-annealed", "adaptive-learned-beta", "adaptive-by-difficulty",
        "augmented", "semrode", "semrode-ot", "supcon",
        "self-negative", "self-negative-pull", "self-negative-push", "self-negative-infonce", "cat", "lat",
    ]  # fmt: skip


@pytest.mark.parametrize("name", BY_NAME)
def test_every_method_has_defaults_and_takes_keywords_only(name: str) -> None:
    assert isinstance(BY_NAME[name](), Method)
    parameters = inspect.signature(BY_NAME[name]).parameters.values()
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)


@pytest.mark.parametrize(
    "name", [name for name in BY_NAME if {"steps", "direction"} <= set(inspect.signature(BY_NAME[name]).parameters)]
)
def test_steps_and_step_size_reach_the_ascent(name: str) -> None:
    method = BY_NAME[name](steps=7, step_size=0.123, direction=ascent.sign)
    assert (method.ascent.steps, method.ascent.step_size, method.ascent.direction) == (7, 0.123, ascent.sign)
    if "project" in inspect.signature(BY_NAME[name]).parameters:
        ball = ascent.l2_ball(0.5)
        start = ascent.normal(0.1)
        method = BY_NAME[name](project=ball, start=start)
        assert (method.ascent.project, method.ascent.start) == (ball, start)


def test_values_of_the_papers() -> None:
    pgd = methods.pgd().ascent
    assert (pgd.steps, pgd.step_size, pgd.start, pgd.project) == (5, 0.04, ascent.zero, ascent.unbounded)
    released = methods.freelb_released().ascent
    assert (released.steps, released.step_size, released.start) == (2, 0.1, ascent.freelb(0.6))
    assert methods.fgsm().ascent.direction is ascent.sign
    assert methods.fgm().ascent.direction is ascent.unit_l2
    assert methods.freelb_plus_plus().ascent.project is ascent.unbounded


def test_values_of_the_regularisers() -> None:
    smart = methods.smart()
    assert (smart.ascent.steps, smart.ascent.step_size, smart.ascent.project) == (1, 1e-3, ascent.linf_ball(1e-5))
    assert (smart.objective.teacher.weight, smart.objective.teacher.decay) == (1, 0.99)
    assert (methods.trades().objective.weight, methods.trades().ascent.start) == (6, ascent.normal(1e-3))
    assert (methods.vat(steps=3, radius=0.7).ascent.steps, methods.vat(radius=0.7).ascent.radius) == (3, 0.7)
    assert methods.smart(teacher=0).objective.teacher is None


@pytest.mark.parametrize("k", [1, 2, 5, 12])
def test_beta_is_the_sum_of_the_weights_that_are_replaced(k: int) -> None:
    assert methods.adaptive_pgd(steps=k).objective.beta == k
    assert methods.adaptive_freelb(steps=k).objective.beta == pytest.approx((k + 1) / 2, abs=1e-12)
    assert methods.adaptive_pgd(steps=k, beta=0.5).objective.beta == 0.5


def test_adaptive_keeps_the_ascent_and_takes_any_weights() -> None:
    pgd, weights = methods.pgd(steps=3, start=ascent.freelb(0.1)), ProjectedWeights(3)
    method = methods.adaptive(pgd, weights=weights)
    assert method.ascent is pgd.ascent
    assert method.objective.weights is weights
    assert isinstance(methods.adaptive(pgd).objective.weights, SoftmaxWeights)


def test_adaptive_needs_a_tableau_with_steps() -> None:
    for method in (methods.standard(), methods.adaptive_pgd()):
        with pytest.raises(ValueError, match=r"adaptive weights need a method with steps and a tableau, such as"):
            methods.adaptive(method)
    with pytest.raises(ValueError, match="beta must be positive, got -1"):
        methods.adaptive_pgd(beta=-1.0)
    with pytest.raises(ValueError, match="beta must be positive, got nan"):
        methods.adaptive_pgd(beta=float("nan"))


MAY_BE_ZERO = {
    *("teacher", "decay", "balance", "budget", "invariance", "sensitivity", "utility", "toward", "away"),
    *("toward_cutoff", "away_cutoff"),
}
MAY_BE_ZERO_THERE = {
    ("self-negative-pull", "weight"),
    ("self-negative-push", "weight"),
    ("self-negative-infonce", "weight"),
}
NUMBERS = [
    (name, parameter.name)
    for name, factory in BY_NAME.items()
    for parameter in inspect.signature(factory).parameters.values()
    if parameter.name == "beta" or isinstance(parameter.default, int | float)
]


@pytest.mark.parametrize(
    ("name", "parameter"), [one for one in NUMBERS if one[1] not in MAY_BE_ZERO and one not in MAY_BE_ZERO_THERE]
)
def test_bad_numbers_are_named(name: str, parameter: str) -> None:
    with pytest.raises(ValueError, match=r"must be (positive|at least 1|above 0 and at most 1), got 0"):
        BY_NAME[name](**{parameter: 0})
    with pytest.raises(ValueError, match=r"must be (positive|at least 1|above 0 and at most 1), got -1"):
        BY_NAME[name](**{parameter: -1})


def test_an_objective_must_fit_its_ascent() -> None:
    with pytest.raises(ValueError, match="the tableau has 2 columns, one a step, but the ascent takes 3 steps"):
        Method(ascent.GradientAscent(steps=3, step_size=0.1), Tableau(torch.ones(1), torch.ones(1, 2)))


def test_the_weights_of_a_method_are_its_state() -> None:
    method = methods.adaptive_pgd(steps=3)
    assert list(method.state_dict()) == ["objective.weights.scores"]
    assert [parameter.shape for parameter in method.parameters()] == [(3,)]
    (group,) = method.parameter_groups()
    assert (group["maximize"], group["weight_decay"]) == (True, 0.0)
    assert group["params"][0] is method.objective.weights.scores
    for name in ("standard", "pgd", "freelb"):
        assert not BY_NAME[name]().state_dict()
        assert BY_NAME[name]().parameter_groups() == []


def test_after_step_reaches_the_weights() -> None:
    method = methods.adaptive(methods.pgd(steps=2), weights=ProjectedWeights(2, learning_rate=0.1))
    method.objective.weights.values.grad = torch.tensor([1.0, 0.0])
    method.after_step()
    torch.testing.assert_close(method.objective.weights(), torch.tensor([0.55, 0.45]))


def test_freelb_plus_plus_is_freelb_with_more_steps() -> None:
    one, other = methods.freelb_plus_plus(steps=4).objective, methods.freelb(steps=4).objective
    assert torch.equal(one.points, other.points)
    assert torch.equal(one.weights, other.weights)
    assert methods.freelb_plus_plus().ascent.steps > methods.freelb().ascent.steps


def test_adaptive_is_no_tableau_but_has_one() -> None:
    objective = methods.adaptive_pgd(steps=3).objective
    assert isinstance(objective, Adaptive)
    assert implied_weights(objective.tableau)[1].requires_grad
