"""A masked language model that answers through a service, without the padding that TextAttack asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from robustlab import resources
from robustlab.evaluation.attack.engine import ask
from robustlab.evaluation.attack.names import Recipe
from robustlab.evaluation.attack.services import Service
from robustlab.models.loading import minilm_place
from robustlab.models.packing import steady
from robustlab.models.reading import pad

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

Ids = tuple[int, ...]


class ServedMaskedLM(nn.Module):
    """Stands where a recipe keeps its masked language model.

    Args:
        model: The model that the service runs: its configuration is looked at.
        service: Answers token ids, without padding, with logits: of the first masked token where there is one [v],
            else of all tokens [l v].
        mask_id: The mask token.
    """

    def __init__(self, model: PreTrainedModel, service: Service, mask_id: int) -> None:
        super().__init__()
        self.config: PretrainedConfig = model.config
        self.service, self.mask_id = service, mask_id

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **_: Tensor) -> tuple[Any]:
        """What a recipe indexes: rows, then positions."""
        lengths = attention_mask.sum(1).tolist()
        rows = [tuple(ids[:length]) for ids, length in zip(input_ids.tolist(), lengths, strict=True)]
        return (_Rows(rows, ask(self.service, rows), self.mask_id),)


class _Rows:
    """Logits by row and position, of which only the masked position is kept where there is one."""

    def __init__(self, rows: Sequence[Ids], logits: Sequence[Tensor], mask_id: int) -> None:
        self.rows, self.logits, self.mask_id = rows, logits, mask_id

    def __getitem__(self, at: int | tuple[int, int]) -> Tensor:
        if isinstance(at, int):
            return self.logits[at]
        row, position = at
        if self.mask_id not in self.rows[row]:
            return self.logits[row][position]
        kept = self.rows[row].index(self.mask_id)
        if position != kept:
            raise IndexError(f"only the masked position {kept} of row {row} is kept, asked for {position}")
        return self.logits[row]


def answers(model: PreTrainedModel, mask_id: int, pad_id: int, *, batch_size: int) -> Callable[[list[Ids]], list]:
    """What the service runs: batches of rows of like length.

    Args:
        model: A masked language model.
        mask_id: The mask token.
        pad_id: The padding token.
        batch_size: Rows of a forward.
    """
    model.eval()
    packing = steady(batch_size, model.device)

    @torch.inference_mode()
    def answer(rows: list[Ids]) -> list[Tensor]:
        found: dict[int, Tensor] = {}
        for chosen, length in packing([len(row) for row in rows]):
            batch = pad([(rows[number],) for number in chosen], length, pad_id, model.device)
            for number, of in zip(chosen, model(**batch).logits, strict=True):
                row = rows[number]
                kept = of[row.index(mask_id)] if mask_id in row else of[: len(row)]
                found[number] = kept.float().cpu().clone()
        return [found[number] for number in range(len(rows))]

    return answer


def load_masked_lm(recipe: Recipe) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The masked language model of a recipe: its own, another that is given, or none worth the name.

    Args:
        recipe: `+plumbing` takes MiniLM's encoder with a head that was never trained, from seed 0.
    Raises:
        FileNotFoundError: If a model that is given is neither a folder nor in the hub's cache.
        MissingResourceError: If the recipe's own is not on this machine.
    """
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    if "plumbing" in recipe.substitutes:
        place, revision = minilm_place()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            model = AutoModelForMaskedLM.from_pretrained(place, revision=revision or "main", local_files_only=True)
        return model, AutoTokenizer.from_pretrained(place, revision=revision or "main", local_files_only=True)
    place = recipe.masked_lm or str(resources.require("masked-lm")["masked-lm"])
    try:
        model = AutoModelForMaskedLM.from_pretrained(place, local_files_only=True)
        return model, AutoTokenizer.from_pretrained(place, local_files_only=True)
    except OSError as error:
        raise FileNotFoundError(
            f"no masked language model {place!r}: neither a folder that holds one nor in the hub's cache; "
            f"download it with `hf download {place}`, or give a folder"
        ) from error
