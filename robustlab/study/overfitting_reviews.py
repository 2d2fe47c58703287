"""Recorded trainings on few reviews, measured after every epoch: does robustness fall while training goes on?

    python -m robustlab.study.overfitting_reviews --results book/results/overfitting/reviews.jsonl

For each seed a tiny model is trained on a few hundred short reviews with the clean loss, until it is no longer a
constant (from a random start, adversarial training stays one). From there every method trains on the same rows for the
same epochs. After each epoch: loss on the training rows; on dev and on test reviews the clean accuracy and the exact
worst case over all certified substitutions; on test reviews the accuracy under PGD at the embeddings too. Dev is for
choosing an epoch, test for reporting it. One row an epoch; runs that the results file holds are not made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import torch
import typer
from datasets import Dataset
from transformers import PreTrainedModel, TrainerCallback

from robustlab import methods, models
from robustlab.ascent import GradientAscent
from robustlab.corpora import reviews
from robustlab.evaluation import substitution, white_box
from robustlab.methods import Method
from robustlab.objective import AdaptiveByDifficulty, Flooding
from robustlab.study import rows
from robustlab.training import Recipe, fit

WARM = "warm start"
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.5)
PATHS = ("pgd", "freelb", "adaptive-pgd", "adaptive-by-difficulty")
TRACED = ("below_the_level", "shifted", "difficulty", "offset_norm", "step_cosine", "w_entropy")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is trained, and on how much it is measured.

    Attributes:
        train_size: Reviews that are trained on.
        words: Longest of all reviews.
        warm_epochs: Passes over them with the clean loss, before the methods part.
        epochs: Passes of each method.
        learning_rate: The highest one of the warm start and of each method; linear warm-up and decay.
        batch_size: Of all.
        steps: k of the methods with a path, and of the attack.
        relative_step: α in mean norms of a word embedding after the warm start, of the methods and of the attack.
        dev: Reviews that an epoch is chosen on.
        test: Reviews that it is reported on.
        max_variants: Most variants of a measured review.
    """

    train_size: int = 600
    words: int = 12
    warm_epochs: int = 4
    epochs: int = 10
    learning_rate: float = 1.5e-3
    batch_size: int = 32
    steps: int = 3
    relative_step: float = 0.1
    dev: int = 80
    test: int = 120
    max_variants: int = 8


class Run(NamedTuple):
    """A method with its level, where one is given."""

    method: str
    level: float | None = None

    @property
    def name(self) -> str:
        """As rows and figures call it."""
        return self.method if self.level is None else f"{self.method}, b = {self.level:g}"

    def make(self, settings: Settings, unit: float) -> Method:
        """The method itself, for a model whose word embeddings have this mean norm."""
        if self.method in PATHS:
            size = settings.relative_step * unit
            return methods.BY_NAME[self.method](steps=settings.steps, step_size=size)
        given = {} if self.level is None else {"level": self.level}
        return methods.BY_NAME[self.method](**given)


RUNS = (Run("standard"), *map(Run, PATHS), Run("flooding-x"), *(Run("flooding-x", b) for b in LEVELS), Run("dsrm"))


def short(split: str, size: int, settings: Settings, seed: int, *, max_variants: int = 512) -> Dataset:
    """The first reviews of a split that are short enough."""
    found = reviews.load(split, 12 * size, seed=seed, max_variants=max_variants)
    found = found.filter(lambda row: len(row["text"].split()) <= settings.words)
    if len(found) < size:
        raise ValueError(f"{split} holds {len(found)} reviews of at most {settings.words} words, expected {size}")
    return found.select(range(size))


class Instruments:
    """What every epoch is measured with: the same rows and the same attack for all runs of a seed."""

    def __init__(self, loaded: models.Loaded, train: Dataset, settings: Settings, seed: int):
        self.tokenizer, self.settings = loaded.tokenizer, settings
        self.train = white_box.batches(train, loaded.tokenizer, batch_size=200)
        sizes = {"dev": settings.dev, "test": settings.test}
        data = {name: short(name, n, settings, seed, max_variants=settings.max_variants) for name, n in sizes.items()}
        self.reviews = {name: [reviews.from_row(row) for row in one] for name, one in data.items()}
        self.test = white_box.batches(data["test"], loaded.tokenizer, batch_size=200)
        self.unit = white_box.embedding_norm(loaded.model, self.test)

    def measure(self, model: PreTrainedModel) -> dict[str, Any]:
        """Loss and accuracies of a model, with what was right, for paired tests."""
        training = model.training
        model.eval()
        seen = white_box.clean(model, self.train)
        row: dict[str, Any] = {"train_loss": float(seen.loss.mean()), "train_accuracy": mean(seen.correct)}
        for name, measured in self.reviews.items():
            found = substitution.worst_case(models.predictor(model, self.tokenizer), measured)
            row |= outcome(f"{name}_clean", found.clean) | outcome(f"{name}_robust", found.robust)
        size = self.settings.relative_step * self.unit
        attack = GradientAscent(steps=self.settings.steps, step_size=size)
        row |= outcome("test_pgd", white_box.pgd(model, self.test, attack).correct)
        row["test_loss"] = float(white_box.clean(model, self.test).loss.mean())
        model.train(training)
        return row


