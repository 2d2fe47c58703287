"""The references of the package and of the book: one file of BibTeX, which an installed package has too."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

AAT = "zhu_aat"
PAPERS = (AAT, "song2026negatives", "assignee2026multiscale")  # the three that this package is about
_OPENING = re.compile(r"@\w+\{\s*([^,\s]+)\s*,")


@cache
def entries() -> Mapping[str, str]:
    """The BibTeX of each reference, by its key, in the order of the file."""
    return MappingProxyType(parse((resources.files("robustlab") / "references.bib").read_text(encoding="utf-8")))


def bibtex(keys: Iterable[str]) -> str:
    """The entries of the keys as one text, each once, in the order given.

    Raises: ValueError: If a key is unknown.
    """
    known = entries()
    wanted = list(dict.fromkeys(keys))
    for key in wanted:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1)
            meant = f": did you mean {nearest[0]!r}?" if nearest else ""
            raise ValueError(f"no reference has the key {key!r}{meant}")
    return "\n\n".join(known[key] for key in wanted)


def parse(text: str) -> dict[str, str]:
    """Split BibTeX into its entries by key; what stands between them is a comment.

    Raises: ValueError: If an entry has no end, or two have one key.
    """
    found: dict[str, str] = {}
    position = 0
    while opening := _OPENING.search(text, position):
        key, depth = opening[1], 0
        for position in range(opening.start(), len(text)):
            depth += {"{": 1, "}": -1}.get(text[position], 0)
            if text[position] == "}" and depth == 0:
                break
        else:
            raise ValueError(f"expected a closing brace for the reference {key!r}, found the end of the text")
        if key in found:
            raise ValueError(f"each reference needs a key of its own, got {key!r} twice")
        position += 1
        found[key] = text[opening.start() : position]
    return found
