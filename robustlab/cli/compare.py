"""`robustlab compare`: two attack runs on the same examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from robustlab.cli import reporting
from robustlab.evaluation.attack.comparison import Comparison, compare
from robustlab.evaluation.attack.reading import SETTINGS, read_rows, read_settings, setting
from robustlab.evaluation.statistics import McNemar

COMPARABLE = (
    "recipe",
    "queries",
    "words",
    "column",
    "split",
    "seed",
)  # what should not differ if the models are to be compared


def run(first: Path, second: Path, *, common: bool, as_json: bool) -> None:
    """Run the command."""
    found = compare(read_rows(first), read_rows(second), common=common)
    warnings = list(_warnings(first, second))
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)
    if as_json:
        runs = {"first": str(first), "second": str(second)}
        reporting.as_json_to_stdout(runs | found.plain() | {"warnings": warnings})
        return
    _show(first, second, found)


def _warnings(first: Path, second: Path) -> Iterator[str]:
    """What speaks against comparing the two."""
    settings = {run: read_settings(run) for run in (first, second)}
    unknown = [str(run) for run, found in settings.items() if found is None]
    if unknown:
        yield f"no {SETTINGS} beside the rows of {' and '.join(unknown)}: the attacks may not have been the same"
        return
    for name in COMPARABLE:
        one, other = (_spelled(setting(found or {}, name)) for found in settings.values())
        if one != other:
            yield f"the runs differ in their {name}, {one} and {other}: the attacks were not the same"


def _spelled(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _show(first: Path, second: Path, found: Comparison) -> None:
    reporting.say(f"first:  {first}", f"second: {second}")
    if any(found.left_out):
        only_first, only_second = found.left_out
        reporting.say(f"Left out: {only_first} of the first run's examples, {only_second} of the second's.")
    reporting.table(
        f"Accuracy on the same {found.examples} examples",
        ["texts", "first", "second", "only first right", "only second right", "p (McNemar, exact)"],
        [
            _cells("as written", found.clean_accuracy, found.clean),
            _cells("attacked", found.robust_accuracy, found.robust),
        ],
        numbers=(1, 2, 3, 4, 5),
    )
    value, low, high = (f"{100 * number:+.1f}" for number in found.difference)
    reporting.say(
        f"Robust accuracy, first less second: {value} percentage points, "
        f"{100 * found.level:g} % interval {low} … {high} (bootstrap over examples)."
    )


def _cells(texts: str, accuracy: tuple[float, float], test: McNemar) -> list[object]:
    shares = [reporting.percent(share) for share in accuracy]
    return [texts, *shares, test.only_first, test.only_second, f"{test.p_value:.3g}"]
