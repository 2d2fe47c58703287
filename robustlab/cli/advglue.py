"""`--data advglue`: the tasks of AdvGLUE that a model can answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from robustlab.cli import run_folder
from robustlab.cli.settings import Rows
from robustlab.corpora.catalogue import advglue_for

ALL = "advglue"


def spelled_out(sources: Sequence[Rows], model: str, labels: Sequence[str]) -> Iterator[Rows]:
    """The sources, with AdvGLUE replaced by its tasks with the model's labels.

    Raises: ValueError: If it has none, or the labels fit tasks that ask different things.
    """
    for source in sources:
        if source.data != ALL:
            yield source
            continue
        try:
            names = advglue_for(labels, trained_on(model))
        except ValueError as error:
            raise ValueError(f"--data {ALL}: {error}") from None
        yield from (replace(source, data=name) for name in names)


def trained_on(model: str) -> str | None:
    """The data that `robustlab train` was given for a model; None for a model from elsewhere."""
    record = Path(model).expanduser() / run_folder.RECORD
    try:
        return str(json.loads(record.read_text(encoding="utf-8"))["settings"]["rows"]["data"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
