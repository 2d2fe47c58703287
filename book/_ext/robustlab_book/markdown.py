"""Markdown that a directive writes and the page's own parser reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


class MarkdownDirective(SphinxDirective):
    """A directive whose content is Markdown computed when the page is read."""

    def markdown(self) -> Iterable[str]:
        """The lines to parse in the directive's place."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Parse the lines where the directive stands."""
        container = nodes.container()
        self.state.nested_parse(StringList(list(self.markdown()), source="computed"), self.content_offset, container)
        return container.children


def escape(text: str) -> str:
    """Keep Markdown from reading markup into plain text; `code spans` stay what they are."""
    parts = re.split(r"(`[^`]+`)", " ".join(text.split()))
    parts[::2] = [re.sub(r"([\\*_|<>$\[\]{}~#])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already, with an empty line on either side."""
    lines = ["", _line(header), _line(["---"] * len(header)), *map(_line, rows), ""]
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
