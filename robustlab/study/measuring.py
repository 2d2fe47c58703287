"""What a row says of a classifier: accuracy on dev rows, what an attack leaves of it, accuracy on AdvGLUE's rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustlab import corpora, methods, models
from robustlab.corpora.catalogue import ADVGLUE, advglue_for
from robustlab.evaluation.metrics import accuracy
from robustlab.models import Loaded
from robustlab.study import rows
from robustlab.study.attacking import attacked
from robustlab.study.engine.grid import known
from robustlab.study.fine_tuning import Sizes, drawn
from robustlab.study.zoo_settings import NAMES

if TYPE_CHECKING:
    from datasets import Dataset

TASKS = ("sst2", "qqp", "mnli", "qnli", "rte", "reviews")
"""GLUE's tasks that AdvGLUE has, and the built-in corpus that stands in for them offline."""
BUILT_IN = "reviews"


def check_task(name: str) -> None:
    """Refuse a task that there is none of.

    Raises: ValueError: If it is not one of `TASKS`; the message names the nearest.
    """
    known(name, TASKS, "unknown task")


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
    known(name, NAMES, "unknown method")
    if needs := methods.BY_NAME[name]().objective.needs:
        raise ValueError(f"method {name} learns from {', '.join(sorted(needs))} texts, which the tasks do not have")


def measured(loaded: Loaded, task: str, sizes: Sizes, *, folder: Path | None = None) -> dict[str, Any]:
    """Accuracy on dev rows, what an attack leaves of it, and accuracy on AdvGLUE's rows of the task.

    The attack takes the first of the dev rows that are drawn, so that they are the same for every model.

    Args:
        loaded: The classifier.
        task: A corpus of labelled texts, or pairs of them.
        sizes: How much is asked.
        folder: Of local corpora.
    """
    began = time.perf_counter()
    dev = corpora.load(task, split="dev", folder=folder)
    predict = models.predictor(*loaded, max_length=sizes.max_length)
    asked = drawn(dev, sizes.dev, 0)
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
