"""Attacked texts for the methods of `robustlab train` that learn from them: the user's own, or made before the run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from robustlab import methods, models
from robustlab.cli import reporting
from robustlab.cli.settings import Train
from robustlab.evaluation.attacked import COLUMN, attack_rows
from robustlab.evaluation.neighbours import nearest_words
from robustlab.methods import Method

if TYPE_CHECKING:
    from datasets import Dataset

    from robustlab.cli.train import Run

FILE = "attacked.jsonl"
BUILT_IN = "reviews"  # the corpus that comes with substitutions


def needed(method: Method) -> bool:
    """Whether a method learns from attacked texts."""
    return "attacked" in method.objective.needs


def check(settings: Train, method: Method) -> None:
    """Refuse a share that is none, before anything is loaded.

    Raises: ValueError: If the share is out of range.
    """
    if not 0 < settings.attacked_share <= 1:
        raise ValueError(f"--attacked-share must be above 0 and at most 1, got {settings.attacked_share}")


def added(ready: Run, folder: Path, *, progress: bool) -> Run:
    """The run with attacked texts, where its method needs them and its rows have none.

    They are made with a standard model of the same architecture, trained for one epoch, and kept in the run's folder,
    so that a resumed run reads the same.

    Raises: ValueError: If the kept texts are of other rows.
    """
    if not needed(ready.method) or COLUMN in ready.train.column_names:
        return ready
    file = folder / FILE
    if not file.is_file():
        _write(file, _attack(ready, progress=progress))
    return replace(ready, train=_read(file, ready.train))


def _attack(ready: Run, *, progress: bool) -> Dataset:
    from robustlab.training import fit

    settings, seed = ready.settings, ready.settings.fit.seed
    known = settings.rows.data == BUILT_IN
    words = "words that mean the same" if known else "words whose embeddings are near, which may change the meaning"
    reporting.say(
        f"Attacking {settings.attacked_share:.0%} of the rows first: a standard model of one epoch, then greedy "
        f"substitutions of {words}; kept in {folder_name(settings)}. --attacked-column takes your own."
    )
    names = ready.train.features["label"].names
    victim = models.load(settings.model, labels=names, texts=list(ready.train["text"]), seed=seed)
    recipe = replace(settings.recipe, epochs=1)
    fit(*victim, methods.standard(), ready.train, recipe, seed=seed, device=ready.device, progress=progress)
    predict = models.predictor(*victim, max_length=settings.fit.max_length)
    candidates = None if known else nearest_words(*victim)
    share = settings.attacked_share
    return attack_rows(ready.train, predict, share=share, seed=seed, candidates=candidates, progress=progress)


def folder_name(settings: Train) -> str:
    """Where the attacked texts of a run are kept."""
    return str(settings.output / FILE)


def _write(file: Path, rows: Dataset) -> None:
    """All of it or nothing: an interrupted run finds a whole file or none."""
    unfinished = file.with_suffix(".part")
    columns = (rows["example_id"], rows["text"], rows[COLUMN])
    lines = [
        json.dumps({"example_id": number, COLUMN: attacked}, ensure_ascii=False)
        for number, text, attacked in zip(*columns, strict=True)
        if attacked != text
    ]
    unfinished.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    unfinished.replace(file)


def _read(file: Path, train: Dataset) -> Dataset:
    kept = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    attacked = {row["example_id"]: row[COLUMN] for row in kept}
    numbers = list(train["example_id"])
    if not attacked.keys() <= set(numbers):
        raise ValueError(f"{file} holds attacked texts of other rows; delete it to have them made anew")
    texts = [attacked.get(number, text) for number, text in zip(numbers, train["text"], strict=True)]
    return train.add_column(COLUMN, texts)
