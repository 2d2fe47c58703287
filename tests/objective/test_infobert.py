"""InfoBERT against its algorithm at `inputs_embeds`, its choice of words against a loop, and its critics' training."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import BertForSequenceClassification

from robustlab import methods
from robustlab.ascent import GradientAscent, starts
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import InfoBERT, stable_words


@pytest.fixture
def model() -> BertForSequenceClassification:
    return tiny_architecture("bert").double().eval()


@pytest.fixture
def batch() -> dict[str, Tensor]:
    return tiny_batch("bert", length=12)


def chosen(norms: list[float], low: float, high: float) -> list[int]:
    """Algorithm 1: sort by the norm, take the words from ⌈n·low⌉ up to ⌈n·high⌉."""
    order = sorted(range(len(norms)), key=lambda i: norms[i])
    return sorted(order[math.ceil(len(norms) * low) : math.ceil(len(norms) * high)])


@pytest.mark.parametrize(("low", "high"), [(0.5, 0.9), (0.0, 1.0), (0.2, 0.6)])
def test_the_stable_words_are_the_middle_of_the_order(low: float, high: float) -> None:
    gradient = torch.randn(4, 10, 3, generator=torch.Generator().manual_seed(0))
    lengths = [10, 7, 2, 1]
    mask = torch.stack([(torch.arange(10) < n).float() for n in lengths])[..., None]
    found = stable_words(gradient * mask, mask, low, high)
    for row, n in enumerate(lengths):
        norms = gradient[row, :n].norm(dim=-1).tolist()
        assert found[row].nonzero().flatten().tolist() == chosen(norms, low, high)


def test_it_is_the_algorithm(model, batch) -> None:
    """k = 2 from a random start: r_0 and r_1, each with its loss and both bounds, critics held in hand."""
    method = methods.infobert(steps=2, step_size=0.1, start=starts.normal(0.05), anchor=0.3, bottleneck=0.2)
    method.prepare([TransformerLandscape(model, batch)], learning_rate=1e-3)
    anchor, q = method.objective.inner["anchor"], method.objective.inner["bottleneck"]
    offset = method.ascent(TransformerLandscape(model, batch), generator=torch.Generator().manual_seed(0)).start
    words, mask = model.bert.embeddings.word_embeddings(batch["input_ids"]), batch["attention_mask"]
    total = torch.zeros((), dtype=torch.float64)
    for _ in range(2):
        offset = offset.detach().requires_grad_()
        out = model(inputs_embeds=words + offset, attention_mask=mask, output_hidden_states=True)
        losses = F.cross_entropy(out.logits, batch["labels"], reduction="none")
        (gradient,) = torch.autograd.grad(losses.sum(), offset, retain_graph=True)
        last = out.hidden_states[-1]
        x, y = [], []
        stable, pair, means = [], [], []
        for row, n in enumerate(mask.sum(1).tolist()):
            x += list((words + offset)[row, :n])
            y += list(last[row, :n])
            means.append(last[row, :n].mean(0))
            for word in chosen(gradient[row, :n].norm(dim=-1).tolist(), 0.5, 0.9):
                stable.append((words + offset)[row, word])
                pair.append(row)
        lower = anchor(torch.stack(stable), torch.stack(means), torch.tensor(pair))
        mean, spread = q(torch.stack(x))
        mean, spread, y = mean.detach(), spread, torch.stack(y)
        # The bound has no gradient in q, so what is compared below is its value, and gradients that do not reach q.
        pairs = ((y[None] - mean[:, None]).square().mean(1) - (y - mean).square()) / spread.exp()
        upper = 0.5 * pairs.sum(1).mean()
        total = total + (losses.mean() + 0.2 * upper - 0.3 * lower) / 2
        step = gradient / gradient.flatten(1).norm(dim=1)[:, None, None]
        offset = offset + 0.1 * step
    mine = sum(method.terms(TransformerLandscape(model, batch), generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(mine, total, rtol=1e-9, atol=1e-10)
    head = model.classifier.weight
    torch.testing.assert_close(*(torch.autograd.grad(loss, head, retain_graph=True)[0] for loss in (mine, total)))
    left = anchor.left[0].weight
    torch.testing.assert_close(*(torch.autograd.grad(loss, left, retain_graph=True)[0] for loss in (mine, total)))


def test_a_state_that_was_loaded_first_waits_for_the_widths(model, batch) -> None:
    method, fresh = methods.infobert(), methods.infobert()
    method.prepare([TransformerLandscape(model, batch)], learning_rate=1e-3)
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.add_(1)
    fresh.load_state_dict(method.state_dict())
    assert fresh.state_dict().keys() == method.state_dict().keys()
    fresh.prepare([TransformerLandscape(model, batch)], learning_rate=1e-3)
    for mine, theirs in zip(method.parameters(), fresh.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="low and high must be shares with low below high, got 0.9 and 0.5"):
        InfoBERT(low=0.9, high=0.5)
    with pytest.raises(ValueError, match="anchor must be positive, got 0"):
        InfoBERT(anchor=0)
    with pytest.raises(ValueError, match="needs an ascent of cross-entropy"):
        methods.Method(methods.standard().ascent, InfoBERT())
    with pytest.raises(ValueError, match="needs an ascent of cross-entropy"):
        methods.Method(methods.trades().ascent, InfoBERT())
    assert isinstance(methods.infobert().ascent, GradientAscent)


def test_critics_that_no_optimiser_knows_of_are_refused(model, batch) -> None:
    method = methods.infobert(steps=1)
    assert method.parameter_groups() == []
    with pytest.raises(ValueError, match="what InfoBERT learns would be made after the optimiser"):
        next(method.terms(TransformerLandscape(model, batch)))
