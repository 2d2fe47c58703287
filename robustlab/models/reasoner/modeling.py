"""A small encoder-decoder whose unit is the sentence: it learns to reason over documents in minutes on a CPU."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import Seq2SeqLMOutput

from robustlab.models.reasoner.configuration import SentenceReasonerConfig
from robustlab.models.reasoner.ends import SentenceEncoder
from robustlab.models.reasoner.layers import NOT_ITSELF, RELATIONS, SELF, Attention, Block, Kept, hidden_keys, relations

IGNORED = -100
Past = tuple[tuple[Kept, ...], ...]
"""Of each block, the keys and values of its own words and of the states it reads."""
RARE = 1.5  # words are numbered from the most frequent on: a word begins to count with the logarithm of its number


class DocumentEncoder(nn.Module):
    """Units of words -> one state a unit, in the light of the others and of the instruction.

    Shapes: input_ids [b u w], attention_mask [b u], paragraphs [b u]; result [b u d].
    """

    def __init__(self, config: SentenceReasonerConfig):
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.d_model, padding_idx=config.pad_token_id)
        self.counts = nn.Parameter(torch.zeros(config.vocab_size))
        self.pad = config.pad_token_id
        self.sentences = SentenceEncoder(config)
        self.roles = nn.Embedding(2, config.d_model)
        sizes = (config.d_model, config.heads, config.d_ff, config.dropout)
        self.blocks = nn.ModuleList([Block(*sizes, reads=False) for _ in range(config.encoder_layers)])
        self.biases = nn.ModuleList([nn.Embedding(RELATIONS, config.heads) for _ in range(config.encoder_layers)])
        self.norm = nn.LayerNorm(config.d_model)

    def forward(
        self, input_ids: Int[Tensor, "b u w"], attention_mask: Int[Tensor, "b u"], paragraphs: Int[Tensor, "b u"]
    ) -> Float[Tensor, "b u d"]:
        """Encode a batch of documents."""
        b, u, w = input_ids.shape
        words = self.embed_tokens(input_ids.reshape(b, u * w))  # one row an example: a site like any embedding
        real = (input_ids != self.pad).reshape(b * u, w)
        counts = self.counts[input_ids].reshape(b * u, w)
        units = self.sentences(words.reshape(b * u, w, -1), counts, real).reshape(b, u, -1)
        states = units + self.roles((paragraphs < 0).long())
        keys, how = hidden_keys(attention_mask.bool(), states), relations(paragraphs)
        for block, bias in zip(self.blocks, self.biases, strict=True):
            states, _, _ = block(states, bias(how).permute(0, 3, 1, 2) + keys)
        return self.norm(states)


class AnswerDecoder(nn.Module):
    """Words of an answer so far -> the state that its next word is read off."""

    def __init__(self, config: SentenceReasonerConfig):
        super().__init__()
        self.places = nn.Embedding(config.max_answer, config.d_model)
        sizes = (config.d_model, config.heads, config.d_ff, config.dropout)
        self.blocks = nn.ModuleList([Block(*sizes, reads=True) for _ in range(config.decoder_layers)])
        self.norm = nn.LayerNorm(config.d_model)
        self.speak = nn.Linear(config.d_model, config.d_model, bias=False)

    def forward(
        self, words: Float[Tensor, "b t d"], states: Float[Tensor, "b u d"], mask: Tensor, past: Past = ()
    ) -> tuple[Float[Tensor, "b t d"], tuple[Float[Tensor, "b h t u"], ...], Past]:
        """Read the states where `mask` [b u] is 1; the first is the instruction's, which asks for the words.

        Returns what is said, where each block looked, and what the next words need to know of these.
        """
        before = past[0][0][0].shape[2] if past else 0
        t = before + words.shape[1]
        if t > self.places.num_embeddings:
            raise ValueError(
                f"an answer of {t} words is longer than max_answer, {self.places.num_embeddings}; make the model anew"
            )
        known = words + self.places.weight[before:t] + states[:, :1]
        later = torch.ones(t, t, dtype=torch.bool, device=words.device).triu(1)[before:]
        own = torch.zeros(later.shape, dtype=words.dtype, device=words.device)
        own = own.masked_fill(later, torch.finfo(words.dtype).min)[None, None]
        others, looked, kept = hidden_keys(mask.bool(), states), [], []
        for block, one in zip(self.blocks, past or [()] * len(self.blocks), strict=True):
            known, weights, keep = block(known, own, states, others, one)
            looked.append(weights)
            kept.append(keep)
        return self.speak(self.norm(known)), tuple(looked), tuple(kept)

    def begin(self, ends: Tensor) -> None:
        """Begin by looking for what is known at one end of a sentence, and saying what stands at the other.

        What is said is turned away from what is known, or the word that was looked for would be said again.

        Args:
            ends: The sentence encoder's maps of what is first and what is last [d 2d].
        """
        first, last = ends.chunk(2, dim=1)
        for block in self.blocks:
            assert block.read is not None
            read, half = block.read, block.read.heads // 2 * (len(ends) // block.read.heads)
            query, value = read.query.weight, nn.init.orthogonal_(torch.empty_like(first))
            read.key.weight.copy_(torch.cat([query[:half] @ first.T, query[half:] @ last.T]))
            read.value.weight.copy_(torch.cat([value[:half] @ last.T, value[half:] @ first.T]))
            read.out.weight.copy_(value.T)
        nn.init.orthogonal_(self.speak.weight)
        for attention in (self.blocks[-1].look, self.blocks[-1].read):
            attention.out.weight.copy_(self.speak.weight.T @ attention.out.weight)


class SentenceReasoner(PreTrainedModel):
    """Reads a document sentence by sentence and writes the answer word by word.

    Words become sentences (`SentenceEncoder`), sentences and the instruction look at each other (`DocumentEncoder`),
    and a decoder writes. What leaves the encoder has one state a unit: an offset there moves sentences as wholes.

    Args:
        config: Sizes.
    """

    config_class = SentenceReasonerConfig
    base_model_prefix = "reasoner"
    main_input_name = "input_ids"

    def __init__(self, config: SentenceReasonerConfig):
        super().__init__(config)
        self.encoder, self.decoder = DocumentEncoder(config), AnswerDecoder(config)
        self.post_init()
        if self.device.type != "meta":  # where a file is read, its weights come instead
            self._begin()

    @torch.no_grad()
    def _begin(self) -> None:
        """What the weights begin with that lies between modules; from weights at random roles are hardly ever found."""
        self.encoder.sentences.begin()
        self.encoder.counts.copy_(RARE * torch.arange(self.config.vocab_size).log1p())
        self.decoder.begin(self.encoder.sentences.ends.weight)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            fan = module.in_features
            nn.init.normal_(module.weight, std=fan**-0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            # Words are long and what is added to them is short, so that words are what units are compared by.
            nn.init.normal_(module.weight, std=1.0 if module.padding_idx is not None else 0.3)
            if module.padding_idx is not None:
                nn.init.zeros_(module.weight[module.padding_idx])
        elif isinstance(module, Attention):
            module.begin_alike()
        elif isinstance(module, DocumentEncoder):
            for bias in module.biases:
                nn.init.zeros_(bias.weight)
                bias.weight[SELF] = NOT_ITSELF
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)

    def get_encoder(self, *modality: Any) -> nn.Module:
        """The module whose output the decoder reads."""
        return self.encoder

    def get_decoder(self) -> nn.Module:
        """The module that writes."""
        return self.decoder

    def get_input_embeddings(self) -> nn.Module:
        """The words, which the decoder's output is compared with, too."""
        return self.encoder.embed_tokens

    def prepare_decoder_input_ids_from_labels(self, labels: Tensor) -> Tensor:
        """The answers, moved by one place behind their beginning."""
        begin = labels.new_full((len(labels), 1), self.config.decoder_start_token_id)
        return torch.cat([begin, labels[:, :-1]], dim=1).masked_fill_(
            torch.cat([begin, labels[:, :-1]], dim=1) == IGNORED, self.config.pad_token_id
        )

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        paragraphs: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        encoder_outputs: Any = None,
        labels: Tensor | None = None,
        past_key_values: Past | None = None,
        use_cache: bool = False,
        output_attentions: bool = False,
        **unused: Any,  # the trainer of transformers passes what other models take
    ) -> Seq2SeqLMOutput:
        """Logits of an answer's words [b t v], and the mean cross-entropy of its words where there are labels.

        Args:
            input_ids: Words of each unit [b u w].
            attention_mask: 1 at units, 0 at pads [b u].
            paragraphs: Paragraph of each unit, -1 for the instruction [b u].
            decoder_input_ids: The answer so far [b t].
            encoder_outputs: The encoder's states, in place of `input_ids`; the first of a tuple.
            labels: The answer [b t], -100 at pads; makes `decoder_input_ids` where they are not given.
            past_key_values: What an earlier call gave for the words before `decoder_input_ids`.
            use_cache: Whether to give that for the next call.
            output_attentions: Whether to give the weights that the decoder's blocks read the units by [b h t u].
            **unused: Arguments of other models.
        """
        if decoder_input_ids is None:
            if labels is None:
                raise ValueError("expected labels or decoder_input_ids, got neither: the decoder has nothing to read")
            decoder_input_ids = self.prepare_decoder_input_ids_from_labels(labels)
        states = self.encoder(input_ids, attention_mask, paragraphs) if encoder_outputs is None else encoder_outputs[0]
        words = self.encoder.embed_tokens.weight
        written = F.embedding(decoder_input_ids, words)
        known, looked, kept = self.decoder(written, states, attention_mask, past_key_values or ())
        logits = known @ words.T * words.shape[1] ** -0.5
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED)
        return Seq2SeqLMOutput(
            loss=loss,
            logits=logits,
            encoder_last_hidden_state=states,
            past_key_values=kept if use_cache else None,  # type: ignore[arg-type]
            cross_attentions=looked if output_attentions else None,
        )

    @property
    def size(self) -> int:
        """How many parameters it has."""
        return sum(math.prod(parameter.shape) for parameter in self.parameters())
