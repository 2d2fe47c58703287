"""Recorded mixtures of adapters on the built-in reviews: is choosing anew for each example worth its forwards?

    python -m robustlab.study.adapters_reviews --results book/results/adapters/reviews.jsonl

For each seed a tiny model is trained on clean reviews; the greedy attack turns every one of them into its worst variant
for that model; one adapter is trained on the clean reviews and one on the attacked ones. Measured on reviews of which
every label-preserving variant is read, so the worst case is exact and knows the mixture. Beside the mixture stand the
base, each adapter alone, both at equal weights, and one adapter trained on both sets: as many training steps as the two
together, and a third of the mixture's forwards at inference. One row a model. Seeds that the results file holds are not
run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from datasets import Dataset, concatenate_datasets
from torch import Tensor

from robustlab import methods, models
from robustlab.corpora import reviews
from robustlab.corpora.reviews import Review
from robustlab.evaluation import substitution
from robustlab.evaluation.statistics import proportion
from robustlab.models import Predict
from robustlab.models.adapter_mixup import AdapterMixup
from robustlab.models.adapters import attach
from robustlab.study import rows
from robustlab.training import Recipe, fit, fit_adapters

ATTACK = "greedy"
BOTH = "both"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is trained, and on how much it is measured.

    Attributes:
        train_size: Clean reviews of the base and of each adapter.
        base_epochs: Passes of the base over them.
        epochs: Passes of each adapter over its set.
        learning_rate: The base's.
        adapter_learning_rate: The adapters'.
        batch_size: Of all.
        reviews: Dev reviews that are measured.
        max_variants: Most variants of a measured review.
    """

    train_size: int = 3200
    base_epochs: int = 4
    epochs: int = 2
    learning_rate: float = 1.5e-3
    adapter_learning_rate: float = 2e-3
    batch_size: int = 16
    reviews: int = 150
    max_variants: int = 64


def equal(alone: Tensor) -> Tensor:
    """Every adapter's share, whatever they say: the mixture without its rule."""
    return torch.full((alone.shape[1], alone.shape[0]), 1 / alone.shape[0])


def attack(predict: Predict, train: Dataset) -> Dataset:
    """Each row with what the greedy attack makes of its text; the substitutions are certified, so the label holds."""
    found = substitution.greedy(predict, [reviews.from_row(row) for row in train])
    return train.remove_columns("text").add_column("text", list(found.texts)).select_columns(train.column_names)


def train(seed: int, settings: Settings) -> tuple[models.Loaded, AdapterMixup, AdapterMixup]:
    """The base, its two adapters, and the one adapter of both sets."""
    clean = reviews.load("train", settings.train_size, seed=seed)
    base = models.load("tiny", labels=reviews.LABELS, texts=clean["text"], seed=seed)
    shared = {"batch_size": settings.batch_size}
    first = Recipe(epochs=settings.base_epochs, learning_rate=settings.learning_rate, **shared)
    fit(*base, methods.standard(), clean, first, seed=seed, device="cpu")
    attacked = attack(models.predictor(*base), clean)
    recipe = Recipe(epochs=settings.epochs, learning_rate=settings.adapter_learning_rate, **shared)
    two = fit_adapters(*base, clean, {ATTACK: attacked}, recipe, seed=seed, device="cpu")
    rows_of_both = joined(clean, attacked)
    adapted = attach(base.model, [BOTH], seed=seed)
    fit(adapted.get_base_model(), base.tokenizer, methods.standard(), rows_of_both, recipe, seed=seed, device="cpu")
    return base, two, AdapterMixup(adapted.eval(), base.tokenizer)


def joined(first: Dataset, second: Dataset) -> Dataset:
    """The rows of both, with ids of their own."""
    together = concatenate_datasets([first, second]).remove_columns("example_id")
    return together.add_column("example_id", list(range(len(together)))).select_columns(first.column_names)


def measure(predict: Predict, measured: Sequence[Review]) -> dict[str, Any]:
    """Clean and exact worst-case accuracy, with Wilson intervals and with what was right, for paired tests."""
    found = substitution.worst_case(predict, measured)
    row: dict[str, Any] = {"n": len(measured), "texts_read": int(found.tried.sum())}
    for name, right in (("clean", found.clean), ("robust", found.robust)):
        estimate = proportion(int(right.sum()), len(measured))
        row |= {f"{name}_accuracy": estimate.value, f"{name}_interval": [estimate.low, estimate.high]}
        row[f"{name}_mask"] = rows.encode(right.tolist())
    return row


def profile(mixup: AdapterMixup, base: Predict, measured: Sequence[Review]) -> dict[str, float]:
    """The attack's mean share of the mixture on texts as written, and on what the greedy attack makes of them."""
    attacked = substitution.greedy(base, measured).texts
    column = mixup.names.index(ATTACK)
    shares = {"written": [review.text for review in measured], "attacked": list(attacked)}
    return {f"share_{name}": float(mixup.coefficients(texts)[:, column].mean()) for name, texts in shares.items()}


def run(seed: int, settings: Settings) -> Iterator[dict[str, Any]]:
    """Train the models of one seed and measure them."""
    base, two, one = train(seed, settings)
    dev = reviews.load("dev", settings.reviews, seed=seed, max_variants=settings.max_variants)
    measured = [reviews.from_row(row) for row in dev]
    plain = models.predictor(*base)
    compared: dict[str, Predict] = {
        "base": plain,
        "clean adapter": two.alone("clean"),
        "attacked adapter": two.alone(ATTACK),
        "mixture": two,
        "equal mixture": AdapterMixup(two.classifier.adapted, base.tokenizer, rule=equal),
        "both sets": one.alone(BOTH),
    }
    for name, predict in compared.items():
        row = {"seed": seed, "method": name} | measure(predict, measured)
        yield row | (profile(two, plain, measured) if name == "mixture" else {})


def main(
    results: Annotated[Path, typer.Option(help="JSON-lines file of rows; the seeds it holds are kept.")],
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds.")] = "0,1,2",
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
) -> None:
    """Run what is missing of the recorded mixtures on the reviews."""
    torch.set_num_threads(threads)
    settings = Settings()
    for seed in map(int, seeds.split(",")):
        if any(row["seed"] == seed for row in rows.read(results)):
            continue
        made = []
        for row in run(seed, settings):
            made.append({"study": "adapters-reviews", "model": "tiny"} | asdict(settings) | row)
            typer.echo(f"[seed {seed}] {row['method']}: {row['clean_accuracy']:.3f}, {row['robust_accuracy']:.3f}")
        provenance = rows.provenance("cpu") | {"peft": version("peft")}
        for row in made:  # whole seeds only: half of one would look like a finished one
            rows.append(results, row | provenance)


if __name__ == "__main__":
    typer.run(main)
