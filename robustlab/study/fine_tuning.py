"""Fine-tune one model on one task by one method, the way every study of classifiers does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustlab import corpora, methods, models
from robustlab.evaluation import white_box
from robustlab.methods import Method
from robustlab.models import Loaded
from robustlab.study.attacking import EXAMPLES
from robustlab.study.zoo_settings import REACH, build
from robustlab.training import Recipe, fit

if TYPE_CHECKING:
    from datasets import Dataset

PROBED = 64  # training rows whose embeddings are measured
WARM = "standard"


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much a model is taught and asked.

    Attributes:
        train: Training rows, drawn by the seed; None for all.
        warm: Epochs of standard training first: from a fresh head, adversarial training may not leave the constant.
        epochs: Epochs of the method, after them.
        batch_size: Rows a step.
        learning_rate: The highest one of either.
        reach: How far the ascent of a method leads, in mean norms of a word's embedding.
        max_length: Longer texts are cut to this many tokens.
        dev: Dev rows that the clean accuracy is measured on, the same for every model; None for all.
        examples: Of them that are attacked, the same for every model.
        recipe: Of the attack; `EXACT` for the reviews.
    """

    train: int | None = 2000
    warm: int = 1
    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 1e-4
    reach: float = REACH
    max_length: int = 128
    dev: int | None = None
    examples: int = EXAMPLES
    recipe: str = "textfooler+minilm+neighbours"


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What a method may be made for.

    Attributes:
        unit: Mean norm of a word's embedding in the model that is trained.
        components: Mean number of components of an example's offset.
        steps: Optimiser steps that the method will take.
    """

    unit: float
    components: float
    steps: int


Make = Callable[[Begun], Method]


def reaching(method: str, share: float) -> Make:
    """A named method whose ascent leads as far in every model.

    Args:
        method: A name of `robustlab.methods.BY_NAME`.
        share: How far, in mean norms of a word's embedding.
    """
    return lambda begun: build(method, begun.unit, begun.components, begun.steps, share=share)


def fine_tuned(
    model: str,
    task: str,
    make: Make,
    seed: int,
    sizes: Sizes,
    *,
    folder: Path | None = None,
    device: str | None = None,
    progress: bool = False,
) -> tuple[Loaded, dict[str, Any]]:
    """A classifier on top of an encoder, with its last weights, and how it came about.

    Both parts of the training see the same rows.

    Args:
        model: As `robustlab.models.load` names it; the folder of a pre-trained encoder gets a fresh head.
        task: A corpus of labelled texts, or pairs of them.
        make: The method, once the model is there.
        seed: Of the head, the rows, their order and all noise.
        sizes: How much is learned.
        folder: Of local corpora.
        device: "cpu" to stay off an accelerator.
        progress: Show a progress bar.

    Raises: ValueError: If there is no such corpus.
    """
    train = drawn(corpora.load(task, split="train", folder=folder), sizes.train, seed)
    labels = train.features["label"].names
    loaded = models.load(model, labels=labels, texts=_texts(train), seed=seed)
    began, own = time.perf_counter(), time.process_time()
    recipe = Recipe(
        epochs=sizes.epochs,
        batch_size=sizes.batch_size,
        learning_rate=sizes.learning_rate,
        max_length=sizes.max_length,
    )
    if sizes.warm:
        warm = replace(recipe, epochs=sizes.warm)
        fit(*loaded, methods.BY_NAME[WARM](), train, warm, seed=seed, device=device, progress=progress)
    begun = _begun(loaded, train, recipe)
    made = make(begun)
    fitted = fit(*loaded, made, train, recipe, seed=seed + 1, device=device, progress=progress)
    loaded.model.load_state_dict(fitted.last_state)
    losses = [log["loss"] for log in fitted.history if "loss" in log]
    seconds = {"train_seconds": time.perf_counter() - began, "train_cpu_seconds": time.process_time() - own}
    told = {"units": made.objective.units(made.ascent), "unit": begun.unit}
    told |= {"train_rows": len(train), "last_loss": losses[-1]}
    return loaded, told | {name: round(value, 1) for name, value in seconds.items()}


def _begun(loaded: Loaded, train: Dataset, recipe: Recipe) -> Begun:
    sample = train.select(range(min(PROBED, len(train))))
    device = loaded.model.device
    batches = white_box.batches(sample, loaded.tokenizer, max_length=recipe.max_length, device=device)
    unit = white_box.embedding_norm(loaded.model, batches)
    tokens = sum(int(batch["attention_mask"].sum()) for batch in batches) / len(sample)
    steps = recipe.epochs * recipe.steps_an_epoch(len(train))
    return Begun(unit=unit, components=tokens * loaded.model.config.hidden_size, steps=steps)


def drawn(dataset: Dataset, limit: int | None, seed: int) -> Dataset:
    """So many rows of a corpus, drawn by a seed; all in the order of the seed where there is no limit."""
    shuffled = dataset.shuffle(seed=seed)
    return shuffled if limit is None else shuffled.select(range(min(limit, len(dataset))))


def _texts(train: Dataset) -> list[str]:
    return [*train["text"], *(train["text_pair"] if "text_pair" in train.column_names else ())]
