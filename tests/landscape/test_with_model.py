"""The same batch under another model: everything else stays."""

import copy

import torch

from robustlab.landscape import Site, TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch


def test_with_model_keeps_everything_but_the_model() -> None:
    model = tiny_architecture("bert", labels=3, dropout=0.3).train()
    batch = tiny_batch("bert", batch=4, length=9, labels=3)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.bert.encoder.layer[1].output.dense.weight.mul_(2)
    companion = TransformerLandscape(model, batch)
    site = Site(model.bert.encoder.layer[0])
    mask = torch.ones(4, 9, 1)
    mine = TransformerLandscape(model, batch, site=site, seed=9, mask=mask, companions={"attacked": companion})
    theirs = mine.with_model(other)
    assert theirs.model is other
    assert theirs.site.module is other.bert.encoder.layer[0]
    assert theirs.companions["attacked"].model is other
    assert theirs.companions["attacked"].batch is companion.batch
    assert theirs.mask is mask
    offset = 0.1 * torch.randn(mine.shape)
    expected = TransformerLandscape(other, batch, site=theirs.site, seed=9, mask=mask).loss(offset)
    assert torch.equal(theirs.loss(offset), expected)
    assert not torch.equal(theirs.loss(offset), mine.loss(offset))


def test_companions_are_redrawn_too() -> None:
    model, batch = tiny_architecture("bert", dropout=0.3).train(), tiny_batch("bert")
    landscape = TransformerLandscape(model, batch, companions={"attacked": TransformerLandscape(model, batch)})
    redrawn = landscape.redrawn()
    assert torch.equal(landscape.companions["attacked"].loss(), landscape.loss())
    assert torch.equal(redrawn.companions["attacked"].loss(), redrawn.loss())
    assert not torch.equal(redrawn.loss(), landscape.loss())


def test_with_model_keeps_the_forward_that_a_site_counts_in() -> None:
    t5, batch = tiny_architecture("t5"), tiny_batch("t5")
    landscape = TransformerLandscape(t5, batch)
    other = copy.deepcopy(t5)
    assert landscape.site.within is not None
    assert landscape.with_model(other).site.within is other.transformer.encoder
    assert torch.equal(landscape.loss(), landscape.with_model(other).loss())
