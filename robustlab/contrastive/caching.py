"""Large batches in the memory of small ones: all representations at once, but the graph of one chunk at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from robustlab.typing import Scalar

Chunk = TypeVar("Chunk")
Encoded = Tensor | tuple[Tensor, ...]


class _Randomness(NamedTuple):
    """The global generators as they stood; dropout asks no others."""

    cpu: Tensor
    cuda: dict[int, Tensor]

    @classmethod
    def now(cls) -> _Randomness:
        return cls(torch.get_rng_state(), {device: torch.cuda.get_rng_state(device) for device in _devices()})

    def restore(self) -> None:
        torch.set_rng_state(self.cpu)
        for device, state in self.cuda.items():
            torch.cuda.set_rng_state(state, device)


def _devices() -> list[int]:
    # Asking for the state of a device would start CUDA; where it has not been started nothing can have drawn from it.
    return list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []


def cached_terms(
    encode: Callable[[Chunk], Encoded], chunks: Sequence[Chunk], loss: Callable[..., Scalar]
) -> Iterator[Scalar]:
    """Yield the loss over all chunks, and then a term of value 0 for each of them: together they have its gradients.

    Each chunk is encoded without a graph; the loss is differentiated with respect to the representations; each chunk is
    encoded again, with the same dropout, and given its share of that gradient. The graph of one chunk is in memory at a
    time, and it costs one forward more. What `encode` writes into a module on its way, such as BatchNorm's averages, is
    written twice. A single chunk is encoded once, and the loss is its own term.

    Args:
        encode: The representations of a chunk, one row an example: a tensor, or a tuple where an example has several.
            Slots that need no gradient, such as a momentum encoder's, are allowed.
        chunks: The batch in pieces, not necessarily of one size.
        loss: Takes the representations of all chunks, concatenated, one argument a slot; its own parameters, if it has
            any, get their gradients too.

    Yields: Terms [], nats; each must be differentiated before the next is asked for.

    Raises: ValueError: If there are no chunks, the slots of two chunks differ in number, or nothing that `encode` gives
        depends on a parameter that learns.

    Source: Gao et al. (GradCache, 2021), Section 3.
    """
    if not chunks:
        raise ValueError("expected at least one chunk to encode, got none")
    if len(chunks) == 1:
        yield loss(*_slots(encode(chunks[0])))
        return
    states: list[_Randomness] = []
    encoded: list[tuple[Tensor, ...]] = []
    with torch.no_grad():
        for chunk in chunks:
            states.append(_Randomness.now())
            encoded.append(_slots(encode(chunk)))
    # Autocast keeps low-precision copies of the weights. Not every version of torch forgets those made without a
    # graph, which would stop the gradient.
    torch.clear_autocast_cache()
    if len({len(slots) for slots in encoded}) > 1:
        raise ValueError(
            f"encode must give as many representations for each chunk, got {[len(slots) for slots in encoded]}"
        )
    sizes = [[len(part) for part in slots] for slots in encoded]
    whole = [torch.cat(parts) for parts in zip(*encoded, strict=True)]
    del encoded
    leaves = [part.requires_grad_() if part.is_floating_point() else part for part in whole]
    value = loss(*leaves)
    # Asked for here and not read off the leaves: a trainer may scale what it differentiates, this term and the others.
    asked = [leaf for leaf in leaves if leaf.requires_grad]
    found = iter(torch.autograd.grad(value, asked, retain_graph=True, allow_unused=True))
    gradients = [next(found) if leaf.requires_grad else None for leaf in leaves]
    yield value
    shares = [_split(gradient, [row[slot] for row in sizes]) for slot, gradient in enumerate(gradients)]
    yield from _push(encode, chunks, states, list(zip(*shares, strict=True)))


def cached_backward(
    encode: Callable[[Chunk], Encoded],
    chunks: Sequence[Chunk],
    loss: Callable[..., Scalar],
    *,
    backward: Callable[[Tensor], Any] = Tensor.backward,
) -> Scalar:
    """Differentiate `cached_terms` one by one, and return the loss, detached.

    Args:
        encode: See `cached_terms`.
        chunks: See `cached_terms`.
        loss: See `cached_terms`.
        backward: Differentiates a term; pass a trainer's own, which may scale it.

    Source: Gao et al. (GradCache, 2021), Section 3.
    """
    value: Scalar | None = None
    for term in cached_terms(encode, chunks, loss):
        value = term.detach() if value is None else value
        backward(term)
    assert value is not None
    return value


def _push(
    encode: Callable[[Chunk], Encoded],
    chunks: Sequence[Chunk],
    states: list[_Randomness],
    gradients: list[tuple[Tensor | None, ...]],
) -> Iterator[Scalar]:
    """Encode each chunk again as it was encoded before, beside its gradient; the global generators stay as they are."""
    learned = False
    for chunk, state, of_chunk in zip(chunks, states, gradients, strict=True):
        with torch.random.fork_rng(devices=_devices()):
            state.restore()
            slots = _slots(encode(chunk))
        linear = [
            (slot * gradient).sum()
            for slot, gradient in zip(slots, of_chunk, strict=True)
            if slot.requires_grad and gradient is not None
        ]
        if linear:
            learned = True
            term = torch.stack(linear).sum()
            yield term - term.detach()
    if not learned:
        raise ValueError(
            "nothing that encode gave depends on a parameter that learns: "
            "it must not run under no_grad, nor detach its result"
        )


def _slots(encoded: Encoded) -> tuple[Tensor, ...]:
    return (encoded,) if isinstance(encoded, Tensor) else tuple(encoded)


def _split(gradient: Tensor | None, sizes: list[int]) -> Sequence[Tensor | None]:
    return [None] * len(sizes) if gradient is None else gradient.split(sizes)
