"""The model card: what a saved model is, how it came about and what it cannot do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from robustlab import corpora
from robustlab.cli import rows
from robustlab.cli.settings import Train
from robustlab.models.loading import MINILM_HUB

TEXT = """---
{metadata}
---

# {title}

A text classifier fine-tuned by robustlab with the method `{method}`. Labels: {labels}.

```python
from transformers import AutoModelForSequenceClassification, AutoTokenizer

model = AutoModelForSequenceClassification.from_pretrained("path/to/this/folder")
tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")
```

## Results

| rows | accuracy | 95 % interval | n |
|---|---|---|---|
{results}

Intervals are Wilson's, over examples. `held out` is a part of the training rows that chose the best epoch, so its
accuracy is a little too high; `dev` took no part in the training. One seed was trained: differences between seeds are
not in these intervals.

## How it was trained

| | |
|---|---|
{training}

Everything about the run is in `robustlab.json`.

## Limits

- Robustness was not measured here. `robustlab evaluate --model path/to/this/folder --pgd --checks` measures it at the
  embeddings and checks whether gradients are masked; robustness at the embeddings is not robustness against reworded
  text.
- The accuracies hold for texts like those it was trained on, in their language, and say nothing about others.
- Nobody has looked at how it treats people or groups. Do so before it decides anything about anybody.

## Licence

Not stated. It depends on the model this one started from and on the data; whoever publishes it has to choose.
"""


def write(folder: Path, settings: Train, record: dict[str, Any], *, labels: Sequence[str]) -> None:
    """Write README.md.

    Args:
        folder: Of the run.
        settings: Of the run.
        record: Its plan, results and versions.
        labels: Label names in the order of their numbers.
    """
    text = TEXT.format(
        metadata=_metadata(folder, settings, record).to_yaml(),
        title=folder.name,
        method=settings.named.method,
        labels=", ".join(labels),
        results="\n".join(_result(name, told) for name, told in record["results"].items()),
        training="\n".join(f"| {name} | {value} |" for name, value in _training(settings, record).items()),
    )
    ModelCard(text).save(folder / "README.md")


def _metadata(folder: Path, settings: Train, record: dict[str, Any]) -> ModelCardData:
    hub = None if rows.is_file(settings.rows) else corpora.describe(settings.rows.data).hub
    base = {"tiny": None, "minilm": MINILM_HUB}.get(settings.model, settings.model)
    results = [
        EvalResult(
            task_type="text-classification",
            dataset_type=hub.repository if hub else Path(settings.rows.data).name,
            dataset_name=Path(settings.rows.data).name,
            dataset_split=name,
            metric_type="accuracy",
            metric_value=round(told["accuracy"], 4),
        )
        for name, told in record["results"].items()
    ]
    return ModelCardData(
        model_name=folder.name,
        library_name="transformers",
        pipeline_tag="text-classification",
        tags=["robustlab", settings.named.method],
        datasets=[hub.repository] if hub else None,
        base_model=base,
        metrics=["accuracy"],
        eval_results=results,
    )


def _result(name: str, told: dict[str, Any]) -> str:
    return f"| {name} | {told['accuracy']:.4f} | {told['low']:.4f} … {told['high']:.4f} | {told['n']} |"


def _training(settings: Train, record: dict[str, Any]) -> dict[str, Any]:
    plan, fit = record["plan"], settings.fit
    told = {
        "started from": settings.model,
        "method": settings.named.method,
        **plan["method_parameters"],
        "data": plan["data"],
        "training rows": plan["train_examples"],
        "held-out rows": plan["held_out_examples"],
        "epochs": fit.epochs,
        "kept": f"the weights of step {record['best_step']} of {plan['optimiser_steps']}",
        "batch size": fit.batch_size * fit.gradient_accumulation,
        "highest learning rate": plan["learning_rate"],
        "seed": fit.seed,
        "device": plan["device"],
        "seconds": record["seconds"],
        "versions": ", ".join(f"{name} {number}" for name, number in record["versions"].items() if number),
    }
    if record["weights"]:
        told["learned weights on the steps"] = ", ".join(f"{weight:.3f}" for weight in record["weights"])
    return told
