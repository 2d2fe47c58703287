"""`robustlab pretrain`: say what will run, pre-train, look at the geometry, save."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from robustlab.cli import carrying, cost, reporting, run_folder
from robustlab.cli.pretraining import card
from robustlab.cli.pretraining.loading import Run, load
from robustlab.cli.pretraining.settings import Pretrain

if TYPE_CHECKING:
    from robustlab.training.pretraining import Pretrained


def run(settings: Pretrain, *, dry_run: bool, as_json: bool) -> None:
    """Run the command."""
    steps = carrying.Steps(_show_plan, _carry_out, lambda record: _show_results(record, settings))
    carrying.run(lambda: load(settings), steps, dry_run=dry_run, as_json=as_json)


def _carry_out(ready: Run, plan: dict[str, Any], progress: bool) -> dict[str, Any]:
    began = time.monotonic()
    with carrying.kept(ready.settings, plan, checkpoints="ten times an epoch") as (folder, record):
        done = _pretrain(ready, progress=progress)
        record |= {"finished": True, "seconds": round(time.monotonic() - began, 1)}
        looks = {"before": done.before, "after": done.after}
        record["geometry"] = {name: None if one is None else _numbers(one._asdict()) for name, one in looks.items()}
        record["history"] = [_numbers(log) for log in done.history]
        ready.encoder.model.save_pretrained(folder)
        ready.encoder.tokenizer.save_pretrained(folder)
        card.write(folder, record)
    return record


def _numbers(told: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN, which is what the relative alignment of a collapsed encoder is."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in told.items()}


def _pretrain(ready: Run, *, progress: bool) -> Pretrained:
    from robustlab.contrastive.engines import MemoryBank
    from robustlab.training.clustering import FillBank
    from robustlab.training.pretraining import pretrain

    settings = ready.settings
    engine = ready.method.objective.engine  # type: ignore[attr-defined]  # loading has made it
    filling = [FillBank(engine, ready.encoder, ready.rows)] if isinstance(engine, MemoryBank) else []
    return pretrain(
        ready.encoder,
        ready.method,
        ready.rows,
        ready.recipe,
        held_out=ready.held_out,
        seed=settings.fit.seed,
        device=ready.device,
        **run_folder.training(settings),
        callbacks=filling,  # an encoder may collapse beside a bank that fills up as it goes
        progress=progress,
    )


def _show_plan(plan: dict[str, Any]) -> None:
    scales = ", ".join(f"{name} {value:g}" for name, value in plan["scales"].items() if value)
    share = plan["hard_negatives"]
    told = plan | {
        "scales": scales,
        "hard_negatives": "none" if share is None else f"for {share:.0%} of the sentences",
        "cost_units_a_step": f"{plan['cost_units_a_step']:g} passes, {plan['cost_units_a_step'] / cost.STANDARD:.2g} "
        "times a plain step on the same sentences",
        "estimated_flops": f"{plan['estimated_flops']:.2g}",
        "tokens": f"{plan['tokens']:,}",
        "parameters": f"{plan['parameters']:,}",
    }
    reporting.table("Plan", ["", ""], [[name.replace("_", " "), value] for name, value in told.items()])


def _show_results(record: dict[str, Any], settings: Pretrain) -> None:
    before, after = record["geometry"]["before"], record["geometry"]["after"]
    if before and after:
        lines = [[name.replace("_", " "), card.shown(before[name]), card.shown(after[name])] for name in before]
        reporting.table("Held-out sentences", ["", "before", "after"], lines, numbers=(1, 2))
        reporting.say(
            "Relative alignment is how far a view is from its sentence, over how far two sentences are apart: lower is "
            "better. Lower uniformity: sentences spread further."
        )
        if after["relative_alignment"] is None:
            reporting.say(
                "The encoder has collapsed: all held-out sentences are one point. Lower --learning-rate, raise "
                "--batch-size, or take another --engine."
            )
    reporting.say(
        f"Saved to {settings.output}; next: robustlab train --model {settings.output}",
        f"Curves: tensorboard --logdir {settings.output}" if "tensorboard" in settings.place.report_to else "",
    )
