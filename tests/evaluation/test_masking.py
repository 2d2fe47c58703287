import copy

import pytest
from torch import Tensor, nn

from robustlab.evaluation import masking
from robustlab.models import Loaded


class Through(nn.Module):
    """A module and a function of its output."""

    def __init__(self, module: nn.Module, function):
        super().__init__()
        self.module, self.function = module, function

    def forward(self, *args, **kwargs) -> Tensor:
        return self.function(self.module(*args, **kwargs))


def with_part(loaded: Loaded, path: str, function) -> Loaded:
    """A copy of the model, one part of which passes its output through a function."""
    model = copy.deepcopy(loaded.model)
    parent, _, name = path.rpartition(".")
    holder = model.get_submodule(parent)
    setattr(holder, name, Through(getattr(holder, name), function))
    return Loaded(model, loaded.tokenizer)


def saturated(logits: Tensor) -> Tensor:
    return logits * 1e6


def rounded(logits: Tensor) -> Tensor:
    return (2 * logits).round() / 2


def by_name(report: masking.MaskingReport) -> dict[str, bool | None]:
    return {check.name: check.passed for check in report.checks}


@pytest.fixture(scope="module")
def rows(sentences):
    return sentences.select(range(0, len(sentences), 5))


@pytest.fixture(scope="module")
def honest_report(honest, rows):
    return masking.check(*honest, rows, steps=5)


def test_an_honest_model_passes(honest_report, rows):
    assert honest_report.passed, honest_report
    assert len(honest_report.checks) == 5
    assert 10 <= honest_report.examples <= len(rows)
    assert by_name(honest_report)["a transfer attack is weaker than the attack"] is None


def test_every_check_shows_its_numbers_and_says_what_they_mean(honest_report):
    for check in honest_report.checks:
        assert check.meaning
        assert check.evidence or check.passed is None
    unbounded = honest_report.checks[-1]
    assert unbounded.evidence == {"accuracy": 0.0}


@pytest.mark.parametrize("mask", [saturated, rounded])
def test_a_masked_gradient_fails(honest, rows, mask):
    report = masking.check(*with_part(honest, "classifier", mask), rows, steps=5)
    assert not report.passed
    found = by_name(report)
    assert found["the loss rises with the radius"] is False
    assert found["random noise is weaker than the attack"] is False
    assert found["an unbounded attack reaches 0"] is False


def test_a_masked_gradient_falls_to_somebody_elses(honest, rows):
    masked = with_part(honest, "classifier", saturated)
    report = masking.check(*masked, rows, steps=5, radius=2.0, surrogate=honest.model)
    assert by_name(report)["a transfer attack is weaker than the attack"] is False


def test_an_honest_model_withstands_a_surrogate(honest, rows):
    other = copy.deepcopy(honest.model)
    for parameter in other.encoder.parameters() if hasattr(other, "encoder") else other.bert.encoder.parameters():
        parameter.data.mul_(0.5)
    report = masking.check(*honest, rows, steps=5, surrogate=other)
    assert by_name(report)["a transfer attack is weaker than the attack"] is True


def test_an_attack_that_has_not_converged_is_named(honest, rows, monkeypatch):
    # One step of a hundredth of the radius is no attack; the stronger one takes a hundred.
    monkeypatch.setattr(masking, "STRONGER", 100)
    whole = masking.GradientAscent

    def short(*, steps, step_size, **options):
        return whole(steps=steps, step_size=step_size / (100 if steps == 1 else 1), **options)

    monkeypatch.setattr(masking, "GradientAscent", short)
    report = masking.check(*honest, rows, steps=1, radius=2.0, restarts=1)
    assert by_name(report)["more steps and restarts do not help much"] is False


def test_a_detached_model_cannot_be_attacked_at_all(honest, rows):
    detached = with_part(honest, "bert.embeddings.LayerNorm", Tensor.detach)
    with pytest.raises(ValueError, match="no gradient reaches the word embeddings: something in the model's forward"):
        masking.check(*detached, rows)


def test_a_model_that_is_never_right_cannot_be_checked(honest, rows):
    inverted = with_part(honest, "classifier", Tensor.neg)
    with pytest.raises(ValueError, match=f"at least 10 examples that the model gets right, got . of {len(rows)}"):
        masking.check(*inverted, rows)


def test_radius_must_be_positive(honest, rows):
    with pytest.raises(ValueError, match=r"radius must be positive, got -0\.5"):
        masking.check(*honest, rows, radius=-0.5)
