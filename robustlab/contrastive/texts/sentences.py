"""Hard negatives of a sentence: nearly the same words, and another meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from robustlab.contrastive.texts.wording import antonyms, built_in, negation, slots
from robustlab.contrastive.texts.wording.thesaurus import Thesaurus
from robustlab.corpora.natural.sentences import split_sentences
from robustlab.corpora.reasoning.stream import Stream

KINDS = ("negation", "antonym", "swapped slot")
"""How a sentence is made to say something else."""


class HardNegative(NamedTuple):
    """A sentence that says something else than the one that it was made of, and which of `KINDS` made it."""

    text: str
    kind: str


class Applies(NamedTuple):
    """How often a kind of hard negative applies.

    Attributes:
        kind: One of `KINDS`, or "any".
        texts: How many texts were read.
        applies: To how many of them it applies.
    """

    kind: str
    texts: int
    applies: int

    @property
    def share(self) -> float:
        """The share of the texts to which it applies."""
        return self.applies / self.texts


def negated(text: str) -> str | None:
    """Put a negation into a sentence's main clauses, or take it out; see `wording.negation`.

    Of a text of several sentences, one is negated: in a built-in review the one that judges the film, else the first to
    which the rules apply.

    Returns: None where the rules do not apply.
    """
    return _one_of(text, negation.negated)


def antonym(text: str, *, seed: int = 0, example: int = 0, words: Thesaurus | None = None) -> str | None:
    """Replace a word of a sentence's main clause by its antonym; see `wording.antonyms`.

    Args:
        text: A sentence; of several, one is changed, as by `negated`.
        seed: With `example`, chooses the word and the antonym.
        example: Which example the text is of.
        words: Where antonyms are looked up; the own lists and a WordNet where one is found, if not given.
    Returns: None where no word of a main clause has one.
    """
    return _one_of(text, lambda sentence: antonyms.antonym(sentence, seed=seed, example=example, words=words))


def swapped_slot(text: str, *, seed: int = 0, example: int = 0) -> str | None:
    """Exchange two names, numbers or slot words of a sentence; see `wording.slots`.

    Args:
        text: A sentence; of several, the first that has two to exchange is changed.
        seed: With `example`, chooses the pair.
        example: Which example the text is of.
    Returns: None where there are not two different ones.
    """
    return _one_of(text, lambda sentence: slots.swapped_slot(sentence, seed=seed, example=example))


def hard_negative(
    text: str, *, seed: int, example: int, kinds: Sequence[str] = KINDS, words: Thesaurus | None = None
) -> HardNegative | None:
    """Make a hard negative of a sentence, of a kind drawn evenly among those that apply to it.

    Args:
        text: A sentence.
        seed: Another seed gives unrelated draws.
        example: Which example it is: the draw depends on it, and on no other example.
        kinds: Some of `KINDS`.
        words: Where antonyms are looked up; see `antonym`.
    Returns: None where no kind applies.
    Raises: ValueError: If a kind is unknown, or none is given.
    """
    made = _makers(kinds, seed, example, words)
    for kind in Stream("hard negative", seed, example).shuffled(tuple(made)):
        if (changed := made[kind](text)) is not None:
            return HardNegative(changed, kind)
    return None


def coverage(
    texts: Iterable[str], *, kinds: Sequence[str] = KINDS, words: Thesaurus | None = None
) -> tuple[Applies, ...]:
    """Count how often each kind of hard negative applies, and how often any does.

    Args:
        texts: Sentences.
        kinds: Some of `KINDS`.
        words: Where antonyms are looked up; see `antonym`.
    Returns: A row for each kind, and one for "any".
    Raises: ValueError: If there are no texts, or a kind is unknown.
    """
    made = _makers(kinds, 0, 0, words)
    counts = dict.fromkeys((*made, "any"), 0)
    total = 0
    for text in texts:
        total += 1
        applying = [kind for kind in made if made[kind](text) is not None]
        for kind in (*applying, *(["any"] if applying else [])):
            counts[kind] += 1
    if not total:
        raise ValueError("expected at least one text, got none")
    return tuple(Applies(kind, total, count) for kind, count in counts.items())


def _makers(
    kinds: Sequence[str], seed: int, example: int, words: Thesaurus | None
) -> Mapping[str, Callable[[str], str | None]]:
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise ValueError(f"kinds must be some of {', '.join(KINDS)}, got {', '.join(unknown) if unknown else 'none'}")
    known: dict[str, Callable[[str], str | None]] = {
        "negation": negated,
        "antonym": lambda text: antonym(text, seed=seed, example=example, words=words),
        "swapped slot": lambda text: swapped_slot(text, seed=seed, example=example),
    }
    return MappingProxyType({kind: known[kind] for kind in KINDS if kind in kinds})


def _one_of(text: str, change: Callable[[str], str | None]) -> str | None:
    """The text with one of its sentences changed: of a review the one that judges, else the first that can be."""
    review = built_in.spoken(text)
    sentences = built_in.sentences(text) if review else list(split_sentences(text))
    if len(sentences) < 2:
        return change(text)
    for at, sentence in enumerate(sentences):
        if review and not built_in.opinion(sentence):
            continue
        if (changed := change(sentence)) is not None:
            return " ".join((*sentences[:at], changed, *sentences[at + 1 :]))
    return None
