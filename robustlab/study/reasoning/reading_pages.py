"""Detectors and negatives as pages: tables of sentences in HTML, and what was found in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

from robustlab.corpora.documents import Document
from robustlab.figures import documents as shown
from robustlab.study.reasoning.detecting import Hits, Scored, top
from robustlab.study.reasoning.reading import Moved, Negative, flipped

LONGEST = 30  # characters of an answer that are shown: a destroyed one may say the same word for ever
Told = Mapping[tuple[str, str], Negative]
"""Move and level -> the negative of one document."""


def page(document: Document) -> str:
    """One document with its marks and its question."""
    return shown.legend([document]) + shown.page(document)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose cells are HTML already."""
    top_row = "".join(f"<th>{head}</th>" for head in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="table"><thead><tr>{top_row}</tr></thead><tbody>{body}</tbody></table>'


def fired(document: Document, scored: Scored, conflicts: Collection[int], *, first: int = 3) -> str:
    """The highest sentences of each detector, gold ones marked and those in conflict said to be.

    Args:
        document: The document.
        scored: Its scores.
        conflicts: Sentences that another one contradicts.
        first: How many of each detector.
    """
    rows = []
    for name, values in scored.items():
        lines = [f"{_marked(document, i, conflicts)} <small>({values[i]:+.1f})</small>" for i in top(values, first)]
        rows.append((escape(name), "<br>".join(lines)))
    return _table(("detector", f"its first {first} sentences (standardised score)"), rows)


def _marked(document: Document, index: int, conflicts: Collection[int] = ()) -> str:
    text = f"{index + 1}: {escape(document.sentences[index])}"
    text = f'<mark style="{shown.GOLD}">{text}</mark>' if index in document.gold else text
    return f"{text} <em>in conflict</em>" if index in conflicts else text


def hits_in_words(panels: Mapping[str, Mapping[str, Hits]]) -> str:
    """For every question which detector finds most, and which do no better than an order at random."""
    lines = []
    for title, rows in panels.items():
        best = max(rows, key=lambda name: rows[name].found.value)
        value, low, high = rows[best].found
        even = [name for name, hit in rows.items() if hit.found.low <= hit.chance]
        lines.append(
            f"- **{title}** ({rows[best].documents} documents): {best} finds most, {value:.0%} ({low:.0%} to "
            f"{high:.0%}), an order at random {rows[best].chance:.0%}. No more than that, within the interval: "
            f"{', '.join(even) or 'none'}."
        )
    return "\n".join(lines)


def operators(told: Told, document: Document) -> str:
    """A row a move, a column a level: κ, how many sentences moved and read like another, and the answer."""
    moves, levels = (list(dict.fromkeys(key[part] for key in told)) for part in range(2))
    rows = [(escape(move), *(_operator(told[move, level], document) for level in levels)) for move in moves]
    right = f"<p>Asked: {escape(document.instruction)} Right: <strong>{escape(document.answer)}</strong></p>"
    return right + _table(("move", *levels), rows)


def _operator(negative: Negative, document: Document) -> str:
    said = negative.answer if len(negative.answer) <= LONGEST else negative.answer[:LONGEST] + " …"
    same = negative.answer.strip() == document.answer
    answer = f"<strong>{escape(said)}</strong>" if same else escape(said or "(nothing)")
    return (
        f"{answer}<br><small>κ = {negative.kappa:.3f}, {len(negative.moved)} moved, "
        f"{flipped(negative)} read like another</small>"
    )


def sentences(told: Told, document: Document, *, levels: Sequence[str]) -> str:
    """What each gold sentence reads like after every move, at some levels; a dash where it was left alone.

    Args:
        told: Negatives of the document.
        document: The document.
        levels: To show.
    """
    moves = list(dict.fromkeys(move for move, _ in told))
    parts = []
    for index in document.gold:
        rows = []
        for move in moves:
            found = [next((one for one in told[move, level].moved if one.index == index), None) for level in levels]
            rows.append((escape(move), *map(_reads, found)))
        parts.append(f"<p>{_marked(document, index)}</p>" + _table(("move", *levels), rows))
    return "".join(parts)


def _reads(moved: Moved | None) -> str:
    if moved is None:
        return "–"
    numbers = f"<small>({moved.similarity:.2f}; {moved.stayed:.2f})</small>"
    return f"{'still itself, next: ' * (moved.stayed >= moved.similarity)}{escape(moved.reads_like)} {numbers}"
