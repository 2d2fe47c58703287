"""Words of a sentence -> one vector that keeps apart what its two ends say."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from robustlab.models.reasoner.configuration import SentenceReasonerConfig

MENTION = 0.3  # share of a unit that tells what is mentioned, whether first or last
SLOPE = 0.4  # by which a word counts less for each one that it stands further from its end of the sentence


class SentenceEncoder(nn.Module):
    """Words of a sentence -> one vector: a few learned weighted means pick words out, and a layer thinks about them.

    How much a word counts depends on itself, its neighbours and its place. Half of the means begin with the first word
    that counts and half with the last, and what is first and what is last go into the vector by different maps: without
    that, "the war caused the fire" and "the fire caused the war" are one bag of words, and a reader that looks for the
    fire finds the fire again. Nearly all of a batch is words, so what is done to each of them is cheap: the wide
    products come after the means.
    """

    def __init__(self, config: SentenceReasonerConfig):
        super().__init__()
        width, pools = config.d_model, config.pools
        self.reach, self.half = config.reach, pools // 2
        self.weigh = nn.Linear(width, (2 * self.reach + 1) * pools)
        self.places = nn.Parameter(torch.zeros(config.max_words, pools))
        self.norm = nn.LayerNorm(width)  # a mean of words is short, and must not be drowned by what is added to it
        self.ends = nn.Linear(2 * width, width)
        self.think = nn.Sequential(nn.Linear(pools * width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, words: Float[Tensor, "n w d"], counts: Float[Tensor, "n w"], real: Tensor) -> Tensor:
        """Sum up each sentence [n d]; `counts` is what each word weighs, and `real` [n w] is False at pads."""
        pads = ~real[..., None]
        scores = self.places[: words.shape[1]] + counts[..., None]
        heard = self.weigh(words).masked_fill(pads, 0).chunk(2 * self.reach + 1, dim=-1)
        for step, part in enumerate(heard, start=-self.reach):  # each word says what it means for one so far away
            if abs(step) < words.shape[1]:
                scores = scores + F.pad(part, (0, 0, step, -step))
        # A pad unit has no words: the lowest number everywhere gives it a plain mean and no NaN.
        weights = scores.masked_fill(pads, torch.finfo(words.dtype).min).softmax(1)
        picked = self.norm(weights.transpose(1, 2) @ words)
        first, last = picked[:, : self.half].mean(1), picked[:, self.half :].mean(1)
        return self.ends(torch.cat([first, last], -1)) + MENTION * (first + last) + self.think(picked.flatten(1))

    def begin(self) -> None:
        """Begin with means of the first and of the last words that count, and little from the layer that thinks."""
        ramp = SLOPE * torch.arange(len(self.places), dtype=self.places.dtype)[:, None]
        nn.init.normal_(self.places, std=0.1)
        self.places[:, : self.half] -= ramp
        self.places[:, self.half :] += ramp
        self.weigh.weight.mul_(0.15)
        self.think[2].weight.mul_(0.1)
        for end in self.ends.weight.chunk(2, dim=1):
            end.copy_(nn.init.orthogonal_(torch.empty_like(end)))
