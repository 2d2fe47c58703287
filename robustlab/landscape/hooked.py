"""What every landscape of a transformers model shares: the hook at its site, replayed dropout, one clean reading."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any, Literal, NoReturn

import torch
from torch import Tensor, nn

from robustlab.landscape.base import Landscape, Reading
from robustlab.landscape.sites import Reached, Site, check_calls, intercept, watch
from robustlab.randomness import key
from robustlab.typing import Ids, Logits, Offset, PerExample

Noise = Literal["same", "fresh", "off"]
NOT_MODEL_INPUTS = frozenset(
    {"labels", "units", "support", "conflicts", "example_id", "length", "document", "negative_there"}
)


class HookedLandscape(ABC):
    """r ↦ L(θ, site + r, y) for one batch of a transformers model; what is read off the model is for others to say.

    Args:
        model: A transformers model, unwrapped (no DDP around it).
        batch: The model's inputs as tensors, with `labels` where a loss is wanted; `units` [b l] may stand beside.
        site: What is perturbed.
        noise: Dropout in training mode. "same" replays the same masks in every forward of this landscape, so that L(r)
            is a function of r; "fresh" draws new ones; "off" switches dropout off.
        seed: Seed of the replayed dropout masks.
        mask: Where the offset may move, broadcast to its shape.
        companions: Other landscapes of the same examples, by name.

    Raises: ValueError: If `noise` is not one of the three, labels do not fit the model, or the site's output does not
        fit the mask; at the first reading, if the site is not called exactly as it says.
    """

    def __init__(
        self,
        model: Any,  # a PreTrainedModel; the core does not import transformers for the name
        batch: Mapping[str, Tensor],
        *,
        site: Site | None = None,
        noise: Noise = "same",
        seed: int = 0,
        mask: Tensor | None = None,
        companions: Mapping[str, Landscape] | None = None,
    ):
        if noise not in ("same", "fresh", "off"):
            raise ValueError(f'noise must be "same", "fresh" or "off", got {noise!r}')
        self.model, self.batch, self.seed = model, batch, seed
        self.noise: Noise = noise
        self.site = self._usual_site() if site is None else site
        self.companions = companions or {}
        self._clean: Reading | None = None
        self._clean_with_gradients = False
        self.labels = batch.get("labels")
        self.inputs = {name: value for name, value in batch.items() if name not in NOT_MODEL_INPUTS}
        self._check_labels()
        self.shape = tuple(self.base.shape)
        self.mask = self._free_positions() if mask is None else mask

    @abstractmethod
    def _usual_site(self) -> Site:
        """What is perturbed where no site is given."""

    @abstractmethod
    def _check_labels(self) -> None:
        """Refuse labels that do not fit the model."""

    @abstractmethod
    def _free_positions(self) -> Tensor:
        """Where an offset may move, broadcast to the site's shape."""

    @abstractmethod
    def _answers(self) -> Logits:
        """Run the model on `self.inputs` and return what is learned from."""

    @abstractmethod
    def _cross_entropy(self, logits: Logits) -> PerExample | None:
        """The loss of each example; None without labels."""

    @abstractmethod
    def _speaker(self) -> nn.Module:
        """The module whose output is a reading's `hidden`."""

    @abstractmethod
    def _pool(self, hidden: Tensor) -> Tensor:
        """One row an example of `hidden`."""

    @cached_property
    def base(self) -> Tensor:
        """Clean output of the site, detached; costs the part of a forward that lies before the site."""
        found: list[Tensor] = []

        def stop(output: Tensor) -> NoReturn:
            found.append(output.detach())
            raise Reached

        with torch.no_grad(), self._replayed_noise(), intercept(self.site, stop) as calls:
            try:
                self.model(**self.inputs)
                check_calls(self.site, calls[0])
            except Reached:
                pass
        return found[0]

    @property
    def ids(self) -> Ids | None:
        """Token ids, where the batch has them."""
        return self.inputs.get("input_ids")

    @property
    def units(self) -> Ids | None:
        """Sentence index of each token or -1, where the batch has them."""
        return self.batch.get("units")

    def read(self, offset: Offset | None = None) -> Reading:
        """One forward with the offset added at the site; None reads the unperturbed model without touching it."""
        moved: list[Tensor] = []
        masked = None if offset is None else offset * self.mask

        def add(output: Tensor) -> Tensor:
            moved.append(output if masked is None else output + masked.to(output.dtype))
            return moved[0]

        with self._replayed_noise(), ExitStack() as hooks:
            calls = hooks.enter_context(intercept(self.site, add)) if masked is not None else None
            # After the site's own hook: where both are one module, the states are those with the offset.
            states = hooks.enter_context(watch(self._speaker()))
            logits = self._answers()
        if calls is not None:
            check_calls(self.site, calls[0])
        hidden = states[0]
        return Reading(logits, self._cross_entropy(logits), hidden, self._pool(hidden), moved[0] if moved else None)

    def clean(self) -> Reading:
        """The reading without an offset, made once: objectives that compare with it share one graph.

        A backward pass through it ends its life, so that a landscape may be used for another step of the training; and
        what was read without gradients is read again for somebody who wants them.
        """
        if self._clean is None or self._clean_with_gradients < torch.is_grad_enabled():
            self._clean, self._clean_with_gradients = self.read(), torch.is_grad_enabled()
            own = weakref.ref(self)  # else landscape and reading would hold each other, and pile up in a long loop

            def forget(gradient: Tensor) -> None:
                if (landscape := own()) is not None:
                    landscape._clean = None

            for output in (self._clean.logits, self._clean.hidden):  # an objective may use the features alone
                if output.requires_grad:
                    output.register_hook(forget)
        return self._clean

    def loss(self, offset: Offset | None = None) -> PerExample:
        """Cross-entropy of each example, in nats.

        Raises:
            ValueError: If the batch has no labels.
        """
        loss = self.read(offset).loss
        if loss is None:
            raise ValueError("the batch has no labels, so there is no loss; add labels or use a goal such as kl")
        return loss

    def logits(self, offset: Offset | None = None) -> Logits:
        """Logits of each example."""
        return self.read(offset).logits

    def with_model(self, model: nn.Module) -> HookedLandscape:
        """The same batch under another model of the same architecture, at the matching site."""
        names = {module: name for name, module in self.model.named_modules()}
        within = self.site.within
        site = Site(
            model.get_submodule(names[self.site.module]),
            None if within is None else model.get_submodule(names[within]),
            self.site.call,
        )
        return self._like(model, site, self.seed, {k: one.with_model(model) for k, one in self.companions.items()})

    def redrawn(self) -> HookedLandscape:
        """The same batch under the same model, with other dropout masks; as deterministic as these."""
        companions = {name: one.redrawn() for name, one in self.companions.items()}
        return self._like(self.model, self.site, key(self.seed, "redrawn"), companions)

    def _like(self, model: Any, site: Site, seed: int, companions: Mapping[str, Landscape]) -> HookedLandscape:
        return type(self)(
            model, self.batch, site=site, noise=self.noise, seed=seed, mask=self.mask, companions=companions
        )

    @contextmanager
    def _replayed_noise(self) -> Iterator[None]:
        if not self.model.training or self.noise == "fresh":
            yield
        elif self.noise == "off":
            active = [module for module in self.model.modules() if module.training]
            self.model.eval()
            try:
                yield
            finally:
                for module in active:
                    module.training = True
        else:
            device = self.inputs["input_ids"].device
            devices = [device] if device.type == "cuda" else []
            with torch.random.fork_rng(devices=devices):
                torch.manual_seed(self.seed)
                yield
