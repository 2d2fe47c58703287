"""The directive `masking-results`: the gradient-masking checks of the recorded models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx

from robustlab_book.markdown import MarkdownDirective, escape, table


class MaskingResults(MarkdownDirective):
    """Every file of checks in the folder `results/masking` beside the page."""

    def markdown(self) -> Iterator[str]:
        """Where the rows come from, a table with one line a method and setting, and what failed."""
        from robustlab.study import masking_table, rows

        folder = Path(self.env.doc2path(self.env.docname)).parent / "results" / "masking"
        for path in sorted(folder.glob("*.jsonl")):
            self.env.note_dependency(str(path))
            try:
                found = rows.read(path)
            except ValueError as problem:
                raise self.error(f"book/results/masking: {problem}") from problem
            yield from ["", masking_table.provenance(found)]
            frame = masking_table.table(found)
            lines = [[escape(str(cell)) for cell in line] for line in frame.itertuples(name=None)]
            yield from [*table(["method", *map(escape, frame.columns)], lines), masking_table.verdict(found), ""]


def register(app: Sphinx) -> None:
    """Make the directive known."""
    app.add_directive("masking-results", MaskingResults)
