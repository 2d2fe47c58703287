"""What is said of recorded rows wherever they are shown: when, on what and from which commit they came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def listed(rows: Iterable[Row], name: str) -> str:
    """The different values of a field, in the order in which they appear."""
    return ", ".join(dict.fromkeys(str(row.get(name, "unknown")) for row in rows))


def origin(rows: Sequence[Row]) -> str:
    """The beginning of the sentence that says where rows come from, in Markdown; a colon and the rest follow."""
    return f"**Recorded** on {listed(rows, 'date')} on {listed(rows, 'device')}, commit {listed(rows, 'commit')}"


def nothing(place: str) -> str:
    """The sentence where there are no rows, in Markdown.

    Args:
        place: The file or folder that would hold them.
    """
    return f"**Recorded: nothing yet.** There are no rows in `{place}`, so there is no measurement to show here."
