"""The verbs: what they take, what they say about themselves, and where their work is done."""

from __future__ import annotations

from typing import Annotated

import typer

import robustlab
from robustlab.cli import options, settings
from robustlab.cli.examples import (
    CITE_EXAMPLES,
    EVALUATE_EXAMPLES,
    PREFETCH_EXAMPLES,
    PROBE_EXAMPLES,
    TRAIN_EXAMPLES,
)
from robustlab.cli.reporting import mistakes

app = typer.Typer(
    name="robustlab",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with [bold]robustlab doctor[/], then [bold]robustlab train[/], which needs no network and no data.",
)


def lines(text: str) -> str:
    """Keep the lines of a text: typer joins those of a paragraph, so that each gets a blank line after it."""
    return "\n\n".join(line for line in text.splitlines() if line)


@app.callback(invoke_without_command=True)
def main(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Adversarially robust training of language models."""
    if version:
        typer.echo(robustlab.__version__)
        raise typer.Exit


@app.command(epilog=lines(TRAIN_EXAMPLES))
def train(
    model: options.ModelToTrain = "tiny",
    data: options.Data = "reviews",
    text_column: options.TextColumn = None,
    pair_column: options.PairColumn = None,
    label_column: options.LabelColumn = None,
    data_dir: options.DataDir = None,
    attacked_column: options.AttackedColumn = None,
    limit: options.Limit = None,
    hold_out: options.HoldOut = 0.1,
    method: options.Method = "standard",
    steps: options.Steps = None,
    step_size: options.StepSize = None,
    beta: options.Beta = None,
    direction: options.Direction = None,
    start: options.Start = None,
    project: options.Project = None,
    attacked_share: options.AttackedShare = 0.1,
    adversarial_share: options.Share = None,
    further: options.Further = (),  # type: ignore[assignment]  # typer makes the list
    epochs: options.Epochs = 3,
    batch_size: options.BatchSize = 32,
    accumulation: options.Accumulation = 1,
    learning_rate: options.LearningRate = None,
    max_length: options.MaxLength = 128,
    seed: options.Seed = 0,
    device: options.Device = None,
    bf16: options.Bf16 = False,
    output: options.Output = None,
    resume: options.Resume = False,
    overwrite: options.Overwrite = False,
    report_to: options.ReportTo = ("tensorboard",),  # type: ignore[assignment]  # typer makes the list
    dry_run: options.DryRun = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Fine-tune a text classifier, plainly or adversarially, and save it with a model card."""
    with mistakes(debug=debug):
        from robustlab.cli.train import run

        rows = settings.Rows(data, text_column, pair_column, label_column, data_dir, attacked_column)
        sized = (steps, step_size, beta, direction, start, project)
        named = settings.Named(method, *sized, tuple(further), adversarial_share, seed)
        fit = settings.Fit(epochs, batch_size, accumulation, learning_rate, max_length, seed, device, bf16)
        place = settings.Place(output, resume, overwrite, tuple(report_to))
        command = settings.Train(model, rows, limit, hold_out, named, fit, place, attacked_share)
        run(command, dry_run=dry_run, as_json=json)


@app.command(epilog=lines(EVALUATE_EXAMPLES))
def evaluate(
    model: options.TrainedModel,
    data: options.SeveralData = (),  # type: ignore[assignment]  # typer makes the list
    static: options.Static = (),  # type: ignore[assignment]  # typer makes the list
    split: options.Split = "dev",
    text_column: options.TextColumn = None,
    pair_column: options.PairColumn = None,
    label_column: options.LabelColumn = None,
    data_dir: options.DataDir = None,
    limit: options.Limit = None,
    pgd: options.Pgd = False,
    checks: options.Checks = False,
    radius: options.Radius = 0.5,
    steps: options.AttackSteps = 10,
    restarts: options.Restarts = 1,
    batch_size: options.BatchSize = 64,
    max_length: options.MaxLength = 128,
    seed: options.Seed = 0,
    device: options.Device = None,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Measure a trained model: accuracy, exact worst case on reviews, accuracy under attack, with 95 % intervals."""
    with mistakes(debug=debug):
        from robustlab.cli.evaluate import run

        names = data or (() if static else ("reviews",))
        sources = [settings.Rows(name, text_column, pair_column, label_column, data_dir) for name in names]
        attack = settings.Attack(radius, steps, restarts)
        reading = settings.Reading(model, split, limit, batch_size, max_length, seed, device)
        run(reading, sources, static, attack, pgd=pgd, checks=checks, as_json=json)


@app.command(epilog=lines(PROBE_EXAMPLES))
def probe(
    model: options.ProbedModel = "tiny",
    data: options.Data = "reviews",
    split: options.Split = "train",
    text_column: options.TextColumn = None,
    pair_column: options.PairColumn = None,
    label_column: options.LabelColumn = None,
    data_dir: options.DataDir = None,
    limit: options.Limit = 64,
    steps: options.ProbeSteps = 3,
    step_size: options.ProbeSizes = None,
    batch_size: options.BatchSize = 32,
    max_length: options.MaxLength = 128,
    seed: options.Seed = 0,
    device: options.Device = None,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Measure what step sizes do to a model, and suggest one at which weights on the steps can matter."""
    with mistakes(debug=debug):
        from robustlab.cli.probe import run

        rows = settings.Rows(data, text_column, pair_column, label_column, data_dir)
        reading = settings.Reading(model, split, limit, batch_size, max_length, seed, device)
        run(reading, rows, steps, step_size, as_json=json)


@app.command()
def methods(json: options.Json = False, debug: options.Debug = False) -> None:
    """List the methods that `train --method` takes: what each is, what it costs, where it comes from."""
    with mistakes(debug=debug):
        from robustlab.cli.methods import run

        run(as_json=json)


@app.command(epilog=lines(CITE_EXAMPLES))
def cite(
    methods: options.Cited = (),  # type: ignore[assignment]  # typer makes the list
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Print the BibTeX of the papers that methods come from; without a method, of robustlab and its three papers."""
    with mistakes(debug=debug):
        from robustlab.cli.cite import run

        run(methods, as_json=json)


@app.command(epilog=lines(PREFETCH_EXAMPLES))
def prefetch(
    names: options.Resources = (),  # type: ignore[assignment]  # typer makes the list
    everything: options.Everything = False,
    only_list: options.OnlyList = False,
    data_dir: options.DataDir = None,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Get what word-level attacks read and this machine lacks: word vectors, encoders, WordNet."""
    with mistakes(debug=debug):
        from robustlab.cli.prefetch import run

        run(names, data_dir, everything=everything, only_list=only_list, as_json=json)


@app.command()
def doctor(data_dir: options.DataDir = None, json: options.Json = False, debug: options.Debug = False) -> None:
    """Say what this machine has, what it lacks and how to get it."""
    with mistakes(debug=debug):
        from robustlab.cli.doctor import run

        run(data_dir, as_json=json)
