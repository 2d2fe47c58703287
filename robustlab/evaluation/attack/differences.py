"""What differs between two texts: words, and the characters within them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import NamedTuple

# A word with the white space after it, so that the words of a text make up the text.
WORD = re.compile(r"\s+|\S+\s*")
ALIKE = 0.5  # words more alike than this are shown with the characters that changed, others as a whole
LONG = 200  # characters: a stretch longer than this is a rewriting, whose single characters say nothing
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"}
BLANK = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")  # letters and marks by category, and drawn as nothing
PLAIN = frozenset("\t\n\r ")


class Run(NamedTuple):
    """Characters of one kind.

    Attributes:
        text: The characters.
        changed: Whether they are what differs.
        name: Code point and name, for a single character that cannot be read off the page: one outside ASCII, or a
            control character.
        unseen: Whether nothing is drawn for it.
    """

    text: str
    changed: bool = False
    name: str | None = None
    unseen: bool = False

    @property
    def code(self) -> str:
        """The code point of a single character."""
        return f"U+{ord(self.text):04X}"


class Stretch(NamedTuple):
    """Part of a text: shared with the other text, or words that differ.

    Attributes:
        runs: Its characters.
        changed: Whether its words differ.
    """

    runs: tuple[Run, ...]
    changed: bool = False

    @property
    def text(self) -> str:
        """Its characters in one piece."""
        return "".join(run.text for run in self.runs)


def differences(before: str, after: str) -> tuple[list[Stretch], list[Stretch]]:
    """Split two texts into what they share and what differs.

    Args:
        before: One text.
        after: The other.

    Returns:
        The stretches of each: joined, they are the texts again, whatever the texts hold.
    """
    sides: tuple[list[Stretch], list[Stretch]] = ([], [])
    for pair in _pairs(WORD.findall(before), WORD.findall(after)):
        for side, stretches in zip(sides, _within(*pair), strict=True):
            side.extend(stretches)
    first, second = (_joined(side) for side in sides)
    return first, second


def introduced(stretches: Iterable[Stretch]) -> list[str]:
    """Names of the characters that differ and cannot be read off the page, each once."""
    return list(dict.fromkeys(run.name for stretch in stretches for run in stretch.runs if run.name))


def _pairs(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Words that belong together: the same ones, or what stands in the place of what."""
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    yield "".join(before[:head]), "".join(before[:head])
    # The heuristic for popular words is on: without it, a long text of few words would take its length squared.
    middles = before[head : len(before) - tail], after[head : len(after) - tail]
    for tag, i, j, k, m in SequenceMatcher(None, *middles).get_opcodes():
        old, new = middles[0][i:j], middles[1][k:m]
        if tag != "equal" and len(old) == len(new):
            yield from zip(old, new, strict=True)
        else:
            yield "".join(old), "".join(new)
    yield "".join(before[len(before) - tail :]), "".join(after[len(after) - tail :])


def _shared(first: Sequence[str], second: Sequence[str]) -> int:
    """How many words two sequences begin with alike."""
    for number, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return number
    return min(len(first), len(second))


def _within(old: str, new: str) -> tuple[list[Stretch], list[Stretch]]:
    """A word and what stands in its place, with the characters that changed."""
    if old == new:
        return [Stretch((Run(old),))], [Stretch((Run(new),))]
    space = _shared(old[len(old.rstrip()) :][::-1], new[len(new.rstrip()) :][::-1])
    shared = [Stretch((Run(old[len(old) - space :]),))]
    words = old[: len(old) - space], new[: len(new) - space]
    changed = tuple(
        [Stretch(_named(runs, other), changed=True), *shared]
        for runs, other in zip(_characters(*words), reversed(words), strict=True)
    )
    return changed[0], changed[1]


def _characters(old: str, new: str) -> tuple[list[Run], list[Run]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if len(old) + len(new) > LONG or matcher.ratio() <= ALIKE:
        return [Run(old, changed=True)], [Run(new, changed=True)]
    first, second = [], []
    for tag, i, j, k, m in matcher.get_opcodes():
        first.append(Run(old[i:j], changed=tag != "equal"))
        second.append(Run(new[k:m], changed=tag != "equal"))
    return first, second


def _named(runs: Iterable[Run], other: str) -> tuple[Run, ...]:
    """Runs in which every character that is changed, unlike those of the other text and hard to read stands alone."""
    known, split = set(other), []
    for run in runs:
        if not run.changed or (run.text.isascii() and run.text.isprintable()):
            split.append(run)
            continue
        for odd, characters in groupby(run.text, lambda one: _odd(one) and one not in known):
            if odd:
                split += [_described(character) for character in characters]
            else:
                split.append(Run("".join(characters), changed=True))
    return tuple(run for run in split if run.text)


def _odd(character: str) -> bool:
    return not character.isascii() or (not character.isprintable() and character not in PLAIN)


def _described(character: str) -> Run:
    category = unicodedata.category(character)
    fallback = "control character" if category == "Cc" else f"unnamed, category {category}"
    unseen = category in UNSEEN or character in BLANK or "\ufe00" <= character <= "\ufe0f"
    run = Run(character, changed=True, unseen=unseen)
    return Run(character, True, f"{run.code} {unicodedata.name(character, fallback)}", unseen)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same stretches, unchanged neighbours in one and empty ones left out."""
    found: list[Stretch] = []
    for changed, group in groupby((one for one in stretches if one.text), lambda one: one.changed):
        members = list(group)
        found += members if changed else [Stretch((Run("".join(one.text for one in members)),))]
    return found
