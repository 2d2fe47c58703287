"""TA-VAT's two offsets against a loop written from Algorithm 1, and what its table remembers."""

import pytest
import torch
from torch import Tensor

from robustlab import methods
from robustlab.ascent import TokenAware, TokenTable
from robustlab.landscape import QuadraticLandscape, TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.training.step import accumulate

STEPS, SIZE, RADIUS, MAGNITUDE = 3, 0.07, 0.15, 0.2


@pytest.fixture
def model():
    return tiny_architecture("bert").double().eval()


@pytest.fixture
def batch() -> dict[str, Tensor]:
    return tiny_batch("bert")


def ta_vat() -> methods.Method:
    return methods.ta_vat(steps=STEPS, step_size=SIZE, radius=RADIUS, magnitude=MAGNITUDE).double()


def by_hand(model, batch: dict, delta: Tensor, eta: Tensor) -> tuple[Tensor, Tensor]:
    """Algorithm 1, one example and one token at a time: the summed loss/k, and η_K."""
    words = model.bert.embeddings.word_embeddings(batch["input_ids"]).detach()
    delta, eta, total = delta.clone(), eta.clone(), torch.zeros((), dtype=words.dtype)
    for _ in range(STEPS):
        probe = (delta + eta).requires_grad_()
        moved = model.bert.embeddings.word_embeddings(batch["input_ids"]) + probe
        logits = model(inputs_embeds=moved, attention_mask=batch["attention_mask"]).logits
        losses = torch.nn.functional.cross_entropy(logits, batch["labels"], reduction="none")
        (gradient,) = torch.autograd.grad(losses.sum(), probe, retain_graph=True)
        total = total + losses.mean() / STEPS
        for b in range(len(delta)):
            free = int(batch["attention_mask"][b].sum())
            delta[b] += SIZE * gradient[b] / gradient[b].norm()
            delta[b] *= min(1.0, RADIUS / float(delta[b].norm()))
            for i in range(free):
                eta[b, i] += SIZE * gradient[b, i] / gradient[b, i].norm()
            lengths = eta[b].norm(dim=1)
            for i in range(free):
                eta[b, i] *= lengths[i] / lengths.max()
            eta[b] *= min(1.0, RADIUS / float(eta[b].norm()))
    return total, eta


def test_the_loss_and_the_table_are_algorithm_1s(model, batch):
    method, landscape = ta_vat(), TransformerLandscape(model, batch)
    mask = batch["attention_mask"][..., None]
    start = method.ascent(landscape, generator=torch.Generator().manual_seed(0)).start
    method.ascent.table._met.clear()  # what was only looked at is not learned from
    before = method.ascent.table.rows.clone()
    eta = before[batch["input_ids"]] * mask
    expected, last = by_hand(model, batch, start - eta, eta)
    model.zero_grad()
    expected.backward()
    theirs = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    logs = accumulate(method, landscape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(logs["loss"], expected.detach())
    for name, p in model.named_parameters():
        if name in theirs:
            torch.testing.assert_close(p.grad, theirs[name], rtol=1e-6, atol=1e-10)
    assert torch.equal(method.ascent.table.rows, before)  # nothing is written before the optimiser's step
    method.after_step()
    ids = batch["input_ids"]
    for word in range(len(before)):
        met = last[(ids == word) & (mask.squeeze(-1) > 0)]
        row = method.ascent.table.rows[word]
        torch.testing.assert_close(row, met.mean(0) if len(met) else before[word], rtol=1e-9, atol=1e-12)


def test_a_word_starts_where_it_was_left(model, batch):
    method, landscape = ta_vat(), TransformerLandscape(model, batch)
    accumulate(method, landscape, generator=torch.Generator().manual_seed(0))
    method.after_step()
    remembered = method.ascent.table.rows[batch["input_ids"]] * batch["attention_mask"][..., None]
    first, second = (TokenAware(steps=1, step_size=SIZE, radius=RADIUS, magnitude=MAGNITUDE).double() for _ in "ab")
    second.table.load_state_dict(method.ascent.table.state_dict())
    starts = [one(landscape, generator=torch.Generator().manual_seed(1)).start for one in (first, second)]
    fresh = first.table.rows[batch["input_ids"]] * batch["attention_mask"][..., None]
    torch.testing.assert_close(starts[1] - starts[0], remembered - fresh)


def test_padding_is_never_remembered(model, batch):
    method, landscape = ta_vat(), TransformerLandscape(model, batch)
    pads = batch["input_ids"][batch["attention_mask"] == 0].unique()
    assert len(pads) == 1
    accumulate(method, landscape)
    before = method.ascent.table.rows[pads].clone()
    method.after_step()
    assert torch.equal(method.ascent.table.rows[pads], before)


def test_table_saves_and_loads_before_it_was_used():
    table, fresh = TokenTable(0.1), TokenTable(0.1)
    table.rows = torch.randn(7, 3)
    fresh.load_state_dict(table.state_dict())
    assert torch.equal(fresh.rows, table.rows)


def test_a_site_without_tokens_is_refused():
    quadratic = QuadraticLandscape(torch.ones(2, 3), torch.zeros(2, 3, 3))
    with pytest.raises(ValueError, match="needs token ids, but the site has none; use the word embeddings"):
        methods.ta_vat().ascent(quadratic)


@pytest.mark.parametrize("name", ["step_size", "radius", "magnitude"])
def test_bad_settings(name):
    settings = {"steps": 1, "step_size": 1.0, "radius": 1.0, "magnitude": 1.0}
    with pytest.raises(ValueError, match=f"{name} must be positive, got -1"):
        TokenAware(**(settings | {name: -1.0}))
