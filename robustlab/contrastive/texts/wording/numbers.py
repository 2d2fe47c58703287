"""Whole numbers from two to ninety-nine in words and in digits."""

from __future__ import annotations

import re

from robustlab.contrastive.texts.wording.pieces import listed

_SMALL = listed(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")

# "one" is left out: it is a pronoun as often as a number.
WORDS: dict[str, int] = (
    dict(zip(_SMALL, range(2, 20), strict=True))
    | dict(zip(_TENS, range(20, 100, 10), strict=True))
    | {
        f"{ten}-{unit}": 10 * (place + 2) + number
        for place, ten in enumerate(_TENS)
        for number, unit in enumerate(["one", *_SMALL[:8]], start=1)
    }
)
"""Word -> number."""
DIGITS = {str(number): word for word, number in WORDS.items()}

_WORD = re.compile(rf"(?<![\w-])(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})(?![\w-])", re.IGNORECASE)
# A number of its own: no part of a date, a time, a price, a share, a decimal or a score.
_OWN = re.compile(r"(?<![\w.,:$£€/#%-])\d+(?![\w%/:-]|[.,]\d)")


def own_places(text: str) -> frozenset[int]:
    """Where the whole numbers in digits begin that are no part of anything else."""
    return frozenset(found.start() for found in _OWN.finditer(text))


def in_digits(text: str) -> str:
    """The text with its number words as digits."""
    return _WORD.sub(lambda found: str(WORDS[found.group().lower()]), text)


def in_words(text: str) -> str:
    """The text with its whole numbers from 2 to 99 as words, the first of the text with a capital."""

    def spelt(found: re.Match[str]) -> str:
        word = DIGITS.get(found.group(), found.group())
        return word.capitalize() if not text[: found.start()].strip() and text[:1].isdecimal() else word

    return _OWN.sub(spelt, text)
