"""Cached gradients are those of the whole batch at once, and one chunk's graph is all that is kept."""

import copy

import pytest
import torch
from torch import Tensor, nn

from robustlab.contrastive import cached_backward, info_nce, nt_xent

SIZES = (3, 1, 4)


def encoder(dropout: float = 0.0) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Dropout(dropout), nn.Linear(32, 5)).double()


def chunks(sizes: tuple[int, ...] = SIZES) -> list[Tensor]:
    rows = torch.randn(sum(sizes), 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return list(rows.split(sizes))


def twice(model: nn.Module):
    """Two views of a chunk by dropout, one after the other."""
    return lambda rows: (model(rows), model(rows))


def mean_loss(one: Tensor, other: Tensor) -> Tensor:
    return nt_xent(one, other, temperature=0.1).mean()


def noisy_loss(one: Tensor, other: Tensor) -> Tensor:
    return mean_loss(one + 0.1 * torch.rand_like(one), other)


def gradients(model: nn.Module) -> list[Tensor]:
    return [parameter.grad for parameter in model.parameters()]


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_they_are_those_of_the_whole_batch(dropout: float) -> None:
    model, whole = encoder(dropout), encoder(dropout)
    torch.manual_seed(7)
    views = [twice(whole)(rows) for rows in chunks()]  # in chunks too: dropout follows the order of the draws
    expected = noisy_loss(*(torch.cat(parts) for parts in zip(*views, strict=True)))
    expected.backward()
    after = torch.rand(1)
    torch.manual_seed(7)
    found = cached_backward(twice(model), chunks(), noisy_loss)
    assert torch.equal(torch.rand(1), after)  # as if it had been encoded once
    assert not found.requires_grad
    torch.testing.assert_close(found, expected.detach(), rtol=0, atol=1e-12)
    for mine, theirs in zip(gradients(model), gradients(whole), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def test_without_dropout_the_chunks_do_not_matter() -> None:
    model, whole = encoder(), encoder()
    rows = torch.cat(chunks())

    def loss(z: Tensor) -> Tensor:
        return info_nce(z, z.roll(1, 1), temperature=0.2).mean()

    loss(whole(rows)).backward()
    cached_backward(model, rows.split(3), loss)
    for mine, theirs in zip(gradients(model), gradients(whole), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def test_the_loss_may_learn_and_a_slot_may_be_frozen_or_unused() -> None:
    model, whole, slow = encoder(), encoder(), encoder().requires_grad_(False)
    heads = [nn.Linear(5, 5).double() for _ in range(2)]
    heads[1].load_state_dict(heads[0].state_dict())

    def encode(model: nn.Module):
        return lambda rows: (model(rows), slow(rows) + 1, rows.argmax(1), model(rows))

    def loss(head: nn.Module):
        return lambda z, keys, ids, _: (info_nce(head(z), keys, temperature=0.1) * ids).mean()

    loss(heads[1])(*encode(whole)(torch.cat(chunks()))).backward()
    cached_backward(encode(model), chunks(), loss(heads[0]))
    found, expected = ([*gradients(x), *gradients(head)] for x, head in zip((model, whole), heads, strict=True))
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def test_a_scaled_backward_scales_every_term_once() -> None:
    plain, scaled, asked = encoder(), encoder(), []

    def backward(loss: Tensor) -> None:
        asked.append(float(loss.detach()))
        (loss * 8).backward()

    cached_backward(twice(plain), chunks(), mean_loss)
    value = cached_backward(twice(scaled), chunks(), mean_loss, backward=backward)
    assert asked == [float(value), 0, 0, 0]
    for mine, theirs in zip(gradients(scaled), gradients(plain), strict=True):
        torch.testing.assert_close(mine, 8 * theirs, rtol=0, atol=1e-12)


def test_autocast_keeps_its_gradients() -> None:
    model = encoder().float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cached_backward(twice(model), [rows.float() for rows in chunks()], mean_loss)
    assert all(gradient is not None and gradient.any() for gradient in gradients(model))


class Held:
    """How many numbers the graphs that are alive have saved, and the most at any time."""

    def __init__(self) -> None:
        self.now = self.most = 0

    def pack(self, tensor: Tensor) -> object:
        held = self

        class Saved:
            def __init__(self) -> None:
                held.now += tensor.numel()
                held.most = max(held.most, held.now)
                self.tensor = tensor

            def __del__(self) -> None:
                held.now -= self.tensor.numel()

        return Saved()


def most_held(run) -> int:
    held = Held()
    with torch.autograd.graph.saved_tensors_hooks(held.pack, lambda saved: saved.tensor):
        run()
    assert held.now == 0
    return held.most


def test_the_graph_of_one_chunk_is_all_that_is_kept() -> None:
    model, pieces = encoder(), chunks((8,) * 8)

    def at_once(pieces: list[Tensor]) -> None:
        (sum(model(rows).square().sum() for rows in pieces)).backward()

    one, whole = most_held(lambda: at_once(pieces[:1])), most_held(lambda: at_once(pieces))
    cached = most_held(lambda: cached_backward(model, pieces, lambda z: z.square().sum()))
    assert cached <= max(one, 64 * 5 + 1) < whole / 4  # a chunk's, or that of the loss: 64 representations of width 5


def test_errors() -> None:
    model = encoder()
    with pytest.raises(ValueError, match="expected at least one chunk to encode, got none"):
        cached_backward(model, [], mean_loss)
    with pytest.raises(ValueError, match="nothing that encode gave depends on a parameter that learns: it must not"):
        cached_backward(lambda rows: model(rows).detach(), chunks(), lambda z: z.square().sum())
    with pytest.raises(ValueError, match=r"as many representations for each chunk, got \[1, 2, 1\]"):
        cached_backward(lambda rows: (model(rows),) * (2 if len(rows) == 1 else 1), chunks(), lambda z: z.sum())


def test_the_model_is_left_as_it_was() -> None:
    model = encoder(0.3)
    before = copy.deepcopy(model.state_dict())
    cached_backward(twice(model), chunks(), mean_loss)
    assert model.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
