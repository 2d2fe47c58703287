"""What the book needs from Sphinx beyond published extensions: tables that are computed, and our docstrings as RST."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from robustlab_book import (
    attack_results,
    docstrings,
    masking_results,
    method_table,
    paper_index,
    recorded_results,
    source_index,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the computed tables as directives, and the docstring translation."""
    parts = (attack_results, docstrings, masking_results, method_table, paper_index, recorded_results, source_index)
    for part in parts:
        part.register(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
