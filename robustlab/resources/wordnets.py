"""Which WordNet a folder holds: they share NLTK's file layout, and a folder's name tells nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from robustlab.resources.contents import Contents

PRINCETON, OPEN_ENGLISH = "Princeton WordNet", "Open English WordNet"
PARTS = ("noun", "verb", "adj", "adv")
# Synsets of version 3.0 by part of speech, from its own statistics (wnstats(7WN)); together 117,659.
PRINCETON_3_0 = {"noun": 82_115, "verb": 13_767, "adj": 18_156, "adv": 3_621}


@dataclass(frozen=True)
class Edition:
    """A WordNet: whose, which version, and how many synsets its files hold."""

    name: str
    version: str
    synsets: int


def edition(path: Path) -> Edition | None:
    """Say which WordNet a folder or zip holds.

    Princeton's 3.0 is told by its copyright line and by its number of synsets for every part of speech: descendants
    quote the line, and another release has other numbers. Open English WordNet names itself.

    Args:
        path: A folder with `data.noun` and its like, or a zip of it.
    Returns: None where the files are none of NLTK's layout.
    """
    # A folder's own time does not change with its files.
    read = [path] if path.is_file() else [path / f"data.{part}" for part in PARTS]
    if not all(file.is_file() for file in read):
        return None
    statuses = [file.stat() for file in read]
    return _edition(path, tuple((status.st_mtime_ns, status.st_size) for status in statuses))


@lru_cache(maxsize=32)
def _edition(path: Path, _state: tuple[tuple[int, int], ...]) -> Edition | None:
    contents = Contents(path)
    if not contents.holds(tuple(f"data.{part}" for part in PARTS)):
        return None
    counts = {part: _synsets(contents, part) for part in PARTS}
    told = "\n".join(contents.text(file, most=3000) for file in ("README", "LICENSE", "data.adj", "data.noun"))
    total = sum(counts.values())
    if re.search(r"Open English Word[Nn]et|globalwordnet/english-wordnet", told):
        found = re.search(r"Open English Word[Nn]et (20\d\d\+?)|commit ([0-9a-f]{12})", told)
        return Edition(OPEN_ENGLISH, next(filter(None, found.groups())) if found else "not stated", total)
    copyright_line = re.search(r"WordNet (\d\.\d) Copyright", told)
    version = copyright_line[1] if copyright_line else ""
    if version and (version != "3.0" or counts == PRINCETON_3_0):
        return Edition(PRINCETON, version, total)
    return Edition("another WordNet", "not stated", total)


def _synsets(contents: Contents, part: str) -> int:
    """Count records: a line each, where those of the licence begin with a space."""
    with contents.open(f"data.{part}") as stream:
        return sum(line[:1].isdigit() for line in stream)
