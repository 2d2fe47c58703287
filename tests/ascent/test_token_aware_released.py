"""TA-VAT as released against a loop of its own: k points and k - 1 moves, losses summed, rows that grow."""

import pytest
import torch
from torch import Tensor

from robustlab import methods
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.training.step import accumulate

STEPS, SIZE, RADIUS, MAGNITUDE = 3, 0.07, 0.15, 0.2


@pytest.fixture
def model():
    return tiny_architecture("bert").double().eval()


@pytest.fixture
def batch() -> dict[str, Tensor]:
    batch = tiny_batch("bert")
    batch["input_ids"][:, 1] = batch["input_ids"][0, 2]  # a word that occurs often
    return batch


def released() -> methods.Method:
    return methods.ta_vat_released(steps=STEPS, step_size=SIZE, radius=RADIUS, magnitude=MAGNITUDE).double()


def by_hand(model, batch: dict, delta: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The summed loss, and the table after the step."""
    free = batch["attention_mask"].bool()
    eta = torch.stack([rows[ids] for ids in batch["input_ids"]]) * free[..., None]
    eta, delta, total = eta / eta.norm(), delta.clone(), torch.zeros((), dtype=rows.dtype)  # one norm for the batch
    for t in range(STEPS):
        probe = (delta + eta).requires_grad_()
        moved = model.bert.embeddings.word_embeddings(batch["input_ids"]) + probe
        logits = model(inputs_embeds=moved, attention_mask=batch["attention_mask"]).logits
        losses = torch.nn.functional.cross_entropy(logits, batch["labels"], reduction="none")
        (gradient,) = torch.autograd.grad(losses.sum(), probe, retain_graph=True)
        total = total + losses.mean()
        if t == STEPS - 1:
            break
        for b in range(len(delta)):
            delta[b] += SIZE * gradient[b] / gradient[b].norm()
            delta[b] *= min(1.0, RADIUS / float(delta[b].norm()))
            for i in range(int(free[b].sum())):
                eta[b, i] += SIZE * gradient[b, i] / gradient[b, i].norm()
            lengths = eta[b].norm(dim=1)
            for i in range(int(free[b].sum())):
                eta[b, i] *= lengths[i] / lengths.max()
            eta[b] *= min(1.0, RADIUS / float(eta[b].norm()))
    rows = rows.clone()
    for b, i in free.nonzero().tolist():
        rows[batch["input_ids"][b, i]] += eta[b, i]
    return total, rows


def test_it_is_the_released_loop(model, batch):
    method, landscape = released(), TransformerLandscape(model, batch)
    generator = torch.Generator().manual_seed(0)
    delta = method.ascent.start(landscape, generator=generator)
    method.ascent.table.look_up(landscape)  # makes the rows
    expected, rows = by_hand(model, batch, delta, method.ascent.table.rows.double())
    model.zero_grad()
    expected.backward()
    theirs = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    logs = accumulate(method, landscape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(logs["loss"], expected.detach())
    for name, p in model.named_parameters():
        if name in theirs:
            torch.testing.assert_close(p.grad, theirs[name], rtol=1e-6, atol=1e-10)
    method.after_step()
    torch.testing.assert_close(method.ascent.table.rows, rows)


def test_its_rows_grow_and_ours_do_not(model, batch):
    """A frequent word's row, step after step: the reason for the departure."""
    word = batch["input_ids"][0, 2]
    lengths = {}
    for name, method in {"released": released(), "ours": methods.ta_vat(steps=STEPS, step_size=SIZE).double()}.items():
        seen = []
        for step in range(12):
            accumulate(method, TransformerLandscape(model, batch), generator=torch.Generator().manual_seed(step))
            method.after_step()
            seen.append(float(method.ascent.table.rows[word].norm()))
        lengths[name] = seen
    assert lengths["released"][-1] > 2 * lengths["released"][1]
    assert lengths["ours"][-1] < 1.5 * lengths["ours"][1]


def test_an_examples_start_depends_on_what_stands_beside_it(model, batch):
    few = {name: value[:1] for name, value in batch.items()}
    whole, alone = (method_start(model, some) for some in (batch, few))
    assert whole[0].norm() < alone[0].norm()
    torch.testing.assert_close(whole[0] / whole[0].norm(), alone[0] / alone[0].norm())


def method_start(model, batch: dict) -> Tensor:
    return released().ascent.table.look_up(TransformerLandscape(model, batch))
