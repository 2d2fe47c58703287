"""Built-in reviews: generated English sentences whose label-preserving substitutions are known exactly.

Every slot of a review holds its full set of interchangeable words, so the label-preserving variants of a review are the
product of its slots' sets, and worst-case accuracy over them can be computed instead of estimated.
"""

from __future__ import annotations

import itertools
import json
import math
import random
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from robustlab.corpora.grammar import Author, Token, skeleton
from robustlab.corpora.lexicon import NEGATIVE, POSITIVE

if TYPE_CHECKING:
    from datasets import Dataset

SIZES: Mapping[str, int] = MappingProxyType({"train": 4000, "dev": 500, "test": 500})
LABELS = ("negative", "positive")

# Skeletons fall into ten parts; a split draws from its own, so no variant of a dev or test review is a train review.
_PARTS: Mapping[str, tuple[int, ...]] = MappingProxyType({"train": tuple(range(6)), "dev": (6, 7), "test": (8, 9)})


@dataclass(frozen=True)
class Review:
    """A review and its certified substitutions.

    Attributes:
        words: Its words and punctuation.
        slots: Position -> the words that may stand there, sorted, the written one among them.
        label: 1 if positive, 0 if negative.
    """

    words: tuple[str, ...]
    slots: Mapping[int, tuple[str, ...]]
    label: int

    @property
    def text(self) -> str:
        """The words with spaces between them."""
        return " ".join(self.words)

    @property
    def count(self) -> int:
        """Number of variants, the text itself included."""
        return math.prod(map(len, self.slots.values()))

    def variants(self) -> Iterator[str]:
        """Every label-preserving variant in lexicographic order of the substituted words."""
        words = list(self.words)
        positions = sorted(self.slots)
        for chosen in itertools.product(*(self.slots[position] for position in positions)):
            for position, word in zip(positions, chosen, strict=True):
                words[position] = word
            yield " ".join(words)

    def replace(self, position: int, word: str) -> Review:
        """The review with another word in one slot.

        Raises: ValueError: If the grammar does not certify that word there.
        """
        allowed = self.slots.get(position, ())
        if word not in allowed:
            raise ValueError(f"position {position} takes one of {', '.join(allowed) or 'no other word'}, got {word!r}")
        words = (*self.words[:position], word, *self.words[position + 1 :])
        return Review(words, self.slots, self.label)


def load(
    split: str = "train",
    size: int | None = None,
    *,
    seed: int = 0,
    common: float = 0.95,
    spurious: float = 0.8,
    max_variants: int = 512,
) -> Dataset:
    """Generate a split.

    Args:
        split: `train`, `dev` or `test`; their texts are disjoint, and so are all their variants.
        size: Number of reviews; 4,000, 500 and 500 where not given. A smaller split begins with the same reviews.
        seed: Another seed, other reviews.
        common: Probability of a common word where rare ones would do: what is rare in train is what attacks use.
        spurious: Probability, in train, that a distractor leans towards the label; in dev and test it is one half.
        max_variants: Slots are opened in random order as long as a review has at most this many variants.
    Returns: Columns `text`, `label`, `example_id` and `slots` (JSON: position -> words; see `from_row`).
    Raises: ValueError: If an argument is out of range.
    """
    from datasets import ClassLabel, Dataset, DatasetInfo, Features, Value

    count = SIZES.get(split, 0) if size is None else size
    if count < 1 and split in SIZES:
        raise ValueError(f"size must be positive, got {size}")
    _check(split, common=common, spurious=spurious, max_variants=max_variants)
    settings = {"seed": seed, "common": common, "spurious": spurious, "max_variants": max_variants}
    made = [review(split, example_id, **settings) for example_id in range(count)]
    columns = {
        "text": [one.text for one in made],
        "label": [one.label for one in made],
        "example_id": list(range(count)),
        "slots": [json.dumps(dict(one.slots)) for one in made],
    }
    features = Features(
        {
            "text": Value("string"),
            "label": ClassLabel(names=list(LABELS)),
            "example_id": Value("int64"),
            "slots": Value("string"),
        }
    )
    info = DatasetInfo(description=f"reviews, split {split}, generated from seed {seed}", features=features)
    return Dataset.from_dict(columns, info=info)


def review(
    split: str,
    example_id: int,
    *,
    seed: int = 0,
    common: float = 0.95,
    spurious: float = 0.8,
    max_variants: int = 512,
) -> Review:
    """Generate one review; the arguments are those of `load`, and the result depends on nothing else.

    Raises: ValueError: If an argument is out of range.
    """
    _check(split, common=common, spurious=spurious, max_variants=max_variants)
    stream = random.Random(f"{seed} {split} {example_id}")
    author = Author(stream, common, spurious if split == "train" else 0.5)
    # The label comes first and stays: what the split rejects must not unbalance the labels.
    sign = POSITIVE if stream.random() < 0.5 else NEGATIVE
    tokens = author.review(sign)
    while zlib.crc32(skeleton(tokens).encode()) % 10 not in _PARTS[split]:
        tokens = author.review(sign)
    slots = _open_slots(tokens, stream, max_variants)
    return Review(tuple(token.word for token in tokens), MappingProxyType(slots), int(sign == POSITIVE))


def from_row(row: Mapping[str, Any]) -> Review:
    """Recover a review from a row of `load`.

    Args:
        row: Columns `text`, `label` and `slots`.
    Raises: ValueError: If the row has no slots, as in any other corpus.
    """
    if "slots" not in row:
        raise ValueError(f"expected a row of the reviews corpus with a column 'slots', got {', '.join(row)}")
    slots = {int(position): tuple(words) for position, words in json.loads(row["slots"]).items()}
    return Review(tuple(row["text"].split(" ")), MappingProxyType(slots), int(row["label"]))


def _open_slots(tokens: list[Token], stream: random.Random, max_variants: int) -> dict[int, tuple[str, ...]]:
    """Open slots in random order while the product of their sets stays within the bound; the others stay as written."""
    positions = [position for position, token in enumerate(tokens) if len(token.alternatives) > 1]
    positions.sort(key=lambda _: stream.random())
    opened, count = [], 1
    for position in positions:
        if count * len(tokens[position].alternatives) <= max_variants:
            opened.append(position)
            count *= len(tokens[position].alternatives)
    return {position: tokens[position].alternatives for position in sorted(opened)}


def _check(split: str, *, common: float, spurious: float, max_variants: int) -> None:
    if split not in _PARTS:
        raise ValueError(f"reviews has no split {split!r}: expected one of {', '.join(_PARTS)}")
    for name, value in (("common", common), ("spurious", spurious)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be a probability, from 0 to 1, got {value}")
    if max_variants < 1:
        raise ValueError(f"max_variants must be positive, got {max_variants}")
