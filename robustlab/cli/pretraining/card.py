"""The card of a pre-trained encoder: what it is, how it came about and what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEXT = """# {title}

An encoder pre-trained by robustlab on unlabelled text, without a head.

```python
from transformers import AutoModel, AutoTokenizer

model = AutoModel.from_pretrained("path/to/this/folder")
tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")
```

A sentence is represented by the mean of the last states over its tokens. `robustlab train --model path/to/this/folder`
fine-tunes a classifier on top of it.

## How it was trained

| | |
|---|---|
{training}

## Held-out sentences

{geometry}

Everything about the run, with its losses by scale, is in `robustlab.json`.

## Limits

- Nothing was measured on a task, and no robustness: both take a fine-tuned classifier.
- The heads for masked and replaced words started fresh and are not saved.
- Nobody has looked at how it treats people or groups. Do so before it decides anything about anybody.

## Licence

Not stated. It depends on the model this one started from and on the data; whoever publishes it has to choose.
"""
SHOWN = ("data", "sentences", "model", "scales", "engine", "view", "optimiser_steps", "learning_rate", "tokens")


def write(folder: Path, record: Mapping[str, Any]) -> None:
    """Write README.md.

    Args:
        folder: Of the run.
        record: Its plan and geometry.
    """
    plan, geometry = record["plan"], record["geometry"]
    told = {name: plan[name] for name in SHOWN} | {"seed": record["settings"]["fit"]["seed"]}
    told["model"] = Path(plan["model"]).name  # a published card should not tell where it lay
    told["scales"] = ", ".join(f"{name} {value:g}" for name, value in plan["scales"].items())
    rows = "\n".join(f"| {name.replace('_', ' ')} | {value} |" for name, value in told.items())
    text = TEXT.format(title=folder.name, training=rows, geometry=_geometry(geometry["before"], geometry["after"]))
    (folder / "README.md").write_text(text, encoding="utf-8")


def shown(value: float | None) -> str:
    """A quantity of a geometry; a dash where the encoder has collapsed and it is none."""
    return "–" if value is None else f"{value:.3f}"


def _geometry(before: Mapping[str, float | None] | None, after: Mapping[str, float | None] | None) -> str:
    if before is None or after is None:
        return "None were held out."
    lines = [f"| {name.replace('_', ' ')} | {shown(before[name])} | {shown(after[name])} |" for name in before]
    return "\n".join(["| | before | after |", "|---|---|---|", *lines])
