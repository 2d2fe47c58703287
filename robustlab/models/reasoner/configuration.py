"""Sizes of the sentence reasoner."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig


class SentenceReasonerConfig(PretrainedConfig):
    """What a `SentenceReasoner` is made from.

    Args:
        vocab_size: Words, special ones included.
        d_model: Width of every state.
        heads: Of every attention; they divide the width.
        encoder_layers: Layers over the units of a document.
        decoder_layers: Layers over the words of an answer.
        d_ff: Inner width of the feed-forward layers.
        pools: Weighted means that a sentence's words are summed up by, half of them from either end; at least 2.
        reach: Words to either side that decide how much a word counts.
        max_words: Words of the longest sentence or instruction.
        max_answer: Words of the longest answer, its end included.
        dropout: On the output of every attention and feed-forward layer.
        **rest: What transformers writes beside them.

    Raises: ValueError: If a size is below 1, the heads do not divide the width, or dropout is not in [0, 1).
    """

    model_type = "sentence-reasoner"
    is_encoder_decoder = True

    def __init__(
        self,
        vocab_size: int = 1000,
        d_model: int = 96,
        heads: int = 4,
        encoder_layers: int = 2,
        decoder_layers: int = 2,
        d_ff: int = 192,
        pools: int = 8,
        reach: int = 3,
        max_words: int = 48,
        max_answer: int = 64,
        dropout: float = 0.0,
        **rest: Any,  # transformers' own, as every configuration of its takes them
    ):
        sizes = {
            "vocab_size": vocab_size,
            "d_model": d_model,
            "heads": heads,
            "encoder_layers": encoder_layers,
            "decoder_layers": decoder_layers,
            "d_ff": d_ff,
            "pools": pools,
            "reach": reach,
            "max_words": max_words,
            "max_answer": max_answer,
        }
        for name, size in sizes.items():
            if size < (least := 2 if name == "pools" else 1):
                raise ValueError(f"{name} must be at least {least}, got {size}")
            setattr(self, name, size)
        if d_model % heads:
            raise ValueError(f"heads must divide d_model, got {heads} heads and a width of {d_model}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {dropout}")
        self.dropout = dropout
        special = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "decoder_start_token_id": 2}
        # Two encoder-decoder facts that transformers writes into the file, and gives back.
        rest = {"is_encoder_decoder": True, "tie_word_embeddings": False} | special | rest
        super().__init__(**rest)
