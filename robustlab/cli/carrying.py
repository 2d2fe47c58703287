"""What every command that trains does around its training: say what would run, keep a record, say how to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import typer

from robustlab.cli import reporting, run_folder
from robustlab.cli.settings import Kept


class Planned(Protocol):
    """A command that is loaded and checked, and knows what will run and what it costs."""

    def plan(self) -> dict[str, Any]:
        """For people and for --json."""
        ...


Ready = TypeVar("Ready", bound=Planned)


class Steps(NamedTuple):
    """How plan and results are shown to people, and what is done between.

    Attributes:
        show_plan: Before anything runs.
        carry_out: The run; it is told whether to show progress, and gives the record.
        show_results: After it.
    """

    show_plan: Callable[[dict[str, Any]], None]
    carry_out: Callable[[Any, dict[str, Any], bool], dict[str, Any]]
    show_results: Callable[[dict[str, Any]], None]


def run(load: Callable[[], Ready], steps: Steps, *, dry_run: bool, as_json: bool) -> None:
    """Load, show the plan, stop there where that was all that was asked, else carry out and show what came of it."""
    with reporting.quiet_stdout(as_json):
        ready = load()
        plan = ready.plan()
    if not as_json:
        steps.show_plan(plan)
    if dry_run:
        if as_json:
            reporting.as_json_to_stdout(plan)
        return
    with reporting.quiet_stdout(as_json):
        record = steps.carry_out(ready, plan, not as_json)
    if as_json:
        reporting.as_json_to_stdout(record)
    else:
        steps.show_results(record)


@contextmanager
def kept(
    settings: Kept, plan: Mapping[str, Any], *, checkpoints: str, **named: str
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The folder of a run and its record, which is written unfinished before and as it then is after.

    Args:
        settings: Of the command.
        plan: With the number of `parameters`, for which there must be room.
        checkpoints: How often there is one, for whoever interrupts.
        **named: What else the record begins with.
    """
    folder = run_folder.prepare(settings, plan["parameters"])
    record: dict[str, Any] = {**named, "finished": False, "settings": run_folder.plain(settings), "plan": plan}
    record["versions"] = run_folder.provenance()
    run_folder.write(folder, record)
    try:
        with run_folder.going_on(folder):
            yield folder, record
            run_folder.write(folder, record)
    except KeyboardInterrupt:
        typer.echo(
            f"\ninterrupted: give the same command with --resume to continue from the last checkpoint in {folder}; "
            f"there is one {checkpoints}",
            err=True,
        )
        raise typer.Exit(reporting.INTERRUPTED) from None
