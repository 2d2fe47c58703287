"""The attacked texts of a batch, for the objectives that learn from them."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Bool
from torch import Tensor

from robustlab.landscape.base import Landscape

NAME = "attacked"
REMEDY = (
    "add a column `attacked_text` to the training rows: robustlab.evaluation.attacked.attack_rows makes it, and "
    "`robustlab train` does for the corpus reviews; a table of your own names its column with --attacked-column"
)


def attacked(landscape: Landscape) -> Landscape:
    """The companion of a batch that holds its attacked texts.

    Raises: ValueError: If the batch has none; says what to add to the rows and what makes it.
    Source: robustlab.
    """
    if NAME not in landscape.companions:
        raise ValueError(f"this objective learns from attacked texts, and the batch has none; {REMEDY}")
    return landscape.companions[NAME]


def changed(landscape: Landscape, other: Landscape) -> Bool[Tensor, "b"]:
    """Which examples have other words in the second landscape; all of them where there are no words to compare.

    Source: robustlab.
    """
    one, two = _words(landscape), _words(other)
    if one is None or two is None:
        return landscape.mask.new_ones(landscape.shape[0]).bool()
    longest = max(one.shape[1], two.shape[1])
    one, two = (F.pad(words, (0, longest - words.shape[1]), value=-1) for words in (one, two))
    return (one != two).any(1)


def _words(landscape: Landscape) -> Tensor | None:
    if landscape.ids is None:
        return None
    free = landscape.mask.flatten(2)[..., 0] if landscape.mask.dim() > 2 else landscape.mask
    return landscape.ids.masked_fill(free.expand_as(landscape.ids) == 0, -1)
