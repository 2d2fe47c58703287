"""The loss of a model that writes answers as a function of an offset at the states it answers from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from robustlab.landscape.base import Reading
from robustlab.landscape.encoded import Encoded, draws
from robustlab.landscape.hooked import HookedLandscape
from robustlab.landscape.sites import Site, state_site
from robustlab.typing import Ids, Logits, Offset, PerExample

IGNORED = -100
"""The label of a place that nothing is learned from."""


class GenerationLandscape(HookedLandscape):
    """r ↦ L(θ, h + r, y) for one batch of an encoder-decoder or a decoder of transformers.

    Logits are those of the answer's words, each behind the words before it as the reference has them: [b t c], and
    exactly 0 in the rows past an answer's end, so that no divergence sees them. The loss is their mean cross-entropy.

    Args:
        model: A transformers model that generates, unwrapped.
        batch: The model's inputs, with `units` [b l] and, where a loss is wanted, `labels`: [b t] of an
            encoder-decoder, [b l] along `input_ids` of a decoder, -100 wherever there is no answer.
        site: What is perturbed; the encoder's output, or that of the middle block, where not given.
        noise: Dropout in training mode, see `HookedLandscape`.
        seed: Seed of the replayed dropout masks.
        mask: Where the offset may move, broadcast to its shape; the tokens of the document's units where not given.
        companions: Other landscapes of the same examples, by name.

    Raises:
        ValueError: If `noise` is not one of the three, labels are out of range or leave an example without an answer,
            or the site's output does not fit the units; at the first reading, if the site is not called as it says.

    Source: SCN, Eqs. 1-3: h = f(x), h⁻ = A(h), and outputs g(h).
    """

    labels: Int[Tensor, "b t"] | None

    def _usual_site(self) -> Site:
        return state_site(self.model)

    def _check_labels(self) -> None:
        self._written = self.model.config.is_encoder_decoder
        self._kept = Encoded.of(self.model, self.site, self.inputs) if self._written else None
        self._draws = draws(self.model)
        given = self.labels
        if given is None:
            if self._written:
                raise ValueError("an encoder-decoder answers only behind labels, and the batch has none; add labels")
            return
        empty = (given == IGNORED).all(1) if self._written else (given[:, 1:] == IGNORED).all(1)
        if empty.any():
            raise ValueError(f"row {int(empty.nonzero()[0])} has no answer: its labels are all {IGNORED}")
        words = self.model.config.get_text_config().vocab_size
        lowest, highest = given[given != IGNORED].aminmax()
        if lowest < 0 or highest >= words:
            raise ValueError(f"labels must lie in 0..{words - 1}, got {int(lowest)}..{int(highest)}")
        if self._written:
            self.inputs["decoder_input_ids"] = self.model.prepare_decoder_input_ids_from_labels(labels=given)
        else:
            self._places = _answer_places(given)
            self.labels = given.gather(1, self._places.clamp_min(0)).where(self._places >= 0, IGNORED)

    @property
    def _encoded(self) -> Encoded | None:
        # With the encoder left out, the decoder would draw other dropout masks.
        return None if self._draws and self.model.training and self.noise != "off" else self._kept

    @cached_property
    def base(self) -> Tensor:
        """Clean output of the site, detached."""
        if self._encoded is None:
            return super().base
        with self._replayed_noise():
            return self._encoded.states().detach()

    def read(self, offset: Offset | None = None) -> Reading:
        """One forward with the offset added at the site; None reads the unperturbed model without touching it."""
        if self._encoded is None:
            return super().read(offset)
        with self._replayed_noise():
            states = self._encoded.states()
            moved = states if offset is None else states + (offset * self.mask).to(states.dtype)
            logits = self._answers(encoder_outputs=(moved,))
        perturbed = None if offset is None else moved
        return Reading(logits, self._cross_entropy(logits), moved, self._pool(moved), perturbed)

    def attended(self) -> tuple[Reading, list[Float[Tensor, "b h t l"]]]:
        """The clean reading, and how each word of the answers looked at the states, block by block.

        Raises: ValueError: If the model is no encoder-decoder, or does not give its attention weights.
        """
        name = type(self.model).__name__
        if not self._written:
            raise ValueError(f"{name} has no decoder that looks at an encoder, so nothing is known of where it looks")
        with self._replayed_noise():
            kept = {} if self._encoded is None else {"encoder_outputs": (self._encoded.states(),)}
            output = self.model(**self.inputs, **kept, output_attentions=True)
        looked = [weights for weights in output.cross_attentions or () if weights is not None]
        if not looked:
            raise ValueError(f'{name} gives no attention weights; load it with attn_implementation="eager"')
        logits, hidden = self._settled(output.logits), output.encoder_last_hidden_state
        return Reading(logits, self._cross_entropy(logits), hidden, self._pool(hidden), None), looked

    @property
    def ids(self) -> Ids | None:
        """Token ids, where the site has one state a token."""
        ids = self.inputs["input_ids"].flatten(1)
        return ids if ids.shape == self.shape[:2] else None

    @cached_property
    def _units(self) -> Ids | None:
        return units_at(self.batch, self.base.shape[1])

    @property
    def units(self) -> Ids | None:
        """Sentence index of each state of the site; -1 at the instruction, the answer and pads."""
        return self._units

    def _free_positions(self) -> Tensor:
        dtype = torch.promote_types(self.base.dtype, torch.float32)  # as in every landscape: steps may be small
        if self._units is not None:
            free = self._units >= 0
        else:
            free = self.inputs.get("attention_mask", torch.ones(self.shape[:2], device=self.base.device)) > 0
            if free.shape == self.shape[:2] and not self._written and "labels" in self.batch:
                free = free & (self.batch["labels"] == IGNORED)
        if free.shape != self.shape[:2]:
            raise ValueError(f"the site's output {self.shape} does not fit the mask {tuple(free.shape)}; pass mask=")
        return free.to(dtype).unsqueeze(-1)

    def _answers(self, **more: Any) -> Logits:
        return self._settled(self.model(**self.inputs, **more).logits)

    def _settled(self, logits: Tensor) -> Tensor:
        if self.labels is None:
            return logits
        if not self._written:  # the word at a place is what the place before it predicts
            before = (self._places - 1).clamp_min(0)
            logits = logits.gather(1, before.unsqueeze(-1).expand(-1, -1, logits.shape[-1]))
        # where, not a product: a logit past the end may be infinite, and 0·∞ is no number.
        return torch.where((self.labels != IGNORED).unsqueeze(-1), logits, logits.new_zeros(()))

    def _cross_entropy(self, logits: Logits) -> PerExample | None:
        if self.labels is None:
            return None
        exact = logits.to(torch.promote_types(logits.dtype, torch.float32))
        words = F.cross_entropy(exact.transpose(1, 2), self.labels, ignore_index=IGNORED, reduction="none")
        return words.sum(1) / (self.labels != IGNORED).sum(1)

    def _speaker(self) -> nn.Module:
        return self.model.get_encoder() if self._written else self.model.base_model

    def _pool(self, hidden: Tensor) -> Tensor:
        units = units_at(self.batch, hidden.shape[1])
        if units is None:
            return hidden.mean(1)
        inside = (units >= 0).to(hidden.dtype)
        return torch.einsum("bld,bl->bd", hidden, inside / inside.sum(1, keepdim=True).clamp_min(1))


def _answer_places(labels: Int[Tensor, "b l"]) -> Int[Tensor, "b t"]:
    """Where the answers' words stand in their rows; -1 past an answer's end."""
    inside = labels != IGNORED
    inside[:, 0] = False  # nothing stands before the first place that could predict it
    counts = inside.sum(1)
    order = (~inside).to(torch.int8).argsort(dim=1, stable=True)[:, : int(counts.max())]
    past = torch.arange(order.shape[1], device=labels.device) >= counts[:, None]
    return order.masked_fill(past, -1)


def units_at(batch: Mapping[str, Tensor], length: int) -> Ids | None:
    """Sentence index of each state of a site with `length` states an example; None where the batch has no units.

    A batch may have one unit a sentence and the site one state a word: its words then have the unit of their sentence.

    Args:
        batch: With `units` [b l], and `input_ids` [b l] or [b u w].
        length: Of the site.

    Raises: ValueError: If the units fit neither the site's states nor its words.
    """
    units = batch.get("units")
    if units is None or units.shape[1] == length:
        return units
    ids = batch["input_ids"]
    if ids.dim() == 3 and ids[0].numel() == length:
        return units.unsqueeze(-1).expand(ids.shape).masked_fill(ids == 0, -1).flatten(1)
    raise ValueError(
        f"units {tuple(units.shape)} fit neither a site of {length} states an example nor its words; take them out of "
        "the batch and pass mask="
    )
