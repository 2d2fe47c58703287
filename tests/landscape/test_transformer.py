"""The landscape of a transformer: dropout, labels, masks, sites, companions."""

import pytest
import torch
import torch.nn.functional as F

from robustlab.landscape import Landscape, Site, TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return tiny_architecture("bert", labels=3, dropout=0.3)


@pytest.fixture(scope="module")
def batch() -> dict:
    return tiny_batch("bert", batch=4, length=9, labels=3)


@pytest.fixture(autouse=True)
def _training(model: torch.nn.Module) -> None:
    model.train()


def some_offset(landscape: TransformerLandscape, seed: int = 1) -> torch.Tensor:
    return 0.1 * torch.randn(landscape.shape, generator=torch.Generator().manual_seed(seed))


def test_same_noise_makes_the_loss_a_function(model: torch.nn.Module, batch: dict) -> None:
    landscape = TransformerLandscape(model, batch, seed=5)
    offset = some_offset(landscape)
    first = landscape.loss(offset)
    torch.rand(3)  # whoever else draws from the global stream changes nothing
    assert torch.equal(first, landscape.loss(offset))
    assert torch.equal(landscape.loss(), landscape.loss(torch.zeros_like(offset)))
    assert torch.equal(first, TransformerLandscape(model, batch, seed=5).loss(offset))
    assert not torch.equal(first, TransformerLandscape(model, batch, seed=6).loss(offset))


def test_same_noise_is_the_dropout_of_a_seeded_forward(model: torch.nn.Module, batch: dict) -> None:
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    torch.manual_seed(11)
    masked = model(**inputs).logits
    assert torch.equal(masked, TransformerLandscape(model, batch, seed=11).logits())
    assert not torch.equal(masked, TransformerLandscape(model, batch, noise="off").logits())


def test_same_noise_leaves_the_global_stream_alone(model: torch.nn.Module, batch: dict) -> None:
    before = torch.get_rng_state()
    landscape = TransformerLandscape(model, batch)
    landscape.loss(some_offset(landscape)).sum().backward()
    landscape.clean()
    assert torch.equal(before, torch.get_rng_state())


def test_fresh_noise_differs_and_is_the_global_stream(model: torch.nn.Module, batch: dict) -> None:
    landscape = TransformerLandscape(model, batch, noise="fresh")
    assert not torch.equal(landscape.loss(), landscape.loss())
    torch.manual_seed(3)
    first = landscape.loss()
    torch.manual_seed(3)
    assert torch.equal(first, landscape.loss())


def test_noise_off_is_evaluation_mode_for_the_forward_only(model: torch.nn.Module, batch: dict) -> None:
    frozen = model.bert.encoder.layer[0].eval()  # a part that the user froze stays frozen
    landscape = TransformerLandscape(model, batch, noise="off")
    off = landscape.loss()
    modes = {name: module.training for name, module in model.named_modules()}
    assert modes[""]
    assert not frozen.training
    assert modes["bert.encoder.layer.1"]
    model.eval()
    assert torch.equal(off, TransformerLandscape(model, batch, noise="fresh").loss())


def test_noise_off_restores_the_modes_after_an_exception(model: torch.nn.Module, batch: dict) -> None:
    landscape = TransformerLandscape(model, batch, noise="off")
    landscape.inputs["input_ids"] = batch["input_ids"] + 10**6
    with pytest.raises(IndexError):
        landscape.loss()
    assert all(module.training for module in model.modules())


def test_the_loss_is_the_cross_entropy_of_each_example(model: torch.nn.Module, batch: dict) -> None:
    model.eval()
    landscape = TransformerLandscape(model, batch)
    mean = model(**batch).loss
    torch.testing.assert_close(landscape.loss().mean(), mean)
    reading = landscape.read()
    by_hand = [-reading.logits[i].log_softmax(-1)[label] for i, label in enumerate(batch["labels"].tolist())]
    torch.testing.assert_close(reading.loss, torch.stack(by_hand))


def test_reading_holds_the_last_hidden_states(model: torch.nn.Module, batch: dict) -> None:
    model.eval()
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    hidden = model.bert(**inputs).last_hidden_state
    reading = TransformerLandscape(model, batch).read()
    assert torch.equal(reading.hidden, hidden)
    for row, states, mask in zip(reading.pooled, hidden, batch["attention_mask"], strict=True):
        torch.testing.assert_close(row, states[: mask.sum()].mean(0))


def test_the_offset_is_added_to_the_word_embeddings(model: torch.nn.Module, batch: dict) -> None:
    model.eval()
    landscape = TransformerLandscape(model, batch)
    words = model.bert.embeddings.word_embeddings(batch["input_ids"])
    assert torch.equal(landscape.base, words)
    assert not landscape.base.requires_grad
    offset = some_offset(landscape) * batch["attention_mask"][..., None]
    direct = model(inputs_embeds=words + offset, attention_mask=batch["attention_mask"]).logits
    torch.testing.assert_close(landscape.logits(offset), direct, rtol=1e-6, atol=1e-6)


def test_clean_is_read_once(model: torch.nn.Module, batch: dict) -> None:
    landscape = TransformerLandscape(model, batch)
    assert landscape.clean() is landscape.clean()
    assert torch.equal(landscape.clean().logits, landscape.logits())


def test_a_backward_pass_ends_the_clean_readings_life(model: torch.nn.Module, batch: dict) -> None:
    landscape = TransformerLandscape(model, batch)
    first = landscape.clean()
    first.loss.sum().backward()
    second = landscape.clean()
    assert second is not first
    second.loss.sum().backward()  # a graph of its own


