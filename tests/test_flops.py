"""What each method costs, counted: passes over weights that nobody wants must not happen."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from robustlab import methods
from robustlab.ascent import cross_entropy, gradient_at
from robustlab.landscape import TransformerLandscape
from robustlab.methods import Method
from robustlab.training.step import accumulate

# FLOPs of one training step in units of the forward: F = 1, input gradient 1 + a, weight gradient 1 - a, where a is the
# attention products' share of the forward, which have two inputs and no weights. A standard step is 3.
FORMULAS: dict[str, Callable[[int, float], float]] = {
    "standard": lambda k, a: 3,
    "fgsm": lambda k, a: (2 + a) + 3,
    "fgm": lambda k, a: 6,
    "pgd": lambda k, a: k * (2 + a) + 3,
    "adaptive-pgd": lambda k, a: k * (2 + a) + 3,
    "freelb": lambda k, a: 3 * k + 2 + a,
    "freelb-released": lambda k, a: 3 * k,
    "ta-vat": lambda k, a: 3 * k,
    "ta-vat-released": lambda k, a: 3 * k,
    "adaptive-ta-vat": lambda k, a: k * (2 + a) + 3,
    "vat": lambda k, a: k * (2 + a) + 6,
    "trades": lambda k, a: k * (2 + a) + 6,
    "smart": lambda k, a: k * (2 + a) + 7,
    "r3f": lambda k, a: 6,
    "r-drop": lambda k, a: 6,
    "neftune": lambda k, a: 3,
    "infobert": lambda k, a: k * (4 + a),
    "flooding-x": lambda k, a: 3,
    "dsrm": lambda k, a: 9,
    "adaptive-balanced": lambda k, a: 2 * k + 4 + (k - 1) * a,
    "adaptive-annealed": lambda k, a: k * (2 + a) + 3,
    "adaptive-learned-beta": lambda k, a: k * (2 + a) + 3,
    "adaptive-by-difficulty": lambda k, a: k * (2 + a) + 3,
    "augmented": lambda k, a: 6,
    "semrode": lambda k, a: 6,
    "semrode-ot": lambda k, a: 6,
    "supcon": lambda k, a: 3,
    "self-negative": lambda k, a: k * (2 + a) + 3 + 3 + (2 + a) + 3,
    "self-negative-pull": lambda k, a: k * (2 + a) + 6,
    "self-negative-push": lambda k, a: (2 + a) + 6,
    "self-negative-infonce": lambda k, a: k * (2 + a) + (2 + a) + 9,
    "cat": lambda k, a: k * (2 + a) + 6,
    "lat": lambda k, a: k * (2 + a) + 6,
}
# No parameter `steps`.
ONE_STEP = {
    *("standard", "fgsm", "fgm", "r3f", "r-drop", "neftune"),
    *("flooding-x", "dsrm", "augmented", "semrode", "semrode-ot", "supcon", "self-negative-push"),
}
CASES = [(name, k) for name in FORMULAS for k in (1, 3, 5) if name not in ONE_STEP or k == 1]


@pytest.fixture(scope="module")
def model() -> nn.Module:
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=100,
        hidden_size=64,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=256,
        max_position_embeddings=128,
        attn_implementation="eager",  # counted product by product
    )
    return BertForSequenceClassification(config).eval()


@pytest.fixture(params=[24, 96], scope="module")
def landscape(request: pytest.FixtureRequest, model: nn.Module) -> TransformerLandscape:
    ids = torch.randint(5, 100, (4, request.param), generator=torch.Generator().manual_seed(0))
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.tensor([0, 1, 1, 0])}
    attacked = TransformerLandscape(model, batch | {"input_ids": ids.flip(1)})
    return TransformerLandscape(model, batch, companions={"attacked": attacked})


def counted(work: Callable[[], object]) -> FlopCounterMode:
    counter = FlopCounterMode(display=False)
    with counter:
        work()
    return counter


CRITICS = ("InfoNCE", "Conditional")  # small beside a real model, and not beside this one


def step_flops(method: Method, landscape: TransformerLandscape) -> int:
    """FLOPs of a step on the model itself; what a method's own networks need is left out."""
    method.prepare([landscape], learning_rate=1e-3)
    counter = counted(lambda: accumulate(method, landscape))
    own = sum(sum(counter.get_flop_counts().get(critic, {}).values()) for critic in CRITICS)
    return counter.get_total_flops() - own


