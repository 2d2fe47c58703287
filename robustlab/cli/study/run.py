"""`robustlab study run`: make what the store lacks, and show how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from robustlab.cli import reporting
from robustlab.cli.reporting import INTERRUPTED
from robustlab.cli.study.status import show_failures, told
from robustlab.cli.study.telling import counted, lasting, left
from robustlab.cli.study.wanted import Wanted
from robustlab.study.engine import running
from robustlab.study.engine.plan import Plan
from robustlab.study.engine.store import Store

SOME_FAILED = 1


def run(
    wanted: Wanted, workers: int | None, cluster: Path | None, *, retry: bool, dry_run: bool, as_json: bool
) -> None:
    """Run the command.

    Raises:
        ValueError: If a name or a value is wrong.
        OSError: If the store cannot be written.
        typer.Exit: If cells failed, or the run was interrupted.
    """
    order, study = wanted.order(retry=retry)
    scale = study.scale(order.profile)
    many = workers or max(1, len(running.gpus()))
    plan = order.looked_up(study)
    todo = len(plan.todo(retry=retry))
    with reporting.quiet_stdout(as_json):
        reporting.say(f"{study.name}, profile {order.profile}: {len(plan.standings)} cells, {counted(plan)}")
        if todo:
            told_left = left(plan, many, retry=retry)
            reporting.say(f"to run: {todo}, {many} at a time, about {told_left}; the store is {order.store}")
            if scale.needs:
                reporting.say(f"needs: {scale.needs}")
        if not dry_run and todo:
            plan = _run(order, study, many, cluster, plan)
            reporting.say(f"{study.name}: {counted(plan)}")
        show_failures(plan, Store(order.store))
        if plan.count()["failed"] and not retry:
            reporting.say("Cells that failed are tried again with --retry, or when code that they depend on changes.")
    if as_json:
        reporting.as_json_to_stdout(told(plan))
    if plan.count()["failed"] and not dry_run:
        raise typer.Exit(SOME_FAILED)


def _run(order: running.Order, study: running.Study, many: int, cluster: Path | None, before: Plan) -> Plan:
    try:
        with _shown(before, many, retry=order.retry) as tell:
            return running.run(order, study, many, tell, cluster=cluster)
    except KeyboardInterrupt:
        now = order.looked_up(study)
        typer.echo(f"\ninterrupted: give the same command to go on; {counted(now)}", err=True)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _shown(before: Plan, many: int, *, retry: bool) -> Iterator[Callable[[Plan], None]]:
    """A bar on stderr with the time that is left; where stderr is no terminal, a line whenever cells have finished."""
    from tqdm import tqdm

    begun, total = time.monotonic(), len(before.todo(retry=retry))

    def told(plan: Plan, finished: int) -> str:
        spent, failed = (time.monotonic() - begun) / 60, plan.count()["failed"]
        # Once cells have finished they say best how long the others take, start of the notebook and all.
        rest = lasting(spent / finished * (total - finished)) if finished else left(plan, many, retry=retry)
        return f"{lasting(spent)} so far, about {rest} left" + (f", {failed} failed" if failed else "")

    with tqdm(total=total, bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} cells{postfix}", disable=None) as bar:

        def tell(plan: Plan) -> None:
            finished, seen = total - len(plan.todo(retry=retry)), bar.n
            bar.n = finished
            if not bar.disable:
                bar.set_postfix_str(" " + told(plan, finished), refresh=True)
            elif finished != seen:
                typer.echo(f"{finished}/{total} cells, {told(plan, finished)}", err=True)

        yield tell
