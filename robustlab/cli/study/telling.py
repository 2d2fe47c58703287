"""How long things last, and where a study stands, in words."""

from __future__ import annotations

from robustlab.study.engine.plan import Plan


def lasting(minutes: float) -> str:
    """A time, in the unit in which it is said."""
    if minutes < 2:
        return f"{60 * minutes:.0f} s"
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h"


def counted(plan: Plan) -> str:
    """How many cells stand where, without those that are none."""
    count = plan.count()
    there = [f"{count[state]} {state}" for state in ("done", "running", "failed", "missing") if count[state]]
    others = [f"{len(plan.stale)} made by earlier code"] if plan.stale else []
    others += [f"{len(plan.damaged)} damaged"] if plan.damaged else []
    return ", ".join([*there, *others])


def left(plan: Plan, workers: int, *, retry: bool = False) -> str:
    """How long the missing cells will take."""
    rounds = -(-len(plan.todo(retry=retry)) // workers)
    return lasting(rounds * plan.minutes())
