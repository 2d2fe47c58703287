"""The verb `pretrain`: what it takes, and where its work is done."""

from __future__ import annotations

from robustlab.cli import options
from robustlab.cli.commands import app, lines
from robustlab.cli.pretraining import options as own
from robustlab.cli.pretraining import settings
from robustlab.cli.reporting import mistakes
from robustlab.cli.settings import Fit, Place

EXAMPLES = """[bold]Examples[/]

A small encoder on generated reviews, offline, in a minute or two; then a classifier on top of it:

  robustlab pretrain --output runs/encoder

  robustlab train --model runs/encoder --output runs/classifier

Your own texts, and the control that any gain has to be held against:

  robustlab pretrain --model minilm --data notes.txt --data tickets.csv --text-column body

  robustlab pretrain --model minilm --data notes.txt --data tickets.csv --text-column body --only-words

Large batches on one device:

  robustlab pretrain --model minilm --data imdb --batch-size 64 --chunk 32

A run was interrupted? Give the same command again, with --resume.
"""


@app.command(epilog=lines(EXAMPLES))
def pretrain(
    model: options.ModelToTrain = "tiny",
    data: own.Texts = (),  # type: ignore[assignment]  # typer makes the list
    text_column: options.TextColumn = None,
    data_dir: options.DataDir = None,
    limit: own.Limit = None,
    held_out: own.HeldOut = 200,
    words: own.Words = 1.0,
    tokens: own.Tokens = 0.1,
    replaced: own.Replaced = 1.0,
    sentence_scale: own.SentenceScale = 1.0,
    documents: own.Documents = 0.5,
    only_words: own.OnlyWords = False,
    view: own.View = "dropout",
    engine: own.EngineName = "batch",
    hard_negatives: own.Negatives = True,
    temperature: own.Temperature = 0.05,
    chunk: own.Chunk = None,
    sentences: own.Sentences = 4,
    epochs: own.Epochs = 1,
    batch_size: own.Rows = 8,
    accumulation: options.Accumulation = 1,
    learning_rate: own.LearningRate = None,
    max_length: own.MaxLength = 64,
    seed: options.Seed = 0,
    device: options.Device = None,
    bf16: options.Bf16 = False,
    output: own.Output = None,
    resume: options.Resume = False,
    overwrite: options.Overwrite = False,
    report_to: options.ReportTo = ("tensorboard",),  # type: ignore[assignment]  # typer makes the list
    dry_run: options.DryRun = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Pre-train an encoder on unlabelled text, with contrast at the scales of tokens, sentences and documents."""
    with mistakes(debug=debug):
        from robustlab.cli.pretraining.run import run

        scales = settings.Scales(words, tokens, replaced, sentence_scale, documents)
        if only_words:
            scales = settings.Scales(words or 1.0, 0.0, 0.0, 0.0, 0.0)
        sources = tuple(data) or ("reviews",)
        texts = settings.Texts(sources, text_column or "text", data_dir, limit, held_out, sentences)
        contrast = settings.Contrast(view, engine, hard_negatives, temperature, chunk)
        fit = Fit(epochs, batch_size, accumulation, learning_rate, max_length, seed, device, bf16)
        place = Place(output, resume, overwrite, tuple(report_to))
        run(settings.Pretrain(model, texts, scales, contrast, fit, place), dry_run=dry_run, as_json=json)
