"""Attacked texts beside the rows of a training set, for the methods that learn from them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from robustlab.corpora.reviews import Review, from_row
from robustlab.evaluation.substitution import Predict, greedy

if TYPE_CHECKING:
    from datasets import Dataset

Candidates = Callable[[str], Mapping[int, Sequence[str]]]
"""Text -> position of a word among `text.split(" ")` -> the words that may stand there instead."""

COLUMN = "attacked_text"
AT_ONCE = 64  # rows attacked together

logger = logging.getLogger(__name__)


def attack_rows(
    dataset: Dataset,
    predict: Predict,
    *,
    share: float = 0.1,
    seed: int = 0,
    candidates: Candidates | None = None,
    batch_size: int = 256,
    progress: bool = False,
) -> Dataset:
    """Add a column `attacked_text`: for a share of the rows what a greedy word substitution made of them.

    The attack goes through a text from left to right and keeps the word that lowers the margin most, whether or not
    the model errs in the end. Rows that are not attacked keep their own text. The same model, rows and seed give the
    same texts.

    Args:
        dataset: Rows with `text` and `label`; of the corpus reviews, or any other with `candidates`.
        predict: The model under attack, as `robustlab.models.predictor` makes it.
        share: Share of the rows that are attacked, above 0 and at most 1.
        seed: Decides which.
        candidates: What words may be replaced by; the certified substitutions of the reviews where not given.
        batch_size: Texts handed to `predict` at once.
        progress: Show a progress bar.
    Raises: ValueError: If the share is out of range, the rows are pairs or attacked already, there are no candidates
        for them, or a candidate is more than one word.
    """
    import numpy as np

    _check(dataset, share, candidates)
    texts = list(dataset["text"])
    count = max(1, round(share * len(texts)))
    chosen = sorted(int(row) for row in np.random.default_rng(seed).permutation(len(texts))[:count])
    starts = range(0, len(chosen), AT_ONCE)
    changed = fooled = 0
    for first in _shown(starts) if progress else starts:
        rows = chosen[first : first + AT_ONCE]
        found = greedy(predict, [_slotted(dataset[row], candidates) for row in rows], batch_size=batch_size)
        for row, text in zip(rows, found.texts, strict=True):
            changed += text != texts[row]
            texts[row] = text
        fooled += int((found.clean & ~found.robust).sum())
    logger.info("attacked %d of %d rows: %d changed, %d of them fool the model", count, len(texts), changed, fooled)
    return dataset.add_column(COLUMN, texts)


def _check(dataset: Dataset, share: float, candidates: Candidates | None) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share}")
    if COLUMN in dataset.column_names:
        raise ValueError(f"the rows have a column {COLUMN!r} already; remove it to attack them anew")
    if "text_pair" in dataset.column_names:
        raise ValueError(f"expected single texts, got pairs; attack them elsewhere and add a column {COLUMN!r}")
    if candidates is None and "slots" not in dataset.column_names:
        raise ValueError("only the corpus reviews comes with substitutions; pass candidates= for other rows")


def _slotted(row: Mapping, candidates: Candidates | None) -> Review:
    """A row in the form that the search takes: each slot holds the written word and its candidates."""
    if candidates is None:
        return from_row(row)
    words = tuple(row["text"].split(" "))
    slots = {}
    for position, others in candidates(row["text"]).items():
        if not 0 <= position < len(words):
            raise ValueError(f"candidates gave position {position} of a text of {len(words)} words: {row['text']!r}")
        for word in others:
            if not word or " " in word:
                raise ValueError(f"a candidate must be one word, got {word!r} for {words[position]!r}")
        slots[position] = (words[position], *(word for word in others if word != words[position]))
    return Review(words, MappingProxyType(slots), int(row["label"]))


def _shown(starts: range) -> Sequence[int]:
    from tqdm.auto import tqdm

    return tqdm(starts, desc="attacking", unit="batch")
