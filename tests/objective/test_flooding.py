"""Flooding: its value and its sign, and the criterion that finds its level against loops over pairs of batches."""

import copy
import itertools
import logging
import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robustlab import methods
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import Flooding, accordance, flooding


@pytest.fixture
def model() -> nn.Module:
    return tiny_architecture("bert").double()


@pytest.mark.parametrize("level", [0.01, 5.0])
def test_it_is_the_distance_from_the_level(model: nn.Module, level: float) -> None:
    batch = tiny_batch("bert")
    loss = F.cross_entropy(model(**{k: v for k, v in batch.items() if k != "labels"}).logits, batch["labels"])
    (term,) = methods.flooding_x(level=level).terms(TransformerLandscape(model, batch))
    torch.testing.assert_close(term, (loss - level).abs() + level)
    weight = model.classifier.weight
    plain, flooded = (torch.autograd.grad(value, weight)[0] for value in (loss, term))
    torch.testing.assert_close(flooded, plain if loss > level else -plain)


def test_accordance_is_the_mean_cosine_of_pairs() -> None:
    gradients = torch.randn(6, 20, generator=torch.Generator().manual_seed(0)).double()
    expected = [F.cosine_similarity(a, b, dim=0) for a, b in itertools.combinations(gradients, 2)]
    assert accordance(gradients) == pytest.approx(float(sum(expected) / len(expected)), abs=1e-12)
    assert accordance([gradients[0], 3 * gradients[0]]) == pytest.approx(1, abs=1e-12)
    assert accordance([gradients[0], -gradients[0]]) == pytest.approx(-1, abs=1e-12)
    with pytest.raises(ValueError, match="accordance needs at least 2 batches, got 1"):
        accordance([gradients[0]])


def naive_level(model: nn.Module, batches: list[dict[str, Tensor]], rate: float, passes: int) -> list[tuple]:
    """Train a copy, after every pass compare all pairs of batches' gradients."""
    model = copy.deepcopy(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate)

    def loss_of(batch: dict) -> Tensor:
        return model(**batch).loss

    seen, agreed = [], False
    labels = torch.cat([batch["labels"] for batch in batches]).tolist()
    shares = [labels.count(label) / len(labels) for label in set(labels)]
    for _ in range(passes):
        losses = []
        for batch in batches:
            optimiser.zero_grad()
            loss = loss_of(batch)
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        gradients = []
        for batch in batches:
            model.zero_grad()
            loss_of(batch).backward()
            gradients.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
        cosines = [F.cosine_similarity(a, b, dim=0).item() for a, b in itertools.combinations(gradients, 2)]
        seen.append((sum(losses) / len(losses), sum(cosines) / len(cosines)))
        if agreed and seen[-1][1] <= 0:
            break
        constant = -sum(p * math.log(p) for p in shares)
        agreed = seen[-1][0] < 0.9 * constant and (agreed or seen[-1][1] > 0)
    return seen


def learnable(seed: int) -> dict[str, Tensor]:
    """A batch in which the second word tells the label of six rows, and of the other two the wrong one."""
    batch = tiny_batch("bert", batch=8, seed=seed)
    told = batch["labels"].clone()
    told[:2] = 1 - told[:2]
    batch["input_ids"][:, 1] = 10 + 10 * told
    return batch


def test_the_level_is_the_loss_where_batches_stop_agreeing(model: nn.Module) -> None:
    batches = [learnable(seed) for seed in range(6)]
    expected = naive_level(model, batches, 5e-3, passes=20)
    assert 1 < len(expected) < 20
    assert expected[-1][1] <= 0 < max(agreement for _, agreement in expected)
    method = methods.flooding_x(passes=20)
    method.prepare([TransformerLandscape(model, batch) for batch in batches], learning_rate=5e-3)
    for mine, (loss, agreement) in zip(method.objective.pilot, expected, strict=True):
        assert mine.loss == pytest.approx(loss, rel=1e-6)
        assert mine.accordance == pytest.approx(agreement, abs=1e-6)
    assert float(method.objective.level) == pytest.approx(expected[-1][0])


def test_agreement_must_have_been_there_before_it_can_end(model: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    script = iter([-0.1, -0.2, 0.3, 0.1, -0.1, -0.5])
    monkeypatch.setattr(flooding, "accordance", lambda _: next(script))
    monkeypatch.setattr(flooding, "LEARNED", 2.0)  # every pass counts as one that has learned
    method = methods.flooding_x(passes=9)
    method.prepare([TransformerLandscape(model, learnable(0))], learning_rate=1e-4)
    assert [one.accordance for one in method.objective.pilot] == [-0.1, -0.2, 0.3, 0.1, -0.1]


def test_a_pilot_that_learns_nothing_gives_no_level(model: nn.Module, caplog: pytest.LogCaptureFixture) -> None:
    method = methods.flooding_x(passes=2)
    with caplog.at_level(logging.WARNING):
        method.prepare([TransformerLandscape(model, learnable(seed)) for seed in range(2)], learning_rate=1e-9)
    assert "the pilot learned nothing in 2 passes; training without a level" in caplog.text
    assert [one.learned for one in method.objective.pilot] == [False, False]
    assert float(method.objective.level) == 0
    landscape = TransformerLandscape(model, learnable(0))
    (mine,), (plain,) = method.terms(landscape), methods.standard().terms(landscape)
    torch.testing.assert_close(mine, plain)


def test_where_nothing_turns_the_last_pass_decides(model: nn.Module) -> None:
    """One batch twice: its gradient always agrees with itself."""
    method = methods.flooding_x(passes=3)
    method.prepare([TransformerLandscape(model, learnable(0))] * 20, learning_rate=5e-3)
    assert [round(one.accordance, 6) for one in method.objective.pilot] == [1, 1, 1]
    assert method.objective.pilot[-1].learned
    assert float(method.objective.level) == method.objective.pilot[-1].loss
    with pytest.raises(ValueError, match="on the training batches, and there are none; pass level="):
        methods.flooding_x().prepare([], learning_rate=1e-3)


def test_a_level_that_was_given_needs_no_pilot(model: nn.Module) -> None:
    method = methods.flooding_x(level=0.2)
    method.prepare(iter([]), learning_rate=1e-3)
    assert float(method.objective.level) == 0.2


def test_without_a_level_it_is_standard_training(model: nn.Module) -> None:
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    (mine,), (plain,) = methods.flooding_x().terms(landscape), methods.standard().terms(landscape)
    assert torch.equal(mine, plain)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="level must be positive, got 0"):
        Flooding(level=0)
    with pytest.raises(ValueError, match="batches must be at least 2, to be compared with each other, got 1"):
        Flooding(batches=1)
    with pytest.raises(ValueError, match="holds the loss at a level and takes no path, got an ascent of 5 steps"):
        methods.Method(methods.pgd().ascent, Flooding())
