"""Names of recipes: TextAttack's own, and with `+` what stands in for a resource that they name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SUBSTITUTES: Mapping[str, str] = MappingProxyType(
    {
        "minilm": "the sentence encoder MiniLM for the Universal Sentence Encoder; thresholds taken over unchanged",
        "neighbours": "published neighbour lists of the counter-fitted vectors, at most 8 a word, for the vectors",
        "oewn": "Open English WordNet for Princeton WordNet 3.0",
        "lexicon": "robustlab's own small lexicon for word vectors, WordNet, stop words and tagger",
        "plumbing": "MiniLM with an untrained head for the masked language model: runs the code, measures nothing",
    }
)


@dataclass(frozen=True)
class Recipe:
    """A recipe of TextAttack, with what stands in for its resources.

    Attributes:
        base: TextAttack's name, such as `textfooler`.
        substitutes: Names from `SUBSTITUTES`, sorted.
        masked_lm: A masked language model other than the recipe's own: a folder, or a name on the hub.
    """

    base: str
    substitutes: tuple[str, ...] = ()
    masked_lm: str | None = None

    @property
    def name(self) -> str:
        """What results are published under."""
        other = (f"mlm:{self.masked_lm}",) if self.masked_lm else ()
        return "+".join((self.base, *self.substitutes, *other))


def parse(name: str, *, masked_lm: str | None = None) -> Recipe:
    """Read a recipe's name.

    Args:
        name: Such as `textfooler` or `textfooler+minilm+neighbours`.
        masked_lm: A masked language model other than the recipe's own.
    Raises: ValueError: If a substitute is unknown or given twice, or two exclude each other; whether TextAttack has the
        recipe is found out when it is built.
    """
    base, *substitutes = name.strip().lower().split("+")
    for given in substitutes:
        if given not in SUBSTITUTES:
            near = difflib.get_close_matches(given, SUBSTITUTES, n=1)
            guess = f"did you mean +{near[0]}? " if near else ""
            raise ValueError(f"unknown substitute +{given} in {name!r}: {guess}expected one of {_known()}")
    if len(set(substitutes)) < len(substitutes):
        raise ValueError(f"each substitute may be given once, got {name!r}")
    if "lexicon" in substitutes and (odd := {"neighbours", "oewn"} & set(substitutes)):
        raise ValueError(f"+lexicon stands in for what +{min(odd)} stands in for: give one of them, got {name!r}")
    if masked_lm is not None and "plumbing" in substitutes:
        raise ValueError("+plumbing and a masked language model of your own exclude each other")
    return Recipe(base, tuple(sorted(substitutes)), masked_lm)


def _known() -> str:
    return ", ".join(f"+{name}" for name in SUBSTITUTES)
