"""An attack on a data set, kept in a folder: a row on disk as soon as an example is finished, the rest at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from robustlab import jsonl, resources
from robustlab.evaluation.attack import processes as several
from robustlab.evaluation.attack import report
from robustlab.evaluation.attack.attacking import Attacker, AttackError, Example
from robustlab.evaluation.attack.encoding import minilm_encoder
from robustlab.evaluation.attack.perplexity import Perplexity
from robustlab.evaluation.attack.reading import ROWS, read_rows
from robustlab.evaluation.attack.rows import Attacked, in_order
from robustlab.evaluation.attack.scoring import score
from robustlab.evaluation.attack.setup import Setup, longest_first
from robustlab.evaluation.attack.summary import Summary, summarise

SUMMARY = "summary.json"

Heard = Callable[[Attacked | AttackError], None]
"""Is told of each example as it is finished."""


def attack(
    folder: Path,
    setup: Setup,
    attacker: Attacker,
    examples: Sequence[Example],
    *,
    width: int = 32,
    processes: int = 1,
    heard: Heard | None = None,
) -> list[AttackError]:
    """Attack the examples that the folder holds no row of.

    Args:
        folder: Holds the rows, in the order in which they were finished.
        setup: The attack, as other processes build it.
        attacker: The attack, built.
        examples: What is attacked.
        width: Examples at a time, in each process.
        processes: Processes that attack; 1 attacks in this one.
        heard: Is told of each example.
    Returns: The examples that the recipe broke on; they have no row.
    Raises: ValueError: If the folder holds rows of other examples.
    """
    file = folder / ROWS
    jsonl.mend(file)
    left = _left(file, examples)
    order = [left[at] for at in longest_first([example.text for example in left])]
    broken = []
    for told in _told(setup, attacker, order, width, processes):
        if isinstance(told, AttackError):
            broken.append(told)
        else:
            jsonl.append(file, told.plain())
        if heard is not None:
            heard(told)
    return broken


def finish(
    folder: Path, attacker: Attacker, settings: dict[str, Any], *, perplexity: Perplexity | None = None
) -> Summary:
    """Sort and score a finished folder's rows, sum them up and write the page.

    Args:
        folder: Holds the rows.
        attacker: Whose classifier and encoder score them.
        settings: Shown on the page.
        perplexity: Texts to perplexities, if that is wanted.
    """
    bench = attacker.bench
    there = resources.find("minilm") is not None
    encode = minilm_encoder(bench.device, batch_size=bench.batch_size) if there else None
    rows = score(in_order(read_rows(folder)), bench.predict, encode, perplexity)
    jsonl.replace(folder / ROWS, [row.plain() for row in rows])
    summary = summarise(rows)
    (folder / SUMMARY).write_text(json.dumps(summary.plain(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    report.write(folder, rows, summary, settings, labels=list(bench.loaded.model.config.id2label.values()))
    return summary


def done(folder: Path) -> int:
    """How many examples the folder holds a row of."""
    file = folder / ROWS
    jsonl.mend(file)
    return len(jsonl.read(file))


def _left(file: Path, examples: Sequence[Example]) -> list[Example]:
    held = {row["example_id"]: row["text"] for row in jsonl.read(file)}
    given = {example.example_id: example.text for example in examples}
    if odd := [number for number, text in held.items() if given.get(number) != text]:
        raise ValueError(f"{str(file)!r} holds examples that are none of these, such as number {odd[0]}")
    return [example for example in examples if example.example_id not in held]


def _told(
    setup: Setup, attacker: Attacker, examples: Sequence[Example], width: int, processes: int
) -> Iterator[Attacked | AttackError]:
    if processes == 1 or not examples:
        return attacker.run(examples, width=width)
    return several.run(setup, examples, width=width, processes=processes)
