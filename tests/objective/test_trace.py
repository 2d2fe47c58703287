"""What a step saw: means over the batch, cosines between steps."""

import torch

from robustlab import methods
from robustlab.ascent import starts
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.training.step import accumulate


def logged(method: methods.Method) -> tuple[dict, TransformerLandscape]:
    landscape = TransformerLandscape(tiny_architecture("bert").double().eval(), tiny_batch("bert"))
    return accumulate(method, landscape, generator=torch.Generator().manual_seed(1)), landscape


def test_the_step_cosine_is_the_mean_over_pairs() -> None:
    method = methods.pgd(steps=4, step_size=0.5)
    logs, landscape = logged(method)
    steps = method.ascent(landscape).steps.flatten(2)
    pairs = [torch.cosine_similarity(steps[i], steps[j], dim=1).mean() for i in range(4) for j in range(4) if i != j]
    torch.testing.assert_close(logs["step_cosine"], torch.stack(pairs).mean(), rtol=1e-10, atol=1e-12)


def test_one_step_has_no_cosine() -> None:
    assert "step_cosine" not in logged(methods.pgd(steps=1))[0]
    assert "step_cosine" not in logged(methods.standard())[0]


def test_a_random_start_has_no_clean_loss() -> None:
    logs, landscape = logged(methods.pgd(steps=2, step_size=0.1, start=starts.freelb(5.0)))
    assert "clean_loss" not in logs
    start = starts.freelb(5.0)(landscape, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(logs["start_goal"], landscape.loss(start).mean().detach())


def test_every_log_is_a_number_without_graph() -> None:
    for method in (methods.standard(), methods.freelb(steps=3), methods.adaptive_pgd(steps=3)):
        logs, landscape = logged(method)
        assert all(value.dim() == 0 and not value.requires_grad for value in logs.values())
        torch.testing.assert_close(logs["clean_loss"], landscape.loss().mean().detach())
