"""`robustlab train`: check everything, say what will run, train, measure, save."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from robustlab import corpora, models
from robustlab.ascent import GradientAscent, unit_l2
from robustlab.cli import attacked_rows, card, carrying, cost, device, parsing, reporting, rows, run_folder
from robustlab.cli.settings import Train
from robustlab.evaluation import white_box
from robustlab.evaluation.metrics import Score, accuracy
from robustlab.methods import Method
from robustlab.models import Loaded
from robustlab.objective import ShareOfSteps, SimplexWeights

if TYPE_CHECKING:
    from datasets import Dataset

    from robustlab.training import Fitted

SAMPLE = 2000  # rows tokenised for the estimate of tokens
REACH_SAMPLE = 64  # rows whose embeddings are measured
FAR = 0.5  # a reach above which small models were seen to learn nothing


@dataclass(frozen=True)
class Run:
    """All that a run needs, loaded and checked."""

    settings: Train
    method: Method
    device: str
    train: Dataset
    validation: Dataset
    test: Dataset | None
    loaded: Loaded

    @cached_property
    def steps_an_epoch(self) -> int:
        """Optimiser steps."""
        return self.settings.recipe.steps_an_epoch(len(self.train))

    @cached_property
    def tokens(self) -> int:
        """Tokens of an epoch, estimated from the first rows."""
        sample = self.train.select(range(min(SAMPLE, len(self.train))))
        lengths = models.tokenise(sample, self.loaded.tokenizer, max_length=self.settings.fit.max_length)["length"]
        return round(sum(lengths) * len(self.train) / len(sample))

    @cached_property
    def reach(self) -> float | None:
        """kα in mean norms of a token's embedding, for an ascent whose steps have a norm that can be told."""
        ascent = self.method.ascent
        if not isinstance(ascent, GradientAscent) or ascent.direction is not unit_l2:
            return None
        sample = self.train.select(range(min(REACH_SAMPLE, len(self.train))))
        batches = white_box.batches(sample, self.loaded.tokenizer, max_length=self.settings.fit.max_length)
        return ascent.steps * ascent.step_size / white_box.embedding_norm(self.loaded.model, batches)

    def plan(self) -> dict[str, Any]:
        """What will run and what it costs."""
        units, epochs = cost.units(self.method), self.settings.fit.epochs
        body = self.loaded.model.num_parameters(exclude_embeddings=True)
        return {
            "data": rows.source(self.train),
            "train_examples": len(self.train),
            "held_out_examples": len(self.validation),
            "model": self.settings.model,
            "parameters": self.loaded.model.num_parameters(),
            "method": self.settings.named.method,
            "method_parameters": parsing.describe(self.method),
            "reach_in_embedding_norms": self.reach,
            "device": self.device,
            "epochs": epochs,
            "learning_rate": self.settings.learning_rate,
            "optimiser_steps": epochs * self.steps_an_epoch,
            "cost_units_a_step": units,
            "cost_of_standard": round(units / cost.STANDARD, 2),
            "tokens": epochs * self.tokens,
            "estimated_flops": cost.flops(units, body, epochs * self.tokens),
            "output": str(self.settings.output),
        }


def run(settings: Train, *, dry_run: bool, as_json: bool) -> None:
    """Run the command."""
    steps = carrying.Steps(_show_plan, _carry_out, lambda record: _show_results(record, settings))
    carrying.run(lambda: load(settings), steps, dry_run=dry_run, as_json=as_json)


def load(settings: Train) -> Run:
    """Check the settings, cheapest first, and load what they name."""
    method = parsing.method(settings.named)
    chosen = device.choose(settings.fit.device)
    _check_numbers(settings)
    attacked_rows.check(settings, method)
    run_folder.check(settings)
    data = rows.take(rows.load(settings.rows, "train"), settings.limit, settings.fit.seed)
    train, validation = corpora.hold_out(data, settings.hold_out, settings.fit.seed)
    test = _test(settings)
    labels = data.features["label"].names
    loaded = models.load(settings.model, labels=labels, texts=_texts(train), seed=settings.fit.seed)
    return Run(settings, method, chosen, train, validation, test, loaded)


def _check_numbers(settings: Train) -> None:
    rate = settings.learning_rate
    if not (math.isfinite(rate) and rate > 0):
        raise ValueError(f"--learning-rate must be positive, got {rate}")


