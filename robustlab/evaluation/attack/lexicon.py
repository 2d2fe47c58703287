"""A small lexicon of the package's own: what attacks take where nothing else may be installed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Lexicon:
    """Words in groups.

    Attributes:
        neighbours: Word -> the other words of its groups, lower case.
        parts: Word -> part of speech, by the universal tag set.
        stop_words: Words that attacks leave alone.
    """

    neighbours: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, str]
    stop_words: frozenset[str]


@cache
def own() -> Lexicon:
    """The lexicon that comes with the package."""
    held = json.loads(files("robustlab.evaluation.attack").joinpath("data/lexicon.json").read_text(encoding="utf-8"))
    neighbours: dict[str, tuple[str, ...]] = {}
    parts: dict[str, str] = {}
    for part, groups in held["groups"].items():
        for group in groups:
            words = group.split()
            for word in words:
                others = tuple(other for other in words if other != word)
                neighbours[word] = (*neighbours.get(word, ()), *others)
                parts.setdefault(word, part)
    return Lexicon(neighbours, parts, frozenset(held["stop_words"].split()))


def homoglyphs() -> dict[str, list[str]]:
    """Letters -> characters that look the same, from the package's own table."""
    text = files("robustlab.evaluation.attack").joinpath("data/homoglyphs.csv").read_text(encoding="utf-8")
    table: dict[str, list[str]] = {}
    for line in text.splitlines()[1:]:
        letter, code, _ = line.split(",", maxsplit=2)
        table.setdefault(letter, []).append(chr(int(code.removeprefix("U+"), 16)))
    return table
