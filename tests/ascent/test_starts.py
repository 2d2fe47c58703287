"""Where an ascent starts: distributions, masks, messages."""

import pytest
import torch
from scipy import stats

from robustlab.ascent import freelb, normal, uniform, zero
from robustlab.landscape import QuadraticLandscape
from robustlab.randomness import ExampleGenerators


class Wide(QuadraticLandscape):
    """Two examples of 40 tokens and width 25; the second has 10 tokens."""

    def __init__(self) -> None:
        super().__init__(torch.zeros(2, 25), torch.zeros(2, 25, 25))
        self.shape = (2, 40, 25)
        self.base = torch.zeros(self.shape)
        self.mask = torch.ones(2, 40, 1)
        self.mask[1, 10:] = 0


STARTS = {"uniform": uniform(0.3), "normal": normal(0.3), "freelb": freelb(0.6)}


def test_zero_is_zero() -> None:
    assert zero(Wide()).shape == (2, 40, 25)
    assert zero(Wide()).eq(0).all()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (uniform(0.3), [stats.uniform(-0.3, 0.6)] * 2),
        (normal(0.3), [stats.norm(0, 0.3)] * 2),
        # ±.6/√(nd) with n = 40 and n = 10 free tokens
        (freelb(0.6), [stats.uniform(-0.6 / n**0.5, 1.2 / n**0.5) for n in (1000, 250)]),
    ],
    ids=STARTS,
)
def test_starts_have_their_distribution(start: object, expected: list, generator: torch.Generator) -> None:
    landscape = Wide()
    offset = start(landscape, generator=generator)
    free = offset[0].flatten(), offset[1, :10].flatten()
    for values, law in zip(free, expected, strict=True):
        assert stats.kstest(values.numpy(), law.cdf).pvalue > 0.01


def test_the_norm_of_freelb_s_start_does_not_depend_on_the_length(generator: torch.Generator) -> None:
    norms = freelb(0.6)(Wide(), generator=generator).flatten(1).norm(dim=1)
    torch.testing.assert_close(norms, torch.full((2,), 0.6 / 3**0.5), rtol=0.08, atol=0)


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_pads_stay_zero(start: object, generator: torch.Generator) -> None:
    for randomness in (generator, ExampleGenerators([4, 7], 0), None):
        offset = start(Wide(), generator=randomness)
        assert offset[1, 10:].eq(0).all()
        assert offset[1, :10].ne(0).all()


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_the_generator_decides(start: object) -> None:
    draws = [start(Wide(), generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_given_generator_leaves_the_global_stream_alone(start: object, generator: torch.Generator) -> None:
    before = torch.get_rng_state()
    start(Wide(), generator=generator)
    start(Wide(), generator=ExampleGenerators([1, 2], 0))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("maker", "name"), [(uniform, "magnitude"), (normal, "scale"), (freelb, "magnitude")])
def test_sizes_are_positive(maker: type, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be positive, got -0.5"):
        maker(-0.5)
