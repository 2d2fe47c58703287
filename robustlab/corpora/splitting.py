"""Splits for model selection: stratified, deterministic, and honest about near-duplicates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset

_IGNORED = re.compile(r"[\W_]+")


def hold_out(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """Hold a share of the rows out, label by label.

    Rows that differ only in punctuation, case or spacing stay on one side: SST-2's train set repeats 8,775 rows that
    way, and a model selected on rows it has seen is not selected.

    Args:
        dataset: Rows with `text` and `label`.
        share: Share to hold out, between 0 and 1.
        seed: Decides which rows; the same seed and rows give the same split.
    Returns: The remaining rows and the held-out rows, each in their original order.
    Raises: ValueError: If `share` is not between 0 and 1, or a side would be left without a row.
    """
    import numpy as np

    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, got {share}")
    generator = np.random.default_rng(seed)
    held: set[int] = set()
    for groups in _groups_by_label(dataset).values():
        target = round(share * sum(map(len, groups)))
        taken = 0
        for index in generator.permutation(len(groups)):
            if taken + len(groups[index]) <= target:
                held.update(groups[index])
                taken += len(groups[index])
    if not held or len(held) == len(dataset):
        side = "held-out" if not held else "remaining"
        raise ValueError(
            f"a share of {share} of {len(dataset)} rows leaves no {side} row: use more rows or another share"
        )
    rest = [row for row in range(len(dataset)) if row not in held]
    return dataset.select(rest), dataset.select(sorted(held))


def _groups_by_label(dataset: Dataset) -> dict[int, list[list[int]]]:
    """Group near-duplicates; a group with two labels counts under its first row's."""
    texts = list(dataset["text"])
    pairs = list(dataset["text_pair"]) if "text_pair" in dataset.column_names else [""] * len(texts)
    labels = list(dataset["label"])
    groups: dict[tuple[str, str], list[int]] = {}
    for row, (text, pair) in enumerate(zip(texts, pairs, strict=True)):
        groups.setdefault((normalised(text), normalised(pair)), []).append(row)
    by_label: dict[int, list[list[int]]] = {}
    for rows in groups.values():
        by_label.setdefault(labels[rows[0]], []).append(rows)
    return dict(sorted(by_label.items()))


def normalised(text: str) -> str:
    """What two texts share that differ only in punctuation, case or spacing."""
    # A text of punctuation alone would otherwise equal every other such text.
    return _IGNORED.sub("", text.casefold()) or text
