"""The options of the commands that attack words and compare what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustlab.cli.options import ATTACK, DATA, OUTPUT

SPEED = "Speed"

AttackRecipe = Annotated[
    str,
    typer.Option(
        "--recipe",
        help="textfooler, textbugger, bae, pwws, or another recipe of TextAttack; with +minilm, +neighbours, +oewn, "
        "+lexicon or +plumbing what stands in for resources that are not here.",
        rich_help_panel=ATTACK,
    ),
]
AttackedExamples = Annotated[
    int | None, typer.Option("--examples", help="Attack at most this many, drawn by the seed.", rich_help_panel=DATA)
]
MostQueries = Annotated[
    int | None, typer.Option("--queries", help="Most queries for one example.", rich_help_panel=ATTACK)
]
MostWords = Annotated[
    float | None,
    typer.Option("--words", help="Largest share of an example's words that may change.", rich_help_panel=ATTACK),
]
AttackedText = Annotated[
    str,
    typer.Option(
        "--attacked-text",
        help="Which text of a pair may change: text (the first, a premise or question), text_pair, or both.",
        rich_help_panel=ATTACK,
    ),
]
MaskedLM = Annotated[
    str | None,
    typer.Option(
        "--masked-lm",
        help="Another masked language model than the recipe's: a folder, or a name in the hub's cache.",
        rich_help_panel=ATTACK,
    ),
]
PerplexityLM = Annotated[
    str | None,
    typer.Option(
        "--perplexity",
        help="Causal language model that rates the texts: a folder, or a name in the hub's cache such as gpt2.",
        rich_help_panel=ATTACK,
    ),
]
Width = Annotated[int, typer.Option("--width", help="Examples attacked side by side.", rich_help_panel=SPEED)]
Processes = Annotated[
    int, typer.Option("--processes", help="Processes that attack; each holds the models.", rich_help_panel=SPEED)
]
ForwardSize = Annotated[
    int,
    typer.Option(
        "--batch-size",
        help="Rows of a forward, 16 for a CPU, 64 or more for a GPU; on a GPU it decides an answer's last digits.",
        rich_help_panel=SPEED,
    ),
]
LongestRead = Annotated[
    int | None,
    typer.Option(
        "--max-length",
        help="Longer texts are cut to this many tokens.",
        show_default="what the model reads",
        rich_help_panel=DATA,
    ),
]
AttackOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        help="Folder for rows, summary and report.",
        show_default="runs/attack-DATA-MODEL-RECIPE-SEED",
        rich_help_panel=OUTPUT,
    ),
]
AttackRun = Annotated[Path, typer.Argument(help="Folder of an attack run, or its examples.jsonl.", show_default=False)]
Common = Annotated[
    bool, typer.Option("--common", help="Compare the examples in common where the runs hold different ones.")
]
