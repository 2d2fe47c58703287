"""What the commands print: tables, JSON, and errors in one line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

MISTAKE, NOT_FINITE = 2, 3
INTERRUPTED = 130  # what shells report for Ctrl-C
PIPE_WIDTH = 120  # where stdout is no terminal, rich would assume 80 columns and fold the tables


@contextmanager
def mistakes(*, debug: bool) -> Iterator[None]:
    """Turn the errors that a user can mend into one line and an exit code: 2, or 3 for a loss that is not finite."""
    logging.basicConfig(level=logging.INFO if debug else logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        yield
    except (ValueError, OSError) as error:  # OSError: files, folders, disks, and connections
        if debug:
            raise
        _stop(str(error) or type(error).__name__, MISTAKE, error)
    except ArithmeticError as error:
        from robustlab.training import NonFiniteLossError

        if debug or not isinstance(error, NonFiniteLossError):
            raise
        _stop(str(error), NOT_FINITE, error)


def _stop(message: str, code: int, error: Exception) -> NoReturn:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    raise typer.Exit(code) from error


@contextmanager
def quiet_stdout(quiet: bool) -> Iterator[None]:
    """Keep stdout for JSON: what libraries print meanwhile goes to stderr."""
    if not quiet:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


def console() -> Console:
    """A console on the current stdout."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[int] = ()) -> None:
    """Print a table; `numbers` are the columns to align on the right."""
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", header_style="bold")
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))  # as Text: brackets in data are no markup
    console().print(made)


def say(*lines: str) -> None:
    """Print lines of text as they are."""
    for line in lines:
        console().print(line, markup=False, soft_wrap=True)


def as_json_to_stdout(value: Any) -> None:
    """Print JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def measured(told: Mapping[str, Any]) -> tuple[str, str]:
    """An accuracy and its interval, as two cells."""
    return percent(told["accuracy"]), f"{percent(told['low'])} … {percent(told['high'])}"


def percent(share: float) -> str:
    """A share in per cent, to the tenth."""
    return f"{100 * share:.1f} %"
