"""The options of `robustlab glue-drop`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustlab.cli.options import ATTACK, DATA, METHOD, OUTPUT, TRAINING

Models = Annotated[
    list[str],
    typer.Option(
        "--model",
        help="tiny (from scratch, offline), minilm, the folder of an encoder such as robustlab pretrain makes, or a "
        "name on the Hugging Face hub; may be repeated.",
        show_default="tiny",
        rich_help_panel=TRAINING,
    ),
]
Tasks = Annotated[
    list[str],
    typer.Option(
        "--task",
        help="sst2, qqp, mnli, qnli, rte, or reviews, which needs no files; may be repeated.",
        show_default="reviews",
        rich_help_panel=DATA,
    ),
]
Method = Annotated[
    str,
    typer.Option(
        help="How they are fine-tuned: see `robustlab methods`.",
        rich_help_panel=METHOD,
    ),
]
Reach = Annotated[
    float,
    typer.Option(
        "--reach",
        help="How far the ascent of a method leads, in mean norms of a word's embedding. Where the fine-tuned model is "
        "a constant, lower it.",
        rich_help_panel=METHOD,
    ),
]
Seeds = Annotated[str, typer.Option("--seeds", help="With commas between them.", rich_help_panel=TRAINING)]
Limit = Annotated[
    int | None,
    typer.Option(min=1, help="Training rows of a task, drawn by the seed.", show_default="all", rich_help_panel=DATA),
]
Dev = Annotated[
    int | None,
    typer.Option(
        "--dev",
        min=2,
        help="Dev rows that are asked, the same for every model.",
        show_default="all",
        rich_help_panel=DATA,
    ),
]
Examples = Annotated[
    int,
    typer.Option("--examples", min=2, help="Of them that are attacked, the same too.", rich_help_panel=ATTACK),
]
Recipe = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        help="As robustlab attack takes it, or exact: every certified variant of a review.",
        show_default="textfooler+minilm+neighbours; exact for reviews",
        rich_help_panel=ATTACK,
    ),
]
Warm = Annotated[
    int, typer.Option("--warm", min=0, help="Epochs of standard training first.", rich_help_panel=TRAINING)
]
Epochs = Annotated[int, typer.Option(min=1, help="Epochs of the method after them.", rich_help_panel=TRAINING)]
Batch = Annotated[int, typer.Option("--batch-size", min=1, help="Rows a step.", rich_help_panel=TRAINING)]
LearningRate = Annotated[
    float | None,
    typer.Option(help="Highest learning rate.", show_default="1e-4; 1e-3 for tiny", rich_help_panel=TRAINING),
]
MaxLength = Annotated[
    int, typer.Option(min=8, help="Longer texts are cut to this many tokens.", rich_help_panel=TRAINING)
]
Results = Annotated[
    Path,
    typer.Option(
        "--results",
        help="JSON-lines file of rows, one a model, task and seed; what it holds is not run again.",
        rich_help_panel=OUTPUT,
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything and say what would run.", rich_help_panel=OUTPUT)
]
