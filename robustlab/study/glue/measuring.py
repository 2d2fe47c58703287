"""Fine-tune one model on one task, attack it, and give it AdvGLUE's rows: what a row of the study holds."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustlab import corpora, methods, models
from robustlab.corpora.catalogue import ADVGLUE, advglue_for
from robustlab.evaluation import white_box
from robustlab.evaluation.metrics import accuracy
from robustlab.methods import Method
from robustlab.models import Loaded
from robustlab.study import rows
from robustlab.study.attacking import EXAMPLES, attacked
from robustlab.study.zoo_settings import NAMES, REACH, build
from robustlab.training import Recipe, fit

if TYPE_CHECKING:
    from datasets import Dataset

TASKS = ("sst2", "qqp", "mnli", "qnli", "rte", "reviews")
"""GLUE's tasks that AdvGLUE has, and the built-in corpus that stands in for them offline."""
BUILT_IN = "reviews"
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


def check_task(name: str) -> None:
    """Refuse a task that there is none of.

    Raises: ValueError: If it is not one of `TASKS`; the message names the nearest.
    """
    _known("task", name, TASKS)


def check_data(task: str, folder: Path | None = None) -> None:
    """Read all rows of a task once, so that what is missing is found before anything is trained.

    Args:
        task: One of `TASKS`.
        folder: Of local corpora.

    Raises:
        FileNotFoundError: If there is no such folder.
        ConnectionError: If they are not in the folder and the hub cannot be reached.
    """
    for name, split in ((task, "train"), (task, "dev"), *((name, "dev") for name in _static(task))):
        corpora.load(name, split=split, folder=folder)


def check_method(name: str) -> None:
    """Refuse a method that there is none of, or that needs what no task has.

    Raises: ValueError: If it is unknown, or learns from attacked texts.
    """
    _known("method", name, NAMES)
    if needs := methods.BY_NAME[name]().objective.needs:
        raise ValueError(f"method {name} learns from {', '.join(sorted(needs))} texts, which the tasks do not have")


def _known(what: str, name: str, known: Iterable[str]) -> None:
    there = list(known)
    if name not in there:
        nearest = difflib.get_close_matches(name, there, n=1)
        guess = f"did you mean {nearest[0]!r}? " if nearest else ""
        raise ValueError(f"unknown {what} {name!r}: {guess}expected one of {', '.join(there)}")


def fine_tuned(
    model: str,
    task: str,
    method: str,
    seed: int,
    sizes: Sizes,
    *,
    folder: Path | None = None,
    device: str | None = None,
    progress: bool = False,
) -> tuple[Loaded, dict[str, Any]]:
    """A classifier on top of an encoder, with its last weights, and how it came about.

    Both parts of the training see the same rows. The ascent of a method reaches as far in every model, measured in mean
    norms of a word's embedding.

    Args:
        model: As `robustlab.models.load` names it; the folder of a pre-trained encoder gets a fresh head.
        task: One of `TASKS`.
        method: A name of `robustlab.methods.BY_NAME`.
        seed: Of the head, the rows, their order and all noise.
        sizes: How much is learned.
        folder: Of local corpora.
        device: "cpu" to stay off an accelerator.
        progress: Show a progress bar.

    Raises: ValueError: If there is no such task or method.
    """
    check_task(task)
    check_method(method)
    train = _some(corpora.load(task, split="train", folder=folder), sizes.train, seed)
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
    made, told = _built(method, loaded, train, recipe, sizes.reach)
    fitted = fit(*loaded, made, train, recipe, seed=seed + 1, device=device, progress=progress)
    loaded.model.load_state_dict(fitted.last_state)
    losses = [log["loss"] for log in fitted.history if "loss" in log]
    seconds = {"train_seconds": time.perf_counter() - began, "train_cpu_seconds": time.process_time() - own}
    told |= {"train_rows": len(train), "last_loss": losses[-1]}
    return loaded, told | {name: round(value, 1) for name, value in seconds.items()}


def _built(method: str, loaded: Loaded, train: Dataset, recipe: Recipe, reach: float) -> tuple[Method, dict[str, Any]]:
    sample = train.select(range(min(PROBED, len(train))))
    device = loaded.model.device
    batches = white_box.batches(sample, loaded.tokenizer, max_length=recipe.max_length, device=device)
    unit = white_box.embedding_norm(loaded.model, batches)
    tokens = sum(int(batch["attention_mask"].sum()) for batch in batches) / len(sample)
    steps = recipe.epochs * recipe.steps_an_epoch(len(train))
    made = build(method, unit, tokens * loaded.model.config.hidden_size, steps, share=reach)
    return made, {"units": made.objective.units(made.ascent), "unit": unit, "reach": reach}


def measured(loaded: Loaded, task: str, sizes: Sizes, *, folder: Path | None = None) -> dict[str, Any]:
    """Accuracy on dev rows, what an attack leaves of it, and accuracy on AdvGLUE's rows of the task.

    The attack takes the first of the dev rows that are drawn, so that they are the same for every model.

    Args:
        loaded: The classifier.
        task: One of `TASKS`.
        sizes: How much is asked.
        folder: Of local corpora.
    """
    began = time.perf_counter()
    dev = corpora.load(task, split="dev", folder=folder)
    predict = models.predictor(*loaded, max_length=sizes.max_length)
    asked = _some(dev, sizes.dev, 0)
    row = {"dev": _score(predict, asked)}
    row |= attacked(loaded, sizes.recipe, asked, examples=sizes.examples)
    row["advglue"] = {name: _score(predict, corpora.load(name, split="dev", folder=folder)) for name in _static(task)}
    return row | {"measure_seconds": round(time.perf_counter() - began, 1)}


def _static(task: str) -> tuple[str, ...]:
    if task not in ADVGLUE.values():
        return ()
    return advglue_for(corpora.describe(task).labels, task)


def _score(predict: models.Reader, dataset: Dataset) -> dict[str, Any]:
    right = accuracy(predict, dataset).correct.tolist()
    told = {"n": len(right), "correct": sum(right), "mask": rows.encode(right)}
    return told | {"constant": constant(right, dataset["label"])}


def constant(right: Sequence[bool], labels: Sequence[int]) -> bool:
    """Whether a classifier with these answers gives one answer to everything; an attack takes nothing from such a one.

    Args:
        right: Whether each row is classified correctly.
        labels: Of the rows.
    """
    return any(
        all(one == (label == answer) for one, label in zip(right, labels, strict=True)) for answer in set(labels)
    )


def _some(dataset: Dataset, limit: int | None, seed: int) -> Dataset:
    shuffled = dataset.shuffle(seed=seed)
    return shuffled if limit is None else shuffled.select(range(min(limit, len(dataset))))


def _texts(train: Dataset) -> list[str]:
    return [*train["text"], *(train["text_pair"] if "text_pair" in train.column_names else ())]
