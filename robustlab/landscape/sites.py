"""Where in a model the loss is looked at: one call of one module inside one forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True)
class Site:
    """The output of one call of `module` during the model's forward.

    Args:
        module: The module whose output is perturbed: an embedding module, or a whole block.
        within: Count only the calls made while this module's forward runs (an embedding that encoder and decoder
            share, as T5 has it in some versions of transformers); None counts the whole forward.
        call: Which of the calls, from 0; None where there is one only, which is checked.

    Raises:
        ValueError: If `call` is negative.
    """

    module: nn.Module
    within: nn.Module | None = None
    call: int | None = None

    def __post_init__(self) -> None:
        if self.call is not None and self.call < 0:
            raise ValueError(f"call counts from 0, got {self.call}")


def embedding_site(model: Any) -> Site:
    """The word embeddings that a model's forward looks up: before positions, normalisation and dropout.

    Args:
        model: Any transformers model with input embeddings.

    Raises:
        ValueError: If the model does not say where its input embeddings are.

    Source: Miyato et al. (2017) perturb word embeddings; Zhu et al. (FreeLB, 2020) those of transformers.
    """
    if getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        # get_input_embeddings() may name a module that no forward calls (BART), or, depending on the version of
        # transformers, that encoder and decoder both call (T5): the encoder names the one it calls.
        encoder = model.base_model.get_encoder()
        own = getattr(encoder, "embed_tokens", None)
        return Site(own if own is not None else encoder.get_input_embeddings(), within=encoder)
    if not hasattr(model, "get_input_embeddings") or (module := model.get_input_embeddings()) is None:
        raise ValueError(f"{type(model).__name__} does not name its input embeddings; pass site=Site(module)")
    return Site(module)


class Reached(Exception):
    """Ends a forward at the site when nothing behind it is wanted."""


@contextmanager
def intercept(site: Site, replace: Callable[[Tensor], Tensor]) -> Iterator[list[int]]:
    """Pass the site's output through `replace` while the context lasts; yields a live, one-item count of its calls."""
    calls = [0]
    inside = [site.within is None]

    def enter(module: nn.Module, args: tuple, kwargs: dict) -> None:
        inside[0] = True

    def leave(module: nn.Module, args: tuple, output: object) -> None:
        inside[0] = False

    def act(module: nn.Module, args: tuple, output: Any) -> Any:
        if not inside[0]:
            return None
        calls[0] += 1
        if calls[0] - 1 != (site.call or 0):
            return None
        return (replace(output[0]), *output[1:]) if isinstance(output, tuple) else replace(output)

    with ExitStack() as hooks:
        handles = [site.module.register_forward_hook(act)]
        if site.within is not None:
            handles += [
                site.within.register_forward_pre_hook(enter, with_kwargs=True),
                site.within.register_forward_hook(leave, always_call=True),
            ]
        for handle in handles:
            hooks.callback(handle.remove)
        yield calls


def check_calls(site: Site, calls: int) -> None:
    """Raise unless the forward that just ended called the site as it should.

    Raises:
        ValueError: If the site was never called, called more than once with no call named, or not often enough.
    """
    name = type(site.module).__name__
    where = "one forward" if site.within is None else f"one forward of {type(site.within).__name__}"
    if calls == 0:
        raise ValueError(f"the site {name} was called 0 times in {where}; pass Site(module) with a module it runs")
    if site.call is None and calls > 1:
        raise ValueError(
            f"the site {name} was called {calls} times in {where}; pass Site(module, call=…) or Site(module, within=…)"
        )
    if site.call is not None and site.call >= calls:
        raise ValueError(f"the site {name} was called {calls} times in {where}; call={site.call} counts from 0")
