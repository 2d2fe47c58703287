"""The `tiny` model: a two-layer BERT and its own WordPiece tokenizer, made from scratch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

VOCABULARY = 8000
WIDTH = 64
LAYERS = 2
HEADS = 2
POSITIONS = 256

_SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


def from_scratch(
    names: list[str], texts: Iterable[str] | None, seed: int
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Build the tiny classifier.

    Args:
        names: Label names in the order of their numbers.
        texts: What the tokenizer is trained on.
        seed: Seeds the weights; the global random state is left as it was.
    Raises: ValueError: If there are no texts.
    """
    from transformers import BertConfig, BertForSequenceClassification

    tokenizer = train_tokenizer(texts)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=POSITIONS,
        pad_token_id=tokenizer.pad_token_id,
        id2label=dict(enumerate(names)),
        label2id={label: number for number, label in enumerate(names)},
    )
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        # Evaluation mode, as from_pretrained leaves every other model.
        return BertForSequenceClassification(config).eval(), tokenizer


def train_tokenizer(texts: Iterable[str] | None) -> PreTrainedTokenizerBase:
    """Make a lower-casing WordPiece tokenizer of the most frequent words; other words fall apart into characters.

    Args:
        texts: What its vocabulary is taken from.
    Raises:
        ValueError: If there are no texts.
        TypeError: If `texts` is one string.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    if isinstance(texts, str):
        raise TypeError("texts must be a collection of strings, got one string")
    corpus = list(texts) if texts is not None else []
    if not corpus:
        raise ValueError(
            "model 'tiny' is made from scratch: pass `texts`, the training texts its tokenizer learns from"
        )
    normalizer, pre_tokenizer = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    counts: Counter[str] = Counter()
    for text in corpus:
        counts.update(word for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(text)))
    vocabulary = _vocabulary(counts)
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer, backend.pre_tokenizer = normalizer, pre_tokenizer
    backend.decoder = decoders.WordPiece()
    ends = [(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")]
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=POSITIONS,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **_SPECIAL,
    )


def _vocabulary(counts: Counter[str]) -> dict[str, int]:
    """Number special tokens, characters at the start of a word and inside one, and words by frequency.

    The trainer of `tokenizers` would find subwords too, but it numbers them in another order each time, and then one
    seed gives another model each time.
    """
    characters = sorted({character for word in counts for character in word})
    words = sorted(counts, key=lambda word: (-counts[word], word))
    pieces = [*_SPECIAL.values(), *characters, *(f"##{character}" for character in characters), *words]
    return {piece: number for number, piece in enumerate(list(dict.fromkeys(pieces))[:VOCABULARY])}
