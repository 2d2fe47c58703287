"""What stands on an encoder's states while it is pre-trained, and is thrown away afterwards."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from robustlab.typing import Hidden


class WordHead(nn.Module):
    """Which word stands here:  logits = E·LN(gelu(W h)) + c,  with E the encoder's own word embeddings.

    E is handed in with every call and learns with the encoder; W, LN and c start fresh.

    Args:
        width: Of the states.
        embedding: Width of the word embeddings, which some encoders keep narrower than their states.
        words: Size of the vocabulary.

    Source: Devlin et al. (BERT, 2019), whose head it is.
    """

    def __init__(self, width: int, embedding: int, words: int):
        super().__init__()
        self.dense, self.norm = nn.Linear(width, embedding), nn.LayerNorm(embedding)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, states: Float[Tensor, "m d"], table: Float[Tensor, "v e"]) -> Float[Tensor, "m v"]:
        """The logits of some places."""
        return self.norm(nn.functional.gelu(self.dense(states))) @ table.mT + self.bias


class ReplacedHead(nn.Module):
    """Is this word the one that was written? One logit a token, above 0 where it was replaced.

    Args:
        width: Of the states.

    Source: Clark et al. (ELECTRA, 2020), whose head it is.
    """

    def __init__(self, width: int):
        super().__init__()
        self.dense, self.out = nn.Linear(width, width), nn.Linear(width, 1)

    def forward(self, hidden: Hidden) -> Float[Tensor, "b l"]:
        """The logit of every token."""
        return self.out(nn.functional.gelu(self.dense(hidden))).squeeze(-1)


def sampled(
    ids: Int[Tensor, "b l"],
    places: Bool[Tensor, "b l"],
    logits: Float[Tensor, "m v"],
    generator: torch.Generator,
) -> Int[Tensor, "b l"]:
    """The text with a word drawn from the logits at each place, in the order of `ids[places]`; without gradients.

    Source: Clark et al. (ELECTRA, 2020), Section 2: what the generator of replaced words does.
    """
    # Drawn on the CPU, so that a seed means the same on every device.
    probabilities = logits.detach().float().softmax(-1).cpu()
    drawn = torch.multinomial(probabilities, 1, generator=generator).squeeze(1).to(ids.device)
    replaced = ids.clone()
    replaced[places] = drawn
    return replaced
