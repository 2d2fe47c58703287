"""The options of `robustlab study …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="A study; `robustlab study list` names them.", show_default=False)]
Names = Annotated[list[str] | None, typer.Argument(help="Studies; all where none is named.", show_default=False)]
Profile = Annotated[
    str, typer.Option("--profile", help="smoke (seconds a cell), laptop (minutes) or gpu (the papers' settings).")
]
Seeds = Annotated[str | None, typer.Option("--seeds", help="With commas between them.", show_default="the profile's")]
Given = Annotated[
    list[str],
    typer.Option("--set", help="name=value, or name=value,value; in place of the profile's values.", metavar="NAME=…"),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", "-j", help="Cells at a time.", show_default="one a GPU, or one without", min=1),
]
Retry = Annotated[bool, typer.Option("--retry", help="Try cells again that failed.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would run, and run nothing.")]
Cluster = Annotated[
    Path | None,
    typer.Option("--cluster", help="Folder of a Snakemake profile, such as notebooks/profiles/slurm."),
]
Store = Annotated[
    Path | None,
    typer.Option("--store", help="Folder of the rows.", show_default="ROBUSTLAB_STORE, or the user's data folder"),
]
Catalogue = Annotated[
    Path | None, typer.Option("--catalogue", help="Python file with studies of your own, as a sequence STUDIES.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="A .csv, .parquet or .jsonl file; a table on the screen where none is named."),
]
Stale = Annotated[bool, typer.Option("--stale", help="Take rows of earlier code where there is none of the present.")]
Other = Annotated[Path, typer.Argument(help="The store to take rows from.", show_default=False)]
