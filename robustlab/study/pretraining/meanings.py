"""What a built-in review says, read without its generator: a verdict, what is thought of what, what stands beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor

from robustlab.contrastive.texts.wording.built_in import opinion, sentences
from robustlab.contrastive.texts.wording.edits import ands, expand, lowered, spaced
from robustlab.contrastive.texts.wording.numbers import in_words
from robustlab.contrastive.texts.wording.spelling import british
from robustlab.corpora.judge import judge
from robustlab.corpora.lexicon import ALTHOUGH, ASPECTS, BUT, NEGATORS, SIGNS, THING, WHOLE

_ABOUT = {word: aspect for aspect, (nouns, _) in ASPECTS.items() for word in nouns.words} | dict.fromkeys(
    THING.words, WHOLE
)
_JOINING = frozenset((",", "and", *BUT.words, *ALTHOUGH.words))


class Said(NamedTuple):
    """What a review says; two of them mean the same where these are equal. Degrees are not told apart.

    Attributes:
        verdict: 1 or 0 as the corpus's judge decides, None where it cannot.
        opinions: What is judged, and whether it is liked.
        beside: Sentences that judge nothing.
    """

    verdict: int | None
    opinions: frozenset[tuple[str, bool]]
    beside: frozenset[str]


def verdict(text: str) -> int | None:
    """The label of a review by the corpus's judge; None where it cannot be read."""
    try:
        return judge(text)
    except (ValueError, IndexError):
        return None


def said(text: str) -> Said:
    """Read a review, whatever form its words are written in.

    Args:
        text: A review, or a sentence of one.
    """
    plain = in_words(british(expand(ands(spaced(lowered(text))))))
    found, beside = set[tuple[str, bool]](), set[str]()
    for sentence in sentences(plain):
        if opinion(sentence):
            found.update(claim for clause in _clauses(sentence) if (claim := _claim(clause)) is not None)
        else:
            beside.add(sentence)
    return Said(verdict(plain), frozenset(found), frozenset(beside))


def _clauses(sentence: str) -> list[list[str]]:
    clauses: list[list[str]] = [[]]
    for word in sentence.split(" "):
        if word in _JOINING:
            clauses.append([])
        else:
            clauses[-1].append(word)
    return clauses


def _claim(clause: Sequence[str]) -> tuple[str, bool] | None:
    about = [_ABOUT[word] for word in clause if word in _ABOUT]
    signs = [SIGNS[word] for word in clause if SIGNS.get(word)]
    if not about or not signs:
        return None
    denied = sum(word in NEGATORS for word in clause) % 2
    return about[-1], (signs[0] > 0) != bool(denied)


def same(texts: Sequence[str]) -> Bool[Tensor, "n n"]:
    """Which pairs of texts say the same; none is a pair with itself."""
    read = [said(text) for text in texts]
    numbers = {one: number for number, one in enumerate(dict.fromkeys(read))}
    which = torch.tensor([numbers[one] for one in read])
    return (which[:, None] == which) & ~torch.eye(len(texts), dtype=torch.bool)


def chance(kinds: Sequence[object]) -> float:
    """The chance that two texts drawn from a list, one after the other, are of one kind: Σ m(m - 1) / n(n - 1).

    Raises: ValueError: If there are fewer than two.
    """
    n = len(kinds)
    if n < 2:
        raise ValueError(f"a pair takes at least 2 texts, got {n}")
    return sum(count * (count - 1) for count in Counter(kinds).values()) / (n * (n - 1))
