"""The grammar of the built-in reviews: it writes a sentence and certifies what may replace each word."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from robustlab.corpora import lexicon
from robustlab.corpora.lexicon import NEGATIVE, POSITIVE, Family, Opinions, article

Item = TypeVar("Item")


class Token(NamedTuple):
    """One written word, every word that may stand in its place, and what a skeleton calls it."""

    word: str
    alternatives: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Author:
    """Writes reviews from a stream of random numbers.

    Attributes:
        stream: Only `random()` is called, whose sequence Python keeps the same between versions.
        common: Probability of a common word where a family has rare ones.
        spurious: Probability that a distractor's word is one that leans towards the label.
    """

    stream: random.Random
    common: float
    spurious: float

    def review(self, sign: int) -> list[Token]:
        """Write a review of one sentence that decides and at most one that does not matter."""
        opinion = self._sentence(sign)
        if self._chance(0.5):
            return opinion
        aside = self._distractor(sign)
        return aside + opinion if self._chance(0.5) else opinion + aside

    def _sentence(self, sign: int) -> list[Token]:
        main, other = self._two_aspects()
        form = self._choose(("plain", "plain", "plain", "plain", "and", "but", "although", "although after"))
        clause = self._clause(sign, main)
        if form == "plain":
            return [*clause, *_fixed(".")]
        if form == "and":
            return [*self._clause(sign, other), *_fixed("and"), *clause, *_fixed(".")]
        # Whatever is conceded is of the other sign, and the main clause decides.
        conceded = self._clause(-sign, other)
        if form == "but":
            return [*conceded, *_fixed(","), self._pick(lexicon.BUT), *clause, *_fixed(".")]
        if form == "although":
            return [self._pick(lexicon.ALTHOUGH), *conceded, *_fixed(","), *clause, *_fixed(".")]
        return [*clause, *_fixed(","), self._pick(lexicon.ALTHOUGH_AFTER), *conceded, *_fixed(".")]

    def _clause(self, sign: int, aspect: str) -> list[Token]:
        form = self._choose(("copula", "copula", "verb"))
        negated = self._chance(0.25)
        if form == "verb":
            return self._liking(sign, aspect, negated=negated)
        noun, opinions = lexicon.ASPECTS[aspect]
        if aspect == lexicon.WHOLE and self._chance(0.5):
            return self._verdict(sign, lexicon.WHOLE_OPINIONS, negated=negated)
        negation, degree, family = self._predicate(sign, opinions, negated=negated)
        copula = self._pick(lexicon.BE if negated else lexicon.COPULA)
        degrees = [self._pick(member) for member in degree]
        return [*_fixed("the"), self._pick(noun), copula, *negation, *degrees, self._pick(family)]

    def _verdict(self, sign: int, opinions: Opinions, *, negated: bool) -> list[Token]:
        negation, degree, family = self._predicate(sign, opinions, negated=negated)
        phrase = self._after_article([*degree, family])
        return [self._pick(lexicon.THIS), self._pick(lexicon.BE), *negation, *phrase, self._pick(lexicon.THING)]

    def _predicate(self, sign: int, opinions: Opinions, *, negated: bool) -> tuple[list[Token], list[Family], Family]:
        """Choose the negation, the degree and the opinion that together say `sign`."""
        if not negated:
            family = self._choose((opinions.mild, opinions.strong))[sign]
            strong = family is opinions.strong[sign]
            degree = [lexicon.STRONG_DEGREE if strong else lexicon.PLAIN_DEGREE] if self._chance(0.5) else []
            return [], degree, family
        # "not excellent" may still be good, so only mild opinions are negated.
        degree = [lexicon.NEGATED_DEGREE] if self._chance(0.5) else []
        # "never very good" reads well and "hardly very good" does not: the fuller set stands only without a degree.
        negation = lexicon.NOT if degree else lexicon.NOT_ALONE
        return [self._pick(negation)], degree, opinions.mild[-sign]

    def _liking(self, sign: int, aspect: str, *, negated: bool) -> list[Token]:
        speaker, target = self._pick(lexicon.SPEAKER), [*_fixed("the"), self._pick(lexicon.ASPECTS[aspect][0])]
        # Only liking is negated: whoever did not hate a film need not have liked it.
        if negated and sign == NEGATIVE:
            degree = [self._pick(lexicon.NEGATED_MANNER)] if self._chance(0.3) else []
            return [speaker, *_fixed("did not"), *degree, self._pick(lexicon.LIKING), *target]
        manner = [self._pick(lexicon.MANNER)] if self._chance(0.4) else []
        return [speaker, *manner, self._pick(lexicon.VERBS[sign]), *target]

    def _distractor(self, sign: int) -> list[Token]:
        before, family, after = self._choose(lexicon.DISTRACTORS)
        leaning = sign if self._chance(self.spurious) else -sign
        word = self._choose(family.common if leaning == POSITIVE else family.rare)
        fixed, last = before.rsplit(" ", 1) if " " in before else ("", before)
        alternatives = family.words
        if last == "a":
            last, alternatives = article(word), _agreeing(family, article(word))
        head = [*_fixed(fixed), Token(last, (last,), before.rsplit(" ", 1)[-1])]
        return [*head, Token(word, alternatives, family.name), *_fixed(f"{after} .")]

    def _after_article(self, families: list[Family]) -> list[Token]:
        """Write an article and words after it; the first word's alternatives are those that take the same article."""
        first, *rest = families
        token = self._pick(first)
        written = article(token.word)
        token = token._replace(alternatives=_agreeing(first, written))
        return [Token(written, (written,), "a"), token, *(self._pick(family) for family in rest)]

    def _pick(self, family: Family) -> Token:
        rare = family.rare and not self._chance(self.common)
        return Token(self._choose(family.rare if rare else family.common), family.words, family.name)

    def _two_aspects(self) -> tuple[str, str]:
        first = lexicon.WHOLE if self._chance(0.25) else self._choose(tuple(lexicon.ASPECTS))
        return first, self._choose([aspect for aspect in lexicon.ASPECTS if aspect != first])

    def _choose(self, options: Sequence[Item]) -> Item:
        return options[int(self.stream.random() * len(options))]

    def _chance(self, probability: float) -> bool:
        return self.stream.random() < probability


def skeleton(tokens: Sequence[Token]) -> str:
    """Name a text by the families of its words, so that all variants of a review share one name."""
    return " ".join(token.kind for token in tokens)


def _fixed(words: str) -> list[Token]:
    return [Token(word, (word,), word) for word in words.split()]


def _agreeing(family: Family, written: str) -> tuple[str, ...]:
    return tuple(word for word in family.words if article(word) == written)
