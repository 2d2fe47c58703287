"""The verbs about studies: what they take, what they say about themselves, and where their work is done."""

from __future__ import annotations

import typer

from robustlab.cli import options as general
from robustlab.cli.commands import lines
from robustlab.cli.reporting import mistakes
from robustlab.cli.study import options
from robustlab.cli.study.examples import COLLECT_EXAMPLES, MERGE_EXAMPLES, RUN_EXAMPLES

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The papers' tables and figures as studies: run, resumed, kept and put together.",
    epilog="Start with [bold]robustlab study list[/].",
)


@app.command("list")
def list_(
    store: options.Store = None,
    catalogue: options.Catalogue = None,
    json: general.Json = False,
    debug: general.Debug = False,
) -> None:
    """List the studies: what each one shows, what a cell costs at each profile, and what is in the store."""
    with mistakes(debug=debug):
        from robustlab.cli.study.list import run

        run(store, catalogue, as_json=json)


@app.command(epilog=lines(RUN_EXAMPLES))
def run(
    name: options.Name,
    profile: options.Profile = "smoke",
    seeds: options.Seeds = None,
    given: options.Given = [],  # noqa: B006  # typer copies it
    workers: options.Workers = None,
    retry: options.Retry = False,
    cluster: options.Cluster = None,
    store: options.Store = None,
    catalogue: options.Catalogue = None,
    dry_run: options.DryRun = False,
    json: general.Json = False,
    debug: general.Debug = False,
) -> None:
    """Make the rows of a study that the store lacks, each by its notebook, several at a time."""
    with mistakes(debug=debug):
        from robustlab.cli.study.run import run as work
        from robustlab.cli.study.wanted import Wanted

        wanted = Wanted(name, profile, seeds, tuple(given), store, catalogue)
        work(wanted, workers, cluster, retry=retry, dry_run=dry_run, as_json=json)


@app.command()
def status(
    names: options.Names = None,
    profile: options.Profile = "smoke",
    seeds: options.Seeds = None,
    given: options.Given = [],  # noqa: B006  # typer copies it
    store: options.Store = None,
    catalogue: options.Catalogue = None,
    json: general.Json = False,
    debug: general.Debug = False,
) -> None:
    """Say where the cells of studies stand: done, running, failed and why, missing, and made by earlier code."""
    with mistakes(debug=debug):
        from robustlab.cli.study.status import run
        from robustlab.cli.study.wanted import Wanted

        run(names or (), Wanted("", profile, seeds, tuple(given), store, catalogue), as_json=json)


@app.command(epilog=lines(COLLECT_EXAMPLES))
def collect(
    name: options.Name,
    profile: options.Profile = "smoke",
    seeds: options.Seeds = None,
    given: options.Given = [],  # noqa: B006  # typer copies it
    out: options.Out = None,
    stale: options.Stale = False,
    store: options.Store = None,
    catalogue: options.Catalogue = None,
    json: general.Json = False,
    debug: general.Debug = False,
) -> None:
    """Put the rows of a study into one table, with the cells that are missing or failed."""
    with mistakes(debug=debug):
        from robustlab.cli.study.collect import run
        from robustlab.cli.study.wanted import Wanted

        run(Wanted(name, profile, seeds, tuple(given), store, catalogue), out, stale=stale, as_json=json)


@app.command(epilog=lines(MERGE_EXAMPLES))
def merge(
    other: options.Other, store: options.Store = None, json: general.Json = False, debug: general.Debug = False
) -> None:
    """Take over the rows of another store; nothing that is here is changed or lost."""
    with mistakes(debug=debug):
        from robustlab.cli.study.merge import run

        run(other, store, as_json=json)