def _test(settings: Train) -> Dataset | None:
    """The split to report, for a corpus that has one; it plays no part in the training."""
    if rows.is_file(settings.rows):
        return None
    try:
        return rows.load(settings.rows, "dev")
    except ValueError as error:
        if "has no split" not in str(error):
            raise
        return None


def _texts(train: Dataset) -> list[str]:
    return [*train["text"], *(train["text_pair"] if "text_pair" in train.column_names else ())]


def _carry_out(ready: Run, plan: dict[str, Any], progress: bool) -> dict[str, Any]:
    settings, began = ready.settings, time.monotonic()
    with carrying.kept(settings, plan, checkpoints="after every epoch") as (folder, record):
        ready = attacked_rows.added(ready, folder, progress=progress)
        fitted = _fit(ready, progress=progress)
        record |= {"finished": True, "seconds": round(time.monotonic() - began, 1), "best_step": fitted.best_step}
        record["results"] = {name: _told(score) for name, score in _scores(ready, fitted).items()}
        record["weights"] = _weights(ready.method)
        fitted.model.save_pretrained(folder)
        ready.loaded.tokenizer.save_pretrained(folder)
        card.write(folder, settings, record, labels=ready.train.features["label"].names)
    return record


def _fit(ready: Run, *, progress: bool) -> Fitted:
    from robustlab.training import fit

    settings = ready.settings
    return fit(
        ready.loaded.model,
        ready.loaded.tokenizer,
        ready.method,
        ready.train,
        settings.recipe,
        validation=ready.validation,
        seed=settings.fit.seed,
        device=ready.device,
        **run_folder.training(settings),
        progress=progress,
    )


def _scores(ready: Run, fitted: Fitted) -> dict[str, Score]:
    predict = models.predictor(fitted.model, ready.loaded.tokenizer, max_length=ready.settings.fit.max_length)
    sets = {"held out": ready.validation} | ({"dev": ready.test} if ready.test is not None else {})
    return {name: accuracy(predict, dataset) for name, dataset in sets.items()}


def _told(score: Score) -> dict[str, Any]:
    value, low, high = score.interval
    return {"accuracy": value, "low": low, "high": high, "n": score.n}


def _weights(method: Method) -> list[float] | None:
    """The learned weights on the steps, where the method has them."""
    objective = method.objective.inner if isinstance(method.objective, ShareOfSteps) else method.objective
    weights = getattr(objective, "weights", None)
    return weights().tolist() if isinstance(weights, SimplexWeights) else None


def _show_plan(plan: dict[str, Any]) -> None:
    parameters = [f"{name} {value}" for name, value in plan["method_parameters"].items()]
    told = plan | {
        "method_parameters": ", ".join(parameters) or "none",
        "cost_units_a_step": f"{plan['cost_units_a_step']} passes, {plan['cost_of_standard']:g} times a standard step",
        "estimated_flops": f"{plan['estimated_flops']:.2g}",
        "tokens": f"{plan['tokens']:,} (estimated)",
        "parameters": f"{plan['parameters']:,}",
    }
    del told["cost_of_standard"]
    reach = told.pop("reach_in_embedding_norms")
    if reach is not None:
        told["reach_of_the_ascent"] = f"{reach:.2g} times the mean norm of a token's embedding"
    reporting.table("Plan", ["", ""], [[name.replace("_", " "), value] for name, value in told.items()])
    if reach is not None and reach > FAR:
        reporting.say(
            f"The steps lead up to {reach:.2g} times as far as a word's embedding is long, and the model may learn "
            "nothing. If so, lower --step-size; robustlab probe measures what a step does."
        )


def _show_results(record: dict[str, Any], settings: Train) -> None:
    lines = [[name, *reporting.measured(told), told["n"]] for name, told in record["results"].items()]
    reporting.table("Results", ["rows", "accuracy", "95 % interval", "n"], lines, numbers=(1, 3))
    if record["weights"]:
        reporting.say("weights on the steps: " + ", ".join(f"{w:.3f}" for w in record["weights"]))
    reporting.say(
        "The held-out rows chose the epoch, so their accuracy is a little too high.",
        f"Saved to {settings.output}; next: robustlab evaluate --model {settings.output}",
        f"Curves: tensorboard --logdir {settings.output}" if "tensorboard" in settings.place.report_to else "",
    )
