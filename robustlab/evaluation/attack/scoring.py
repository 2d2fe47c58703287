"""What a row says beyond the search itself: how far apart two texts are, and how likely a language model finds them.

They are computed once all examples are attacked, together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from robustlab.evaluation.attack.encoding import Encode
from robustlab.evaluation.attack.perplexity import Perplexity
from robustlab.evaluation.attack.rows import Attacked
from robustlab.models import Predict, Text


def score(
    rows: Sequence[Attacked], predict: Predict, encode: Encode | None = None, perplexity: Perplexity | None = None
) -> list[Attacked]:
    """Fill in confidences, and where the means are given similarities and perplexities.

    Args:
        rows: Rows in their order.
        predict: Texts to logits.
        encode: Texts to embeddings of length 1.
        perplexity: Texts to perplexities.
    """
    before, after = [written(row) for row in rows], [attacked(row) for row in rows]
    labels = torch.tensor([row.label for row in rows])[:, None]
    columns: dict[str, list[Any]] = {
        "confidence": _column(predict(before).double().softmax(1).gather(1, labels)),
        "attacked_confidence": _column(predict(after).double().softmax(1).gather(1, labels)),
    }
    texts, others = [_joined(text) for text in before], [_joined(text) for text in after]
    if encode is not None:
        columns["similarity"] = _column((encode(texts).double() * encode(others).double()).sum(1))
    if perplexity is not None:
        columns["perplexity"], columns["attacked_perplexity"] = perplexity(texts), perplexity(others)
    return [replace(row, **{name: column[at] for name, column in columns.items()}) for at, row in enumerate(rows)]


def written(row: Attacked) -> Text:
    """The text as written, with its pair if it has one."""
    return row.text if row.text_pair is None else (row.text, row.text_pair)


def attacked(row: Attacked) -> Text:
    """The text that the attack ended with."""
    return row.attacked_text if row.attacked_pair is None else (row.attacked_text, row.attacked_pair)


def _joined(text: Text) -> str:
    return text if isinstance(text, str) else "\n".join(text)


def _column(values: Tensor) -> list[float]:
    return [round(value, 6) for value in values.flatten().tolist()]
