"""Changes of form that leave the meaning, each with the change that takes it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from robustlab.contrastive.texts.wording.numbers import in_digits, in_words
from robustlab.contrastive.texts.wording.pieces import like, listed
from robustlab.contrastive.texts.wording.spelling import american, british

_BEFORE_NOT = "do|does|did|is|are|was|were|has|have|had|would|could|should|must|need"
_SHORT_NOT = {"can't": "cannot", "won't": "will not", "shan't": "shall not"}
_LONG_NOT = {long: short for short, long in _SHORT_NOT.items()}
# What "'s" may stand before as "is"; before a participle it may be "has", and after a noun it is a genitive.
_AFTER_IS = (
    "a|an|the|not|in|on|at|all|very|so|too|just|no|about|quite|really|only|always|never|also|still|my|his|her|your|our|"
    "their|that|this|what|why|how|where|good|bad|hard|easy|like|possible|impossible|clear|true|time"
)
_SHORTENED: tuple[tuple[str, str, str], ...] = (
    ("i", "am", "m"),
    ("you|we|they", "are", "re"),
    ("i|you|he|she|it|we|they|that|there", "will", "ll"),
    ("i|you|we|they", "have(?= (?:been|seen|had|got|never|always|just|done|made|heard|read|come|gone)\\b)", "ve"),
    ("he|she|it|that|there|here|what|who", f"is(?= (?:{_AFTER_IS})\\b)", "s"),
)
# Words that a sentence begins with and that are no names.
COMMON = frozenset(
    listed(
        "the a an this that these those it he she we they you there here my his her its our your their in on at for "
        "from with by to of as if when while although though because but and so not some many most all no one two"
    )
)


@dataclass(frozen=True)
class Edit:
    """A change of form and its inverse.

    Attributes:
        name: What it does.
        family: What it is about; of one family, one is made at most.
        make: Changes a text, wherever it can.
        undo: Takes the change back.
    """

    name: str
    family: str
    make: Callable[[str], str]
    undo: Callable[[str], str]

    def applied(self, text: str) -> str | None:
        """The changed text; None where nothing changes or the inverse would not give the text back."""
        made = self.make(text)
        return made if made != text and self.undo(made) == text else None


def contract(text: str) -> str:
    """Write "do not" as "don't" and "it is" as "it's", where a word follows."""
    text = re.sub(rf"\b({_BEFORE_NOT}) not\b(?= \w)", r"\1n't", text, flags=re.IGNORECASE)
    for long, short in _LONG_NOT.items():
        text = re.sub(rf"\b{long}\b(?= \w)", lambda found, short=short: like(short, found.group()), text, flags=re.I)
    for subjects, verb, short in _SHORTENED:
        text = re.sub(rf"\b({subjects}) {verb}(?= \w)", rf"\1'{short}", text, flags=re.IGNORECASE)
    return text


def expand(text: str) -> str:
    """Write contractions out, where it is plain what they stand for."""
    for short, long in _SHORT_NOT.items():
        text = re.sub(rf"\b{short}\b", lambda found, long=long: like(long, found.group()), text, flags=re.IGNORECASE)
    text = re.sub(rf"\b({_BEFORE_NOT})n't\b", r"\1 not", text, flags=re.IGNORECASE)
    for subjects, verb, short in _SHORTENED:
        plain, _, condition = verb.partition("(")
        follows = f"({condition}" if condition else r"(?= \w)"
        text = re.sub(rf"\b({subjects})'{short}\b{follows}", rf"\1 {plain}", text, flags=re.IGNORECASE)
    return text


def ampersands(text: str) -> str:
    """Write "and" between words as "&"."""
    return re.sub(r"(?<=\w )and(?= \w)", "&", text)


def ands(text: str) -> str:
    """Write "&" between words as "and"."""
    return re.sub(r"(?<=\w )&(?= \w)", "and", text)


def spaced(text: str) -> str:
    """Set a space before marks, as tokenised corpora do; a full stop inside the text may be an abbreviation's."""
    return re.sub(r"(?<=\w)(?:[,!?;:](?=\s|$)|\.$)", r" \g<0>", text)


def joined(text: str) -> str:
    """Take the space before marks away."""
    return re.sub(r"(?<=\w) ([.,!?;:])(?=\s|$)", r"\1", text)


def raised(text: str) -> str:
    """Begin with a capital, where the first word is a common one."""
    return _begun(text, str.capitalize)


def lowered(text: str) -> str:
    """Begin in lower case, where the first word is a common one and so no name."""
    return _begun(text, str.lower)


def _begun(text: str, case: Callable[[str], str]) -> str:
    first, space, rest = text.partition(" ")
    return f"{case(first)}{space}{rest}" if first.lower() in COMMON and not first.isupper() else text


def _both(family: str, one: str, make: Callable[[str], str], other: str, undo: Callable[[str], str]) -> list[Edit]:
    return [Edit(one, family, make, undo), Edit(other, family, undo, make)]


EDITS: tuple[Edit, ...] = (
    *_both("contraction", "contracted", contract, "expanded", expand),
    *_both("number", "in digits", in_digits, "in words", in_words),
    *_both("spelling", "american", american, "british", british),
    *_both("and", "ampersands", ampersands, "ands", ands),
    *_both("spacing", "spaced", spaced, "joined", joined),
    *_both("case", "raised", raised, "lowered", lowered),
)
"""Each change of form beside its inverse."""

SLIGHT = frozenset(("spacing", "case"))
"""Families that a tokeniser without case does not see: they come last."""
