"""TextFooler through the engine and by TextAttack's own loop: how long it takes, and whether outcomes are the same.

    python benchmarks/attack_throughput.py --data-dir DATA --out benchmarks/results/attack_throughput.json

Four ways attack the same sentences with the same recipe and resources: `textattack.Attacker` as it comes, which pads
every query to 512 tokens; the same with each query padded to its longest; the engine; and the engine in one process a
core. TextAttack's sentence encoder is its own SBERT constraint with MiniLM's weights. The ways take turns, every other
round runs backwards, and ratios are taken within a round. Wall-clock seconds, on as many threads as there are cores:
run it on a machine that does nothing else.
"""

from __future__ import annotations

import copy
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from robustlab import corpora, models
from robustlab.evaluation.attack import processes
from robustlab.evaluation.attack.attacking import Attacker, AttackError, Example
from robustlab.evaluation.attack.bench import Bench
from robustlab.evaluation.attack.names import parse
from robustlab.evaluation.attack.rows import Attacked
from robustlab.evaluation.attack.setup import Setup
from robustlab.models.loading import minilm_place
from robustlab.study.main_sst2 import Cell, train

RECIPE = "textfooler+minilm+neighbours"
Outcome = tuple[int, str, str, int]
Way = Callable[[Sequence[Example]], tuple[float, list[Outcome]]]


def engine(made: Attacker, bench: Bench) -> Callable[[Sequence[Example]], list[Outcome]]:
    """Ours; the memories of both models start empty in every round, as in a run of its own."""

    def attack(examples: Sequence[Example]) -> list[Outcome]:
        for served in (bench.victim, bench.encoder):
            served.service.forget()
        return sorted(told(row) for row in made.run(examples))

    return attack


def textattacks(made: Attacker, loaded: models.Loaded, *, padding: str) -> Callable[[Sequence[Example]], list[Outcome]]:
    """TextAttack's loop on the same recipe, with a model and an encoder of its own."""
    import textattack
    from textattack.attack_results import FailedAttackResult, SkippedAttackResult

    goal = textattack.goal_functions.UntargetedClassification(_wrapper(loaded, padding))
    constraints = [_alone(each) for each in (*made.attack.pre_transformation_constraints, *made.attack.constraints)]
    # A copy: an attack binds the search to its own goal.
    recipe = textattack.Attack(goal, constraints, made.attack.transformation, copy.copy(made.attack.search_method))
    quiet = {"disable_stdout": True, "silent": True, "num_examples": -1}

    def attack(examples: Sequence[Example]) -> list[Outcome]:
        rows = [(example.text, example.label) for example in examples]
        data = textattack.datasets.Dataset(rows, input_columns=["text"])
        results = textattack.Attacker(recipe, data, textattack.AttackArgs(**quiet)).attack_dataset()
        kinds = {FailedAttackResult: "failed", SkippedAttackResult: "skipped"}
        return sorted(
            (
                example.example_id,
                kinds.get(type(found), "succeeded"),
                found.perturbed_result.attacked_text.text,
                found.num_queries,
            )
            for example, found in zip(examples, results, strict=True)
        )

    return attack


def _wrapper(loaded: models.Loaded, padding: str) -> Any:
    from textattack.models.wrappers import HuggingFaceModelWrapper

    if padding == "max_length":
        return HuggingFaceModelWrapper(*loaded)

    class Dynamic(HuggingFaceModelWrapper):
        """Each call is padded to its longest text."""

        def __call__(self, text_input_list: list[str]) -> torch.Tensor:
            batch = self.tokenizer(text_input_list, padding=True, truncation=True, return_tensors="pt")
            with torch.no_grad():
                return self.model(**batch).logits

    return Dynamic(*loaded)


def _alone(constraint: Any) -> Any:
    """The same constraint, by TextAttack's own encoder class, with MiniLM's weights."""
    from textattack.constraints.semantics.sentence_encoders import SBERT, SentenceEncoder

    if not isinstance(constraint, SentenceEncoder):
        return constraint
    settings = ("threshold", "metric", "compare_against_original", "window_size", "skip_text_shorter_than_window")
    return SBERT(model_name=minilm_place()[0], **{name: getattr(constraint, name) for name in settings})


