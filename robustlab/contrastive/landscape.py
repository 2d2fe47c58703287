"""How far a sentence's view is from the sentence, as a function of an offset at its words: what a view can climb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from jaxtyping import Int
from torch import Tensor, nn

from robustlab.ascent.checks import positive
from robustlab.contrastive.losses import info_nce
from robustlab.landscape.base import Landscape
from robustlab.landscape.hooked import Noise
from robustlab.landscape.sites import Site
from robustlab.landscape.transformer import TransformerLandscape
from robustlab.randomness import key
from robustlab.typing import Ids, Logits, Offset, PerExample, Pooled


class ContrastiveLandscape(TransformerLandscape):
    """r ↦ InfoNCE(z(x + r), z(x); the other sentences of the batch), for one batch of sentences and an encoder.

    z is the mean of the last states over a sentence's tokens, which a reading has twice: as `pooled` and in the place
    of logits. The clean z are constants in the loss, so that it is the view that moves: at its highest it is the view
    of the sentence that is hardest to tell from views of others.

    Args:
        model: A transformers encoder without a head.
        batch: `input_ids` and `attention_mask` [n l]; beside them `document` [n], which document of the batch a
            sentence is from.
        temperature: τ of the loss.
        site: What is perturbed; the word embeddings where not given.
        noise: Dropout in training mode, see `TransformerLandscape`.
        seed: Seed of the replayed dropout masks.
        mask: Where the offset may move; the attention mask where not given.
        companions: Other texts of the same sentences, by name: "view", "negative", "masked".

    Raises: ValueError: If the temperature is not positive; when a loss is asked for, if the batch has one sentence.

    Source: Chen et al. (SimCLR, 2020), Eq. 1, for the loss; Kim et al. (RoCL, 2020) for climbing it.
    """

    def __init__(
        self,
        model: Any,
        batch: Mapping[str, Tensor],
        *,
        temperature: float = 0.05,
        site: Site | None = None,
        noise: Noise = "same",
        seed: int = 0,
        mask: Tensor | None = None,
        companions: Mapping[str, Landscape] | None = None,
    ):
        positive("temperature", temperature)
        self.temperature = temperature
        super().__init__(model, batch, site=site, noise=noise, seed=seed, mask=mask, companions=companions)

    def __len__(self) -> int:
        return len(self.batch["input_ids"])

    def _check_labels(self) -> None:
        """Labels are the words behind a mask, for whoever reads the states."""

    def _answers(self) -> Logits:
        output = self.model(**self.inputs)
        return self._pool(output if isinstance(output, Tensor) else output[0])

    def _cross_entropy(self, logits: Logits) -> PerExample | None:
        return None

    @property
    def attention(self) -> Int[Tensor, "n l"]:
        """1 at tokens, 0 at pads."""
        return self.batch["attention_mask"]

    def features(self, offset: Offset | None = None) -> Pooled:
        """The representation z of each sentence, at an offset."""
        return self.read(offset).pooled

    def loss(self, offset: Offset | None = None) -> PerExample:
        """InfoNCE of each sentence's view, in nats.

        Raises: ValueError: If the batch has one sentence.
        """
        moved = self.features(offset)
        return info_nce(moved, self.clean().pooled.detach(), temperature=self.temperature)

    def with_ids(self, ids: Ids) -> ContrastiveLandscape:
        """Other words at the same places, without companions; its dropout masks are others, too."""
        return self._made(self.model, {**self.batch, "input_ids": ids}, self.site, key(self.seed, "ids"), {})

    def with_model(self, model: nn.Module) -> ContrastiveLandscape:
        """The same sentences under another encoder of the same architecture."""
        return cast(ContrastiveLandscape, super().with_model(model))

    def redrawn(self) -> ContrastiveLandscape:
        """The same sentences with other dropout masks."""
        return cast(ContrastiveLandscape, super().redrawn())

    def chunks(self, size: int) -> list[ContrastiveLandscape]:
        """The batch cut into parts of `size` sentences, in their order, with the same parts of its companions."""
        return [self.rows(slice(first, first + size)) for first in range(0, len(self), size)]

    def rows(self, chosen: slice | Sequence[int]) -> ContrastiveLandscape:
        """Some of the sentences, with their companions."""
        batch = {name: value[chosen] for name, value in self.batch.items()}
        companions: dict[str, Any] = {
            name: one.rows(chosen) for name, one in self.companions.items() if isinstance(one, ContrastiveLandscape)
        }
        # Parts of one batch draw different dropout masks, and a part the same ones whenever it is cut.
        first = (chosen.start or 0) if isinstance(chosen, slice) else int(chosen[0])
        return self._made(self.model, batch, self.site, key(self.seed, "rows", first), companions)

    def _like(self, model: Any, site: Site, seed: int, companions: Mapping[str, Landscape]) -> ContrastiveLandscape:
        return self._made(model, self.batch, site, seed, companions, self.mask)

    def _made(
        self,
        model: Any,
        batch: Mapping[str, Tensor],
        site: Site,
        seed: int,
        companions: Mapping[str, Landscape],
        mask: Tensor | None = None,
    ) -> ContrastiveLandscape:
        given = {"temperature": self.temperature, "site": site, "noise": self.noise, "seed": seed, "mask": mask}
        return ContrastiveLandscape(model, batch, companions=companions, **given)
