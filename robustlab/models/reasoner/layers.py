"""Attention and blocks of the sentence reasoner: before each layer a norm, after it a sum."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

States = Float[Tensor, "b l d"]
Kept = tuple[Float[Tensor, "b h m e"], Float[Tensor, "b h m e"]]
"""Keys and values."""
RELATIONS = 7
SELF, BEFORE, AFTER, SAME_PARAGRAPH, ELSEWHERE, TO_INSTRUCTION, FROM_INSTRUCTION = range(RELATIONS)
NOT_ITSELF = -6.0  # where the bias of a unit towards itself begins: it is its own best match, and has itself already
SHARP = 1.5  # what queries and keys begin with, times: twice as decided where to look as weights at random


def relations(paragraphs: Int[Tensor, "b u"]) -> Int[Tensor, "b u u"]:
    """How each unit stands to each other: all that the model knows of order.

    A fact may stand anywhere, and a document may be longer than any seen in training, so there are no positions: only
    the neighbours in a paragraph, its other sentences, and the rest.

    Args:
        paragraphs: Paragraph of each unit; -1 for the instruction, and for pads, which nothing attends to.
    """
    place = torch.arange(paragraphs.shape[1], device=paragraphs.device)
    step = (place[None, :] - place[:, None]).expand(len(paragraphs), -1, -1)
    same = paragraphs[:, :, None] == paragraphs[:, None, :]
    found = torch.full_like(step, ELSEWHERE)
    found = found.masked_fill(same, SAME_PARAGRAPH)
    found = found.masked_fill(same & (step == -1), BEFORE).masked_fill(same & (step == 1), AFTER)
    found = found.masked_fill((paragraphs < 0)[:, :, None], FROM_INSTRUCTION)
    found = found.masked_fill((paragraphs < 0)[:, None, :], TO_INSTRUCTION)
    return found.masked_fill((step == 0), SELF)


def hidden_keys(allowed: Bool[Tensor, "b m"], like: Tensor) -> Float[Tensor, "b 1 1 m"]:
    """What is added to the scores of keys: 0, and the lowest number where nothing may look."""
    blocked = torch.zeros(allowed.shape, dtype=like.dtype, device=allowed.device)
    return blocked.masked_fill(~allowed, torch.finfo(like.dtype).min)[:, None, None]


class Attention(nn.Module):
    """Attention of several heads from `states` to `others`.

    It is written out, and not torch's fused one, so that it can be differentiated twice and its weights be reached.

    Args:
        width: Of the states.
        heads: They divide the width.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def begin_alike(self) -> None:
        """Begin with keys like the queries, and with values that come out as they went in.

        A unit then looks at those that share words with it and takes over what they say. Reasoning over documents
        needs just that, and finding it from weights at random takes most of a training.
        """
        self.query.weight.mul_(SHARP)
        self.key.weight.copy_(self.query.weight)
        nn.init.orthogonal_(self.value.weight)
        self.out.weight.copy_(self.value.weight.T)

    def forward(
        self, states: States, others: States | None, bias: Float[Tensor, "b #h #l m"], kept: Kept | None = None
    ) -> tuple[States, Float[Tensor, "b h l m"], Kept]:
        """Attend to others and to what was kept of earlier ones, with `bias` added to the scores.

        Returns what was found, the weights, and the keys and values of all that was attended to.
        """
        query = self._by_head(self.query(states))
        if others is not None:
            new = self._by_head(self.key(others)), self._by_head(self.value(others))
            kept = new if kept is None else (torch.cat([kept[0], new[0]], 2), torch.cat([kept[1], new[1]], 2))
        if kept is None:
            raise ValueError("expected states to attend to, or keys and values that were kept of them; got neither")
        key, value = kept
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        weights = F.softmax(scores + bias, dim=-1)
        return self.out((weights @ value).transpose(1, 2).flatten(2)), weights, kept

    def _by_head(self, states: States) -> Float[Tensor, "b h l e"]:
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Block(nn.Module):
    """Self-attention, attention to an encoder where there is one, and a feed-forward layer.

    Args:
        width: Of the states.
        heads: Of the attentions.
        inner: Width inside the feed-forward layer.
        dropout: After every layer.
        reads: Whether it attends to an encoder's states.
    """

    def __init__(self, width: int, heads: int, inner: int, dropout: float, *, reads: bool):
        super().__init__()
        self.look, self.look_norm = Attention(width, heads), nn.LayerNorm(width)
        self.read = Attention(width, heads) if reads else None
        self.read_norm = nn.LayerNorm(width) if reads else None
        self.think = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width))
        self.think_norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(
        self,
        states: States,
        bias: Tensor,
        others: States | None = None,
        others_bias: Tensor | None = None,
        kept: tuple[Kept, ...] = (),
    ) -> tuple[States, Tensor | None, tuple[Kept, ...]]:
        """Move the states on by one block; `kept` is what the block gave back for the words before these.

        Returns the states, the weights of the others where there are any, and the keys and values for the next words.
        """
        normed, weights = self.look_norm(states), None
        found, _, own = self.look(normed, normed, bias, kept[0] if kept else None)
        states, keep = states + self.drop(found), (own,)
        if self.read is not None and self.read_norm is not None and others is not None and others_bias is not None:
            seen = (None, kept[1]) if kept else (others, None)  # the others are the same for every word
            found, weights, read = self.read(self.read_norm(states), seen[0], others_bias, seen[1])
            states, keep = states + self.drop(found), (own, read)
        return states + self.drop(self.think(self.think_norm(states))), weights, keep