def in_processes(setup: Setup, count: int) -> Way:
    """Ours in several processes; the clock starts when all have loaded the models."""

    def attack(examples: Sequence[Example]) -> tuple[float, list[Outcome]]:
        start: list[float] = []
        rows = processes.run(
            setup, examples, width=32, processes=count, started=lambda: start.append(time.perf_counter())
        )
        found = sorted(told(row) for row in rows)
        return time.perf_counter() - start[0], found

    return attack


def timed(attack: Callable[[Sequence[Example]], list[Outcome]]) -> Way:
    """With the seconds it took."""

    def timing(examples: Sequence[Example]) -> tuple[float, list[Outcome]]:
        start = time.perf_counter()
        found = attack(examples)
        return time.perf_counter() - start, found

    return timing


def told(row: Attacked | AttackError) -> Outcome:
    """What is compared."""
    if isinstance(row, AttackError):
        raise row
    return row.example_id, row.outcome, row.attacked_text, row.queries


def measure(ways: dict[str, Way], rounds: Sequence[Sequence[Example]]) -> dict[str, Any]:
    """Seconds of each way in each round, and where outcomes differ from the first way's."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    different: dict[str, list[int]] = {name: [] for name in ways}
    for number, examples in enumerate(rounds):
        found = {}
        for name in list(ways)[:: -1 if number % 2 else 1]:
            spent, found[name] = ways[name](examples)
            seconds[name].append(spent)
            typer.echo(f"round {number + 1}: {name} {seconds[name][-1]:.1f} s for {len(examples)} examples")
        for name, rows in found.items():
            pairs = zip(rows, found[next(iter(ways))], strict=True)
            different[name] += [one[0] for one, other in pairs if one != other]
    return {"seconds": seconds, "different_examples": different}


def main(
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    data_dir: Annotated[Path | None, typer.Option(help="Data folder; else ROBUSTLAB_DATA.")] = None,
    model: Annotated[Path | None, typer.Option(help="A trained SST-2 classifier; else one is trained.")] = None,
    examples: Annotated[int, typer.Option(help="Sentences.")] = 60,
    rounds: Annotated[int, typer.Option(help="Rounds that they are dealt to.")] = 3,
) -> None:
    """Time the three ways in turns."""
    cores = os.cpu_count() or 1
    torch.set_num_threads(cores)
    dev = corpora.load("sst2", split="dev", source="local", folder=data_dir).select(range(examples))
    labels = tuple(dev.features["label"].names)
    with tempfile.TemporaryDirectory() as place:
        folder = model or _trained(Path(place), data_dir)
        setup = Setup(model=str(folder), labels=labels, recipe=parse(RECIPE))
        made = setup.make()
        loaded = made.bench.loaded
        given = [Example(*row) for row in zip(*(dev[name][:] for name in ("example_id", "label", "text")), strict=True)]
        ways = {
            "engine": timed(engine(made, made.bench)),
            f"engine, {cores} processes": in_processes(setup, cores),
            "textattack, padded to the longest": timed(textattacks(made, loaded, padding="longest")),
            "textattack": timed(textattacks(made, loaded, padding="max_length")),
        }
        found = measure(ways, [given[start::rounds] for start in range(rounds)])
    seconds = found["seconds"]
    ratios = {
        f"{theirs} / {ours}": [slow / quick for slow, quick in zip(seconds[theirs], seconds[ours], strict=True)]
        for theirs in seconds
        for ours in seconds
        if theirs.startswith("textattack") and ours.startswith("engine")
    }
    row = {
        "recipe": RECIPE,
        "examples": examples,
        **found,
        "ratios": ratios,
        "median_ratio": {name: statistics.median(values) for name, values in ratios.items()},
        "texts": {
            name: {"asked": one.service.asked, "answered": one.service.answered}
            for name, one in (("classifier", made.bench.victim), ("encoder", made.bench.encoder))
        },
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {cores} cores",
        "versions": {name: version(name) for name in ("torch", "transformers", "textattack")},
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(row, indent=1, ensure_ascii=False) + "\n")
    typer.echo(json.dumps({"median_ratio": row["median_ratio"], "different": found["different_examples"]}, indent=1))


def _trained(place: Path, data_dir: Path | None) -> Path:
    loaded, _, _ = train(Cell("standard", 0, None, None), [], data_dir)
    loaded.model.save_pretrained(place)
    loaded.tokenizer.save_pretrained(place)
    return place


if __name__ == "__main__":
    typer.run(main)
