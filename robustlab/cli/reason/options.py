"""The options of the commands about documents, where they are not those of the other commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustlab.cli.options import ATTACK, DATA, METHOD, OUTPUT, TRAINING

Documents = Annotated[
    str,
    typer.Option(
        "--data",
        help="reasoning (generated, offline), clutrr, babi, pubmedqa, squality, or a file of documents (.jsonl).",
        rich_help_panel=DATA,
    ),
]
Split = Annotated[str, typer.Option(help="Split of a set: train, dev or test; CLUTRR has more.", rich_help_panel=DATA)]
Sentences = Annotated[
    int | None,
    typer.Option(min=1, help="Sentences of a generated document.", show_default="48", rich_help_panel=DATA),
]
Number = Annotated[int, typer.Option(help="Which document of the split, from 0 on.", rich_help_panel=DATA)]
Kinds = Annotated[
    list[str],
    typer.Option(
        "--kind",
        help="Variants that keep the answer: ambiguity, redundancy, connection or contradiction; may be repeated.",
        show_default=False,
        rich_help_panel=ATTACK,
    ),
]
AskedKinds = Annotated[
    list[str],
    typer.Option(
        "--kinds",
        help="Variants that keep the answer: ambiguity, redundancy, connection or contradiction; may be repeated.",
        show_default="all that the set allows",
        rich_help_panel=ATTACK,
    ),
]
Levels = Annotated[
    list[str],
    typer.Option(
        "--level",
        "--levels",
        help="How much changes: easy, medium, hard or extreme; may be repeated.",
        rich_help_panel=ATTACK,
    ),
]
Draws = Annotated[int, typer.Option(help="Variants of each kind and level.", rich_help_panel=ATTACK)]
Counterfactual = Annotated[
    bool,
    typer.Option("--counterfactual", help="Also the document with another answer.", rich_help_panel=ATTACK),
]
Uncertified = Annotated[
    bool,
    typer.Option(
        "--uncertified",
        help="Also variants that very likely keep the answer, and nobody has checked.",
        rich_help_panel=ATTACK,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Write documents as JSON lines instead of showing one.", rich_help_panel=OUTPUT),
]
Count = Annotated[
    int, typer.Option("--n", help="How many documents --out writes, their changes not counted.", rich_help_panel=OUTPUT)
]
OverwriteFile = Annotated[bool, typer.Option("--overwrite", help="Replace the file.", rich_help_panel=OUTPUT)]

ModelToTeach = Annotated[
    str,
    typer.Option(
        "--model",
        help="small (from scratch, offline), recorded (the one that the book keeps), a folder of an earlier run, "
        "or a model that generates (T5, BART, GPT-2, Llama) by its name on the Hugging Face hub.",
        rich_help_panel=TRAINING,
    ),
]
Taught = Annotated[
    str,
    typer.Option(
        "--model",
        help="recorded (the one that the book keeps), a folder that `robustlab reason train` made, or a model that "
        "generates, by name.",
    ),
]
Method = Annotated[
    str | None,
    typer.Option(
        help="What it learns from. Plain: supporting-facts (told which sentence each step rests upon) or standard (the "
        "answers alone). With noise: neftune, r3f, r-drop. With perturbed states: smart, vat, cat, lat. With perturbed "
        "documents: augmented. With self-constructed negatives: self-negative, self-negative-pull, self-negative-push, "
        "self-negative-infonce.",
        show_default="supporting-facts for a model from scratch, where chain and documents allow it; else standard",
        rich_help_panel=METHOD,
    ),
]
Kappa = Annotated[
    float | None,
    typer.Option(
        help="For the self-negative methods: length of the perturbation, relative to the states; for "
        "self-negative-push the share of sentences erased.",
        show_default="0.25",
        rich_help_panel=METHOD,
    ),
]
Site = Annotated[
    str | None,
    typer.Option(
        help="Whose output is perturbed: words, encoder or encoder.N.",
        show_default="words for neftune, r3f, smart, vat and cat, else encoder",
        rich_help_panel=METHOD,
    ),
]
AscentSteps = Annotated[
    int | None,
    typer.Option(
        "--ascent-steps",
        help="Steps that a perturbation is sought in, within each optimiser step.",
        show_default="the method's; 3 for self-negative",
        rich_help_panel=METHOD,
    ),
]
StepSize = Annotated[
    float | None,
    typer.Option(
        help="Length of each of them; for the self-negative methods relative to the states.",
        show_default="the method's; half of --kappa for self-negative",
        rich_help_panel=METHOD,
    ),
]
Steps = Annotated[
    int | None, typer.Option("--steps", help="Optimiser steps.", show_default="1800", rich_help_panel=TRAINING)
]
Seen = Annotated[
    int | None,
    typer.Option("--examples", help="Documents seen, repeats counted, in place of --steps.", rich_help_panel=TRAINING),
]
BatchSize = Annotated[
    int | None,
    typer.Option(help="Documents a step.", show_default="32", rich_help_panel=TRAINING),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        help="Highest learning rate.",
        show_default="2e-3 from scratch; 3e-4 for recorded or a folder; 1e-4 for a model of the hub",
        rich_help_panel=TRAINING,
    ),
]
HoldOut = Annotated[
    int,
    typer.Option(
        help="Documents held out to choose the best weights by; 0 for the last weights.", rich_help_panel=DATA
    ),
]
Look = Annotated[
    int,
    typer.Option(help="Documents of the dev split that the trained model is asked; 0 for none.", rich_help_panel=DATA),
]
Every = Annotated[
    int | None,
    typer.Option(
        help="Steps between checkpoints, and looks at the held-out documents.",
        show_default="a tenth of all",
        rich_help_panel=TRAINING,
    ),
]
Chain = Annotated[
    bool | None,
    typer.Option(
        "--chain/--no-chain",
        help="Whether a fresh model writes its reasoning before the answer, without which it hardly learns two steps.",
        show_default="chain",
        rich_help_panel=TRAINING,
    ),
]
Overlong = Annotated[
    str,
    typer.Option(help="What becomes of a text longer than the model reads: error or truncate.", rich_help_panel=DATA),
]
TaughtTo = Annotated[
    Path | None,
    typer.Option(
        "--output",
        help="Folder for the model.",
        show_default="runs/reason-DATA-MODEL-METHOD-SEED",
        rich_help_panel=OUTPUT,
    ),
]

Inference = Annotated[
    str,
    typer.Option(
        help="How it answers: greedy, selection-inference, uellm, llmcad, guide or self-consistency.",
        rich_help_panel=ATTACK,
    ),
]
Draft = Annotated[
    str | None, typer.Option(help="The model that drafts for llmcad: a folder or a name.", rich_help_panel=ATTACK)
]
SelectorProfile = Annotated[
    str,
    typer.Option(
        "--profile",
        help="How large the modules are trained that selection-inference has of its own: smoke, laptop or gpu.",
        rich_help_panel=ATTACK,
    ),
]
Examples = Annotated[
    int, typer.Option("--examples", help="Ask at most this many documents and their changes.", rich_help_panel=DATA)
]
Sensitivity = Annotated[
    bool,
    typer.Option(
        "--sensitivity/--no-sensitivity", help="Also measure Adversarial Sensitivity.", rich_help_panel=ATTACK
    ),
]
ClimbSteps = Annotated[
    int, typer.Option("--steps", min=1, help="Steps of the climbs that measure it.", rich_help_panel=ATTACK)
]
ClimbRestarts = Annotated[
    int, typer.Option("--restarts", min=1, help="Climbs from random points.", rich_help_panel=ATTACK)
]
AskedTo = Annotated[
    Path | None,
    typer.Option(
        "--output",
        help="Folder for answers and summary.",
        show_default="runs/asked-DATA-MODEL-INFERENCE-SEED",
        rich_help_panel=OUTPUT,
    ),
]

TextFile = Annotated[
    Path, typer.Option("--document", help="A text file; a blank line ends a paragraph.", show_default=False)
]
Instruction = Annotated[str, typer.Option(help="What is asked.", show_default=False)]
