"""The recorded scores of shortcuts as tables and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from robustlab.evaluation.shortcuts import ALL, SHORTCUTS
from robustlab.study import compare
from robustlab.study.recorded import origin
from robustlab.study.shortcuts_sets import GENERATED, ORIGINAL, RENAMED

Row = Mapping[str, Any]
Score = Mapping[str, Any]


def titled(row: Row) -> str:
    """What a row is about, in words."""
    return row["corpus"] if row["corpus"] == GENERATED else f"{row['corpus']}, {row['split']}"


def scores(row: Row, task: str = ALL) -> list[Score]:
    """The scores of a row for one task, in the order of the shortcuts."""
    found = {score["shortcut"]: score for score in row["scores"] if score["task"] == task}
    return [found[name] for name in SHORTCUTS]


def originals(rows: Sequence[Row]) -> list[Row]:
    """The rows of documents as they are, one a set and split."""
    return [row for row in rows if row["change"] == ORIGINAL]


def panels(rows: Sequence[Row]) -> dict[str, list[Score]]:
    """Title -> scores over all tasks, for every set as it is."""
    return {f"{titled(row)} ({row['test']} documents)": scores(row) for row in originals(rows)}


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in a sentence, or that there are none."""
    if not rows:
        return compare.provenance(())
    return (
        f"{origin(rows)}: "
        "shortcuts fitted to training documents and scored on others, with 95 % intervals over documents."
    )


def words_on_questions(rows: Sequence[Row]) -> str:
    """How many test questions training has word for word, and how far a look-up of them gets, in Markdown."""
    lines = []
    for row in rows:
        if row["change"] not in (ORIGINAL, RENAMED):
            continue
        told = f"{titled(row)}, renamed" if row["change"] == RENAMED else titled(row)
        seen, right, n = row["questions"]["seen"], row["questions"]["right"], row["test"]
        lines.append(f"| {told} | {n:,} | {seen / n:.0%} | {right / n:.0%} |")
    head = (
        "| | documents | question is in training | and its usual answer there is right |\n| --- | --: | --: | --: |\n"
    )
    return head + "\n".join(lines)


def table_of_lengths(rows: Sequence[Row]) -> pd.DataFrame:
    """How many documents of which length were answered."""
    return pd.DataFrame.from_dict(
        {
            titled(row): {
                "documents": f"{row['test']:,}",
                "fitted to": f"{row['train']:,}",
                "sentences (median)": f"{row['sentences']:.0f}",
                "words (median)": f"{row['words']:.0f}",
                "words (most)": f"{row['longest']:,}",
            }
            for row in originals(rows)
        },
        orient="index",
    )


def table_of_tasks(row: Row) -> pd.DataFrame:
    """Percent right by task, with intervals; the last column is a guess."""
    tasks = list(dict.fromkeys(score["task"] for score in row["scores"]))
    return _table({task: scores(row, task) for task in tasks}, SHORTCUTS)


def table_of_changes(rows: Sequence[Row], shortcuts: Sequence[str]) -> pd.DataFrame:
    """Percent right over all tasks on the generated documents and their variants."""
    return _table({row["change"]: scores(row) for row in rows if row["corpus"] == GENERATED}, shortcuts)


def _table(lines: Mapping[str, Sequence[Score]], shortcuts: Sequence[str]) -> pd.DataFrame:
    made = {}
    for name, found in lines.items():
        kept = [score for score in found if score["shortcut"] in shortcuts]
        made[name] = {score["shortcut"]: percent(score) for score in kept}
        made[name]["a guess"] = f"{100 * kept[0]['chance']:.1f}"
    return pd.DataFrame.from_dict(made, orient="index")


def percent(score: Score) -> str:
    """A share with its interval, in percent; a star where the interval lies above a guess."""
    low, high = 100 * score["low"], 100 * score["high"]
    star = " *" if score["low"] > score["chance"] else ""
    return f"{100 * score['accuracy']:.1f} ({low:.1f} to {high:.1f}){star}"


def words_on_sets(rows: Sequence[Row]) -> str:
    """For every set the shortcuts that beat a guess, in Markdown."""
    lines = []
    for row in originals(rows):
        found = scores(row)
        above = [f"{score['shortcut']} ({score['accuracy']:.0%})" for score in found if score["low"] > score["chance"]]
        told = ", ".join(above) if above else "nothing"
        lines.append(f"- **{titled(row)}** (a guess is right in {found[0]['chance']:.0%}): {told}.")
    return "Above a guess, with the whole interval:\n\n" + "\n".join(lines)
