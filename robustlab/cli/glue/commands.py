"""The verb `glue-drop`: what it takes, and where its work is done."""

from __future__ import annotations

from pathlib import Path

from robustlab.cli import options
from robustlab.cli.commands import app, lines
from robustlab.cli.glue import options as own
from robustlab.cli.reporting import mistakes

EXAMPLES = """[bold]Examples[/]

Offline, in a minute or two: a model from scratch on generated reviews, in the exact worst case:

  robustlab glue-drop --limit 4000 --warm 4 --examples 64

Does an encoder that you pre-trained lose less than the one it began as?

  robustlab glue-drop --model minilm --model runs/encoder --task sst2 --task qnli --limit 2000 --seeds 0,1,2

The same fine-tuned adversarially, into the same file:

  robustlab glue-drop --model minilm --model runs/encoder --task sst2 --method pgd --reach .1 --limit 2000 --seeds 0,1,2

A run was interrupted? Give the same command again.
"""


@app.command("glue-drop", epilog=lines(EXAMPLES))
def glue_drop(
    model: own.Models = (),  # type: ignore[assignment]  # typer makes the list
    task: own.Tasks = (),  # type: ignore[assignment]  # typer makes the list
    method: own.Method = "standard",
    reach: own.Reach = 0.3,
    seeds: own.Seeds = "0",
    data_dir: options.DataDir = None,
    limit: own.Limit = None,
    dev: own.Dev = None,
    warm: own.Warm = 1,
    epochs: own.Epochs = 1,
    batch_size: own.Batch = 32,
    learning_rate: own.LearningRate = None,
    max_length: own.MaxLength = 128,
    recipe: own.Recipe = None,
    examples: own.Examples = 200,
    device: options.Device = None,
    results: own.Results = Path("runs/glue-drop.jsonl"),
    dry_run: own.DryRun = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Fine-tune on GLUE's tasks, attack, read AdvGLUE: accuracies and drops in one table, with intervals."""
    with mistakes(debug=debug):
        from robustlab.cli.glue.run import Asked, Learning, run

        learning = Learning(limit, warm, epochs, batch_size, learning_rate, max_length, reach)
        asked = Asked(
            models=tuple(dict.fromkeys(model or ("tiny",))),
            tasks=tuple(dict.fromkeys(task or ("reviews",))),
            method=method,
            seeds=seeds,
            learning=learning,
            dev=dev,
            recipe=recipe,
            examples=examples,
            data_dir=data_dir,
            device=device,
            results=results,
        )
        run(asked, dry_run=dry_run, as_json=json)
