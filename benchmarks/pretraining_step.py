"""One step of contrastive pre-training with every engine, timed in turns, beside its FLOPs and what its graphs keep.

    OMP_NUM_THREADS=1 python benchmarks/pretraining_step.py --model tiny --out benchmarks/results/pretraining_step.json

All engines take their turn on the same sentences in every round; every other round runs backwards, and ratios are taken
within a round. What an engine remembers with is full. The clock counts processor seconds of this process.
"""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from robustlab import accumulate
from robustlab.models.encoders import Encoder, load_encoder
from robustlab.study import cost
from robustlab.study.pretraining import engine_costs, engines
from robustlab.study.pretraining import engine_forms as forms

SENTENCES = 256
BASE = forms.LARGE


def one_step(form: forms.Form, encoder: Encoder, texts: list[str]) -> Callable[[], object]:
    """The gradients of one step, for as many sentences as the largest batch has."""
    method = engine_costs.ready(form, encoder, len(texts))
    method.prepare([engine_costs.landscape(encoder, texts[: form.batch])], learning_rate=engine_costs.LEARNING_RATE)
    largest = max(one.batch for one in forms.FORMS.values())
    runs = [texts[first : first + form.batch] for first in range(0, largest, form.batch)]

    def work() -> None:
        encoder.model.zero_grad()
        for run in runs:
            accumulate(method, engine_costs.landscape(encoder, run))

    return work


def main(
    out: Annotated[Path | None, typer.Option(help="Where to write the numbers as JSON.")] = None,
    model: Annotated[str, typer.Option(help="As `robustlab.models.load` takes it.")] = "minilm",
    rounds: Annotated[
        int, typer.Option(help="Rounds; from 6 on, their range is an interval of 95 % around the median.")
    ] = 6,
) -> None:
    """Time, count and weigh a step of every engine, and print what was found."""
    torch.set_num_threads(1)
    texts = [text for (text,) in forms.distinct(engines.PLAN, SENTENCES)]
    encoder = load_encoder(model, texts=texts)
    some = {name: form for name, form in forms.FORMS.items() if name not in (forms.ADDED, forms.FAST, forms.SLOW)}
    encoder.model.train()
    seconds = cost.in_turns({name: one_step(form, encoder, texts) for name, form in some.items()}, rounds)
    counted = engine_costs.counted(some, encoder, texts)
    found: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), "data": "reviews", "model": model}
    found |= {"machine": f"{platform.machine()}, 1 thread", "clock": "processor seconds of the process"}
    found |= {"versions": {package: version(package) for package in ("torch", "transformers")}, "rounds": rounds}
    found |= {"seconds": seconds, "median": {name: statistics.median(taken) for name, taken in seconds.items()}}
    found |= {"ratio": {name: list(ratio) for name, ratio in cost.ratios(seconds, BASE).items()}, "base": BASE}
    found |= {"units": {name: one.units for name, one in counted.items()}}
    found |= {"counted": {name: one.counted for name, one in counted.items()}}
    found |= {"kept_mb": {name: engine_costs.peak(form, encoder, texts) / 1e6 for name, form in some.items()}}
    text = json.dumps(found, indent=2)
    typer.echo(text)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