def test_a_clean_reading_without_gradients_is_not_handed_to_who_wants_them(model: torch.nn.Module, batch: dict) -> None:
    landscape = TransformerLandscape(model, batch)
    with torch.no_grad():
        first = landscape.clean()
        assert landscape.clean() is first
    assert landscape.clean().loss.requires_grad
    with torch.no_grad():
        assert landscape.clean().loss.requires_grad  # the better one is kept


def test_a_block_is_a_site(model: torch.nn.Module, batch: dict) -> None:
    model.eval()
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    states = model.bert(**inputs, output_hidden_states=True).hidden_states
    landscape = TransformerLandscape(model, batch, site=Site(model.bert.encoder.layer[0]))
    assert landscape.shape == tuple(states[1].shape)
    assert torch.equal(landscape.base, states[1])
    last = TransformerLandscape(model, batch, site=Site(model.bert.encoder.layer[1]))
    offset = some_offset(last)
    moved = last.read(offset).hidden
    torch.testing.assert_close(moved - states[2], offset * last.mask, rtol=1e-5, atol=1e-5)


def test_gradient_checkpointing_changes_no_gradient(batch: dict) -> None:
    gradients = []
    for checkpointing in (False, True):
        model = tiny_architecture("bert", labels=3, dropout=0.3).double().train()
        if checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        for site in (None, Site(model.bert.encoder.layer[0])):
            landscape = TransformerLandscape(model, batch, site=site)
            offset = some_offset(landscape).double().requires_grad_()
            landscape.loss(offset).sum().backward()
            gradients.append(offset.grad)
        gradients.append(model.bert.encoder.layer[0].output.dense.weight.grad)
    for plain, checkpointed in zip(gradients[:3], gradients[3:], strict=True):
        torch.testing.assert_close(plain, checkpointed, rtol=1e-12, atol=1e-14)


def test_half_precision_keeps_offsets_in_float32(batch: dict) -> None:
    model = tiny_architecture("bert", labels=3).to(torch.bfloat16)
    landscape = TransformerLandscape(model, batch)
    assert landscape.mask.dtype == torch.float32
    offset = some_offset(landscape).requires_grad_()
    loss = landscape.loss(offset)
    loss.sum().backward()
    assert loss.dtype == torch.float32
    assert offset.grad.dtype == torch.float32
    assert offset.grad.abs().sum() > 0


def test_ids_units_and_protocol(model: torch.nn.Module, batch: dict) -> None:
    units = torch.zeros_like(batch["input_ids"])
    landscape = TransformerLandscape(model, batch | {"units": units, "example_id": torch.arange(4)})
    assert isinstance(landscape, Landscape)
    assert torch.equal(landscape.ids, batch["input_ids"])
    assert torch.equal(landscape.units, units)
    assert landscape.loss().shape == (4,)


def test_an_own_mask_decides_where_the_offset_moves(model: torch.nn.Module, batch: dict) -> None:
    mask = torch.zeros(4, 9, 1)
    mask[:, 1] = 1
    landscape = TransformerLandscape(model, batch, mask=mask)
    offset = some_offset(landscape)
    assert torch.equal(landscape.loss(offset), landscape.loss(offset * mask))
    assert not torch.equal(landscape.loss(offset), landscape.loss())


def test_without_labels_there_are_logits_and_no_loss(model: torch.nn.Module, batch: dict) -> None:
    landscape = TransformerLandscape(model, {name: value for name, value in batch.items() if name != "labels"})
    assert landscape.read().loss is None
    assert landscape.logits().shape == (4, 3)
    with pytest.raises(ValueError, match="the batch has no labels, so there is no loss"):
        landscape.loss()


@pytest.mark.parametrize(("label", "said"), [(3, r"0\.\.3"), (-1, r"-1\.\.2")])
def test_labels_out_of_range_are_named(model: torch.nn.Module, batch: dict, label: int, said: str) -> None:
    labels = torch.tensor([0, label, 2 if label < 0 else 0, 1])
    with pytest.raises(ValueError, match=rf"labels must lie in 0\.\.2, got {said}"):
        TransformerLandscape(model, batch | {"labels": labels})


@pytest.mark.usefixtures("unchecked")
def test_noise_is_one_of_three(model: torch.nn.Module, batch: dict) -> None:
    with pytest.raises(ValueError, match='noise must be "same", "fresh" or "off", got \'none\''):
        TransformerLandscape(model, batch, noise="none")


def test_a_site_that_does_not_fit_the_mask_is_named(model: torch.nn.Module, batch: dict) -> None:
    said = r"the site's output \(4, 3\) does not fit the attention mask \(4, 9\); pass mask="
    with pytest.raises(ValueError, match=said):
        TransformerLandscape(model, batch, site=Site(model.classifier))
    free = TransformerLandscape(model, batch, site=Site(model.classifier), mask=torch.ones(4, 1))
    assert not torch.equal(free.loss(torch.ones(4, 3) * torch.tensor([1.0, 0, 0])), free.loss())


def test_the_gradient_at_the_site_is_the_loss_derivative(batch: dict) -> None:
    model = tiny_architecture("bert", labels=3).double().eval()
    landscape = TransformerLandscape(model, batch)
    offset = some_offset(landscape).double().requires_grad_()
    (gradient,) = torch.autograd.grad(landscape.loss(offset).sum(), offset)
    way = some_offset(landscape, seed=2).double()
    with torch.no_grad():
        rise = (landscape.loss(offset + 1e-6 * way).sum() - landscape.loss(offset - 1e-6 * way).sum()) / 2e-6
    torch.testing.assert_close((gradient * way).sum(), rise, rtol=1e-6, atol=1e-8)
    assert gradient[batch["attention_mask"] == 0].abs().sum() == 0
    assert F.cross_entropy(landscape.logits(offset), batch["labels"]).isfinite()
