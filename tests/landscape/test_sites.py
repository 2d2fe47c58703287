"""Which call of which module is perturbed, and what is said when that is not one call."""

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


@pytest.fixture
def shared() -> SharedBlock:
    return SharedBlock()


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


def test_t5_shares_its_embedding_between_encoder_and_decoder() -> None:
    model, batch = tiny_architecture("t5"), tiny_batch("t5")
    landscape = TransformerLandscape(model, batch, site=Site(model.transformer.shared))
    with pytest.raises(ValueError, match="the site .* was called 2 times in one forward; pass Site"):
        landscape.loss(torch.zeros(landscape.shape))


def test_t5_encoder_and_decoder_are_different_sites() -> None:
    model, batch = tiny_architecture("t5").eval(), tiny_batch("t5")
    shared = model.transformer.shared
    encoder = TransformerLandscape(model, batch, site=Site(shared, within=model.transformer.encoder))
    decoder = TransformerLandscape(model, batch, site=Site(shared, within=model.transformer.decoder))
    assert torch.equal(encoder.base, shared(batch["input_ids"]))
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
