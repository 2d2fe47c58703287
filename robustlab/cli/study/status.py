"""`robustlab study status`: where the cells of studies stand, and why those that failed did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robustlab.cli import reporting
from robustlab.cli.study.telling import counted
from robustlab.cli.study.wanted import Wanted
from robustlab.study.engine.finding import studies
from robustlab.study.engine.here import spelled
from robustlab.study.engine.plan import FAILED, Plan
from robustlab.study.engine.store import Store


def run(names: Sequence[str], wanted: Wanted, *, as_json: bool) -> None:
    """Run the command.

    Raises: ValueError: If a name or a value is wrong.
    """
    chosen = names or [name for name, study in studies(wanted.catalogue).items() if wanted.profile in study.scales]
    plans = []
    for name in chosen:
        order, study = wanted._replace(name=name).order()
        plans.append(order.looked_up(study))
        place = order.store
    if as_json:
        reporting.as_json_to_stdout([told(plan) for plan in plans])
        return
    lines = [[plan.study.name, plan.profile, len(plan.standings), counted(plan)] for plan in plans]
    reporting.table("Where the cells stand", ["study", "profile", "cells", ""], lines, numbers=(2,))
    for plan in plans:
        show_failures(plan, Store(place))
        for damaged in plan.damaged:
            reporting.say(f"damaged: {damaged.file}: {damaged.why}; its cell counts as missing")


def told(plan: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    return {
        "study": plan.study.name,
        "profile": plan.profile,
        "cells": len(plan.standings),
        **{state: plan.count()[state] for state in ("done", "running", "failed", "missing")},
        "stale": len(plan.stale),
        "damaged": [str(one.file) for one in plan.damaged],
        "failures": [
            {"cell": dict(one.cell), "key": one.key, "error": one.failure["error"]}
            for one in plan.standings
            if one.state == FAILED and one.failure
        ],
    }


def show_failures(plan: Plan, store: Store) -> None:
    """Print why cells failed, and where their notebooks are."""
    for one in plan.standings:
        if one.state == FAILED and one.failure:
            reporting.say(f"failed: {plan.study.name}, {spelled(one.cell)}: {one.failure['error']}")
            notebook = store.failure(plan.study.name, one.key).with_suffix(".ipynb")
            if notebook.is_file():
                reporting.say(f"        its notebook, as far as it came: {notebook}")
