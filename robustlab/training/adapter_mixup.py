"""ADPMIXUP: one adapter a data set on a frozen base, mixed for each example when the model is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from robustlab import methods
from robustlab.models.adapter_mixup import AdapterMixup
from robustlab.models.adapters import LoRA, attach
from robustlab.training.fitting import fit
from robustlab.training.recipe import Recipe

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

CLEAN = "clean"


def fit_adapters(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    clean: Dataset,
    attacked: Mapping[str, Dataset],
    recipe: Recipe,
    *,
    seed: int = 0,
    lora: LoRA | None = None,
    device: str | None = None,
    progress: bool = False,
) -> AdapterMixup:
    """Train one adapter on clean rows and one on the rows of each attack, and mix them at inference.

    Each adapter starts from the base and the seed alone, so the others change nothing in it.

    Args:
        model: The base, a sequence classifier; it is left as it is, bit for bit.
        tokenizer: Its tokenizer.
        clean: Rows of text, from `robustlab.corpora`.
        attacked: Attack -> rows of the same columns, changed by the attack; their labels are those of the clean rows.
        recipe: Epochs, learning rate and the like, of each adapter.
        seed: Seeds the adapters' weights, order and dropout.
        lora: Shape of the adapters.
        device: "cpu" to stay off an accelerator; None takes what is there.
        progress: Show a progress bar an adapter.
    Returns: A classifier of texts with the adapters "clean" and one an attack.
    Raises:
        ModuleNotFoundError: If `peft` is not installed.
        ValueError: If there are no attacks, a data set has no rows or other columns, or a name is invalid.
    Source: Nguyen and Le (AdpMixup), one adapter for clean and one for each known attack, trained apart.
    Departs: The adapters are LoRA with a head each, on an encoder that keeps its weights; rank, learning rate and the
        other settings are the caller's, since those of the paper could not be established.
    """
    _check(clean, attacked)
    sets = {CLEAN: clean, **attacked}
    adapted = attach(model, tuple(sets), lora, seed=seed)
    for name, rows in sets.items():
        adapted.set_adapter(name)
        # The module below has the base's own class, which is what the trainer and the landscapes know.
        base = adapted.get_base_model()
        fit(base, tokenizer, methods.standard(), rows, recipe, seed=seed, device=device, progress=progress)
    return AdapterMixup(adapted.eval(), tokenizer, max_length=recipe.max_length)


def _check(clean: Dataset, attacked: Mapping[str, Dataset]) -> None:
    if not attacked:
        raise ValueError("expected the rows of at least one attack, got none: without any, fit alone does it")
    if CLEAN in attacked:
        raise ValueError(f"{CLEAN!r} is the name of the adapter of clean rows: give the attack another")
    for name, rows in {CLEAN: clean, **attacked}.items():
        if len(rows) == 0:
            raise ValueError(f"the rows of {name!r} are empty")
        if set(rows.column_names) != set(clean.column_names):
            expected, got = (", ".join(sorted(one.column_names)) for one in (clean, rows))
            raise ValueError(f"the rows of {name!r} need the columns of the clean ones, {expected}; got {got}")
