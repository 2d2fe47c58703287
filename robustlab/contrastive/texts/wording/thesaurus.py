"""Synonyms and antonyms: the package's own small lists, with those of a WordNet where one is on this machine."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from robustlab import resources
from robustlab.contrastive.texts.wording.pairs import OPPOSITES
from robustlab.contrastive.texts.wording.pieces import listed

logger = logging.getLogger(__name__)

WORDNETS = ("wordnet", "open-english-wordnet")
"""The resources that hold one, the first found is taken."""

# Words of more than one use, which a list of synonyms must not touch without knowing which it is, and negations.
_AMBIGUOUS = frozenset(
    listed(
        "pretty well just long little old short hard fast true solid fine bright tender moving very never hardly "
        "scarcely"
    )
)
FUNCTION_WORDS = frozenset(
    listed(
        "about above across after again against almost along already also although always amid among another around "
        "away back because been before behind being below beneath beside besides between beyond both cannot could "
        "despite does doing done down during each either else enough even ever every everything except from further "
        "hardly have having hence here hers herself himself indeed instead into itself just least less like many "
        "maybe mere might more most much must near need neither never nevertheless next none nonetheless nothing "
        "nowhere once only onto other ought ours over otherwise past percent perhaps quite rather same scarcely "
        "shall should since some something someone somebody somewhat still such than that their theirs them "
        "themselves then there therefore these they this those though through thus till together too toward under "
        "unless until unto upon very were what whatever when where whether which while whom whose will with within "
        "without would your yours"
    )
)
"""Words that say how others hang together, and negations: they have synonyms in a WordNet, and none that is safe."""


@dataclass(frozen=True)
class Thesaurus:
    """What may stand for a word, and what says the opposite; all in lower case.

    Attributes:
        name: Where the words come from, for the record of a run.
        synonyms: Word -> others that mean the same, as far as a list can tell.
        antonyms: Word -> opposites.
    """

    name: str
    synonyms: Mapping[str, tuple[str, ...]]
    antonyms: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def carried() -> Thesaurus:
    """The package's own lists: pairs of opposites, and the adjectives and adverbs of its small lexicon.

    Its verbs and nouns are left out, since they are near in meaning and not the same.
    """
    place = resources.require("lexicon")["lexicon"]
    groups = json.loads(place.read_text(encoding="utf-8"))["groups"]
    synonyms: dict[str, tuple[str, ...]] = {}
    for group in (*groups["ADJ"], *groups["ADV"]):
        members = [word for word in group.split() if word not in _AMBIGUOUS]
        for word in members:
            others = tuple(other for other in members if other != word)
            synonyms[word] = tuple(dict.fromkeys((*synonyms.get(word, ()), *others)))
    return Thesaurus("carried", {word: others for word, others in synonyms.items() if others}, OPPOSITES)


def best() -> Thesaurus:
    """The own lists together with the first WordNet that is found; the own lists alone where there is none.

    Which it is, is logged, and said by its `name`: views of other words are other views.
    """
    # Where resources are looked for; what lies there is asked once, since views ask for every text.
    return _best(os.environ.get("ROBUSTLAB_DATA", ""), os.environ.get("NLTK_DATA", ""))


@lru_cache(maxsize=4)
def _best(*_places: str) -> Thesaurus:
    for name in WORDNETS:
        if (place := resources.find(name)) is not None:
            return _with_wordnet(name, place)
    logger.info("no WordNet here, only the package's own synonyms and antonyms; robustlab prefetch wordnet gets one")
    return carried()


def _with_wordnet(name: str, place: Path) -> Thesaurus:
    from robustlab.contrastive.texts.wording.wordnet import read  # it imports from here

    logger.info("synonyms and antonyms: the package's own lists and %s (%s)", name, place)
    found, own = read(place), carried()
    # By hand first: a word that the own lists hold is not looked up.
    return Thesaurus(f"carried+{name}", {**found.synonyms, **own.synonyms}, {**found.antonyms, **own.antonyms})
