"""The report of an attack run: one file that a browser opens, with every example and what was changed in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import isnan
from pathlib import Path
from typing import Any

from robustlab.evaluation.attack.differences import differences, introduced
from robustlab.evaluation.attack.markup import IMPOSSIBLE, marked
from robustlab.evaluation.attack.reading import setting
from robustlab.evaluation.attack.rows import Attacked
from robustlab.evaluation.attack.summary import SHARES, Summary
from robustlab.evaluation.statistics import Estimate

FILE = "report.html"

# What stands on top, in this order: name, heading, and what it is a share or mean of.
MEASURES = (
    ("robust_accuracy", "Robust accuracy", "of all examples, those the attack found no error for"),
    ("clean_accuracy", "Clean accuracy", "of all examples, those classified correctly as written"),
    ("attack_success", "Attack success", "of the attacked examples"),
    ("perturbed_words", "Words changed", "of an example's words, mean over the successes"),
    ("queries", "Queries", "to the model, mean over the attacked examples"),
    ("exhausted", "Budget exhausted", "of the attacked examples"),
    ("similarity", "Similarity", "cosine of the sentence embeddings, mean over the successes"),
    ("perplexity", "Perplexity, as written", "mean over the successes"),
    ("attacked_perplexity", "Perplexity, attacked", "mean over the same"),
)
PERCENT = (*SHARES, "perturbed_words")


@dataclass(frozen=True)
class Card:
    """What the page says about one example.

    Attributes:
        row: The example.
        versions: Heading and HTML of each of its texts.
        introduced: Names of the characters that the attack brought and that cannot be read off the page.
    """

    row: Attacked
    versions: list[tuple[str, str]]
    introduced: list[str]


def write(
    folder: Path,
    rows: Sequence[Attacked],
    summary: Summary,
    settings: Mapping[str, Any],
    *,
    labels: Sequence[str] | None = None,
) -> Path:
    """Write `report.html`, all of it or nothing.

    Args:
        folder: Where it goes.
        rows: The examples, in the order of the page.
        summary: Of these examples.
        settings: What was run, on what, with which versions; nested as it may be.
        labels: Names of the labels; numbers are shown without them.

    Returns:
        The file.

    Raises:
        ValueError: As for `html`.
        OSError: If the folder cannot be written to.
    """
    file = folder / FILE
    unfinished = file.with_suffix(".part")
    unfinished.write_text(html(rows, summary, settings, labels=labels), encoding="utf-8", newline="\n")
    unfinished.replace(file)
    return file


def html(
    rows: Sequence[Attacked], summary: Summary, settings: Mapping[str, Any], *, labels: Sequence[str] | None = None
) -> str:
    """The report as a page that needs nothing but itself.

    The two texts of an example are in it character for character, but for NUL and halves of surrogate pairs: no page
    can hold these, and U+FFFD stands for them.

    Args:
        rows: The examples, in the order of the page.
        summary: Of these examples.
        settings: What was run.
        labels: Names of the labels.

    Raises: ValueError: If the summary is one of other rows, or a label has no name.
    """
    from jinja2 import Environment, StrictUndefined

    if summary.examples != len(rows):
        raise ValueError(f"expected the summary of these {len(rows)} examples, got one of {summary.examples}")
    highest = max(max(row.label, row.predicted, row.attacked_predicted) for row in rows)
    if labels is not None and highest >= len(labels):
        raise ValueError(f"expected a name for every label up to {highest}, got {len(labels)} names")
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_finalized)
    parts = files("robustlab.evaluation.attack") / "page"
    texts = {name: (parts / name).read_text(encoding="utf-8") for name in ("report.html", "report.css", "report.js")}
    run = [(name, setting(settings, name)) for name in ("recipe", "data", "model") if setting(settings, name)]
    return environment.from_string(texts["report.html"]).render(
        title=": ".join(["Attack report", *(str(value) for _, value in run[:1])]),
        run=run,
        css=texts["report.css"],
        script=texts["report.js"],
        cards=[_card(row) for row in rows],
        measures=[(heading, *_measure(name, summary), over) for name, heading, over in MEASURES],
        summary=summary,
        settings=list(_flat(settings)),
        named=lambda label: str(label) if labels is None else labels[label],
    )


def _finalized(value: Any) -> Any:
    """Whatever the template prints, without the characters that a page cannot hold."""
    return value.translate(IMPOSSIBLE) if type(value) is str else value


def _card(row: Attacked) -> Card:
    """An example with what differs in it; a text that the attack left alone is shown once."""
    pair = [] if row.text_pair is None else [("Pair", row.text_pair, row.attacked_pair)]
    card = Card(row, [], [])
    for heading, before, after in [("Text", row.text, row.attacked_text), *pair]:
        old, new = differences(before, before if after is None else after)
        if after is None or before == after:
            card.versions.append((f"{heading}, unchanged", marked(old, added=False)))
            continue
        card.versions.append((f"{heading} as written", marked(old, added=False)))
        card.versions.append((f"{heading}, attacked", marked(new, added=True)))
        card.introduced.extend(name for name in introduced(new) if name not in card.introduced)
    return card


def _measure(name: str, summary: Summary) -> tuple[str, str]:
    """An estimate and its interval, as the page has them."""
    estimate: Estimate | None = getattr(summary, name)
    if estimate is None:
        return "–", "–"
    value, low, high = (_number(name, number) for number in estimate)
    return value, "–" if isnan(estimate.low) else f"{low} … {high}"


def _number(name: str, number: float) -> str:
    if name in PERCENT:
        return f"{100 * number:.1f} %"
    return f"{number:.3f}" if name == "similarity" else f"{number:,.1f}"


def _flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Settings one a line, those within others behind a dot."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            told = "none" if value is None else json.dumps(value, default=str, ensure_ascii=False)
            yield f"{above}{name}", value if isinstance(value, str) else told
