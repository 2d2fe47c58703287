"""TextFooler through the engine and by TextAttack's own loop: how long it takes, and whether outcomes are the same.

    OMP_NUM_THREADS=1 python benchmarks/attack_throughput.py --data-dir DATA
        --out benchmarks/results/attack_throughput.json

Three ways attack the same sentences with the same recipe and resources: `textattack.Attacker` as it comes, which pads
every query to 512 tokens; the same with each query padded to its longest; and the engine. They take turns, every other
round runs backwards, and ratios are taken within a round. The clock counts processor seconds of one thread, so that
other work on the machine counts little.
"""

from __future__ import annotations

import copy
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from robustlab import corpora, models
from robustlab.evaluation.attack.attacking import AttackError, Attacker, Example, attacker
from robustlab.evaluation.attack.bench import Bench
from robustlab.evaluation.attack.encoding import mean
from robustlab.evaluation.attack.names import parse
from robustlab.models.loading import minilm_place
from robustlab.study.main_sst2 import Cell, train

RECIPE = "textfooler+minilm+neighbours"
Outcome = tuple[int, str, str, int]
Way = Callable[[Sequence[Example]], list[Outcome]]


def engine(made: Attacker, bench: Bench) -> Way:
    """Ours; the memories of both models start empty in every round, as in a run of its own."""

    def attack(examples: Sequence[Example]) -> list[Outcome]:
        for served in (bench.victim, bench.encoder):
            served.service.forget()
        found = []
        for row in made.run(examples):
            if isinstance(row, AttackError):
                raise row
            found.append((row.example_id, row.outcome, row.attacked_text, row.queries))
        return sorted(found)

    return attack


def textattacks(made: Attacker, loaded: models.Loaded, *, padding: str) -> Way:
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
    """The same constraint, with an encoder that answers each call for itself, padded to its longest text."""
    from textattack.constraints.semantics.sentence_encoders import SentenceEncoder
    from transformers import AutoModel, AutoTokenizer

    if not isinstance(constraint, SentenceEncoder):
        return constraint
    place, _ = minilm_place()
    tokenizer, model = AutoTokenizer.from_pretrained(place), AutoModel.from_pretrained(place).eval()

    class Alone(SentenceEncoder):
        """As TextAttack asks it."""

        def encode(self, sentences: list[str]) -> torch.Tensor:
            batch = tokenizer(sentences, padding=True, truncation=True, max_length=256, return_tensors="pt")
            with torch.no_grad():
                return mean(model(**batch), batch["attention_mask"])

    settings = ("threshold", "compare_against_original", "window_size", "skip_text_shorter_than_window")
    return Alone(metric=constraint.metric, **{name: getattr(constraint, name) for name in settings})


def measure(ways: dict[str, Way], rounds: Sequence[Sequence[Example]]) -> dict[str, Any]:
    """Processor seconds of each way in each round, and where outcomes differ from the first way's."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    different: dict[str, list[int]] = {name: [] for name in ways}
    for number, examples in enumerate(rounds):
        found = {}
        for name in list(ways)[:: -1 if number % 2 else 1]:
            start = time.process_time()
            found[name] = ways[name](examples)
            seconds[name].append(time.process_time() - start)
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
    torch.set_num_threads(1)
    dev = corpora.load("sst2", split="dev", source="local", folder=data_dir).select(range(examples))
    labels = dev.features["label"].names
    loaded = (
        models.load(str(model), labels=labels) if model else train(Cell("standard", 0, None, None), [], data_dir)[0]
    )
    loaded.model.eval()
    given = [Example(*row) for row in zip(*(dev[name][:] for name in ("example_id", "label", "text")), strict=True)]
    bench = Bench(loaded, parse(RECIPE))
    made = attacker(bench)
    ways = {
        "engine": engine(made, bench),
        "textattack, padded to the longest": textattacks(made, loaded, padding="longest"),
        "textattack": textattacks(made, loaded, padding="max_length"),
    }
    found = measure(ways, [given[start::rounds] for start in range(rounds)])
    ratios = {
        name: [theirs / ours for theirs, ours in zip(times, found["seconds"]["engine"], strict=True)]
        for name, times in found["seconds"].items()
        if name != "engine"
    }
    row = {
        "recipe": RECIPE,
        "examples": examples,
        **found,
        "ratios": ratios,
        "median_ratio": {name: statistics.median(values) for name, values in ratios.items()},
        "texts": {
            name: {"asked": one.service.asked, "answered": one.service.answered}
            for name, one in (("classifier", bench.victim), ("encoder", bench.encoder))
        },
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, 1 thread",
        "versions": {name: version(name) for name in ("torch", "transformers", "textattack")},
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(row, indent=1, ensure_ascii=False) + "\n")
    typer.echo(json.dumps({"median_ratio": row["median_ratio"], "different": found["different_examples"]}, indent=1))


if __name__ == "__main__":
    typer.run(main)
