"""Which call of which module is perturbed, and what is said when that is not one call."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from robustlab.landscape import Site, TransformerLandscape, embedding_site
from robustlab.models import tiny_architecture, tiny_batch


def hook_count(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


class SharedBlock(nn.Module):
    """Like ALBERT: one block, called once a layer, in a model that looks like those of transformers."""

    def __init__(self, layers: int = 3):
        super().__init__()
        self.layers = layers
        self.embed, self.block, self.head = nn.Embedding(20, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.unused = nn.Linear(4, 4)
        self.base_model = nn.Identity()

    def get_input_embeddings(self) -> nn.Module:
        return self.embed

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> object:
        hidden = self.embed(input_ids)
        for _ in range(self.layers):
            hidden = torch.tanh(self.block(hidden))
        (hidden,) = self.base_model((hidden,))
        return type("Output", (), {"logits": self.head(hidden.mean(1))})()


class Part(nn.Module):
    """Looks its words up in an embedding that it does not own."""

    def __init__(self, embed: nn.Embedding, activation: Callable[[torch.Tensor], torch.Tensor]):
        super().__init__()
        self.embed, self.activation = embed, activation

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.activation(self.embed(ids)).mean(1)


class SharedEmbedding(nn.Module):
    """An encoder and a decoder with one embedding between them; the decoder reads the words backwards."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(20, 4), nn.Linear(4, 2)
        self.encoder, self.decoder = Part(self.embed, torch.tanh), Part(self.embed, torch.cos)
        self.base_model = nn.Identity()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> object:
        (hidden,) = self.base_model((self.encoder(input_ids) + self.decoder(input_ids.flip(1)),))
        return type("Output", (), {"logits": self.head(hidden)})()


@pytest.fixture
def shared() -> SharedBlock:
    return SharedBlock()


@pytest.fixture
def pair() -> SharedEmbedding:
    return SharedEmbedding()


@pytest.fixture
def batch() -> dict:
    ids = torch.arange(6).view(2, 3)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.tensor([0, 1])}


def test_a_site_that_is_never_called_is_named(shared: SharedBlock, batch: dict) -> None:
    said = r"the site Linear was called 0 times in one forward; pass Site\(module\) with a module it runs"
    with pytest.raises(ValueError, match=said):
        TransformerLandscape(shared, batch, site=Site(shared.unused))
    assert hook_count(shared) == 0


def test_bart_s_own_input_embeddings_are_never_called() -> None:
    bart = tiny_architecture("bart")
    if embedding_site(bart).module is bart.get_input_embeddings():
        pytest.skip("this version of transformers looks its words up through get_input_embeddings()")
    with pytest.raises(ValueError, match="was called 0 times"):
        TransformerLandscape(bart, tiny_batch("bart"), site=Site(bart.get_input_embeddings()))


def test_a_block_called_once_a_layer_needs_a_call(shared: SharedBlock, batch: dict) -> None:
    landscape = TransformerLandscape(shared, batch, site=Site(shared.block))
    said = r"the site Linear was called 3 times in one forward; pass Site\(module, call=…\) or Site\(module, within=…\)"
    with pytest.raises(ValueError, match=said):
        landscape.loss(torch.zeros(landscape.shape))
    assert hook_count(shared) == 0


@pytest.mark.parametrize("call", [0, 1, 2])
def test_each_call_is_a_site_of_its_own(shared: SharedBlock, batch: dict, call: int) -> None:
    landscape = TransformerLandscape(shared, batch, site=Site(shared.block, call=call))
    offset = torch.randn(landscape.shape)
    hidden = shared.embed(batch["input_ids"])
    for layer in range(3):
        outcome = shared.block(hidden)
        if layer == call:
            assert torch.equal(landscape.base, outcome)
            outcome = outcome + offset
        hidden = torch.tanh(outcome)
    torch.testing.assert_close(landscape.logits(offset), shared.head(hidden.mean(1)))


def test_a_call_that_never_comes_is_named(shared: SharedBlock, batch: dict) -> None:
    with pytest.raises(ValueError, match="the site Linear was called 3 times in one forward; call=3 counts from 0"):
        TransformerLandscape(shared, batch, site=Site(shared.block, call=3))
    with pytest.raises(ValueError, match="call counts from 0, got -1"):
        Site(shared.block, call=-1)


def test_an_embedding_that_two_parts_share_needs_a_part(pair: SharedEmbedding, batch: dict) -> None:
    landscape = TransformerLandscape(pair, batch, site=Site(pair.embed))
    with pytest.raises(ValueError, match="the site Embedding was called 2 times in one forward; pass Site"):
        landscape.loss(torch.zeros(landscape.shape))


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_a_shared_embedding_moves_only_within_its_part(pair: SharedEmbedding, batch: dict, part: str) -> None:
    landscape = TransformerLandscape(pair, batch, site=Site(pair.embed, within=getattr(pair, part)))
    read = {"encoder": pair.embed(batch["input_ids"]), "decoder": pair.embed(batch["input_ids"].flip(1))}
    assert torch.equal(landscape.base, read[part])
    offset = torch.randn(landscape.shape)
    read[part] = read[part] + offset
    expected = pair.head(torch.tanh(read["encoder"]).mean(1) + torch.cos(read["decoder"]).mean(1))
    torch.testing.assert_close(landscape.logits(offset), expected)


def test_t5_encoder_and_decoder_are_different_sites() -> None:
    # Some versions of transformers give both parts one embedding module, others one each with tied weights.
    model, batch = tiny_architecture("t5").eval(), tiny_batch("t5")
    parts = (model.transformer.encoder, model.transformer.decoder)
    encoder, decoder = (TransformerLandscape(model, batch, site=Site(p.embed_tokens, within=p)) for p in parts)
    assert torch.equal(encoder.base, model.get_input_embeddings()(batch["input_ids"]))
    assert not torch.equal(encoder.base, decoder.base)  # the decoder reads the ids shifted to the right
    offset = torch.randn(encoder.shape)
    assert not torch.equal(encoder.logits(offset), decoder.logits(offset))
    assert torch.equal(TransformerLandscape(model, batch).logits(offset), encoder.logits(offset))


def test_a_call_outside_its_forward_does_not_count(shared: SharedBlock, batch: dict) -> None:
    site = Site(shared.embed, within=shared.block)
    with pytest.raises(ValueError, match="the site Embedding was called 0 times in one forward of Linear"):
        TransformerLandscape(shared, batch, site=site)
    assert hook_count(shared) == 0


def test_a_model_without_input_embeddings_asks_for_a_site() -> None:
    with pytest.raises(ValueError, match=r"Linear does not name its input embeddings; pass site=Site\(module\)"):
        embedding_site(nn.Linear(2, 2))
