"""The language of the built-in reviews: who speaks it, what may replace a word there, and what says the opposite."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from robustlab.contrastive.texts.wording.pieces import listed
from robustlab.corpora.judge import judge
from robustlab.corpora.lexicon import DISTRACTORS, FAMILIES, NEUTRAL, SIGNS, Family, article

# Words that a frame of the grammar holds fixed: in another place they may belong to a family, and here they must stay.
_FIXED = frozenset(
    word for before, _, after in DISTRACTORS for word in listed(f"{before} {after} the a an and did not . ,")
)
_VOCABULARY = frozenset(SIGNS) | _FIXED


@lru_cache(maxsize=1 << 16)
def spoken(text: str) -> bool:
    """Whether a text is one that the reviews' own judge can read, word for word, and decide."""
    if not set(text.split(" ")) <= _VOCABULARY:
        return False
    try:
        judge(text)
    except (ValueError, IndexError):
        return False
    return True


def same_verdict(text: str, other: str) -> bool:
    """Whether the judge decides both alike; no where it cannot read the other."""
    try:
        return judge(text) == judge(other)
    except (ValueError, IndexError):
        return False


def sentences(text: str) -> list[str]:
    """The sentences of a review, each with its full stop."""
    return [f"{part.strip()} ." for part in text.split(" .") if part.strip()]


def opinion(sentence: str) -> bool:
    """Whether a sentence says what somebody thinks of the film."""
    return any(SIGNS.get(word, NEUTRAL) != NEUTRAL for word in sentence.split(" "))


@lru_cache(maxsize=1)
def interchangeable() -> Mapping[str, tuple[str, ...]]:
    """Word -> the others that the grammar certifies wherever it writes this word.

    A word of several families has several uses, and only what all of them allow is kept.
    """
    held: dict[str, set[str]] = {}
    for family in FAMILIES:
        for word in family.words:
            held[word] = held.get(word, set(family.words)) & set(family.words)
    return {
        word: tuple(sorted(others - {word})) for word, others in held.items() if word not in _FIXED and others - {word}
    }


@lru_cache(maxsize=1)
def opposites() -> Mapping[str, tuple[str, ...]]:
    """Opinion word -> the words of the family that says the opposite of the same thing, sorted."""
    families: dict[str, Family] = {family.name: family for family in FAMILIES if family.sign != NEUTRAL}
    found: dict[str, tuple[str, ...]] = {}
    for name, family in families.items():
        other = families.get(name[:-1] + ("-" if name.endswith("+") else "+"))
        if other is not None and other.sign == -family.sign:
            found |= dict.fromkeys(family.words, other.words)
    return found


def agrees(before: str, word: str) -> bool:
    """Whether a word may stand after another: after an article, only one that takes it."""
    return before not in ("a", "an") or article(word) == before
