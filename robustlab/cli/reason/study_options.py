"""The options of `robustlab reason study`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Study = Annotated[str, typer.Argument(help="table1, batch, ratio, difficulty, scale or layer.", show_default=False)]
Profile = Annotated[str, typer.Option("--profile", help="smoke (a minute a cell), laptop or gpu.")]
Results = Annotated[
    Path, typer.Option("--results", help="JSON-lines file of rows; those that it holds are kept.", show_default=False)
]
Seeds = Annotated[str | None, typer.Option("--seeds", help="With commas between them.", show_default="the profile's")]
Only = Annotated[str | None, typer.Option("--only", help="Only this method, or this way to answer.")]
Cache = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        help="Folder of the models that cells start from.",
        show_default="~/.cache/robustlab/reasoning",
    ),
]
Threads = Annotated[int, typer.Option("--threads", help="CPU threads.")]
