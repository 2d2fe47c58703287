"""A second opinion on the built-in reviews: read a text, parse it and decide its label, without the generator."""

from __future__ import annotations

from robustlab.corpora.lexicon import ALTHOUGH, BUT, NEGATORS, SIGNS


def judge(text: str) -> int:
    """Decide the label of a review by recursive descent over its words.

    Args:
        text: Words and punctuation with spaces between them.
    Returns: 1 for a positive and 0 for a negative review.
    Raises: ValueError: If the text has no opinion, or two sentences disagree.
    """
    signs = {sign for sentence in text.split(" .") if (sign := _read(sentence.split()))}
    if len(signs) != 1:
        found = "no opinion" if not signs else "contradictory opinions"
        raise ValueError(f"expected a review with one verdict, got {found} in {text!r}")
    return int(signs.pop() > 0)


def _read(words: list[str]) -> int:
    """The sign of a sentence or a part of it; 0 where it holds no opinion."""
    if "," in words:
        comma = words.index(",")
        return _concession(words[:comma], words[comma + 1 :])
    if "and" in words:
        conjunction = words.index("and")
        left, right = _read(words[:conjunction]), _read(words[conjunction + 1 :])
        if left != right:
            raise ValueError(f"expected conjuncts that agree, got {left} and {right} in {' '.join(words)!r}")
        return left
    if words and words[0] in NEGATORS:
        return -_read(words[1:])
    if not words:
        return 0
    return SIGNS.get(words[0], 0) or _read(words[1:])


def _concession(left: list[str], right: list[str]) -> int:
    """Two parts around a comma: the one that is not conceded decides."""
    if left[0] in ALTHOUGH.words:
        return _read(right)
    if right[0] in BUT.words:
        return _read(right[1:])
    if right[0] in ALTHOUGH.words:
        return _read(left)
    raise ValueError(f"expected a conjunction at the comma, got {' '.join(left)!r} and {' '.join(right)!r}")
