"""The verbs about documents: what they take, what they say about themselves, and where their work is done."""

from __future__ import annotations

import typer

from robustlab.cli import options as general
from robustlab.cli.commands import lines
from robustlab.cli.reason import options, settings, study_options
from robustlab.cli.reason.examples import (
    ASK_EXAMPLES,
    EVALUATE_EXAMPLES,
    SHOW_EXAMPLES,
    STUDY_EXAMPLES,
    TRAIN_EXAMPLES,
)
from robustlab.cli.reporting import mistakes
from robustlab.cli.settings import Place

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Questions about long documents, and whether the answers hold.",
    epilog="Start with [bold]robustlab reason show[/], then [bold]robustlab reason train[/]: neither needs a network.",
)


@app.command(epilog=lines(SHOW_EXAMPLES))
def show(
    data: options.Documents = "reasoning",
    split: options.Split = "dev",
    data_dir: general.DataDir = None,
    sentences: options.Sentences = None,
    number: options.Number = 0,
    kind: options.Kinds = (),  # type: ignore[assignment]  # typer makes the list
    level: options.Levels = ("medium",),  # type: ignore[assignment]  # typer makes the list
    draws: options.Draws = 1,
    counterfactual: options.Counterfactual = False,
    uncertified: options.Uncertified = False,
    seed: general.Seed = 0,
    out: options.Out = None,
    n: options.Count = 100,
    overwrite: options.OverwriteFile = False,
    json: general.Json = False,
    debug: general.Debug = False,
) -> None:
    """Show a document, its question and its answer, with the sentences it follows from; or write a file of them."""
    with mistakes(debug=debug):
        from robustlab.cli.reason.show import Wanted, run

        source = settings.Source(data, split, data_dir, sentences)
        changes = settings.Changes(tuple(kind), tuple(level), draws, counterfactual, uncertified, seed)
        run(source, changes, Wanted(number, out, n, overwrite), as_json=json)


@app.command(epilog=lines(TRAIN_EXAMPLES))
def train(
    model: options.ModelToTeach = "small",
    data: options.Documents = "reasoning",
    split: options.Split = "train",
    data_dir: general.DataDir = None,
    sentences: options.Sentences = None,
    hold_out: options.HoldOut = 64,
    look: options.Look = 50,
    overlong: options.Overlong = "error",
    method: options.Method = None,
    kappa: options.Kappa = None,
    site: options.Site = None,
    ascent_steps: options.AscentSteps = None,
    step_size: options.StepSize = None,
    adversarial_share: general.Share = None,
    further: general.Further = (),  # type: ignore[assignment]  # typer makes the list
    steps: options.Steps = None,
    examples: options.Seen = None,
    batch_size: options.BatchSize = None,
    learning_rate: options.LearningRate = None,
    every: options.Every = None,
    chain: options.Chain = None,
    seed: general.Seed = 0,
    device: general.Device = None,
    output: options.TaughtTo = None,
    resume: general.Resume = False,
    overwrite: general.Overwrite = False,
    dry_run: general.DryRun = False,
    json: general.Json = False,
    debug: general.Debug = False,
) -> None:
    """Teach a model to answer questions about documents, plainly or adversarially, and save it."""
    with mistakes(debug=debug):
        from robustlab.cli.reason.train import run

        source = settings.Source(data, split, data_dir, sentences)
        sized = (kappa, site, ascent_steps, step_size, tuple(further), adversarial_share, seed)
        size = (steps, examples, batch_size, learning_rate, hold_out, look, every)
        fit = settings.Fit(*size, chain, overlong, seed, device)
        place = Place(output, resume, overwrite, ())
        command = settings.Train(model, source, settings.Named(method or settings.SUITING, *sized), fit, place)
        run(command, dry_run=dry_run, as_json=json)


@app.command(epilog=lines(EVALUATE_EXAMPLES))
def evaluate(
    model: options.Taught = settings.RECORDED,
    data: options.Documents = "reasoning",
    split: options.Split = "dev",
    data_dir: general.DataDir = None,
    sentences: options.Sentences = None,
    examples: options.Examples = 200,
    overlong: options.Overlong = "error",
    kinds: options.AskedKinds = (),  # type: ignore[assignment]  # typer makes the list
    levels: options.Levels = ("medium",),  # type: ignore[assignment]  # typer makes the list
    draws: options.Draws = 2,
    uncertified: options.Uncertified = False,
    inference: options.Inference = "greedy",
    draft: options.Draft = None,
    profile: options.SelectorProfile = "laptop",
    sensitivity: options.Sensitivity = True,
    steps: options.ClimbSteps = 20,
    restarts: options.ClimbRestarts = 1,
    seed: general.Seed = 0,
    device: general.Device = None,
    output: options.AskedTo = None,
    resume: general.Resume = False,
    overwrite: general.Overwrite = False,
    json: general.Json = False,
    debug: general.Debug = False,
) -> None:
    """Ask a model about documents, their variants and counterfactuals: every metric with its 95 % interval."""
    with mistakes(debug=debug):
        from robustlab.cli.reason.evaluate import run

        source = settings.Source(data, split, data_dir, sentences)
        changes = settings.Changes(tuple(kinds), tuple(levels), draws, True, uncertified, seed)
        latent = settings.Latent(sensitivity, steps, restarts)
        ways = (inference, draft, profile, latent, overlong, seed, device)
        place = Place(output, resume, overwrite, ())
        run(settings.Evaluate(model, source, examples, changes, *ways, place), as_json=json)


@app.command(epilog=lines(ASK_EXAMPLES))
def ask(
    document: options.TextFile,
    instruction: options.Instruction,
    model: options.Taught = settings.RECORDED,
    overlong: options.Overlong = "error",
    device: general.Device = None,
    json: general.Json = False,
    debug: general.Debug = False,
) -> None:
    """Ask a trained model one question about a text of your own."""
    with mistakes(debug=debug):
        from robustlab.cli.reason.ask import run

        run(model, document, instruction, overlong, device, as_json=json)


@app.command(epilog=lines(STUDY_EXAMPLES))
def study(
    name: study_options.Study,
    results: study_options.Results,
    profile: study_options.Profile = "smoke",
    seeds: study_options.Seeds = None,
    only: study_options.Only = None,
    cache: study_options.Cache = None,
    threads: study_options.Threads = 1,
    json: general.Json = False,
    debug: general.Debug = False,
) -> None:
    """Run what a file of results lacks of a study of self-constructed negatives, and show its rows."""
    with mistakes(debug=debug):
        from robustlab.cli.reason.study import run

        run(name, profile, results, seeds, only, cache, threads, as_json=json)