def attention_share(landscape: TransformerLandscape) -> float:
    """The model's own a: batched products, which only attention has here, over all products of the forward."""
    with torch.no_grad():
        counts = counted(landscape.loss).get_flop_counts()["Global"]
    batched = sum(flops for operator, flops in counts.items() if "bmm" in str(operator))
    return batched / sum(counts.values())


def build(name: str, k: int) -> Method:
    if name == "dsrm":
        return methods.dsrm(level=10)  # above any loss, so that it shifts
    if name == "flooding-x":
        return methods.flooding_x(level=0.1)  # a given level needs no pilot
    return methods.BY_NAME[name]() if name in ONE_STEP else methods.BY_NAME[name](steps=k)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_a_step_costs_what_the_formula_says(name: str, k: int, landscape: TransformerLandscape) -> None:
    a = attention_share(landscape)
    assert 0.02 < a < 0.4
    ratio = step_flops(build(name, k), landscape) / step_flops(methods.standard(), landscape)
    assert ratio == pytest.approx(FORMULAS[name](k, a) / 3, rel=0.03)
    method = build(name, k)
    assert method.objective.units(method.ascent) == FORMULAS[name](k, 0)


def test_adversarial_attention_costs_two_passes_and_its_heads(landscape: TransformerLandscape) -> None:
    """A head: two projections [l d]·[d d], forward and to their weights; one product [l d]·[d l], forward and twice
    back. Nothing flows on to the layer's input."""
    method = methods.asa()
    method.prepare([landscape], learning_rate=1e-3)
    b, length, width = landscape.shape
    heads = 4 * b * (2 * 4 * length * width**2 + 3 * 2 * length**2 * width)
    standard = step_flops(methods.standard(), landscape)
    assert step_flops(method, landscape) - 2 * standard == pytest.approx(heads, rel=0.03)
    assert method.objective.units(method.ascent) == 6
    share = (8 * width + 6 * length) / (24 * width + 4 * length)  # as the objective says
    assert heads / (standard / 3) == pytest.approx(share, rel=0.03)


def test_the_share_of_attention_grows_with_the_length(model: nn.Module) -> None:
    shares = []
    for length in (24, 96):
        ids = torch.full((2, length), 7)
        batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.tensor([0, 1])}
        shares.append(attention_share(TransformerLandscape(model, batch)))
    # 2·l·d products against 2·12·d² of the weights: a = l / (l + 6d) for an intermediate size of 4d.
    assert shares == pytest.approx([24 / (24 + 6 * 64), 96 / (96 + 6 * 64)], rel=0.02)


def test_an_ascent_step_computes_no_weight_gradient(landscape: TransformerLandscape) -> None:
    landscape.model.zero_grad()
    offset = torch.zeros(landscape.shape)
    a = attention_share(landscape)
    forward = counted(landscape.loss).get_total_flops()
    step = counted(lambda: gradient_at(landscape, cross_entropy, offset)).get_total_flops()
    assert step / forward == pytest.approx(2 + a, rel=0.03)
    assert all(parameter.grad is None for parameter in landscape.model.parameters())


def test_a_landscape_costs_nothing_before_it_is_read(model: nn.Module) -> None:
    """Its shape and base are found by a forward that ends at the site."""
    ids = torch.full((2, 24), 7)
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.tensor([0, 1])}
    assert counted(lambda: TransformerLandscape(model, batch)).get_total_flops() == 0
