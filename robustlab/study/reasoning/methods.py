"""The methods of the reasoning studies, as a cell asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from torch import nn

from robustlab import methods
from robustlab.landscape import Site, embedding_site
from robustlab.landscape.sites import state_site
from robustlab.methods import Method
from robustlab.study.reasoning.cells import MATCHED, OURS, Cell

REACH = 0.5  # A⁺ takes three steps of half its radius: far enough to reach it, and to turn once on the way

METHODS: Mapping[str, Callable[[Cell], Method]] = MappingProxyType(
    {
        "standard": lambda cell: methods.standard(),
        MATCHED: lambda cell: methods.standard(),
        "augmented": lambda cell: methods.augmented(),
        "neftune": lambda cell: methods.neftune(),
        "r3f": lambda cell: methods.r3f(),
        "r-drop": lambda cell: methods.r_drop(),
        "smart": lambda cell: methods.smart(),
        "vat": lambda cell: methods.vat(),
        "cat": lambda cell: methods.cat(),
        "lat": lambda cell: methods.lat(),
        "self-negative": lambda cell: methods.self_negative(
            change="counterfactual", invariance=cell.invariance, **_reach(cell)
        ),
        "self-negative-pull": lambda cell: methods.self_negative_pull(**_reach(cell)),
        "self-negative-push": lambda cell: methods.self_negative_push(share=cell.kappa),
        "self-negative-infonce": lambda cell: methods.self_negative_infonce(**_reach(cell)),
    }
)
"""Name -> the method, with the values of its source except for the radius, which the cell gives."""

AT_WORDS = frozenset({"neftune", "r3f", "smart", "vat", "cat"})
"""Methods whose source perturbs the word embeddings; the others perturb what the cell says."""


DROPOUT: Mapping[str, float] = MappingProxyType({"r-drop": 0.1})
"""Share of the states that a method's training drops where the model itself drops none: R-Drop perturbs by nothing
else, and would be standard training on the small model."""


@contextmanager
def dropping(model: nn.Module, share: float) -> Iterator[None]:
    """Let a model that has dropout layers and drops nothing drop a share of its states, while the context lasts."""
    layers = [module for module in model.modules() if isinstance(module, nn.Dropout)]
    if not share or any(layer.p for layer in layers):
        yield
        return
    for layer in layers:
        layer.p = share
    try:
        yield
    finally:
        for layer in layers:
            layer.p = 0.0


def build(cell: Cell, *, by_unit: bool = True) -> Method:
    """The method of a cell, on its share of the optimiser steps.

    Args:
        cell: The cell.
        by_unit: Whether the model has one state a sentence: the states of a counterfactual then lie on those of its
            document. Where they do not, self-negative learns from constructed negatives alone.

    Raises: ValueError: If there is none of this name.
    """
    if cell.method not in METHODS:
        raise ValueError(f"unknown method {cell.method!r}: expected one of {', '.join(METHODS)}")
    if cell.method == OURS and not by_unit:
        method = methods.self_negative(invariance=cell.invariance, **_reach(cell))
    else:
        method = METHODS[cell.method](cell)
    return method if cell.share == 1 else methods.on_a_share(method, share=cell.share, seed=cell.seed)


def passes(method: Method) -> float:
    """Of a step: a forward, a backward to the states and one to the weights count one each."""
    return method.objective.units(method.ascent)


def longer(cell: Cell, *, by_unit: bool = True) -> float:
    """How many times the steps of its protocol a cell takes: `MATCHED` so many that it spends the passes of `OURS`."""
    if cell.method != MATCHED:
        return 1.0
    return passes(build(replace(cell, method=OURS), by_unit=by_unit)) / passes(build(cell))


def site_of(model: Any, cell: Cell) -> Site:
    """Whose output the cell's method perturbs.

    Raises: ValueError: If the model has no such place.
    """
    return place(model, "words" if cell.method in AT_WORDS else cell.site)


def place(model: Any, site: str) -> Site:
    """A site by its name: words, encoder (its output) or encoder.N (that of its block N).

    Raises: ValueError: If the model has no such place.
    """
    if site == "words":
        return embedding_site(model)
    if site == "encoder":
        return state_site(model)
    name, _, number = site.partition(".")
    if name != "encoder" or not number.isdigit():
        raise ValueError(f"site must be words, encoder or encoder.N, got {site!r}")
    if not model.config.is_encoder_decoder:
        return state_site(model, int(number))
    blocks = [module for module in model.get_encoder().modules() if isinstance(module, nn.ModuleList)]
    if not blocks or int(number) >= len(blocks[0]):
        raise ValueError(f"site {site!r}: the encoder has {len(blocks[0]) if blocks else 0} blocks")
    return Site(blocks[0][int(number)])


def _reach(cell: Cell) -> dict[str, float]:
    return {"radius": cell.kappa, "step_size": REACH * cell.kappa, "steps": 3}
