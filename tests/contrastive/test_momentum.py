"""The slow copy follows its student and learns nothing itself."""

import copy

import pytest
import torch
from torch import nn

from robustlab.contrastive import MomentumEncoder


def student() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)).double()


def test_follows_by_its_decay_and_is_not_trained() -> None:
    model = student()
    encoder = MomentumEncoder(model, decay=0.9)
    expected = copy.deepcopy(model.state_dict())
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        model(torch.randn(5, 3, dtype=torch.float64)).square().sum().backward()
        optimiser.step()
        encoder.after_step()
        for name, value in model.named_parameters():
            expected[name] = 0.9 * expected[name] + 0.1 * value.detach()
    for name, value in encoder.copy.named_parameters():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=1e-14)
        assert not value.requires_grad
    for mine, theirs in zip(encoder.copy.buffers(), model.buffers(), strict=True):
        assert torch.equal(mine, theirs)


def test_is_state_and_the_student_is_not() -> None:
    model = student()
    encoder = MomentumEncoder(model)
    assert encoder.decay == 0.999
    assert set(encoder.state_dict()) == {f"copy.{name}" for name in model.state_dict()}


def test_drops_out_where_the_student_does() -> None:
    model = student()
    encoder = MomentumEncoder(model)
    model.eval()
    assert not any(module.training for module in encoder.model.modules())
    model[2].train()
    assert [module.training for module in encoder.model.modules()] == [False, False, False, True]
    rows = torch.randn(5, 3, dtype=torch.float64)
    assert not encoder.model(rows).requires_grad


@pytest.mark.parametrize("decay", [1.0, -0.1])
def test_decay_is_a_share(decay: float) -> None:
    with pytest.raises(ValueError, match=f"decay must be at least 0 and below 1, got {decay}"):
        MomentumEncoder(student(), decay=decay)
