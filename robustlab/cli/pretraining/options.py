"""The options of `robustlab pretrain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustlab.cli.options import DATA, METHOD, OUTPUT, TRAINING

SCALES = "Scales"

Texts = Annotated[
    list[str],
    typer.Option(
        "--data",
        help="A corpus, or a file of texts (.txt with blank lines between documents, .jsonl, .csv, .tsv, .parquet); "
        "may be repeated.",
        show_default="reviews",
        rich_help_panel=DATA,
    ),
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Most texts of each source.", show_default="all", rich_help_panel=DATA)
]
HeldOut = Annotated[
    int,
    typer.Option(min=0, help="Sentences never learned from, at which alignment is looked at.", rich_help_panel=DATA),
]
Sentences = Annotated[
    int, typer.Option(min=1, help="Neighbouring sentences of a text in a row.", rich_help_panel=TRAINING)
]
Rows = Annotated[
    int, typer.Option("--batch-size", min=1, help="Rows a device and micro-step.", rich_help_panel=TRAINING)
]
Epochs = Annotated[int, typer.Option(min=1, help="Passes over the texts.", rich_help_panel=TRAINING)]
LearningRate = Annotated[
    float | None,
    typer.Option(help="Highest learning rate.", show_default="3e-5; 1e-3 for tiny", rich_help_panel=TRAINING),
]
MaxLength = Annotated[int, typer.Option(help="Longer sentences are cut to this many tokens.", rich_help_panel=TRAINING)]

Words = Annotated[float, typer.Option(min=0, help="α of the masked words.", rich_help_panel=SCALES)]
Tokens = Annotated[float, typer.Option(min=0, help="α of the aligned tokens.", rich_help_panel=SCALES)]
Replaced = Annotated[float, typer.Option(min=0, help="α of replaced-token detection.", rich_help_panel=SCALES)]
SentenceScale = Annotated[
    float, typer.Option("--sentence-scale", min=0, help="α of the sentences' views.", rich_help_panel=SCALES)
]
Documents = Annotated[float, typer.Option(min=0, help="α of the documents' halves.", rich_help_panel=SCALES)]
OnlyWords = Annotated[
    bool,
    typer.Option("--only-words", help="Masked words and nothing else: the control.", rich_help_panel=SCALES),
]

View = Annotated[
    str, typer.Option(help="What a sentence's positive is: dropout, text or adversarial.", rich_help_panel=METHOD)
]
Negatives = Annotated[
    bool,
    typer.Option(
        "--hard-negatives/--no-hard-negatives",
        help="Negated and otherwise changed sentences beside.",
        rich_help_panel=METHOD,
    ),
]
EngineName = Annotated[
    str,
    typer.Option(
        "--engine", help="Where negatives come from: batch, queue, bank or prototypes.", rich_help_panel=METHOD
    ),
]
Temperature = Annotated[float, typer.Option(help="τ of sentences and documents.", rich_help_panel=METHOD)]
Chunk = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Sentences whose graph is in memory at once; the gradients stay those of the batch.",
        show_default="all",
        rich_help_panel=METHOD,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(help="Folder for the encoder.", show_default="runs/pretrain-DATA-MODEL-SEED", rich_help_panel=OUTPUT),
]
