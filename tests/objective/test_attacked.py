"""What is learned from attacked texts, against the model's own forwards at `inputs_embeds`."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robustlab import methods
from robustlab.ascent import GradientAscent
from robustlab.landscape import QuadraticLandscape, TransformerLandscape
from robustlab.methods import Method
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import Augmented, SemRoDe, attacked, mmd, sinkhorn
from robustlab.training.step import accumulate

B, UNTOUCHED = 6, 2


@pytest.fixture
def model() -> nn.Module:
    return tiny_architecture("bert").double()


@pytest.fixture
def batches() -> tuple[dict, dict]:
    """A batch, and the same with longer rows and other words; two rows stay as they are."""
    written = tiny_batch("bert", batch=B)
    other = tiny_batch("bert", batch=B, length=9, seed=1) | {"labels": written["labels"]}
    for name in ("input_ids", "attention_mask"):
        other[name][:UNTOUCHED] = F.pad(written[name][:UNTOUCHED], (0, 1))
    return written, other


def landscape_of(model: nn.Module, batches: tuple[dict, dict], **options: object) -> TransformerLandscape:
    written, other = batches
    return TransformerLandscape(model, written, companions={"attacked": TransformerLandscape(model, other)}, **options)


def at_embeddings(model: nn.Module, batch: dict) -> tuple[Tensor, Tensor]:
    """Loss of each example, and the mean of its last hidden states over its words: no code of ours."""
    embeddings = model.bert.embeddings.word_embeddings(batch["input_ids"])
    output = model(inputs_embeds=embeddings, attention_mask=batch["attention_mask"], output_hidden_states=True)
    words = batch["attention_mask"].sum(1).tolist()
    means = torch.stack([states[:n].mean(0) for states, n in zip(output.hidden_states[-1], words, strict=True)])
    return F.cross_entropy(output.logits, batch["labels"], reduction="none"), means


def five_kernels(one: Tensor, other: Tensor) -> Tensor:
    """MMD² by its definition as ‖mean φ(x) - mean φ(y)‖² = cᵀKc, with signed weights on all points."""
    points = torch.cat([one, other])
    distances = (points[:, None] - points).square().sum(-1)
    h = distances.detach().sum() / (len(points) * (len(points) - 1))
    kernel = sum((-distances / (h * 2.0**power)).exp() for power in range(-2, 3))
    signs = torch.cat([one.new_full((len(one),), 1 / len(one)), other.new_full((len(other),), -1 / len(other))])
    return signs @ kernel @ signs


def gradients_of(model: nn.Module, loss: Tensor) -> dict[str, Tensor]:
    names, parameters = zip(*model.named_parameters(), strict=True)
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    return {name: gradient for name, gradient in zip(names, found, strict=True) if gradient is not None}


def check(method: Method, model: nn.Module, batches: tuple[dict, dict], expected: Tensor) -> dict[str, Tensor]:
    theirs = gradients_of(model, expected)
    model.zero_grad()
    logs = accumulate(method, landscape_of(model, batches))
    torch.testing.assert_close(logs["loss"], expected.detach(), rtol=1e-10, atol=1e-12)
    for name, gradient in theirs.items():
        torch.testing.assert_close(dict(model.named_parameters())[name].grad, gradient, rtol=1e-8, atol=1e-11)
    return logs


def test_semrode_is_the_clean_loss_and_the_mmd_of_what_was_changed(model: nn.Module, batches: tuple) -> None:
    (loss, one), (_, other) = (at_embeddings(model, batch) for batch in batches)
    apart = five_kernels(one, other[UNTOUCHED:])
    logs = check(methods.semrode(weight=3.0), model, batches, loss.mean() + 3 * apart)
    torch.testing.assert_close(logs["discrepancy"], apart.detach())
    torch.testing.assert_close(logs["clean_loss"], loss.detach().mean())
    assert float(logs["attacked_share"]) == pytest.approx((B - UNTOUCHED) / B)


def test_augmented_is_the_mean_of_both_losses(model: nn.Module, batches: tuple) -> None:
    (loss, _), (theirs, _) = (at_embeddings(model, batch) for batch in batches)
    logs = check(methods.augmented(weight=0.3), model, batches, 0.7 * loss.mean() + 0.3 * theirs.mean())
    torch.testing.assert_close(logs["attacked_loss"], theirs.detach().mean())


def test_semrode_ot_has_its_blur(model: nn.Module, batches: tuple) -> None:
    method = methods.semrode_ot(weight=2.0, blur=0.3, iterations=7)
    assert method.objective.distance == sinkhorn(blur=0.3, iterations=7)
    (loss, one), (_, other) = (at_embeddings(model, batch) for batch in batches)
    check(method, model, batches, loss.mean() + 2 * sinkhorn(blur=0.3, iterations=7)(one, other[UNTOUCHED:]))


@pytest.mark.parametrize("changed", [0, 1])
def test_fewer_than_two_attacked_texts_leave_the_clean_loss(model: nn.Module, changed: int) -> None:
    written = tiny_batch("bert")
    other = written | {"input_ids": written["input_ids"].clone()}
    other["input_ids"][:changed, 1] += 1
    loss, _ = at_embeddings(model, written)
    logs = check(methods.semrode(), model, (written, other), loss.mean())
    assert float(logs["discrepancy"]) == 0


def test_changed_words_are_told_from_longer_padding(model: nn.Module, batches: tuple) -> None:
    landscape = landscape_of(model, batches)
    found = attacked.changed(landscape, landscape.companions["attacked"])
    assert found.tolist() == [False] * UNTOUCHED + [True] * (B - UNTOUCHED)
    cut = batches[0] | {"attention_mask": batches[0]["attention_mask"].clone()}
    cut["attention_mask"][0, -1] = 0  # a word less is a change
    assert attacked.changed(landscape, TransformerLandscape(model, cut)).tolist() == [True] + [False] * (B - 1)
    quadratic = QuadraticLandscape(torch.ones(2, 3), torch.eye(3).expand(2, 3, 3))
    assert attacked.changed(quadratic, quadratic).tolist() == [True, True]


@pytest.mark.parametrize("name", ["semrode", "semrode-ot"])
def test_training_brings_the_domains_together(name: str) -> None:
    """The words that tell the label have synonyms in the attacked rows; the clean loss alone leaves them apart."""
    label = torch.arange(8) % 2
    written = tiny_batch("bert", batch=8, length=4, seed=3)
    ids = written["input_ids"].clone()
    ids[:, 1] = 10 + label
    other = ids.clone()
    other[:, 1] += 20
    mask = torch.ones_like(ids)
    batches = tuple({"input_ids": words, "attention_mask": mask, "labels": label} for words in (ids, other))
    ends = {}
    for weight in (1e-12, 0.2):
        model, method = tiny_architecture("bert"), methods.BY_NAME[name](weight=weight)
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        seen = []
        for _ in range(40):
            optimizer.zero_grad()
            logs = accumulate(method, landscape_of(model, batches))
            optimizer.step()
            seen.append(float(logs["discrepancy"]))
        assert float(logs["clean_loss"]) < 0.1
        ends[weight] = seen[-1] / seen[0]
    assert ends[0.2] < 0.2
    assert ends[0.2] < 0.3 * ends[1e-12]


@pytest.mark.parametrize("objective", [SemRoDe(1.0, mmd), Augmented(0.5)])
def test_what_does_not_fit_is_refused(objective: object, model: nn.Module, batches: tuple) -> None:
    assert objective.needs == ("attacked",)
    with pytest.raises(ValueError, match="takes no path, got an ascent of 3 steps; use ascent.Rest"):
        Method(GradientAscent(steps=3, step_size=0.1), objective)
    written, other = ({name: batch[name] for name in batch if name != "labels"} for batch in batches)
    method = methods.semrode() if isinstance(objective, SemRoDe) else methods.augmented()
    with pytest.raises(ValueError, match="the batch has no labels"):
        accumulate(method, landscape_of(model, (written, other)))
    with pytest.raises(ValueError, match="has none; add a column `attacked_text` to the training rows"):
        accumulate(method, TransformerLandscape(model, batches[0]))


def test_numbers_out_of_range() -> None:
    with pytest.raises(ValueError, match="weight must be below 1, which would leave the written texts out, got 1"):
        methods.augmented(weight=1)
    with pytest.raises(ValueError, match="weight must be positive, got 0"):
        methods.semrode(weight=0)
