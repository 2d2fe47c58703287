"""The verbs that attack words and compare what came of it: what they take, and where their work is done."""

from __future__ import annotations

from robustlab.cli import attack_options, options, settings
from robustlab.cli.commands import app, lines
from robustlab.cli.examples import ATTACK_EXAMPLES, COMPARE_EXAMPLES
from robustlab.cli.reporting import mistakes


@app.command(epilog=lines(ATTACK_EXAMPLES))
def attack(
    model: options.TrainedModel,
    data: options.Data = "reviews",
    split: options.Split = "dev",
    text_column: options.TextColumn = None,
    pair_column: options.PairColumn = None,
    label_column: options.LabelColumn = None,
    data_dir: options.DataDir = None,
    recipe: attack_options.AttackRecipe = "textfooler",
    examples: attack_options.AttackedExamples = 1000,
    queries: attack_options.MostQueries = None,
    words: attack_options.MostWords = None,
    attacked_text: attack_options.AttackedText = "text",
    masked_lm: attack_options.MaskedLM = None,
    perplexity: attack_options.PerplexityLM = None,
    max_length: attack_options.LongestRead = None,
    seed: options.Seed = 0,
    width: attack_options.Width = 32,
    processes: attack_options.Processes = 1,
    batch_size: attack_options.ForwardSize = 16,
    device: options.Device = None,
    output: attack_options.AttackOutput = None,
    resume: options.Resume = False,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Attack a trained model's words with a recipe of TextAttack, and say how robust it is, with 95 % intervals."""
    with mistakes(debug=debug):
        from robustlab.cli.attack import run

        rows = settings.Rows(data, text_column, pair_column, label_column, data_dir)
        column = None if attacked_text == "both" else attacked_text
        with_models = (masked_lm, perplexity, batch_size, max_length, seed, device)
        pace = settings.Pace(width, processes)
        place = settings.Place(output, resume, overwrite, ())
        bounds = (examples, queries, words, column)
        run(settings.AttackOnWords(model, rows, split, recipe, *bounds, *with_models, pace, place), as_json=json)


@app.command(epilog=lines(COMPARE_EXAMPLES))
def compare(
    first: attack_options.AttackRun,
    second: attack_options.AttackRun,
    common: attack_options.Common = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Compare two attack runs example by example: McNemar's test, and the difference in robust accuracy."""
    with mistakes(debug=debug):
        from robustlab.cli.compare import run

        run(first, second, common=common, as_json=json)
