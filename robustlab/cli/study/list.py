"""`robustlab study list`: every study, what it shows, what it costs, and what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustlab.cli import reporting
from robustlab.cli.study.telling import lasting
from robustlab.cli.study.wanted import folder
from robustlab.study.engine.finding import studies
from robustlab.study.engine.grid import PROFILES, Study
from robustlab.study.engine.plan import plan
from robustlab.study.engine.store import Store


def run(store: Path | None, catalogue: Path | None, *, as_json: bool) -> None:
    """Run the command.

    Raises: ValueError: If the catalogue cannot be read.
    """
    kept = Store(folder(store))
    told = [described(study, kept) for study in studies(catalogue).values()]
    if as_json:
        reporting.as_json_to_stdout(told)
        return
    columns = ["study", "what it shows", "beside", *PROFILES]
    reporting.table("Studies", columns, [_line(one) for one in told])
    reporting.say(
        f"At each profile: rows in the store / cells, and the time of a cell. The store is {kept.folder}.",
        "Next: `robustlab study run NAME --profile laptop --dry-run`.",
    )


def described(study: Study, store: Store) -> dict[str, Any]:
    """A study as the list has it."""
    profiles = {}
    for profile, scale in study.scales.items():
        found = plan(study, profile, store)
        profiles[profile] = {
            "cells": len(found.standings),
            "done": found.count()["done"],
            "minutes_a_cell": round(found.minutes(), 2),
            "needs": scale.needs,
        }
    return {"name": study.name, "shows": study.shows, "source": study.source, "profiles": profiles}


def _line(told: dict[str, Any]) -> list[str]:
    line = [told["name"], told["shows"], told["source"] or "–"]
    for profile in PROFILES:
        one = told["profiles"].get(profile)
        line.append(f"{one['done']}/{one['cells']}, {lasting(one['minutes_a_cell'])}" if one else "–")
    return line
