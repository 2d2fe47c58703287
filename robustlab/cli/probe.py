"""`robustlab probe`: what step sizes do to a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from robustlab import models
from robustlab.cli import device, reporting, rows
from robustlab.cli.settings import Reading, Rows
from robustlab.evaluation.probe import STEP_SIZES, Probe, probe

UNTRAINED = ("tiny", "minilm")


def run(reading: Reading, source: Rows, steps: int, step_sizes: Sequence[float] | None, *, as_json: bool) -> None:
    """Run the command."""
    with reporting.quiet_stdout(as_json):
        where = device.choose(reading.device)
        data = rows.load(source, reading.split)
        labels = data.features["label"].names
        loaded = models.load(reading.model, labels=labels, texts=data["text"], seed=reading.seed)
        loaded.model.to(where)
        found = probe(
            *loaded,
            rows.take(data, reading.limit, reading.seed),
            steps=steps,
            step_sizes=step_sizes or STEP_SIZES,
            batch_size=reading.batch_size,
            max_length=reading.max_length,
        )
    if as_json:
        reporting.as_json_to_stdout({"model": reading.model, "data": source.data} | asdict(found))
        return
    _show(reading.model, source.data, found)


def _show(model: str, data: str, found: Probe) -> None:
    reporting.table(
        f"Step sizes on {model}, {found.examples} rows of {data}, k = {found.steps}",
        ["α / norm", "α", "kα / norm", "gain of each step", "rise of the loss", "step cosine", "accuracy"],
        [
            [
                f"{row.relative:g}",
                f"{row.step_size:.3g}",
                f"{row.reach:.3g}",
                " ".join(f"{gain:.3g}" for gain in row.gains),
                f"{row.rise:.3g}",
                "–" if row.cosine is None else f"{row.cosine:.3f}",
                reporting.percent(row.accuracy),
            ]
            for row in found.rows
        ],
        numbers=(0, 1, 2, 4, 5, 6),
    )
    reporting.say(
        f"norm, the mean norm of a token's embedding: {found.embedding_norm:.3g}; "
        f"clean loss {found.clean_loss:.3g} nats, clean accuracy {reporting.percent(found.clean_accuracy)}.",
        f"Suggested for a study of weights on the steps: {_suggestion(found)}: {found.reason}.",
    )
    if model in UNTRAINED:
        reporting.say(f"{model} has not been trained here: probe the model you train with the method standard as well.")


def _suggestion(found: Probe) -> str:
    return "none" if found.suggestion is None else f"--step-size {found.suggestion:.3g} --steps {found.steps}"
