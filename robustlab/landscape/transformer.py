"""The loss of a transformers classifier as a function of an offset at one of its sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Literal, NoReturn

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robustlab.landscape.base import Landscape, Reading
from robustlab.landscape.sites import Reached, Site, check_calls, embedding_site, intercept
from robustlab.randomness import key
from robustlab.typing import Ids, Logits, Offset, PerExample

Noise = Literal["same", "fresh", "off"]
NOT_MODEL_INPUTS = frozenset({"labels", "units", "example_id", "length"})


class TransformerLandscape:
    """r ↦ L(θ, site + r, y) for one batch of a sequence classifier.

    The offset is added in a hook on the site's output, and `input_ids` are kept: `inputs_embeds` would change position
    ids (RoBERTa), break last-token pooling (GPT-2, Llama) and is refused by BART and T5 classifiers.

    Args:
        model: A transformers sequence classifier, unwrapped (no DDP around it).
        batch: The model's inputs as tensors, with `labels` [b] where a loss is wanted; `units` [b l] may stand beside.
        site: What is perturbed; the word embeddings where not given.
        noise: Dropout in training mode. "same" replays the same masks in every forward of this landscape, so that L(r)
            is a function of r; "fresh" draws new ones; "off" switches dropout off.
        seed: Seed of the replayed dropout masks.
        mask: Where the offset may move, broadcast to its shape; the attention mask where not given.
        companions: Other landscapes of the same examples, by name.

    Raises:
        ValueError: If `noise` is not one of the three, labels are out of range, or the site's output does not fit the
            attention mask; at the first reading, if the site is not called exactly as it says.
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
        self.site = embedding_site(model) if site is None else site
        self.companions = companions or {}
        self._clean: Reading | None = None
        self._clean_with_gradients = False
        self.inputs = {name: value for name, value in batch.items() if name not in NOT_MODEL_INPUTS}
        self.labels = batch.get("labels")
        self._check_labels()
        self.shape = tuple(self.base.shape)
        self.mask = self._free_positions() if mask is None else mask

    def _check_labels(self) -> None:
        classes = getattr(getattr(self.model, "config", None), "num_labels", None)
        if self.labels is None or classes is None or self.labels.is_floating_point():
            return
        lowest, highest = self.labels.aminmax()
        if lowest < 0 or highest >= classes:
            raise ValueError(f"labels must lie in 0..{classes - 1}, got {int(lowest)}..{int(highest)}")

    def _free_positions(self) -> Tensor:
        attention = self.inputs.get("attention_mask")
        if attention is None:
            attention = torch.ones(self.shape[:2], device=self.base.device)
        if attention.shape != self.shape[:2]:
            raise ValueError(
                f"the site's output {self.shape} does not fit the attention mask {tuple(attention.shape)}; pass mask="
            )
        # Offsets live in float32 also where the model computes in half precision: a step may be below its resolution.
        dtype = torch.promote_types(self.base.dtype, torch.float32)
        return attention.to(dtype).reshape(*attention.shape, *(1,) * (len(self.shape) - 2))

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
        states: list[Tensor] = []

        def keep(module: nn.Module, args: tuple, output: object) -> None:
            states.append(output[0])  # type: ignore[index]  # ModelOutput and tuple alike: the last hidden states

        handle = self.model.base_model.register_forward_hook(keep)
        try:
            with self._replayed_noise():
                logits, moved = self._forward(offset)
        finally:
            handle.remove()
        return Reading(logits, self._cross_entropy(logits), states[0], self._pool(states[0]), moved)

    def _cross_entropy(self, logits: Logits) -> PerExample | None:
        if self.labels is None:
            return None
        exact = logits.to(torch.promote_types(logits.dtype, torch.float32))
        return F.cross_entropy(exact, self.labels, reduction="none")

    def _forward(self, offset: Offset | None) -> tuple[Logits, Tensor | None]:
        if offset is None:
            return self.model(**self.inputs).logits, None
        masked, moved = offset * self.mask, list[Tensor]()

        def add(output: Tensor) -> Tensor:
            moved.append(output + masked.to(output.dtype))
            return moved[0]

        with intercept(self.site, add) as calls:
            logits = self.model(**self.inputs).logits
        check_calls(self.site, calls[0])
        return logits, moved[0]

    def _pool(self, hidden: Tensor) -> Tensor:
        attention = self.inputs.get("attention_mask")
        if attention is None or attention.shape != hidden.shape[:2]:
            return hidden.mean(1)
        share = attention.to(hidden.dtype) / attention.sum(1, keepdim=True).clamp_min(1)
        return torch.einsum("bld,bl->bd", hidden, share)

    def clean(self) -> Reading:
        """The reading without an offset, made once: objectives that compare with it share one graph.

        A backward pass through it ends its life, so that a landscape may be used for another step of the training; and
        what was read without gradients is read again for somebody who wants them.
        """
        if self._clean is None or self._clean_with_gradients < torch.is_grad_enabled():
            self._clean, self._clean_with_gradients = self.read(), torch.is_grad_enabled()
            for output in (self._clean.logits, self._clean.hidden):  # an objective may use the features alone
                if output.requires_grad:
                    output.register_hook(self._forget)
        return self._clean

    def _forget(self, gradient: Tensor) -> None:
        self._clean = None

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

    def with_model(self, model: nn.Module) -> TransformerLandscape:
        """The same batch under another model of the same architecture, at the matching site."""
        names = {module: name for name, module in self.model.named_modules()}
        within = self.site.within
        site = Site(
            model.get_submodule(names[self.site.module]),
            None if within is None else model.get_submodule(names[within]),
            self.site.call,
        )
        return self._like(model, site, self.seed, {k: one.with_model(model) for k, one in self.companions.items()})

    def redrawn(self) -> TransformerLandscape:
        """The same batch under the same model, with other dropout masks; as deterministic as these."""
        companions = {name: one.redrawn() for name, one in self.companions.items()}
        return self._like(self.model, self.site, key(self.seed, "redrawn"), companions)

    def _like(self, model: Any, site: Site, seed: int, companions: Mapping[str, Landscape]) -> TransformerLandscape:
        return TransformerLandscape(
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