def mean(right: torch.Tensor) -> float:
    """The share that is right."""
    return float(right.double().mean())


def outcome(name: str, right: torch.Tensor) -> dict[str, Any]:
    """The fields of one accuracy: value, number, and which were right."""
    return {f"{name}_accuracy": mean(right), f"{name}_n": len(right), f"{name}_mask": rows.encode(right.tolist())}


class Watch(TrainerCallback):
    """Measures after every epoch, and keeps what the method traced in it."""

    def __init__(self, instruments: Instruments, method: Method):
        self.instruments, self.objective = instruments, method.objective
        self.found: list[dict[str, Any]] = []
        self.seen: list[Mapping[str, float]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **known: Any) -> None:
        """Called by the trainer at every log."""
        self.seen.append(dict(logs or {}))

    def on_epoch_end(self, args: Any, state: Any, control: Any, **known: Any) -> None:
        """Called by the trainer after each pass over the rows."""
        row: dict[str, Any] = {"epoch": round(state.epoch)} | self.instruments.measure(known["model"])
        for name in TRACED:
            values = [float(logs[name]) for logs in self.seen if name in logs]
            row |= {name: sum(values) / len(values)} if values else {}
        if isinstance(self.objective, Flooding):
            row |= {"b": float(self.objective.level), "pilot": [list(one) for one in self.objective.pilot]}
        if isinstance(self.objective, AdaptiveByDifficulty):
            learned = self.objective.weights
            row |= {"scores": learned.scores.tolist(), "slopes": learned.slopes.tolist()}
        self.seen = []
        self.found.append(row)


def begin(seed: int, settings: Settings) -> tuple[models.Loaded, Dataset, Instruments]:
    """The model after its warm start, the rows, and the instruments."""
    train = short("train", settings.train_size, settings, seed)
    loaded = models.load("tiny", labels=reviews.LABELS, texts=train["text"], seed=seed)
    recipe = Recipe(epochs=settings.warm_epochs, learning_rate=settings.learning_rate, batch_size=settings.batch_size)
    fit(*loaded, methods.standard(), train, recipe, seed=seed, device="cpu")
    return loaded, train, Instruments(loaded, train, settings, seed)


def follow(
    run: Run, start: tuple[models.Loaded, Dataset, Instruments], seed: int, settings: Settings
) -> list[dict[str, Any]]:
    """One run from the warm start: a row an epoch."""
    loaded, train, instruments = start
    method = run.make(settings, instruments.unit)
    watch = Watch(instruments, method)
    recipe = Recipe(epochs=settings.epochs, learning_rate=settings.learning_rate, batch_size=settings.batch_size)
    model = deepcopy(loaded.model)
    # Another seed than the warm start's: the same batches in the same order would come again.
    fit(model, loaded.tokenizer, method, train, recipe, seed=seed + 1, device="cpu", callbacks=[watch])
    return watch.found


def run_seed(seed: int, settings: Settings, runs: Sequence[Run]) -> Iterator[list[dict[str, Any]]]:
    """The rows of each run, and first those of the warm start."""
    start = begin(seed, settings)
    shared = {"seed": seed, "unit": start[2].unit}
    yield [shared | {"method": WARM, "name": WARM, "level": None, "epoch": 0} | start[2].measure(start[0].model)]
    for run in runs:
        named = shared | {"method": run.method, "name": run.name, "level": run.level}
        yield [named | row for row in follow(run, start, seed, settings)]


def main(
    results: Annotated[Path, typer.Option(help="JSON-lines file of rows; the runs it holds are kept.")],
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds.")] = "0,1,2",
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
) -> None:
    """Run what is missing of the recorded trainings on few reviews."""
    torch.set_num_threads(threads)
    settings = Settings()
    for seed in map(int, seeds.split(",")):
        held = {(row["seed"], row["name"]) for row in rows.read(results)}
        missing = [run for run in RUNS if (seed, run.name) not in held]
        if not missing:
            continue
        for made in run_seed(seed, settings, missing):
            last, provenance = made[-1], rows.provenance("cpu")
            if (seed, last["name"]) in held:  # the warm start of a seed that was begun before
                continue
            for row in made:  # whole runs only: half of one would look like a finished one
                known = {"study": "overfitting-reviews", "model": "tiny"} | asdict(settings)
                rows.append(results, known | row | provenance)
            typer.echo(f"[seed {seed}] {last['name']}: worst case {last['test_robust_accuracy']:.3f} in the end")


if __name__ == "__main__":
    typer.run(main)
