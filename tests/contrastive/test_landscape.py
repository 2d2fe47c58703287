"""The loss of a view as a function of an offset at the words."""

import pytest
import torch

from robustlab.ascent import projections, starts
from robustlab.ascent.relative import RelativeAscent
from robustlab.contrastive.landscape import ContrastiveLandscape
from tests.contrastive.sentences import PAD, batch, encoder, text


def landscape(model=None, seed=3, **given):
    inputs = text(0) | {"document": torch.arange(6)}
    return ContrastiveLandscape(model or encoder().eval(), inputs, seed=seed, **given)


def naive(model, words, temperature=0.05):
    """The InfoNCE of moved words [6 7 16] against the words as they are, sentence by sentence."""
    inputs, z = text(0), []
    table = model.get_input_embeddings()(inputs["input_ids"])
    for rows in (table + words, table):
        hidden = model(inputs_embeds=rows, attention_mask=inputs["attention_mask"]).last_hidden_state
        z.append([h[: int(m.sum())].mean(0) for h, m in zip(hidden, inputs["attention_mask"], strict=True)])
    losses = []
    for i, moved in enumerate(z[0]):
        scores = [torch.cosine_similarity(moved, other, dim=0) / temperature for other in z[1]]
        losses.append(-(scores[i].exp() / sum(score.exp() for score in scores)).log())
    return torch.stack(losses)


def test_the_loss_is_info_nce_of_the_moved_sentences():
    place = landscape()
    offset = 0.1 * torch.randn(6, 7, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(place.loss(offset), naive(place.model, offset * place.mask))
    assert (place.loss() < place.loss(offset)).any()


def test_the_clean_sentences_are_constants():
    place = landscape()
    probe = torch.zeros(6, 7, 16, dtype=torch.float64, requires_grad=True)
    place.loss(probe).sum().backward()
    assert probe.grad.abs().sum() > 0
    assert probe.grad[place.batch["input_ids"] == PAD].abs().max() == 0


def test_an_ascent_makes_views_harder():
    place = landscape()
    ascent = RelativeAscent(steps=3, step_size=0.1, project=projections.relative_ball(0.2), start=starts.relative(0.01))
    end = ascent(place, generator=torch.Generator().manual_seed(0)).end
    noise = torch.randn(end.shape, dtype=end.dtype, generator=torch.Generator().manual_seed(0)) * place.mask
    noise = noise * (end.flatten(1).norm(dim=1) / noise.flatten(1).norm(dim=1))[:, None, None]
    assert (place.loss(end) > place.loss(noise)).all()


def test_dropout_is_replayed_and_redrawn():
    place = landscape(encoder(dropout=0.3).train())
    assert torch.equal(place.features(), place.features())
    assert not torch.equal(place.features(), place.redrawn().features())


def test_parts_are_the_rows_with_their_companions():
    given = {"seed": 3}
    model = encoder().eval()
    other = ContrastiveLandscape(model, text(1), **given)
    whole = ContrastiveLandscape(model, text(0), companions={"view": other}, **given)
    parts = whole.chunks(4)
    assert [len(part) for part in parts] == [4, 2]
    torch.testing.assert_close(torch.cat([part.features() for part in parts]), whole.features())
    torch.testing.assert_close(torch.cat([part.companions["view"].features() for part in parts]), other.features())


def test_parts_draw_masks_of_their_own_and_the_same_ones_again():
    whole = landscape(encoder(dropout=0.3).train())
    first, again = whole.chunks(3), whole.chunks(3)
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one.features(), other.features())
    same = ContrastiveLandscape(whole.model, {k: v[:3].repeat(2, 1) for k, v in text(0).items()}, seed=3).chunks(3)
    assert not torch.equal(same[0].features(), same[1].features())


def test_other_words_at_the_same_places():
    place = landscape()
    ids = text(5)["input_ids"]
    other = ContrastiveLandscape(place.model, {"input_ids": ids, "attention_mask": place.attention})
    torch.testing.assert_close(place.with_ids(ids).features(), other.features())


def test_what_is_refused():
    with pytest.raises(ValueError, match="temperature must be positive, got 0"):
        landscape(temperature=0)
    alone = ContrastiveLandscape(encoder().eval(), {k: v[:1] for k, v in text(0).items()})
    with pytest.raises(ValueError, match="a batch of one has nothing to be far from"):
        alone.loss()


def test_a_batch_says_more_than_an_encoder_reads():
    given = batch()
    own = {name: given[name] for name in ("input_ids", "attention_mask", "document", "example_id", "negative_there")}
    assert set(ContrastiveLandscape(encoder().eval(), own).inputs) == {"input_ids", "attention_mask"}
