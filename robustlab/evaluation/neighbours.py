"""Words that a model's own embeddings hold to be alike: substitutions for rows that come with none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from robustlab.ascent.checks import positive
from robustlab.evaluation.attacked import Candidates

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

WORD = re.compile(r"[a-z]{3,}")


def nearest_words(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, count: int = 8, least: float = 0.5
) -> Candidates:
    """Make a function from a text to the words that its words may be replaced by: the nearest by cosine.

    Only whole words of the vocabulary are looked up and offered. Nothing certifies that the meaning stays: antonyms
    lie near each other. What such an attack finds is a perturbation, and no proof that a label should have held.

    Args:
        model: Its input embeddings are compared, as they are now.
        tokenizer: Its vocabulary holds the words.
        count: Words offered for each.
        least: Lowest cosine of a word that is offered.
    Raises: ValueError: If the count is not positive, `least` is not within [-1, 1], or the vocabulary has no words.
    """
    positive("count", count)
    if not -1 <= least <= 1:
        raise ValueError(f"least must be a cosine, from -1 to 1, got {least}")
    found = {word: number for word, number in tokenizer.get_vocab().items() if WORD.fullmatch(word)}
    if not found:
        raise ValueError("the tokenizer's vocabulary holds no whole words to choose from")
    words, numbers = list(found), torch.tensor(list(found.values()))
    embeddings = F.normalize(model.get_input_embeddings().weight.detach().float().cpu()[numbers], dim=1)
    places = {word: place for place, word in enumerate(words)}

    def candidates(text: str) -> Mapping[int, Sequence[str]]:
        known = {at: word.lower() for at, word in enumerate(text.split(" ")) if word.lower() in places}
        if not known:
            return {}
        rows = embeddings[[places[word] for word in known.values()]]
        near = (rows @ embeddings.mT).topk(min(count + 1, len(words)), dim=1)
        return {
            at: [words[i] for i, cosine in zip(line, high, strict=True) if words[i] != word and cosine >= least]
            for (at, word), line, high in zip(known.items(), near.indices.tolist(), near.values.tolist(), strict=True)
        }

    return candidates
