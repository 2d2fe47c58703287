"""Reaching the weights of every self-attention of a transformer, whatever it is called and however it is computed.

Attention weights are a softmax of four-dimensional scores, or inside `scaled_dot_product_attention`. Both are functions
of torch, and torch lets a context watch its functions: what is added to the scores there needs no knowledge of a
model's family, nor of the version of transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

# A score below this stands for "not allowed": masks are -10⁴ (older models, half precision) or the lowest number.
BLOCKED = -5e3
KNOWN = "bert, roberta, deberta-v2, distilbert, electra, gpt2, llama, t5 and bart do"

_SOFTMAX = (F.softmax, torch.softmax, Tensor.softmax)
Bend = Callable[[Bool[Tensor, "b l m"]], Tensor | None]  # what is allowed -> what is added to the scores


@dataclass(frozen=True)
class SelfAttention:
    """One module that computes self-attention: its name in the model, its calls in a forward and its input's width."""

    name: str
    calls: int
    width: int
    dtype: torch.dtype


# (which self-attention, its input, which keys its queries may see) -> what is added to its scores; None adds nothing
Bias = Callable[[int, Float[Tensor, "b l d"], Bool[Tensor, "b l l"]], Float[Tensor, "b #h l l"] | None]


class _Scores(TorchFunctionMode):
    """Passes the scores of every attention that is computed in its context through `bend`."""

    def __init__(self, bend: Bend):
        super().__init__()
        self.bend = bend

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention:
            return self._fused(*args, **kwargs)
        if func in _SOFTMAX:
            scores = args[0] if args else kwargs.get("input")
            if isinstance(scores, Tensor) and scores.dim() == 4:
                bias = self.bend((scores.detach() > BLOCKED).any(1))
                if bias is not None and args:
                    args = (scores + bias.to(scores.dtype), *args[1:])
                elif bias is not None:
                    kwargs = kwargs | {"input": scores + bias.to(scores.dtype)}
        return func(*args, **kwargs)

    def _fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        *,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        given = attn_mask
        allowed = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device)
        if is_causal:
            allowed = allowed.tril()
        elif given is not None:
            allowed = given if given.dtype == torch.bool else given.detach() > BLOCKED
        every = allowed.expand(len(query), allowed.shape[1] if allowed.dim() == 4 else 1, *allowed.shape[-2:])
        bias = self.bend(every.any(1)) if query.dim() == 4 else None
        if bias is not None:
            if given is None or given.dtype == torch.bool:
                given = torch.zeros_like(allowed, dtype=query.dtype).masked_fill(~allowed, -torch.inf)
            given, is_causal = given + bias.to(query.dtype), False
        return F.scaled_dot_product_attention(
            query, key, value, given, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
        )


def _states(args: tuple, kwargs: dict) -> Tensor | None:
    """What an attention reads; None where its keys come from elsewhere (the decoder's attention to the encoder)."""
    found = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor) and value.dim() == 3]
    found = [value for value in found if value.is_floating_point()]
    return found[0] if found and all(value is found[0] for value in found) else None


def find_attentions(model: nn.Module, forward: Callable[[], object]) -> tuple[SelfAttention, ...]:
    """Watch one forward and name the modules that compute self-attention in it, in order.

    A decoder's attention to an encoder is no self-attention and is left out.

    Args:
        model: Any transformers model.
        forward: Runs the model once; it is run without gradients.

    Raises:
        ValueError: If no self-attention can be seen.
    """
    names = {module: name for name, module in model.named_modules()}
    running: list[tuple[nn.Module, Tensor | None]] = []
    seen: list[tuple[str, Tensor]] = []

    def enter(module: nn.Module, args: tuple, kwargs: dict) -> None:
        running.append((module, _states(args, kwargs)))

    def leave(module: nn.Module, args: tuple, output: object) -> None:
        running.pop()

    def note(allowed: Tensor) -> None:
        module, states = running[-1] if running else (model, None)
        if states is not None and allowed.shape[1] == allowed.shape[2] == states.shape[1]:
            seen.append((names[module], states))

    with ExitStack() as context:
        for module in names:
            for handle in (
                module.register_forward_pre_hook(enter, with_kwargs=True),
                module.register_forward_hook(leave, always_call=True),
            ):
                context.callback(handle.remove)
        context.enter_context(torch.no_grad())
        context.enter_context(_Scores(note))
        forward()
    if not seen:
        raise ValueError(f"no self-attention of {type(model).__name__} can be reached{_hint(model)}")
    called = [name for name, _ in seen]
    first = dict(reversed(seen))
    return tuple(
        SelfAttention(name, called.count(name), first[name].shape[-1], first[name].dtype)
        for name in dict.fromkeys(called)
    )


def _hint(model: nn.Module) -> str:
    own = getattr(getattr(model, "config", None), "_attn_implementation", None)
    given = f" (its attention is {own!r})" if own else ""
    return f'{given}; load it with attn_implementation="sdpa" or "eager"; {KNOWN}'


@contextmanager
def biased(model: nn.Module, attentions: Sequence[SelfAttention], bias: Bias) -> Iterator[None]:
    """Add `bias` to the scores of every self-attention in the one forward that is run in this context.

    Args:
        model: The model that the attentions were found in, or one of the same architecture.
        attentions: From `find_attentions`.
        bias: Called once a self-attention with its place in `attentions`, its input and what its queries may see.

    Raises:
        ValueError: If the model lacks one of the modules, recomputes its activations, or did not run each of them as
            often as it should.
    """
    if model.training and getattr(model, "is_gradient_checkpointing", False):
        raise ValueError("gradient checkpointing computes attention again outside this context; switch it off")
    current: list[tuple[int, Tensor]] = []
    calls = [0] * len(attentions)

    def add(allowed: Tensor) -> Tensor | None:
        if not current:
            return None
        index, states = current[-1]
        calls[index] += 1
        return bias(index, states, allowed)

    with ExitStack() as context:
        for index, attention in enumerate(attentions):

            def enter(module: nn.Module, args: tuple, kwargs: dict, index: int = index) -> None:
                states = _states(args, kwargs)
                if states is not None:
                    current.append((index, states))

            def leave(module: nn.Module, args: tuple, output: object) -> None:
                current.clear()

            module = _named(model, attention.name)
            for handle in (
                module.register_forward_pre_hook(enter, with_kwargs=True),
                module.register_forward_hook(leave, always_call=True),
            ):
                context.callback(handle.remove)
        context.enter_context(_Scores(add))
        yield
    for attention, count in zip(attentions, calls, strict=True):
        if count != attention.calls:
            raise ValueError(
                f"the self-attention {attention.name} was reached {count} times in this forward and {attention.calls} "
                f"times when it was found{_hint(model)}"
            )


def _named(model: nn.Module, name: str) -> nn.Module:
    try:
        return model.get_submodule(name)
    except AttributeError:
        raise ValueError(
            f"{type(model).__name__} has no module {name}: these attentions are those of another model"
        ) from None
