"""How many words a text has, and how many of them a change leaves different."""

from __future__ import annotations

from difflib import SequenceMatcher


def of(text: str) -> list[str]:
    """What stands between spaces and holds a letter or a digit: punctuation on its own is no word."""
    return [word for word in text.split() if any(character.isalnum() for character in word)]


def changed(before: str, after: str) -> int:
    """How many words of a text differ in another.

    Texts of as many words are compared word by word. Others are aligned first, and a stretch that was put in or taken
    out counts each of its words; more than all words of the text, or one where it has none, are not counted.

    Args:
        before: The text as written.
        after: What was made of it.
    """
    old, new = of(before), of(after)
    if len(old) == len(new):
        return sum(one != other for one, other in zip(old, new, strict=True))
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return min(sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in steps if tag != "equal"), max(len(old), 1))
