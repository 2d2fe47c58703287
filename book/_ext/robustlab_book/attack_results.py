"""The directives `attack-results` and `attack-verdict`: the recorded attacks on words, as tables and as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from sphinx.application import Sphinx

from robustlab_book.markdown import MarkdownDirective, escape, table

ROWS = Path("results") / "attacks" / "sst2-minilm.jsonl"


class _Recorded(MarkdownDirective):
    def rows(self) -> Sequence[dict[str, Any]]:
        """The recorded rows; none where the file is not there."""
        from robustlab.study import rows

        path = Path(self.env.doc2path(self.env.docname)).parent / ROWS
        self.env.note_dependency(str(path))
        try:
            return rows.read(path)
        except ValueError as problem:
            raise self.error(f"book/{ROWS.as_posix()}: {problem}") from problem


class AttackResults(_Recorded):
    """Where the rows come from, robust accuracies, and the differences beside the paper's."""

    def markdown(self) -> Iterator[str]:
        """Paragraphs and two tables."""
        from robustlab.study import attacks_table, attacks_words

        found = self.rows()
        yield from [attacks_words.provenance(found), ""]
        if found:
            yield from [*_lines(attacks_table.table(found)), "`pgd` less `standard`, in points:", ""]
            yield from [*_lines(attacks_table.differences(found)), attacks_words.beside_paper(found), ""]
            yield from [attacks_words.cost(found), ""]


class AttackVerdict(_Recorded):
    """What the rows show, a point an attack."""

    def markdown(self) -> Iterator[str]:
        """A list."""
        from robustlab.study import attacks_words

        yield from attacks_words.verdict(self.rows()).splitlines()
        yield ""


def _lines(frame: pd.DataFrame) -> list[str]:
    names = ["attack" if name is None else str(name) for name in frame.index.names]
    plain = frame.reset_index()
    plain.columns = [*names, *frame.columns]
    cells = [[escape(str(cell)) for cell in line] for line in plain.itertuples(index=False, name=None)]
    return [*table(list(map(escape, plain.columns)), cells), ""] if len(frame) else []


def register(app: Sphinx) -> None:
    """Make the directives known."""
    app.add_directive("attack-results", AttackResults)
    app.add_directive("attack-verdict", AttackVerdict)
